"""A house with a broken guest in it does not start, and says which guest it is and what is wrong with it."""

import importlib
import os
import subprocess
import sys
from textwrap import dedent

import pytest

from backend.app import load_registry
from backend.modules.discovery import DiscoveryError
from backend.modules.registry import BootError

TITLE = 'title={"id": "Rusak", "en": "Broken"}'
IMPORTS = """
from uuid import UUID
from flask import Blueprint
from sqlalchemy.orm import Mapped
from backend.sdk.data import Base, EventType, RegionScoped, personal
from backend.sdk.module import Permission, RoomBlueprint, ServiceModule, Subscription
"""


def declared(body="", name="broken", **arguments):
    """Return the source of a guest that declares this."""
    said = ", ".join([f'name="{name}", version="1.0", {TITLE}', *(f"{key}={value}" for key, value in arguments.items())])
    return f"{IMPORTS}\n{dedent(body)}\nmodule = ServiceModule({said})"


ROUTE = """
    blueprint = RoomBlueprint("{module}", doc="-")
    @blueprint.endpoint("GET", "/things"{more})
    def list_things(ctx): ...
"""
TABLE = """
    class Thing({bases}):
        __tablename__ = "{name}"
        {column}: Mapped[int]{key}
"""
HELD = 'holds, kept = (personal("age", "who may enter"),), "a year"\n        age:'
BROKEN = {
    "cannot be imported": ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
    "fails while it is imported": ("1 / 0", "ZeroDivisionError: division by zero"),
    "has nothing of that name": ("other = 1", "AttributeError: module 'broken' has no attribute 'module'"),
    "is no module": ("module = {'name': 'broken'}", "dict is not a ServiceModule"),
    "has another's name": (declared(name="complaints"), "complaints: 2 modules have this name"),
    "has no name for a URL": (declared(name="Broken!"), "Broken!: a name has 2 to 40 small letters"),
    "is made for another core": (declared(core='">=2"'), "broken: it asks for core >=2, and this is 1.0"),
    "names a table without its prefix": (
        declared(TABLE.format(bases="RegionScoped, Base", name="visitors", column="age", key=""), models="[Thing]"),
        "broken: the table visitors does not begin with broken_",
    ),
    "has a table of no region": (
        declared(
            TABLE.format(bases="Base", name="broken_things", column="id", key="=mapped_column(primary_key=True)"),
            models="[Thing]",
        ).replace("import Mapped", "import Mapped, mapped_column"),
        "broken: the table broken_things belongs to no region: inherit RegionScoped",
    ),
    "names an event without its prefix": (
        declared(publishes='[EventType(name="complaints.broken", doc="-")]'),
        "broken: the event complaints.broken does not begin with broken.",
    ),
    "names a permission without its prefix": (
        declared(permissions='[Permission(name="complaints.all", roles=frozenset(), doc="-")]'),
        "broken: the permission complaints.all does not begin with broken.",
    ),
    "subscribes to what nobody publishes": (
        declared(subscribes='[Subscription(subscriber="broken.hear", event="complaints.sung", version=2, handler=print)]'),
        "broken: nobody publishes complaints.sung v2, to which it subscribes",
    ),
    "asks for a lane there is not": (
        declared(subscribes='[Subscription(subscriber="broken.hear", event="complaints.moved", handler=print, lane="fast")]'),
        "broken: broken.hear asks for the lane fast, which there is not",
    ),
    "has a route that asks for nothing": (
        declared(ROUTE.format(module="broken", more=""), blueprints="[blueprint]"),
        "broken: the route broken.list_things has neither a permission nor public=True",
    ),
    "has a route that asks for what it does not declare": (
        declared(ROUTE.format(module="broken", more=', permission="complaints.move"'), blueprints="[blueprint]"),
        "broken: the route broken.list_things asks for complaints.move, which it does not declare",
    ),
    "has a route in another's room": (
        declared(ROUTE.format(module="complaints", more=", public=True"), blueprints="[blueprint]"),
        "broken: the route complaints.list_things lies at /v1/regions/<region>/complaints/things, not under broken/ of a region",
    ),
    "brings a blueprint that has no door": (
        declared(blueprints='[Blueprint("broken", "broken")]'),
        "broken: the blueprint broken is neither a RoomBlueprint nor a PageBlueprint",
    ),
    "holds personal data and cannot forget it": (
        declared(
            TABLE.format(bases="RegionScoped, Base", name="broken_things", column="age", key="").replace("age:", HELD),
            models="[Thing]",
            export_personal_data="lambda ctx, account_id: {}",
        ),
        "broken: it holds personal data and has no erase_personal_data",
    ),
    "has a column of which it does not say whose it is": (
        declared(TABLE.format(bases="RegionScoped, Base", name="broken_things", column="age", key=""), models="[Thing]"),
        "broken: the column broken_things.age is not classified: name it in `holds`",
    ),
}


def install(folder, source):
    """Put a guest of one file into a folder, as pip would."""
    (folder / "broken.py").write_text(source)
    info = folder / "balai_broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: balai-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[balai.modules]\nbroken = broken:module\n")


def refusal_in_child(folder):
    """Return with what words a process does not start; a fork, so that nothing of the guest stays in this process."""
    reads, writes = os.pipe()
    if not (pid := os.fork()):
        said = "it started"
        try:
            sys.path.insert(0, str(folder))
            importlib.invalidate_caches()
            load_registry()
        except (BootError, DiscoveryError) as error:
            said = str(error)
        except BaseException as error:  # noqa: BLE001 - a child must never go on as a second pytest
            said = repr(error)
        os.write(writes, said.encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


@pytest.mark.parametrize("what", BROKEN)
def test_a_guest_is_refused_that(what, tmp_path):
    source, reason = BROKEN[what]
    install(tmp_path, source)
    said = refusal_in_child(tmp_path)
    assert reason in said
    assert said.startswith(("balai-broken (broken:module): ", reason))


def test_every_fault_is_told_at_once(tmp_path):
    install(tmp_path, declared(core='">=2"', permissions='[Permission(name="x.y", roles=frozenset(), doc="-")]'))
    said = refusal_in_child(tmp_path)
    assert "it asks for core >=2" in said
    assert "the permission x.y" in said


def test_a_sound_guest_of_one_file_starts(tmp_path):
    install(tmp_path, declared())
    assert refusal_in_child(tmp_path) == "it started"


def test_no_command_and_no_process_starts_beside_a_broken_guest(tmp_path, environ):
    install(tmp_path, declared(permissions='[Permission(name="x.y", roles=frozenset(), doc="-")]'))
    for argv in (["backend.cli", "db", "migrate"], ["workers.worker"]):
        run = subprocess.run(
            [sys.executable, "-m", *argv],
            env=os.environ | environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert run.returncode == 1
        assert run.stderr.splitlines()[-1].endswith("broken: the permission x.y does not begin with broken.")
