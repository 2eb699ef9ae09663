"""Every column of every table says what it is to a person, and none of those that speak of one says that it is nobody's."""

import re

from backend.app import load_registry
from backend.cli.documents import generated
from backend.core.personal import Sort, classes_of, classification_faults
from backend.data.db import Base

# By such names a column speaks of somebody; those on the list are an office's.
PERSONS = re.compile(
    r"phone|email|_enc$|hash|secret|name_enc|description|landmark|note|comment|device|capture|\b(lat|lng)\b"
    r"|(account|reporter|owner|staff|actor|assignee|citizen)_id|person|address|title|body|answer"
)
OFFICES = {
    "audit_seals.hash",
    "departments.email",
    "replication_agreements.title",
    *(f"service_info_{column}" for column in ("contacts.phone", "places.lat", "places.lng", "places.address")),
    *(f"service_info_articles.{column}" for column in ("title", "body")),
}
MODELS = [model for module in load_registry().modules.values() for model in module.models]


def test_every_table_is_a_modules_and_so_is_looked_at_when_a_process_starts():
    assert len(MODELS) == len(set(MODELS))
    assert {mapper.class_ for mapper in Base.registry.mappers} <= set(MODELS)
    assert [fault for model in MODELS for fault in classification_faults(model)] == []


def test_no_column_that_speaks_of_a_person_is_nobodys():
    plain = {
        f"{model.__tablename__}.{column}"
        for model in MODELS
        for column, holding in classes_of(model).items()
        if holding.sort is Sort.PLAIN
    }
    assert {column for column in plain if PERSONS.search(column.partition(".")[2])} == OFFICES


def test_the_page_has_every_column():
    page = generated()["personal-data.md"]
    for model in MODELS:
        rows = [line for line in page.splitlines() if line.startswith(f"| `{model.__tablename__}` |")]
        assert [column for column in classes_of(model) if not any(f"`{column}`" in row for row in rows)] == []
