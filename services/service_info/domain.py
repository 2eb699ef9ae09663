"""Rules of the room: who edits, what a text in several languages is, and which of them a reader gets.

A text is a mapping of languages to words, `{"id": "Akta lahir", "en": "Birth certificate"}`, anywhere inside an item.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

EDITORS = frozenset({"regional_admin", "platform_admin"})
LAST = 1000  # the position of an item that was given none: after those of the pack
PLACE_KINDS = (
    "health_centre",
    "hospital",
    "office",
    "police",
    "school",
    "town_hall",
)  # that the room has words for; there are others
RADIUS_M, MAX_RADIUS_M = 2_000, 50_000
LANGUAGE = r"[a-z]{2,3}"
CITED = "packs/"  # begins the source of an item whose pack names none: its line in the pack


def is_text(value: Any) -> bool:
    """Whether a value is a text in several languages."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(re.fullmatch(LANGUAGE, key) and isinstance(words, str) for key, words in value.items())
    )


def told_in(value: Any, languages: Sequence[str]) -> Any:
    """Return `value` with each text in it told in the first of `languages` that it has, else in any."""
    if is_text(value):
        return next((value[language] for language in languages if language in value), next(iter(value.values())))
    if isinstance(value, dict):
        return {key: told_in(inner, languages) for key, inner in value.items()}
    if isinstance(value, list):
        return [told_in(inner, languages) for inner in value]
    return value


def texts_without(language: str, value: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted path of each text in `value` that is not told in `language`."""
    if is_text(value):
        if language not in value:
            yield f"{path}.{language}"
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_without(language, inner, f"{path}.{key}" if path else str(key))
