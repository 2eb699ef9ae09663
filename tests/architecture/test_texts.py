"""Every code that people may read has its text in both languages, and no text is left over."""

import ast
import re
from functools import cache

import pytest
import yaml

from backend.app import load_catalogue, load_registry
from backend.core.text import LANGUAGES
from backend.http.problem import STATUS
from backend.modules.discovery import bundled_modules
from backend.packs.forms import settings_codes
from services.complaints.domain.routing import Step
from tests.architecture.source import ROOT, Source, read, sources

# A code stands in one of these: as an argument, or as `code=` of a fault.
SPOKEN_BY = {"invalid", "not_found", "DomainError", "FieldError", "problem", "text", "ValidationError"}
# Not in the catalogue: a pack's faults are read by its author on a terminal, and bring their words along.
OWN_WORDS = "packs."


def literals(node: ast.AST) -> set[str]:
    """Return the texts an expression can be, with `{}` for what is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return literals(node.body) | literals(node.orelse)
    if isinstance(node, ast.JoinedStr):
        made = {""}
        for part in node.values:
            chosen = literals(part.value) if isinstance(part, ast.FormattedValue) else {part.value}
            made = {before + more for before in made for more in chosen or {"{}"}}
        return made
    return set()


def is_code(word: str) -> bool:
    """Tell whether a text has the form of a code: `room.reason`, perhaps with `|name=value` behind."""
    return re.fullmatch(r"[a-z_]+(\.([a-z_0-9]|\{\})+)+", word.partition("|")[0]) is not None


def spoken(source: Source) -> set[str]:
    """Return the codes that the file hands to somebody who reads them."""
    said = set()
    for name, call in source.calls():
        given = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
        if name.rpartition(".")[2].lstrip("_") in SPOKEN_BY:
            given += call.args
        said |= {word for node in given for word in literals(node)}
    return {word.partition("|")[0] for word in said if is_code(word)}


def raised_with(path: str, *callees: str) -> set[str]:
    """Return the texts that a file gives to these callees, first or as `code=`."""
    return {
        word
        for name, call in read(path).calls()
        if name in callees
        for node in [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "code")]
        for word in literals(node)
    }


def workflow_faults() -> set[str]:
    """Return the codes of the checker of workflows: those it names, and the keys of its table of known words."""
    path = "services/complaints/domain/workflow.py"
    keys = {
        key.value
        for node in ast.walk(read(path).tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    return raised_with(path, "Fault") | {key for key in keys if key.startswith("unknown_")}


# Codes that are put together: what can stand in the gap.
FAMILIES = {
    "status.{}": {str(status) for status in [*STATUS.values(), 405, 415, 416, 500]},
    "accounts.{}.subject": {"invited", "reset"},
    "accounts.{}.text": {"invited", "reset"},
    "notifications.neutral_{}": {"title", "body"},
    "complaints.step_{}": {step.value for step in Step},
    "complaints.visibility_{}": raised_with("services/complaints/domain/visibility.py", "VisibilityNotPossibleError"),
    "complaints.workflow_{}": workflow_faults(),
}


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return every text of a language, by its code."""
    texts: dict[str, str] = {}
    for path in sorted(ROOT.glob(f"backend/**/locale/{language}.yaml")) + sorted(ROOT.glob(f"services/*/locale/{language}.yaml")):
        texts |= yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return texts


@cache
def titles() -> set[str]:
    """Return the codes of what the forms of the bundled rooms' settings show."""
    texts = load_catalogue(load_registry())
    return set().union(*(settings_codes(room, texts) for room in bundled_modules()))


def used() -> set[str]:
    """Return every code in use, families spelt out."""
    said = set().union(*(spoken(source) for source in sources("backend", "services", "workers")))
    # marshmallow's own messages are set once, for all schemas.
    for node in ast.walk(read("backend/http/schema.py").tree):
        said |= {word.partition("|")[0] for word in literals(node) if is_code(word) and word.startswith("request.")}
    said = {word for word in said if not word.startswith(OWN_WORDS)}
    gaps = {word for word in said if "{}" in word}
    assert gaps <= set(FAMILIES), "codes that are put together, and nobody says of what"
    return titles() | (said - gaps) | {family.replace("{}", word) for family in FAMILIES for word in FAMILIES[family]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_text(language):
    assert sorted(used() - set(catalogue(language))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_left_over(language):
    words = {
        word.partition("|")[0]
        for source in sources("backend", "services", "workers")
        for node in ast.walk(source.tree)
        for word in literals(node)
    }
    assert sorted(set(catalogue(language)) - used() - words) == []


def test_both_languages_say_the_same_things():
    places = {
        language: {code: set(re.findall(r"\{([a-z_]+)\}", text)) for code, text in catalogue(language).items()}
        for language in LANGUAGES
    }
    assert places["id"] == places["en"]
    for language in LANGUAGES:
        assert [code for code, text in catalogue(language).items() if not str(text).strip()] == []


def test_no_text_was_only_copied_from_the_other_language():
    same = {code for code, text in catalogue("id").items() if text == catalogue("en")[code]}
    assert same == set()


def test_a_code_without_a_text_would_be_found():
    source = Source("a.py", 'raise invalid("place", f"complaints.{kind}_missing|name={x}")\nDomainError(Kind.INVALID, "a.b")\n')
    assert spoken(source) == {"complaints.{}_missing", "a.b"}
