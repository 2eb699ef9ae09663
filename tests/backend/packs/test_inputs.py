"""A form sent back as it was shown says what it showed: for every part of the shipped regions, and for odd schemas."""

import copy

import pytest

from backend.app import load_catalogue, load_registry
from backend.packs.answers import changed_rows, read_input
from backend.packs.folder import gather, shipped_packs
from backend.packs.forms import settings_schema
from backend.packs.inputs import browser_pattern, show_input
from backend.packs.sections import departments_schema
from backend.packs.settings import said_now
from backend.packs.shapes import ABSENT, Form


def sent(shown):
    """Return what a browser sends of inputs as they are shown."""
    found = {}
    for each in shown.inner:
        found |= sent(each)
    match shown.kind:
        case "group" | "label" | "items":
            return found | ({shown.name: ["row"]} if shown.name.rpartition(".")[2].isdecimal() else {})
        case "rows" | "mapping":
            return found | {shown.name: ["rows"]}
        case "ticks":
            return {shown.name: ["", *shown.value]}
        case "tick":
            return {shown.name: ["false", *(["true"] if shown.value else [])]}
    return {shown.name: [str(shown.value).replace("\n", "\r\n")]}


def parts(form, shape, value):
    """Yield every part that has a form of its own: the whole, and each item of each keyed list in it."""
    yield shape, value
    if shape.kind == "group":
        for name, inner, _required in form.properties(shape):
            if isinstance(value, dict) and name in value:
                yield from (part for part in parts(form, inner, value[name]) if part[0].kind != "group" or part[1] is not value)
    elif shape.kind == "items" and isinstance(value, list):
        for item in value:
            yield from parts(form, form.shape(shape.inner), item)


FILES = {path.name: gather(path) for path in shipped_packs()}


@pytest.mark.parametrize("region", sorted(FILES))
def test_what_is_sent_back_as_it_was_shown_changes_nothing(region):
    registry = load_registry()
    catalogue = load_catalogue(registry)
    forms = {
        room.name: settings_schema(room, catalogue, "id", ("id", "en"))
        for room in registry.modules.values()
        if not room.always_on
    }
    forms["departments"] = departments_schema(catalogue, "id", ("id", "en"))
    tried = 0
    for name, schema in forms.items():
        form = Form(schema)
        said = {key: value for key, value in said_now(FILES[region], name).items() if key != "enabled"}
        for shape, value in parts(form, form.shape(schema), said):
            if shape.kind != "items":
                before = copy.deepcopy(value)
                assert read_input(form, shape, sent(show_input(form, shape, value)), value) == before == value
                tried += 1
    assert tried > 30


ODD = {
    "type": "object",
    "properties": {
        "word": {"type": "string", "maxLength": 10, "title": "Word"},
        "many": {"type": "array", "items": {"type": "integer"}, "title": "Many"},
        "maybe": {"type": ["integer", "null"], "title": "Maybe"},
        "must": {"type": ["integer", "null"], "title": "Must"},
        "on": {"type": "boolean", "default": True, "title": "On"},
        "sure": {"type": "boolean", "title": "Sure"},
        "some": {
            "type": "array",
            "items": {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]},
            "default": ["a"],
            "title": "Some",
        },
        "rows": {
            "type": "array",
            "items": {"type": "object", "properties": {"x": {"type": "number", "title": "X"}}},
            "title": "Rows",
        },
        "named": {"type": "object", "additionalProperties": {"type": "string", "title": "Value"}, "title": "Named"},
        "odd": {"type": ["object", "string"], "title": "Odd"},
        "free": {"title": "Free"},
    },
    "required": ["must", "sure"],
}
FORM = Form(ODD)
WHOLE = FORM.shape(ODD)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"word": " x ", "many": [1, 2], "maybe": None, "must": None, "on": False, "sure": True, "some": ["b"]},
        {"must": 3, "sure": False, "rows": [{"x": 1.0}, {}], "named": {"a": "1", "b": ""}, "some": [], "many": []},
        {"word": 12, "many": "no list", "rows": "none", "odd": {"a": [1]}, "free": {"deep": [None, 1.5]}, "extra": 1},
        {"word": "two\nlines", "some": ["a"], "named": {}, "rows": []},
    ],
)
def test_odd_values_come_back_as_they_were(value):
    found = read_input(FORM, WHOLE, sent(show_input(FORM, WHOLE, value)), value)
    assert found == {"must": None, "sure": False, **value} if "must" not in value else found == value


def test_what_is_typed_is_read_by_its_kind():
    form = {
        "v.word": ["hello"],
        "v.many": ["1\r\n 2 \r\n\r\n"],
        "v.maybe": ["x"],
        "v.must": [" 7 "],
        "v.on": ["false"],
        "v.sure": ["false", "true"],
        "v.some": ["", "b"],
        "v.rows": ["rows"],
        "v.rows.0": ["row"],
        "v.rows.0.x": ["1.5"],
        "v.rows.10": ["row"],
        "v.rows.10.x": ["2"],
        "v.named": ["rows"],
        "v.named.0.key": ["k"],
        "v.named.0.value": ["text"],
        "v.free": ['{"a": 1}'],
    }
    assert read_input(FORM, WHOLE, form, ABSENT) == {
        "word": "hello",
        "many": [1, 2],
        "maybe": "x",
        "must": 7,
        "on": False,
        "sure": True,
        "some": ["b"],
        "rows": [{"x": 1.5}, {"x": 2}],
        "named": {"k": "text"},
        "free": {"a": 1},
    }


def test_a_blank_input_takes_back_what_was_said():
    was = {"word": "x", "many": [1], "maybe": 1, "must": 1, "on": True, "some": ["b"], "sure": True}
    form = {f"v.{name}": [""] for name in was} | {"v.sure": ["false"]}
    assert read_input(FORM, WHOLE, form, was) == {"many": [], "must": None, "some": [], "sure": False}


def test_a_row_that_is_gone_takes_all_of_it_along():
    labels = {
        "type": "object",
        "x-label": True,
        "additionalProperties": {"type": "string"},
        "properties": {"id": {"type": "string"}},
    }
    form = Form({"type": "object", "properties": {"rows": {"type": "array", "items": labels, "title": "Rows"}}})
    shape, was = form.shape(form.schema), {"rows": [{"id": "satu", "ace": "sa"}, {"id": "dua"}]}
    fewer = changed_rows(read_input(form, shape, sent(show_input(form, shape, was)), was), "v.rows.0", by="remove")
    assert read_input(form, shape, sent(show_input(form, shape, fewer)), was) == {"rows": [{"id": "dua"}]}


def test_a_schema_within_itself_has_a_form():
    inside = {"$ref": "#/$defs/Box"}
    form = Form(
        {"$defs": {"Box": {"type": "object", "properties": {"box": inside, "x": {"type": "string"}}, "title": "Box"}}, **inside}
    )
    shape, was = form.shape(form.schema), {"box": {"box": {"x": "deep"}}}
    assert read_input(form, shape, sent(show_input(form, shape, was)), was) == was
    assert read_input(form, shape, sent(show_input(form, shape, {})), {}) == {}


def test_what_a_form_lacks_stays():
    was = {"word": "x", "rows": [{"x": 1}], "sure": True}
    assert read_input(FORM, WHOLE, {}, was) == was


def test_rows_are_added_and_taken_out_where_they_stand():
    value = {"rows": [{"x": 1}, {"x": 2}], "named": {"a": "1"}}
    assert changed_rows(value, "v.rows", by="add")["rows"] == [{"x": 1}, {"x": 2}, {}]
    assert changed_rows(value, "v.rows.0", by="remove")["rows"] == [{"x": 2}]
    assert changed_rows(value, "v.named", by="add")["named"] == {"a": "1", "": None}
    assert changed_rows({}, "v.rows", by="add") == {"rows": [{}]}


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (r"^(?:[A-Za-z0-9._-]{1,3})$(?!\n)", r"(?:[A-Za-z0-9._\-]{1,3})"),
        (r"^(?:[0-9 ()./-]*)$", r"(?:[0-9 \(\).\/\-]*)"),
        (r"\s*\S", None),
    ],
)
def test_a_pattern_is_written_as_browsers_read_it(pattern, shown):
    assert browser_pattern(pattern) == shown
