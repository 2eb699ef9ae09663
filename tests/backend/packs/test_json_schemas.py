"""The schemas by which an editor completes and underlines: true to what Balai reads, and to what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from backend.app import load_registry
from backend.packs.faults import Faults
from backend.packs.folder import SHIPPED
from backend.packs.json_schemas import pack_schemas, schema_files
from backend.packs.merging import plain
from backend.packs.yaml_text import read_yaml

SCHEMAS = pack_schemas(load_registry())


def errors(name: str, said: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMAS[name]).iter_errors(said)]


def said(text: str) -> Any:
    return plain(read_yaml(text, "x.yaml", Faults()))


def test_there_is_one_for_each_file_of_a_pack() -> None:
    assert {
        "region",
        "pack",
        "calendar",
        "departments",
        "successors",
        "complaints",
        "notifications",
        "service_info",
    } <= SCHEMAS.keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema_of_2020_12_whose_references_lead_somewhere(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    named = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert named <= schema["$defs"].keys()
    assert "\\\\Z" not in text


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_file_is_valid_by_it(path: Path) -> None:
    assert errors(path.stem.removesuffix(".edited"), said(path.read_text())) == []


REGION = 'key: contoh\ncode: "99.01"\nname: Contoh\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("region", REGION),
        ("region", REGION + "identity: {terms: {council: {remove: true}}, branding: {replace: {colours: {primary: '#000000'}}}}"),
        ("departments", "departments:\n- {key: pasar, remove: true}\n- {key: dlh, before: pupr, email: null}"),
        ("complaints", "enabled: false"),
        ("complaints", "categories:\n- {code: JLN-01, completion: null, custodian: {remove: true}}\nrules: {replace: []}"),
        ("calendar", "working_hours: {saturday: {end: 12:00}, friday: null}"),
        ("successors", "areas:\n- {code: 11.71.01.2003, successors: [11.71.01.2001], decree: Qanun 3/2027}"),
        ("successors", "departments:\n- {key: dlhk3, successor: dlh}"),
    ],
)
def test_what_a_layer_may_say_is_valid(name: str, text: str) -> None:
    assert errors(name, said(text)) == []


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("region", 'key: contoh\ncode: "99.01"', "name"),
        ("region", REGION + "nama: Contoh", "nama"),
        ("region", REGION.replace("contoh", "Contoh Raya"), "$.key"),
        ("region", REGION + "identity: {time_zone: Asia/Jakarta}", "time_zone"),
        ("region", REGION + "identity: {branding: {colours: {primary: green}}}", "green"),
        ("departments", "departments:\n- {name: Dinas PUPR}", "$.departments"),
        ("departments", "departments:\n- {key: pupr, types: [pupr]}", "pupr"),
        ("complaints", "categories:\n- {code: JLN-01, visibility: publik}", "publik"),
        ("complaints", "categories:\n- {code: JLN-01, photo_required: ya}", "ya"),
        ("complaints", "categories:\n- {code: JLN-01, tenggat: {hours: 3}}", "tenggat"),
        ("complaints", "enabled: ya", "ya"),
        ("calendar", "working_hours: {senin: null}", "senin"),
        ("successors", "areas:\n- {code: 11.71.01.2003, successor: 11.71.01.2001}", "successor"),
    ],
)
def test_a_slip_is_underlined(name: str, text: str, where: str) -> None:
    found = errors(name, said(text))
    assert found
    assert where in " ".join(found)


def test_files_are_the_same_each_time_and_yaml_of_any_kind_reads_them() -> None:
    registry = load_registry()
    files = schema_files(registry)
    assert files == schema_files(registry)
    assert {path.removesuffix(".schema.json") for path in files} == SCHEMAS.keys()
    assert all(json.loads(text) == yaml.safe_load(text) for text in files.values())
