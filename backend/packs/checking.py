"""Whether a pack makes sense: its form, its labels, its areas, and that every department type it speaks of is bound."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import Schema

from backend.core.text import Catalogue
from backend.packs.faults import Faults, Place
from backend.packs.folder import EDITED
from backend.packs.merging import plain
from backend.packs.pack import AreaSpec, DepartmentSpec
from backend.packs.schemas import CalendarFile, DepartmentsFile, RegionFile
from backend.packs.successors import SuccessorsFile
from backend.packs.yaml_text import Said, identifier

FORMS: Mapping[str, type[Schema]] = {
    "region": RegionFile,
    "calendar": CalendarFile,
    "departments": DepartmentsFile,
    "successors": SuccessorsFile,
}
Steps = tuple[str | int, ...]
_MISSING = "it is missing: add it"
_UNKNOWN = "this is not known here: correct the name or take it out"
_PLAINER = {
    "Missing data for required field.": _MISSING,
    "request.required": _MISSING,
    "Unknown field.": _UNKNOWN,
    "request.unknown_field": _UNKNOWN,
}
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def messages_of(errors: Any, path: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Yield each message of marshmallow's nested errors with the path of what it is about."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from messages_of(inner, path if name == "_schema" else (*path, name))
    else:
        for text in errors:
            # of the values of a Dict marshmallow says {name: {"value": [...]}}
            yield tuple(step for step in path if step != "value"), _plainer(str(text))


def _plainer(message: str) -> str:
    """Say it in words: once `backend.http` is there, marshmallow speaks in codes, `code|name=value`."""
    code, *params = message.split("|")
    if code not in _house_texts():
        return _PLAINER.get(message, message)
    texts = dict(param.partition("=")[::2] for param in params)
    return _PLAINER.get(code) or _house_texts().text(code, "en", texts)


@cache
def _house_texts() -> Catalogue:
    catalogue = Catalogue()
    catalogue.add_folder(Path(__file__).parents[1] / "locale")
    return catalogue


def note_errors(said: Said, errors: Mapping[str, Any], faults: Faults, *, file: str) -> None:
    """Note what a schema said about one file of a merged pack, each at its line; also for the schemas of modules."""
    for path, text in messages_of(errors):
        named = ".".join(map(str, path))
        faults.note(said.find((file, *path)), "malformed", f"{named}: {text}" if named else text)


def check_forms(said: Said, faults: Faults) -> None:
    """Check region, calendar and departments by their schemas."""
    for name, schema in FORMS.items():
        note_errors(said, schema().validate(plain(said[name])), faults, file=name)


def _mappings(value: Any) -> Iterator[Said]:
    if isinstance(value, Said):
        yield value
    inner = value.values() if isinstance(value, Said) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _mappings(item)


def check_labels(said: Said, languages: Sequence[str], faults: Faults) -> None:
    """Every label, a mapping of languages to texts, has a text in each language of the region."""
    for mapping in _mappings(said):
        is_label = all(_LANGUAGE.fullmatch(key) and isinstance(text, str) for key, text in mapping.items())
        missing = [language for language in languages if not str(mapping.get(language, "")).strip()]
        if is_label and missing and mapping.keys() & {*languages}:
            text = f"this label lacks {', '.join(missing)}: the region speaks {', '.join(languages)}, say it in each"
            # What admins wrote while the system ran is people's work already: it is told, and refuses nothing.
            note = faults.warn if mapping.place.file.endswith(EDITED) else faults.note
            note(mapping.place, "language_missing", text)


def check_texts(said: Said, areas: Sequence[AreaSpec], places: Mapping[str, Place], faults: Faults) -> None:
    """Check that every text can be kept: no NUL, no half of a character."""
    texts = [(mapping.at(key), key, value) for mapping in _mappings(said) for key, value in mapping.items()]
    texts += [(places[area.code], "name", f"{area.name} {area.kind} {area.code} {area.parent_code}") for area in areas]
    for place, key, value in texts:
        for text in (key, *(value if isinstance(value, list) else [value])):
            if isinstance(text, str) and _UNFIT.search(text):
                faults.note(place, "unfit_character", f"{key!a}: NUL and halves of characters cannot be kept: take them out")


def check_areas(region: str, titles: Said, areas: Sequence[AreaSpec], places: Mapping[str, Place], faults: Faults) -> None:
    """One root that is the region itself, every parent there, a title for each kind, a polygon for each lowest unit."""
    codes = {area.code: area for area in areas}
    for area in areas:
        at = places[area.code]
        if titles and area.kind not in titles:
            text = f"area {area.code}: the kind {area.kind!r} has no unit title: add it to identity.unit_titles"
            faults.note(at, "kind_unknown", text)
        if area.lowest and area.boundary is None:
            text = f"area {area.code} is a lowest unit without a polygon: give it one, or give it lower units"
            faults.note(at, "code_without_polygon", text)
        if not area.code.startswith(region):
            text = f"area {area.code} is not of this region: codes below {region} begin with it"
            faults.note(at, "code_elsewhere", text)
        if area.parent_code is None and area.code != region:
            text = f"area {area.code} has no parent_code: only the region itself, {region}, may be without one"
            faults.note(at, "parent_missing", text)
        elif area.parent_code is not None and area.parent_code not in codes:
            text = f"area {area.code}: its parent {area.parent_code} is not in this file: add it or correct the code"
            faults.note(at, "parent_missing", text)
        elif area.code == region and area.parent_code is not None:
            faults.note(at, "parent_missing", f"area {area.code} is the region itself: its parent_code must be null")
        elif _circles(area, codes):
            faults.note(at, "parent_missing", f"area {area.code}: its parents run in a circle and never reach {region}")
    if areas and region not in codes:
        at = Place(places[areas[0].code].file, 1)
        faults.note(at, "parent_missing", f"the region itself, {region}, is not among the areas: add it")


def _circles(area: AreaSpec, codes: Mapping[str, AreaSpec]) -> bool:
    here: AreaSpec | None = area
    for _ in codes:
        here = codes.get((here and here.parent_code) or "")
        if here is None:
            return False
    return True


def check_bindings(said: Said, departments: Sequence[DepartmentSpec], faults: Faults) -> None:
    """Units are told apart, and no type is bound by two of them."""
    bound: dict[str, str] = {}
    for index, unit in enumerate(departments):
        if unit.kind == "area_office":
            continue
        place = said.find(("departments", "departments", index))
        if unit.key.startswith("area-"):
            faults.note(place, "duplicate_code", f"{unit.key}: keys that begin with area- are of area offices: take another")
        for name in unit.types:
            other = bound.setdefault(name, unit.key)
            if other != unit.key:
                text = f"{name} is bound by {other} and by {unit.key}: one type belongs to one unit"
                faults.note(place, "bound_twice", text)


def check_modules(said: Said, departments: Sequence[DepartmentSpec], areas: Sequence[AreaSpec], faults: Faults) -> None:
    """Whatever a module calls `departments`, `department_type`, `custodian` or `areas` exists in the region.

    Of a list of types one must be bound, and none may be unknown: neither bound nor in the register of types.
    """
    bound = {name for unit in departments for name in unit.types}
    register = {identifier(item) for item in said["departments"].items_of("types")}
    codes = {area.code for area in areas}
    for name, module in said.items():
        if name not in FORMS and not isinstance(module.get("enabled", True), bool):
            faults.note(module.at("enabled"), "malformed", "enabled: write true or false")
        for mapping in _mappings(module) if name not in FORMS else ():
            who = identifier(mapping) or name
            wanted = mapping.texts("departments")
            unknown = [item for item in wanted if item not in bound | register]
            if bound and wanted and (unknown or not bound & {*wanted}):
                _note_unbound(mapping.at("departments"), who, unknown or wanted, faults)
            for role in ("department_type", "custodian"):
                if bound and isinstance(mapping.get(role), str) and mapping[role] not in bound:
                    _note_unbound(mapping.at(role), who, [mapping[role]], faults)
            for code in mapping.texts("areas"):
                if codes and code not in codes:
                    faults.note(mapping.at("areas"), "area_unknown", f"{who}: {code} is no area of the region: correct it")


def check_successors(said: Said, departments: Sequence[DepartmentSpec], areas: Sequence[AreaSpec], faults: Faults) -> None:
    """Check that what ended is no longer in the pack, and that who follows is, or has a successor in turn."""
    known = {"departments": {unit.key for unit in departments}, "areas": {area.code for area in areas}}
    for kind, now in known.items():
        items = said["successors"].items_of(kind)
        ended = {item.identifier for item in items}
        for item in items if now else ():
            if item.identifier in now:
                text = f"{item.identifier} has a successor here, and is still in the pack: take one of the two out"
                faults.note(item.place, "not_ended", text)
            for name in item.texts("successors") or [str(item.get("successor"))]:
                if name not in now | ended or name == item.identifier:
                    text = f"{item.identifier}: its successor {name!r} is not in the pack: correct it"
                    faults.note(item.place, "successor_unknown", text)


def _note_unbound(place: Place, who: str, types: Sequence[str], faults: Faults) -> None:
    named = ", ".join(types)
    text = f"{who}: no department of the region is of type {named}: bind it in departments.yaml, or name another type"
    faults.note(place, "department_unbound", text)
