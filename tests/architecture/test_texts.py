"""Every code that people may read has its text in both languages, and no text is left over."""

import ast
import re
from functools import cache
from typing import get_args

import pytest
import yaml

from backend.accounts.roles import STAFF_ROLES
from backend.app import load_catalogue, load_registry
from backend.core.text import LANGUAGES
from backend.http.problem import STATUS
from backend.modules.discovery import bundled_modules
from backend.modules.indicators import Period, Severity
from backend.packs.forms import settings_codes
from backend.packs.sections import departments_codes
from backend.pages.frame import SAID
from backend.pages.navigation import Shelf
from services.command_centre.domain import Level
from services.complaints.domain.actors import MACHINES, Role
from services.complaints.domain.routing import Step
from services.complaints.domain.workflow import OWN_TIMER, Clock, Need
from services.complaints.pages.moving import CHECKS
from services.complaints.queries.lists import Desk
from services.complaints.queries.shaping import OTHER_LINES
from services.replication.domain import AgreementKind, PartyRole, Status
from services.service_info.domain import PLACE_KINDS
from tests.architecture.source import ROOT, Source, read, sources

# A code stands in one of these: as an argument, or as `code=` of a fault.
SPOKEN_BY = {"invalid", "not_found", "DomainError", "FieldError", "problem", "text", "t", "ValidationError"}
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
        if name == "Entry":
            given += [keyword.value for keyword in call.keywords if keyword.arg in {"text", "about"}]
        said |= {word for node in given for word in literals(node)}
    return {word.partition("|")[0] for word in said if is_code(word)}


def shown(template: str) -> set[str]:
    """Return the codes whose texts a template shows: `t("a.b")`, and `t("a.b_" ~ kind)` with `{}` for what is put in."""
    return {code + "{}" * bool(more) for code, more in re.findall(r"""\bt\(\s*["']([a-z_0-9.]+)["']\s*(~)?""", template)}


@cache
def templates() -> set[str]:
    """Return the codes of every page."""
    places = [path for root in ("backend", "services") for path in sorted((ROOT / root).glob("**/templates/**/*.html"))]
    return set().union(*(shown(path.read_text(encoding="utf-8")) for path in places))


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
    "pages.said_{}": SAID,
    "pages.shelf_{}": set(get_args(Shelf)),
    "pages.ago_{}": {"days", "hours", "minutes", "seconds"},
    "pages.ahead_{}": {"days", "hours", "minutes", "seconds"},
    "status.{}": {str(status) for status in [*STATUS.values(), 405, 415, 416, 500]},
    "accounts.role_{}": STAFF_ROLES,
    "replication.kind_{}": {kind.value for kind in AgreementKind},
    "replication.role_{}": {role.value for role in PartyRole},
    "replication.status_{}": {status.value for status in Status},
    "service_info.place_{}": set(PLACE_KINDS),
    "accounts.state_{}": {"invited", "active", "disabled"},
    "accounts.{}.subject": {"invited", "reset"},
    "accounts.{}.text": {"invited", "reset"},
    "command_centre.page_level_{}": {level.value for level in Level},
    "command_centre.page_period_{}": {period.value for period in Period},
    "command_centre.page_severity_{}": {severity.value for severity in Severity},
    "notifications.neutral_{}": {"title", "body"},
    "complaints.step_{}": {step.value for step in Step},
    "complaints.visibility_{}": raised_with("services/complaints/domain/visibility.py", "VisibilityNotPossibleError"),
    "complaints.workflow_{}": workflow_faults(),
    "complaints.line_{}": set(OTHER_LINES),
    "complaints.by_{}": MACHINES | {Role.REPORTER},
    "complaints.work_desk_{}": set(Desk),
    "complaints.work_photo_{}": {"report", "evidence"},
    "complaints.work_clock_{}": {Clock.RESPONSE, Clock.COMPLETION} | OWN_TIMER,
    "complaints.work_check_{}": set(CHECKS),
    "complaints.work_field_{}": set(Need),
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
    """Return the codes of what the forms of the bundled rooms' settings, and that of departments, show."""
    texts = load_catalogue(load_registry())
    return departments_codes(texts).union(*(settings_codes(room, texts) for room in bundled_modules()))


def used() -> set[str]:
    """Return every code in use, families spelt out."""
    said = set().union(*(spoken(source) for source in sources("backend", "services", "workers")))
    # marshmallow's own messages are set once, for all schemas.
    for node in ast.walk(read("backend/http/schema.py").tree):
        said |= {word.partition("|")[0] for word in literals(node) if is_code(word) and word.startswith("request.")}
    said = {word for word in said if not word.startswith(OWN_WORDS)} | templates()
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
    assert shown("""{{ t("a.b", n=1) }} {{ t('a.c_' ~ kind) }} {{ at("no.code") }}""") == {"a.b", "a.c_{}"}
