"""What there is one of, and what every file keeps to: read from the source."""

import ast

import pytest

from tests.architecture.source import Source, dotted, sources

# What may be called where. Whoever needs one elsewhere goes through the place named here.
ONLY_IN = {
    "commit": {"backend/data/unit_of_work.py", "backend/data/migrating.py"},  # the second is Alembic's runner
    "Queue": {"workers/queues.py"},
    "the wall clock": {"backend/core/clock.py"},
    "a dynamic import": {"backend/modules/discovery.py"},
    "an id": {"backend/core/ids.py", "backend/cli/demo.py"},  # the second plays a phone, which makes ids of its own
}
CALLS = {
    "commit": {"commit"},
    "Queue": {"Queue"},
    # time.monotonic() measures and tells no time; SQL's now() in deliveries is the engine house's one clock, by design.
    "the wall clock": {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"},
    "a dynamic import": {"import_module", "__import__", "entry_points", "exec", "eval", "spec_from_file_location"},
    "an id": {"uuid1", "uuid4", "uuid6", "uuid7"},
}
LONG = 400
# Longer, with the reason.
REASONS = {
    "tests/backend/files/test_pictures.py": "one case for each way in which a picture is bad",
    "tests/services/complaints/test_domain_moves.py": "one case for each line of the table of moves",
}


def found(source: Source, what: str) -> list[int]:
    """Return the lines on which the file does it."""
    return [
        node.lineno for name, node in source.calls() if any(name == call or name.endswith(f".{call}") for call in CALLS[what])
    ]


@pytest.mark.parametrize("what", ONLY_IN)
def test_there_is_one_place_for(what):
    places = {source.name: lines for source in sources() if (lines := found(source, what))}
    assert {name: lines for name, lines in places.items() if name not in ONLY_IN[what]} == {}
    assert set(places) == ONLY_IN[what], "a place on the list does it no longer"


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("commit", "session.commit()"),
        ("commit", "ctx.session.commit()"),
        ("Queue", "rq.Queue('more')"),
        ("the wall clock", "datetime.datetime.now(UTC)"),
        ("the wall clock", "datetime.now()"),
        ("the wall clock", "time.time()"),
        ("a dynamic import", "importlib.import_module(name)"),
        ("an id", "uuid.uuid4()"),
    ],
)
def test_a_second_place_would_be_found(what, line):
    assert found(Source("a.py", f"def f():\n    {line}\n"), what) == [2]


def imports_inside(source: Source) -> list[int]:
    """Return the lines of imports that are not at the top of the file."""
    return [
        node.lineno
        for function in ast.walk(source.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_nothing_is_imported_inside_a_function():
    assert {source.name: lines for source in sources() if (lines := imports_inside(source))} == {}
    assert imports_inside(Source("a.py", "def f():\n    import os\n")) == [2]


def test_every_file_opens_with_what_lives_in_it():
    assert [source.name for source in sources() if not ast.get_docstring(source.tree)] == []
    assert [source.name for source in sources("tests") if source.text.strip() and not ast.get_docstring(source.tree)] == []


def test_a_file_stays_short_or_says_why_it_does_not():
    long = {source.name for source in [*sources(), *sources("tests")] if source.text.count("\n") > LONG}
    assert long == set(REASONS)


def test_no_region_is_named_in_the_code():
    compared = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare) and dotted(node.left).endswith(("region.key", "region.code"))
        for other in node.comparators
        if isinstance(other, ast.Constant)
    ]
    assert compared == []


def test_every_event_schedule_and_permission_is_documented_and_its_own(house):
    modules = house.registry.modules.values()
    for module in modules:
        for event in module.publishes:
            assert event.doc.strip(), event.name
            assert len(event.fields) == len(set(event.fields)), event.name
        for permission in module.permissions:
            assert permission.doc.strip(), permission.name
    asked = {route.permission for module in modules for blueprint in module.blueprints for route in blueprint.routes}
    declared = {permission.name for module in modules for permission in module.permissions}
    assert declared - asked - {"regions.configure"} == set(), "permissions that no route asks for"


def test_every_bundled_room_stands_on_the_same_plan():
    plan = {
        *("__init__", "module", "config", "domain", "events", "models", "queries", "adapters", "operations", "schemas"),
        *("routes", "handlers", "locale", "pages", "cli"),
    }
    for source in sources("services"):
        _, *room = source.name.removesuffix(".py").split("/")
        if len(room) > 1:
            assert room[1] in plan, source.name
