"""Lists of a pack as tables: keyed items are rows that people keep in a spreadsheet, and come back as they were.

A table is named after its list, `complaints.categories`; `departments` is short for `departments.departments`. A column is
named after what it says, `code`, `name.id`, `completion.hours`; one that ends with `[]` holds lists. A cell says

    nothing              that it is not said
    null                 null
    true 12 1.5          what they are in YAML; in columns of codes, and those that a schema knows as text, they are text
    PUPR | BPBD          in a column with `[]`, the items of a list
    [...] {...}          JSON: a list with anything else in it, a mapping whose names are no plain words, an empty one
    '=1 + 1              text, exactly what follows the apostrophe
    anything else        text, without the blanks around it

Texts that a spreadsheet would take for a formula, or that a cell would say otherwise, are written with the apostrophe. What is
written reads the same with a schema and without one, but for a list in a column without `[]`: only a schema knows it there.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from marshmallow import Schema, fields

from backend.packs.faults import Faults, PackError, Place
from backend.packs.spreadsheets import MAX_FAULTS, Cell, Row, check_rows, read_rows, write_rows
from backend.packs.yaml_text import TEXT_NAMES, Said

LIST, SEPARATOR, QUOTE, NULL = "[]", "|", "'", "null"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width ones begin formulas too
_JSON = ("[", "{")
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_WORDS: Mapping[str, bool] = {"true": True, "TRUE": True, "false": False, "FALSE": False}  # spreadsheets shout them
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,399})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,399})\.[0-9]{1,399}")
_TEXTS = (fields.String, fields.DateTime, fields.Time, fields.Enum)


class _CellError(ValueError):
    """What is wrong with a cell, or with the value that should go into one."""


def _refuse(why: str) -> NoReturn:
    raise _CellError(why)


@dataclass(frozen=True)
class _Column:
    """What a column says: `many` a list in each cell, `text` nothing but texts and null."""

    path: tuple[str, ...]
    many: bool
    text: bool

    @property
    def header(self) -> str:
        return ".".join(self.path) + LIST * self.many


def table_path(name: str) -> tuple[str, str]:
    """Return the file and the list of a table: `complaints.categories` is `("complaints", "categories")`."""
    file, _dot, listed = name.partition(".")
    return file, listed or file


def items_schema(whole: type[Schema], name: str) -> Schema | None:
    """Return the schema of the items of a list, out of that of its file; None if it has none."""
    listed = _field(whole(), (name,))
    return listed.inner.schema if isinstance(listed, fields.List) and isinstance(listed.inner, fields.Nested) else None


def write_table(items: Sequence[Mapping[str, Any]], file: str) -> bytes:
    """Return items as the CSV or XLSX that `file` names. Raises PackError, by row and column, for what it cannot hold."""
    faults = Faults()
    rows = to_rows(items, file, faults)
    check_rows(rows, file, faults)
    if faults:
        raise PackError(faults)
    return write_rows(rows, file)


def read_table(content: bytes, file: str, faults: Faults, *, schema: Schema | None = None) -> list[Said]:
    """Return the items of a CSV or XLSX, each said in the line of its row; `schema` is that of one item, where it is known."""
    return from_rows(read_rows(content, file, faults), file, faults, schema=schema)


def to_rows(items: Sequence[Mapping[str, Any]], file: str, faults: Faults) -> list[list[str]]:
    """Return a header and a row for each item, in their order; what a table cannot say exactly is noted and left out."""
    columns: dict[_Column, None] = {}
    told: list[dict[_Column, str]] = []
    for line, item in enumerate(items, start=2):
        row: dict[_Column, str] = {}
        for path, value in _flat(item):
            column = _Column(path, many=isinstance(value, list), text=path[-1] in TEXT_NAMES)
            try:
                row[column] = _exactly(value, column)
            except _CellError as error:
                faults.note(Place(file, line), "not_for_a_table", f"{column.header}: {error}")
        columns |= dict.fromkeys(row)
        told.append(row)
    names = list(dict.fromkeys(column.path[0] for column in columns))
    ordered = sorted(columns, key=lambda column: names.index(column.path[0]))
    return [[column.header for column in ordered], *([row.get(column, "") for column in ordered] for row in told)]


def from_rows(rows: Sequence[Row], file: str, faults: Faults, *, schema: Schema | None = None) -> list[Said]:
    """Return the items that rows under a header say; what cannot be read is noted, by row and column, and left out."""
    if not rows:
        return []
    columns = _columns(rows[0], file, faults, schema)
    known = len(faults)
    items = []
    for row in rows[1:]:
        item = Said(Place(file, row.line))
        for index, cell in enumerate(row.cells):
            said = cell if not isinstance(cell, str) or cell.startswith(QUOTE) else cell.strip()
            column = columns.get(index)
            try:
                if column and said != "":
                    _say(item, column.path, _read(said, column, item.place))
                elif said != "" and index not in columns:
                    _refuse(f"{str(said)[:80]!r} stands under no header: head the column, or empty the cell")
            except _CellError as error:
                faults.note(item.place, "cell_unreadable", f"{column.header if column else f'column {index + 1}'}: {error}")
        items.append(item)
        if len(faults) - known >= MAX_FAULTS:
            break
    return items


def _columns(header: Row, file: str, faults: Faults, schema: Schema | None) -> dict[int, _Column | None]:
    """Return the columns by their position, None for one whose header is noted; one without a header is missing."""
    columns: dict[int, _Column | None] = {}
    for index, cell in enumerate(header.cells):
        name = str(cell).strip()
        column = _column(name, schema)
        if name and column is None:
            text = f"column {index + 1} is headed {name!r}: head it by a name, as code, name.id or types{LIST}"
            faults.note(Place(file, header.line), "header_unreadable", text)
        elif column and column in columns.values():
            faults.note(Place(file, header.line), "header_unreadable", f"two columns are headed {name}: keep one of the two")
            column = None
        if name:
            columns[index] = column
    return columns


def _column(name: str, schema: Schema | None) -> _Column | None:
    path = tuple(name.removesuffix(LIST).split("."))
    if not all(map(_WORD.fullmatch, path)):
        return None
    field = _field(schema, path)
    known = isinstance(field, fields.List)
    text = path[-1] in TEXT_NAMES or isinstance(field.inner if known else field, _TEXTS)
    return _Column(path, many=known or name.endswith(LIST), text=text)


def _field(schema: Schema | None, path: Sequence[str]) -> Any:
    """Return the field of a schema that a path leads to; None where the schema does not know."""
    here: Any = schema
    for step in path:
        here = here.schema if isinstance(here, fields.Nested) else here
        if isinstance(here, Schema):
            here = next((field for name, field in here.fields.items() if step == (field.data_key or name)), None)
        else:
            here = here.value_field if isinstance(here, fields.Dict) else None
    return here


def _flat(item: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in item.items():
        if isinstance(value, Mapping) and value and all(map(_WORD.fullmatch, value)):
            yield from _flat(value, (*path, name))
        else:
            yield (*path, name), value


def _say(item: Said, path: Sequence[str], value: Any) -> None:
    here = item
    for step in path[:-1]:
        if step not in here:
            here.say(step, Said(item.place), item.place)
        here = here[step]
        if not isinstance(here, Said):
            _refuse(f"{step} says something else in this row: empty one of the two cells")
    if path[-1] in here:
        _refuse(f"{path[-1]} is said in another column of this row too: empty one of the two cells")
    here.say(path[-1], value, item.place)


def _exactly(value: Any, column: _Column) -> str:
    """Return the cell that says `value`, and nothing else."""
    if not all(map(_WORD.fullmatch, column.path)):
        _refuse("a column can be headed by letters, digits, - and _ alone")
    for cell in _cells(value, column):
        if cell and _says(cell, column, value):
            return cell
    _refuse(f"{str(value)[:80]!r} cannot be told from something else in a cell")


def _cells(value: Any, column: _Column) -> Iterator[str]:
    """Yield the ways to write a value, the plainest first."""
    if not isinstance(value, list | Mapping):
        yield _write_one(value, text=column.text)
        return
    if isinstance(value, list) and not any(isinstance(item, list | Mapping) for item in value):
        cell = f" {SEPARATOR} ".join(_write_one(item, text=column.text) for item in value)
        if not cell.startswith(_FORMULA):  # a negative number and more
            yield cell
    yield json.dumps(value, ensure_ascii=False)


def _says(cell: str, column: _Column, value: Any) -> bool:
    try:
        return _canonical(_read(cell, column, Place("", 0))) == _canonical(value)
    except _CellError:
        return False


def _canonical(value: Any) -> str:
    """Return a text that is the same for the same values alone: 1, 1.0 and true are three."""
    return json.dumps(value, sort_keys=True, default=repr)


def _write_one(value: Any, *, text: bool) -> str:
    if isinstance(value, str):
        bare = value == value.strip() != "" and not value.startswith((*_FORMULA, *_JSON))
        return value if bare and _read_one(value, text=text) == value else f"{QUOTE}{value}"
    if isinstance(value, float):
        digits = f"{Decimal(repr(value)):f}"  # repr is exact, but for large and small ones it writes 1e-07
        return digits if "." in digits else f"{digits}.0"
    return json.dumps(value, default=repr)


def _read(cell: Cell, column: _Column, place: Place) -> Any:
    """Return what a cell says that is not empty, and has no blanks around it unless it begins with an apostrophe."""
    if not isinstance(cell, str):
        if column.text:
            _refuse(f"it is {cell!r} and no text, and 11.10 would be 11.1: format the column as text, type it anew")
        return [cell] if column.many else cell
    if cell.startswith(_JSON):
        value = _read_json(cell, place)
        if column.many and not isinstance(value, list):
            _refuse("a list is needed here: items with | between them, or [...]")
        return value
    if column.many:
        parts = (part.strip() for part in cell.split(SEPARATOR))
        return [_read_one(part, text=column.text) for part in parts if part]
    return _read_one(cell, text=column.text)


def _read_one(cell: str, *, text: bool) -> Any:
    if cell.startswith(QUOTE):
        return cell[1:]
    if cell == NULL:
        return None
    if text:
        return cell
    if _WHOLE.fullmatch(cell):
        return int(cell)
    return float(cell) if _DECIMAL.fullmatch(cell) else _WORDS.get(cell, cell)


def _read_json(cell: str, place: Place) -> Any:
    def mapping(pairs: list[tuple[str, Any]]) -> Said:
        said = Said(place)
        for name, value in pairs:
            if name in said:
                _refuse(f"{name!r} is said twice: keep one of the two")
            said.say(name, value, place)
        return said

    def constant(name: str) -> float:
        _refuse(f"{name} is no number")

    try:
        return json.loads(cell, object_pairs_hook=mapping, parse_constant=constant)
    except _CellError:
        raise
    except (ValueError, RecursionError) as error:
        raise _CellError(f"it begins with {cell[0]} and is no JSON ({error}): write {QUOTE} first if it is text") from None
