"""What an admin reads of a module's settings is enough for a form: tried with one that knows JSON Schema and not Balai."""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import fields, validate

from backend.app import load_registry
from backend.core.text import LANGUAGES, Catalogue
from backend.http.schema import Schema
from backend.modules.contract import ServiceModule
from backend.modules.discovery import bundled_modules
from backend.packs.forms import settings_codes, settings_schema
from backend.packs.json_schemas import pack_schemas

ROOMS = [room.slug for room in bundled_modules()]
TYPES: Mapping[str, Any] = {"string": str, "boolean": bool, "integer": int, "number": int | float, "null": None}
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Input:
    """One thing to fill in: its place, its title, what it holds; `fixed` is not to be changed."""

    path: Path
    title: str
    kind: str
    value: Any
    schema: Mapping[str, Any]
    fixed: bool

    def another(self) -> Any:
        """Return what somebody might fill in instead."""
        match self.kind:
            case "choice":
                return next(each["const"] for each in self.schema["oneOf"] if each["const"] != self.value)
            case "boolean":
                return not self.value
            case "integer":
                return self.value + 1
            case "number":
                return round(self.value + 0.001, 6)
            case "date":
                return (date.fromisoformat(self.value) - timedelta(days=1)).isoformat()
            case _:
                return f"{self.value} (baru)"


class Form:
    """A form over a schema: walks what is there and finds the input for each value."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.root = schema

    def opened(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a schema with what it refers to; what stands beside the reference comes first."""
        if "$ref" not in schema:
            return dict(schema)
        *_, name = schema["$ref"].split("/")
        return {**self.root["$defs"][name], **{key: each for key, each in schema.items() if key != "$ref"}}

    def inputs(
        self, value: Any, schema: Mapping[str, Any] | None = None, path: Path = (), *, fixed: bool = False
    ) -> Iterator[Input]:
        """Yield the input for each value; fails for a value that has none."""
        at = self.opened(self.root if schema is None else schema)
        assert at.get("title"), f"{path} has no title"
        for kind in ("oneOf", "anyOf"):
            fitting = [each for each in at.get(kind, ()) if self.fits(value, each)]
            if kind in at:
                assert len(fitting) == 1, f"{path}: {value} is {len(fitting)} of the choices"
                assert all("const" not in each or each["title"] for each in at[kind])
                if "const" in fitting[0]:
                    yield Input(path, at["title"], "choice", value, at, fixed)
                    return
                at = {key: each for key, each in at.items() if key != kind} | self.opened(fitting[0]) | {"title": at["title"]}
        if isinstance(value, dict):
            yield from self.members(value, at, path)
        elif isinstance(value, list):
            known_by = at.get("x-key")
            assert known_by is None or len({item[known_by] for item in value}) == len(value)
            for index, item in enumerate(value):
                for each in self.inputs(item, {"title": at["title"], **at["items"]}, (*path, index)):
                    mine = known_by is not None and each.path == (*path, index, known_by)
                    yield Input(each.path, each.title, each.kind, each.value, each.schema, fixed=mine or each.fixed)
        else:
            kinds = types(at)
            kind = next(kind for kind in kinds if value is None or isinstance(value, TYPES[kind] or ()))
            assert value is not None or "null" in kinds, f"{path} cannot be empty"
            yield Input(path, at["title"], at.get("format", kind), value, at, fixed)

    def members(self, value: dict[str, Any], at: Mapping[str, Any], path: Path) -> Iterator[Input]:
        """Yield the inputs of a mapping, in the form's order; no two have one title."""
        assert "object" in types(at)
        titles = Counter(self.opened(each)["title"] for each in at["properties"].values())
        assert titles.total() == len(titles), f"{path}: {titles}"
        rest = [name for name in value if name not in at["properties"]]
        assert not rest or at.get("x-label"), f"{path}: no inputs for {rest}"
        for name in [name for name in at["properties"] if name in value] + rest:
            yield from self.inputs(value[name], at["properties"].get(name, at["additionalProperties"]), (*path, name))

    def fits(self, value: Any, schema: Mapping[str, Any]) -> bool:
        """Tell whether a value is of one of several schemas."""
        return Draft202012Validator({**schema, "$defs": self.root["$defs"]}).is_valid(value)


def types(schema: Mapping[str, Any]) -> list[str]:
    return [schema["type"]] if isinstance(schema["type"], str) else schema["type"]


def replaced(values: Any, path: Path, value: Any) -> Any:
    new = copy.deepcopy(values)
    inner = new
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return new


def filled_in(shown: Mapping[str, Any]) -> dict[Path, Any]:
    """Return every value by its place, but for where in the pack an item was said last."""
    found = Form(shown["schema"]).inputs(shown["values"])
    return {each.path: each.value for each in found if each.path[-1] != "source"}


@pytest.fixture
def admin(staff):
    return lambda region: staff("regional_admin", region=region)


def settings(person, room, language="id"):
    got = person.get(f"modules/{room}/settings", headers={"Accept-Language": language})
    assert got.status_code == 200, got.get_json()
    return got


def put(person, room, shown, values):
    tag = {"If-Match": shown.headers["ETag"], "Accept-Language": "id"}
    return person.put(f"modules/{room}/settings", {"values": values}, headers=tag)


@pytest.mark.parametrize("region", ["banda-aceh", "sumedang"])
@pytest.mark.parametrize("room", ROOMS)
def test_every_value_has_a_titled_input_in_the_readers_language(admin, room, region):
    shown = {language: settings(admin(region), room, language).get_json() for language in LANGUAGES}
    walked = {language: list(Form(each["schema"]).inputs(each["values"])) for language, each in shown.items()}
    assert shown["id"]["values"] == shown["en"]["values"]
    assert [each.path for each in walked["id"]] == [each.path for each in walked["en"]]
    same = {ours.title for ours, theirs in zip(walked["id"], walked["en"], strict=True) if ours.title == theirs.title}
    assert same == set()


@pytest.mark.parametrize("room", ROOMS)
def test_what_nobody_has_filled_in_yet_has_its_input_too(admin, room):
    schema = settings(admin("banda-aceh"), room).get_json()["schema"]
    form = Form(schema)
    for part in [schema, *schema["$defs"].values()]:
        assert part["title"]
        for name, each in part["properties"].items():
            at = form.opened(each)
            assert at["title"], name
            assert at.keys() & {"type", "oneOf", "anyOf"}, name


@pytest.mark.parametrize("room", ROOMS)
def test_the_schema_is_one_of_2020_12_and_the_values_are_valid_by_it(admin, room):
    shown = settings(admin("banda-aceh"), room).get_json()
    Draft202012Validator.check_schema(shown["schema"])
    checker = Draft202012Validator(shown["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [f"{error.json_path}: {error.message}" for error in checker.iter_errors(shown["values"])] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_form_sent_back_as_it_was_changes_nothing(admin, room):
    person = admin("banda-aceh")
    before, history = settings(person, room), person.get("pack/history?limit=1").get_json()
    done = put(person, room, before, before.get_json()["values"])
    assert (done.status_code, done.headers["ETag"]) == (200, before.headers["ETag"])
    assert done.get_json() == before.get_json()
    assert person.get("pack/history?limit=1").get_json() == history


@pytest.mark.parametrize(
    ("room", "kind", "name"),
    [
        ("complaints", "boolean", "photo_required"),
        ("complaints", "integer", "response_hours"),
        ("complaints", "choice", "subject"),
        ("complaints", "string", "prefix"),
        ("complaints", "string", "en"),
        ("service-info", "string", "id"),
        ("service-info", "date", "checked_on"),
        ("service-info", "number", "lat"),
    ],
)
def test_each_kind_of_input_can_be_changed_and_changes_nothing_else(admin, room, kind, name):
    person = admin("banda-aceh")
    before = settings(person, room)
    shown = before.get_json()
    found = Form(shown["schema"]).inputs(shown["values"])
    one = next(each for each in found if each.kind == kind and each.path[-1] == name and not each.fixed)
    value = "CTH" if name == "prefix" else one.another()
    try:
        done = put(person, room, before, replaced(shown["values"], one.path, value))
        assert done.status_code == 200, done.get_json()
        assert filled_in(done.get_json()) == {**filled_in(shown), one.path: value}
    finally:
        back = put(person, room, settings(person, room), shown["values"])
    assert back.get_json() == shown


def test_items_are_known_by_something_that_stays(admin):
    shown = settings(admin("banda-aceh"), "complaints").get_json()
    fixed = {each.path for each in Form(shown["schema"]).inputs(shown["values"]) if each.fixed}
    categories = shown["values"]["categories"]
    assert {("categories", index, "code") for index in range(len(categories))} <= fixed
    assert {str(path[-1]) for path in fixed} == {"code", "key"}


def test_a_text_has_an_input_for_each_language_of_the_region(admin, house):
    schema = settings(admin("banda-aceh"), "complaints").get_json()["schema"]
    name = schema["$defs"]["CategorySettings"]["properties"]["name"]
    assert name["x-label"] is True
    assert tuple(name["properties"]) == house.directory.find("banda-aceh").languages


def test_an_editor_of_packs_shows_the_same_titles_in_english():
    category = pack_schemas(load_registry())["complaints"]["$defs"]["CategorySettings"]
    said, _instead = category["properties"]["photo_required"]["anyOf"]
    assert said["title"] == "A photo is required"


class Binding(StrEnum):
    HARD = "hard"
    SOFT = "soft"


class Book(Schema):
    key = fields.String(required=True)
    binding = fields.Enum(Binding, by_value=True, load_default=Binding.SOFT, allow_none=True)
    lent_until = fields.Date(metadata={"title": "Due", "description": "The last day."})


class Shelf(Schema):
    books = fields.List(fields.Nested(Book), load_default=list)
    days = fields.Integer(load_default=14)


LIBRARY = ServiceModule(name="library", version="1.0", title={"id": "Perpustakaan", "en": "Library"}, config_schema=Shelf)


def test_a_module_that_says_nothing_has_a_form_all_the_same(tmp_path):
    schema = settings_schema(LIBRARY, Catalogue(), "en", ("id",))
    assert schema["properties"]["days"] == {"type": "integer", "default": 14, "title": "Days"}
    book = schema["$defs"]["Book"]["properties"]
    assert (book["lent_until"]["title"], book["lent_until"]["description"]) == ("Due", "The last day.")
    values = {"books": [{"key": "a", "binding": None}, {"key": "b", "binding": "hard", "lent_until": "2026-11-02"}], "days": 7}
    found = {each.path: (each.kind, each.fixed) for each in Form(schema).inputs(values)}
    assert found == {
        ("books", 0, "key"): ("string", True),
        ("books", 0, "binding"): ("choice", False),
        ("books", 1, "key"): ("string", True),
        ("books", 1, "binding"): ("choice", False),
        ("books", 1, "lent_until"): ("date", False),
        ("days",): ("integer", False),
    }
    (tmp_path / "en.yaml").write_text(
        "library.Shelf.days: Days on loan\nlibrary.Shelf.days.help: Then it is due.\nlibrary.Binding.hard: Hardback\n"
    )
    spoken = Catalogue()
    spoken.add_folder(tmp_path)
    schema = settings_schema(LIBRARY, spoken, "en")
    assert schema["properties"]["days"]["title"] == "Days on loan"
    assert schema["properties"]["days"]["description"] == "Then it is due."
    assert {"const": "hard", "title": "Hardback"} in schema["$defs"]["Book"]["properties"]["binding"]["oneOf"]


class Branch(Schema):
    name = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"x-label": True})
    floors = fields.Integer(validate=validate.OneOf([0, 1]))
    branches = fields.List(fields.Nested("Branch"))


class Tree(Schema):
    root = fields.Nested(Branch)
    leaf = fields.Nested(Branch, only=("floors",), allow_none=True)


@pytest.mark.filterwarnings("ignore:Multiple schemas resolved to the name Branch")
def test_a_schema_within_itself_or_cut_short_has_its_form_too():
    tree = ServiceModule(name="tree", version="1.0", title={"id": "Pohon", "en": "Tree"}, config_schema=Tree)
    schema = settings_schema(tree, Catalogue(), "en", ("id", "su"))
    Draft202012Validator.check_schema(schema)
    inner = {"name": {"id": "Dahan", "su": "Dahan"}, "floors": 0}
    found = list(Form(schema).inputs({"root": {"floors": 1, "branches": [inner]}, "leaf": {"floors": 0}}))
    assert [(each.path, each.title) for each in found] == [
        (("root", "floors"), "Floors"),
        (("root", "branches", 0, "name", "id"), "Name (id)"),
        (("root", "branches", 0, "name", "su"), "Name (su)"),
        (("root", "branches", 0, "floors"), "Floors"),
        (("leaf", "floors"), "Floors"),
    ]


def test_the_titles_that_a_module_does_not_say_are_found_by_their_codes():
    assert settings_codes(LIBRARY, Catalogue()) == {
        "library.Shelf.books",
        "library.Shelf.days",
        "library.Book",
        "library.Book.key",
        "library.Book.binding",
        "library.Book.lent_until",
        "library.Binding.hard",
        "library.Binding.soft",
        "library.Binding.null",
    }


def test_a_module_without_settings_has_an_empty_form():
    bare = ServiceModule(name="bare", version="1.0", title={"id": "Kosong", "en": "Bare"})
    schema = settings_schema(bare, Catalogue(), "id")
    assert (schema["title"], schema["properties"], schema["additionalProperties"]) == ("Kosong", {}, False)
