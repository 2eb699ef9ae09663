"""A town whose pack is changed and applied while people use it, and what they see of it."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

import yaml
from sqlalchemy import event, insert, update

from backend.core.ids import new_id
from backend.data.unit_of_work import unit_of_work
from backend.packs.apply import apply_pack, make_plan
from services.complaints.models import Complaint

GARBAGE, POTHOLE, CORRUPTION = "SMP-01", "JLN-01", "ASN-02"  # of DLHK, PUPR; sealed for the inspectorate


@dataclass
class Town:
    """A copy of Banda Aceh whose pack is changed and applied while people use it."""

    house: Any
    key: str
    files: dict[str, bytes]
    work: Any

    @property
    def region(self):
        return self.house.directory.find(self.key)

    def unit_of_work(self, **options):
        return unit_of_work(self.house.ground, region=self.region, **options)

    def say(self, name, **said):
        """Let a file of the pack say this besides, or instead."""
        before = yaml.safe_load(self.files.get(name, b"{}"))
        self.files = {**self.files, name: yaml.safe_dump({**before, **said}, sort_keys=False).encode()}

    def drop_unit(self, key, **bound_by):
        """Take a unit out of the pack; each of `bound_by` is a new one with these types."""
        units = yaml.safe_load(self.files["departments.yaml"])["departments"]
        new = [{"key": key, "name": f"Dinas {key}", "types": types} for key, types in bound_by.items()]
        self.say("departments.yaml", departments=[*(unit for unit in units if unit["key"] != key), *new])

    def succeed(self, **successors):
        self.say("successors.yaml", departments=[{"key": key, "successor": to} for key, to in successors.items()])

    def areas(self):
        return json.loads(gzip.decompress(self.files["areas.geojson.gz"]))["features"]

    def draw(self, features):
        content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        self.files = {**self.files, "areas.geojson.gz": gzip.compress(content, mtime=0)}

    def plan(self):
        with self.unit_of_work() as ctx:
            return make_plan(ctx, self.house.registry, self.files)[1]

    def effects(self):
        """Return the effects of the plan by code, without the room."""
        return {effect.code.removeprefix("complaints."): effect for effect in self.plan().effects}

    def apply(self):
        applied = apply_pack(self.house, self.files)
        assert applied.changed
        return applied

    def lay(self, like, changes):
        """Lay complaints beside one, each changed in its own way; return their ids."""
        with self.unit_of_work() as ctx:
            row = ctx.session.get_one(Complaint, (self.region.id, like["id"]))
            kept = {column.key: getattr(row, column.key) for column in Complaint.__table__.c if not column.computed}
            rows = [kept | {"id": (id_ := new_id()), "number": f"BNA-{id_}"} | change for change in changes]
            ctx.session.execute(insert(Complaint), rows, execution_options={"render_nulls": True})
        return [str(row["id"]) for row in rows]

    def change(self, complaint, **values):
        with self.unit_of_work() as ctx:
            ctx.session.execute(update(Complaint).where(Complaint.id == complaint["id"]).values(**values))

    def row(self, complaint):
        with self.unit_of_work() as ctx:
            return ctx.session.get_one(Complaint, (self.region.id, complaint["id"]))


def ids(person, path):
    return {item["id"] for item in person.get(path).get_json()["items"]}


def timeline(person, complaint):
    return person.get(f"complaints/{complaint['id']}/timeline").get_json()["items"]


def told(person):
    return [item["template"] for item in person.get("notifications").get_json()["items"]]


def merge_into_dlh(town):
    """Let a decree merge the unit dlhk3 into a new one, dlh."""
    town.drop_unit("dlhk3", dlh=["DLHK"])
    town.succeed(dlhk3="dlh")


def statements(house, do):
    """Return the statements that it takes to do something."""
    heard = []

    def hear(_connection, _cursor, statement, *_):
        heard.append(statement)

    event.listen(house.ground.engine, "before_cursor_execute", hear)
    try:
        do()
    finally:
        event.remove(house.ground.engine, "before_cursor_execute", hear)
    return heard
