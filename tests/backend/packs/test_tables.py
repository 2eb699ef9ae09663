"""Lists of a pack go out as CSV and XLSX and come back the same; what a table cannot hold is refused by row and column."""

import csv
import io
import json
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

from backend.packs.faults import Faults, PackError
from backend.packs.folder import shipped_packs
from backend.packs.merging import plain
from backend.packs.reading import read_pack
from backend.packs.schemas import DepartmentsFile
from backend.packs.tables import items_schema, read_table, table_path, write_table
from backend.packs.yaml_text import TEXT_NAMES
from services.complaints.config import ComplaintsSettings
from services.service_info.config import ServiceInfoSettings

KINDS = ["csv", "xlsx"]
TRICKY = st.sampled_from(
    [
        *(
            "",
            " ",
            "'",
            "''",
            "'x",
            "=1+1",
            "+62 651",
            "-5",
            "-",
            "@a",
            "\tx",
            "\rx",
            "a\r\nb",
            "\n",
            " a ",
            "a\u00a0",
            "\u3000",
            "\uff1d1",
        ),
        *("null", "true", "TRUE", "False", "007", "11.10", "12", "-0", "1e5", "1_000", "2026-11-02", "08:30", "1/2"),
        *("a | b", "|", "a|", "[", "[]", "{", '{"a": 1}', "a,b;c", '"', '""', "a\nb", "😀 Kesehatan", "#REF!", "\ufeffx"),
    ]
)
WORDS = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True).filter(lambda word: word not in TEXT_NAMES)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
FITTING = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=["Cc"], include_characters="\t\r\n")
TEXTS = {"csv": st.text() | TRICKY, "xlsx": st.text(FITTING).filter(lambda text: "x005F_" not in text) | TRICKY}


def same(one: Any, other: Any) -> bool:
    """Whether two values are of the same types too: 1, 1.0 and true are three."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def items_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    values = st.recursive(
        texts | NUMBERS,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(WORDS | texts.filter(lambda t: t not in TEXT_NAMES), inner, max_size=4)
        ),
        max_leaves=8,
    )
    coded = texts | st.none() | st.lists(texts | NUMBERS, max_size=3)
    item = st.fixed_dictionaries({"key": texts}, optional={"areas": coded, "phone": coded, **dict.fromkeys("abcd", values)})
    return st.lists(item, min_size=1, max_size=5)


def read(content: bytes, file: str, **options: Any) -> Any:
    faults = Faults()
    items = read_table(content, f"contoh/{file}", faults, **options)
    assert not faults, "\n".join(map(str, faults))
    return items


def faults_of(content: bytes | str, file: str = "departments.csv", **options: Any) -> list[str]:
    faults = Faults()
    read_table(content.encode() if isinstance(content, str) else content, file, faults, **options)
    return [f"{fault.line} {fault.text}" for fault in faults]


def workbook(*rows: list[Any], title: str = "departments") -> bytes:
    """Return a workbook as a spreadsheet makes it, with numbers, days and formulas."""
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@settings(deadline=None)
@given(items=items_of(TEXTS["csv"]))
def test_whatever_a_list_says_comes_back_from_csv(items):
    assert same(read(write_table(items, "room.list.csv"), "room.list.csv"), items)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(items=items_of(TEXTS["xlsx"]))
def test_whatever_a_list_says_comes_back_from_xlsx(items):
    assert same(read(write_table(items, "room.list.xlsx"), "room.list.xlsx"), items)


@settings(deadline=None)
@given(items=items_of(TEXTS["csv"]))
def test_no_cell_begins_like_a_formula_unless_it_is_a_number(items):
    rows = list(csv.reader(io.StringIO(write_table(items, "room.list.csv").decode("utf-8-sig"), newline="")))
    for cell in (cell for row in rows for cell in row):
        number = cell.lstrip("-").replace(".", "").isdigit()
        assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_the_lists_of_shipped_packs_come_back_with_their_schemas_and_without(folder, kind):
    said = read_pack(folder).said
    for name, whole in (
        ("departments", DepartmentsFile),
        ("complaints.categories", ComplaintsSettings),
        ("service_info.contacts", ServiceInfoSettings),
    ):
        file, listed = table_path(name)
        items = plain(said[file].items_of(listed))
        table = write_table(items, f"{name}.{kind}")
        assert items
        assert same(read(table, f"{name}.{kind}"), items)
        assert same(read(table, f"{name}.{kind}", schema=items_schema(whole, listed)), items)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_lists_are_equal_files(kind):
    items = [{"key": "pupr", "types": ["PUPR", "PERKIM"]}]
    assert write_table(items, f"departments.{kind}") == write_table(items, f"departments.{kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_without_items_is_a_table_without_rows(kind):
    assert read(write_table([], f"departments.{kind}"), f"departments.{kind}") == []


def test_a_table_looks_as_people_keep_it():
    items = [
        {
            "code": "JLN-01",
            "name": {"id": "Jalan; berlubang", "en": "Pothole"},
            "departments": ["PUPR"],
            "completion": {"hours": 72},
        },
        {"code": "007", "departments": ["PUPR", "PERKIM"], "completion": None, "photo_required": True, "note": "12"},
    ]
    assert write_table(items, "complaints.categories.csv").decode() == (
        "\ufeffcode,name.id,name.en,departments[],completion.hours,completion,photo_required,note\r\n"
        "JLN-01,Jalan; berlubang,Pothole,PUPR,72,,,\r\n"
        "007,,,PUPR | PERKIM,,null,true,'12\r\n"
    )


def test_what_people_write_in_a_spreadsheet_is_read():
    text = (
        'code; name.id ;departments[];hours;photo\n\n 11.10 ;" Jalan\nrusak ";PUPR|BPBD | ;5;TRUE\n;;;;\nJLN;\'007;;1.50;FALSE;\n'
    )
    items = read(text.encode(), "complaints.categories.csv")
    assert same(
        items,
        [
            {"code": "11.10", "name": {"id": "Jalan\nrusak"}, "departments": ["PUPR", "BPBD"], "hours": 5, "photo": True},
            {"code": "JLN", "name": {"id": "007"}, "hours": 1.5, "photo": False},
        ],
    )
    assert [item.place for item in items] == [("contoh/complaints.categories.csv", 3), ("contoh/complaints.categories.csv", 6)]
    assert items[0].inner("name").at("id") == ("contoh/complaints.categories.csv", 3)


class Form(Schema):
    key = fields.String()
    label = fields.Dict(values=fields.String())
    since = fields.Date(data_key="from")
    types = fields.List(fields.String())
    days = fields.List(fields.Integer())
    size = fields.Nested(Schema.from_dict({"name": fields.String(), "most": fields.Integer()}))


def test_a_schema_knows_what_is_text_and_what_a_list():
    text = "key,label.id,from,types,days,size.name,size.most,other\ntrue,11.10,2026-01-02,007,1 | 2,1.0,3,4\n"
    [item] = read(text.encode(), "room.list.csv", schema=Form())
    assert same(
        item,
        {
            "key": "true",
            "label": {"id": "11.10"},
            "from": "2026-01-02",
            "types": ["007"],
            "days": [1, 2],
            "size": {"name": "1.0", "most": 3},
            "other": 4,
        },
    )


def test_numbers_days_and_truth_of_a_spreadsheet_are_read():
    table = workbook(
        ["key", "count", "share", "whole", "on", "day", "at", "start"],
        ["a", 5, 0.1, 2.0, True, date(2026, 12, 25), datetime(2026, 1, 2, 3, 4), time(8, 30)],  # noqa: DTZ001 - spreadsheets know no zones
        [],
        ["b", None, " "],
    )
    items = read(table, "departments.xlsx")
    told = {"key": "a", "count": 5, "share": 0.1, "whole": 2, "on": True, "day": "2026-12-25", "at": "2026-01-02T03:04:00"}
    assert same(items, [told | {"start": "08:30"}, {"key": "b"}])
    assert [item.place.line for item in items] == [2, 4]


def test_a_number_where_a_code_belongs_is_refused_for_what_the_spreadsheet_made_of_it():
    [fault] = faults_of(workbook(["code", "size"], [11.1, 11.1]), "departments.xlsx")
    assert fault.startswith("2 code: it is 11.1 and no text")


def test_a_formula_is_refused_by_the_name_of_its_cell():
    table = workbook(["key", "name"], ["a", "=1+1"], ["b", "#N/A"])
    assert [fault.split(":")[0] for fault in faults_of(table, "departments.xlsx")] == ["2 cell B2", "3 cell B3"]


def test_of_several_sheets_the_one_of_the_table_is_read():
    book = openpyxl.load_workbook(io.BytesIO(workbook(["key"], ["a"])))
    book.create_sheet("notes").append(["mind", "the", "gap"])
    made = io.BytesIO()
    book.save(made)
    assert read(made.getvalue(), "departments.xlsx") == [{"key": "a"}]
    [fault] = faults_of(made.getvalue(), "complaints.categories.xlsx")
    assert "2 sheets" in fault


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("key,key\na,b\n", ["1 two columns are headed key"]),
        ("key,name id\na,b\n", ["1 column 2 is headed 'name id'"]),
        ("key\na,b\n", ["2 column 2: 'b' stands under no header"]),
        ("key,a,a.b\nx,1,2\n", ["2 a.b: a says something else"]),
        ("key,a,a[]\nx,1,2\n", ["2 a[]: a is said in another column"]),
        ("key,a\nx,[1\n", ["2 a: it begins with [ and is no JSON"]),
        ('key,a\nx,"{""b"": 1, ""b"": 2}"\n', ["2 a: 'b' is said twice"]),
        ("key,a\nx,[NaN]\n", ["2 a: NaN is no number"]),
        ("key,a[]\nx,{}\n", ["2 a[]: a list is needed here"]),
        ('key,a\nx,"y\n', ["1 the row that begins in line 2 cannot be read"]),
        ("key,a\nx,y\n".encode("utf-16"), ["1 is not UTF-8"]),
        (f"key,a\nx,{'[' * 100_000}\n", ["2 a: it begins with [ and is no JSON"]),
        (f"key,a\nx,{'y' * 200_000}\n", ["1 the row that begins in line 2 cannot be read"]),
        ("key\n" + "x\n" * 20_001, ["1 more than 20000 rows"]),
        (",".join("a" * 201), ["1 more than 20000 rows or 200 columns"]),
        (b"x" * (8 * 1024 * 1024 + 1), ["1 more than 8 MiB"]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_what_cannot_be_read_is_told_by_row_and_column(content, told):
    found = faults_of(content)
    assert len(found) == len(told), found
    assert all(fault.startswith(start) for fault, start in zip(found, told, strict=True)), found


def test_of_a_file_full_of_faults_some_are_enough():
    assert len(faults_of("key\n" + "a,b\n" * 10_000)) == 200
    assert 200 <= len(faults_of(workbook(*[["=1"] * 50] * 50), "departments.xlsx")) < 300


@pytest.mark.parametrize("content", [b"", b"PK", b"key,name\n", workbook(["key"])[:-30]])
def test_what_is_no_workbook_is_refused(content):
    [fault] = faults_of(content, "departments.xlsx")
    assert "cannot be read as XLSX" in fault


def replaced(table: bytes, member: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(table)) as packed, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as spoilt:
        for name in packed.namelist():
            spoilt.writestr(name, content if name == member else packed.read(name))
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (HEAD + b" " * 20_000_000, "unpack to"),
        (HEAD + b'<row r="1048576"><c r="A1048576" t="b"><v>1</v></c></row></sheetData></worksheet>', "more than 20000 rows"),
        (HEAD + b'<row r="1"><c r="XFD1" t="b"><v>1</v></c></row></sheetData></worksheet>', "200 columns"),
        (HEAD + b'<row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>', "cannot be read"),
        (b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + HEAD, "cannot be read"),
        (b"not XML", "cannot be read"),
    ],
)
def test_a_workbook_that_is_a_bomb_or_broken_is_refused(sheet, why):
    [fault] = faults_of(replaced(workbook(["key"]), SHEET, sheet), "departments.xlsx")
    assert why in fault


@pytest.mark.parametrize(
    ("item", "kind", "column"),
    [
        ({"key": "a", "b": "\x07"}, "xlsx", "b"),
        ({"key": "a", "b": "_x0041_"}, "xlsx", "b"),
        ({"key": "a", "b": "y" * 32_768}, "xlsx", "b"),
        ({"key": "a", "b": "\ud800"}, "csv", "b"),
        ({"key": "a", "b": "y" * 200_000}, "csv", "b"),
        ({"key": "a", "b": float("nan")}, "csv", "b"),
        ({"key": "a", "code": 11.1}, "csv", "code"),
        ({"key": "a", "b c": 1}, "csv", "b c"),
    ],
)
def test_what_a_table_cannot_hold_is_refused_by_row_and_column_and_not_lost(item, kind, column):
    with pytest.raises(PackError) as caught:
        write_table([{"key": "fits"}, item], f"room.list.{kind}")
    [fault] = caught.value.faults
    assert (fault.file, fault.line) == (f"room.list.{kind}", 3)
    assert fault.text.startswith(f"{column}: ")
