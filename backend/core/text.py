"""Texts people read: catalogues keyed by stable codes, one YAML file a language, and the one way to fill a template."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("id", "en")  # of Balai's own texts; what a region says of itself is in the languages of its pack
_PLACE = re.compile(r"\{([a-z_]+)\}")


def fill(template: str, params: Mapping[str, Any]) -> str:
    """Replace `{name}` by `params["name"]`; anything else, `{0.__class__}` included, stays the text it is."""
    return _PLACE.sub(lambda place: str(params.get(place[1], place[0])), template)


def in_language(texts: Mapping[str, str], *locales: str) -> str:
    """Return the text of the first of `locales` that there is, else the English one, else any, else nothing."""
    return next((texts[locale] for locale in (*locales, "en") if texts.get(locale)), next(iter(texts.values()), ""))


class Catalogue:
    """The texts of the ground and of every module, by code and language."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}

    def add_folder(self, folder: Path) -> None:
        """Take in `<folder>/<language>.yaml`; a folder without one adds nothing. Raises ValueError for a code said twice."""
        for language, texts in self._texts.items():
            path = folder / f"{language}.yaml"
            if not path.exists():
                continue
            for code, text in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
                if code in texts:
                    raise ValueError(f"{path}: {code} is said twice")
                texts[code] = text

    def own_language(self, locale: str) -> str:
        """Return the language in which a reader of `locale` gets these texts: English for any that they do not speak."""
        return locale if locale in self._texts else "en"

    def text(self, code: str, locale: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the filled text of `code`; a code without a text is its own text, so that nothing is hidden."""
        template = self._texts[self.own_language(locale)].get(code)
        return fill(template, params or {}) if template is not None else code

    def gaps(self) -> dict[str, set[str]]:
        """Return, by language, the codes that another language has and it lacks."""
        every = set().union(*self._texts.values())
        return {language: every - set(texts) for language, texts in self._texts.items() if every - set(texts)}

    def __contains__(self, code: str) -> bool:
        return all(code in texts for texts in self._texts.values())
