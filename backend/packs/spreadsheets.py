"""Rows of cells as CSV and XLSX, and back. What a cell means is the business of `tables`.

CSV is written as spreadsheets open it, in UTF-8 with its mark, and read with `,` or `;` between the cells. In XLSX every cell
is written as text; what comes in may hold numbers, truth values and days, but no formula, and is refused before it unpacks to
more than a table needs.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple, NoReturn

import openpyxl
import xlsxwriter

from backend.packs.faults import Faults, Place

Cell = str | int | float
MAX_ROWS, MAX_COLUMNS = 20_000, 200
MAX_PACKED, MAX_UNPACKED, MAX_RATIO = 8 * 1024 * 1024, 16 * 1024 * 1024, 200  # bytes, bytes, and one for the other
MAX_CELL = {".csv": csv.field_size_limit(), ".xlsx": 32_767}  # characters; for XLSX its own limit
MAX_FAULTS = 200  # of one file: nobody mends more at a time
_BYTE_ORDER_MARK = "\ufeff"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile("_x[0-9A-Fa-f]{4}_")  # how XLSX writes a character that XML has not, and openpyxl leaves it
_RETURN = "_x000D_"
_NOT_IN_XLSX = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|{_ESCAPE.pattern}|x005F_")
_WRITTEN_AT = datetime(2000, 1, 1, tzinfo=UTC)  # equal tables are equal files


class Row(NamedTuple):
    """A row as it stands in a file, and the line it begins at; of an XLSX its number."""

    line: int
    cells: Sequence[Cell]


class _RefusedError(Exception):
    """Why a file is refused as a whole."""


def _refuse(why: str) -> NoReturn:
    raise _RefusedError(why)


def suffix_of(file: str) -> str:
    """Return `.csv` or `.xlsx`. Raises ValueError for a file that is neither."""
    suffix = f".{file.rpartition('.')[2].lower()}"
    if suffix not in MAX_CELL:
        raise ValueError(f"{file} is neither CSV nor XLSX")
    return suffix


def check_rows(rows: Sequence[Sequence[str]], file: str, faults: Faults) -> None:
    """Note what a file of that kind cannot hold, by row and column; the first row is the header."""
    suffix = suffix_of(file)
    if len(rows) > MAX_ROWS or len(rows[0]) > MAX_COLUMNS:
        text = f"{len(rows)} rows of {len(rows[0])} columns: at most {MAX_ROWS} of {MAX_COLUMNS} make a table"
        faults.note(Place(file, 1), "too_large", text)
    unfit = _NOT_IN_XLSX if suffix == ".xlsx" else _SURROGATE
    for line, row in enumerate(rows, start=1):
        for name, cell in zip(rows[0], row, strict=True):
            if len(cell.encode("utf-16-le", "surrogatepass")) // 2 > MAX_CELL[suffix]:
                text = f"{name}: more than {MAX_CELL[suffix]} characters, which no cell of {suffix} holds: shorten it"
                faults.note(Place(file, line), "cell_too_long", text)
            elif found := unfit.search(cell):
                text = f"{name}: it holds {found[0]!a}, which a cell of {suffix} cannot: take that out"
                faults.note(Place(file, line), "unfit_character", text)


def write_rows(rows: Sequence[Sequence[str]], file: str) -> bytes:
    """Return the rows, which `check_rows` found fit, as the file of that name is to be."""
    return _write_csv(rows) if suffix_of(file) == ".csv" else _write_xlsx(rows, file)


def read_rows(content: bytes, file: str, faults: Faults) -> list[Row]:
    """Return the rows of a CSV or XLSX, without the blank ones; nothing, and why, for what cannot be read."""
    read: Callable[[bytes, str, Faults], Iterator[Row]] = _read_csv if suffix_of(file) == ".csv" else _read_xlsx
    rows: list[Row] = []
    known = len(faults)
    try:
        if len(content) > MAX_PACKED:
            _refuse(f"more than {MAX_PACKED // 1024 // 1024} MiB: split the table")
        for count, row in enumerate(read(content, file, faults)):
            if count == MAX_ROWS or len(row.cells) > MAX_COLUMNS:
                _refuse(f"more than {MAX_ROWS} rows or {MAX_COLUMNS} columns: delete what is empty, or split it")
            if any(str(cell).strip() for cell in row.cells):
                rows.append(row)
            if len(faults) - known >= MAX_FAULTS:
                break
    except _RefusedError as error:
        faults.note(Place(file, 1), "table_unreadable", str(error))
        return []
    return rows


def _write_csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return f"{_BYTE_ORDER_MARK}{text.getvalue()}".encode()


def _read_csv(content: bytes, _file: str, _faults: Faults) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _RefusedError(f"is not UTF-8 (byte {error.start}): save it as CSV UTF-8") from None
    head = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;", key=head.count), strict=True)
    line = 1
    try:
        for cells in lines:
            yield Row(line, cells)
            line = lines.line_num + 1
    except csv.Error as error:
        raise _RefusedError(f"the row that begins in line {line} cannot be read: {error}") from None


def _write_xlsx(rows: Sequence[Sequence[str]], file: str) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"created": _WRITTEN_AT})
        # As text, so that a spreadsheet leaves what people type into it as they typed it: 007, 11.10, 1/2.
        as_text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
        sheet = book.add_worksheet(_title(file))
        sheet.set_column(0, max(len(rows[0]) - 1, 0), 24, as_text)
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(line, column, cell, as_text if line else bold)
    return made.getvalue()


def _title(file: str) -> str:
    """Return the title of a table's sheet; XLSX allows it 31 characters."""
    return file.rpartition("/")[2].rpartition(".")[0][:31]


def _read_xlsx(content: bytes, file: str, faults: Faults) -> Iterator[Row]:
    _refuse_bomb(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if len(sheets) > 1 and _title(file) not in sheets:
            _refuse(f"it has {len(sheets)} sheets: name the one to be read {_title(file)}, or keep that one alone")
        sheet: Any = sheets.get(_title(file)) or next(iter(sheets.values()))
        sheet.reset_dimensions()  # what the file says of its size need not be true
        for line, cells in enumerate(sheet.iter_rows(), start=1):
            yield Row(line, [_value(cell, file, faults) for cell in cells])
    except _RefusedError:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl lets any error of a broken file through
        raise _RefusedError(f"it cannot be read as XLSX: {error}") from None


def _refuse_bomb(content: bytes) -> None:
    """Refuse what is no workbook or unpacks to too much. `zipfile` never gives out more of a member than it says here."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise _RefusedError(f"it cannot be read as XLSX: {error}") from None
    if size > min(MAX_UNPACKED, MAX_RATIO * len(content)):
        _refuse(f"{len(content)} bytes unpack to {size}: more than a table needs")


def _value(cell: Any, file: str, faults: Faults) -> Cell:
    """Return what a cell of XLSX says; what it may not say is noted by the cell's name."""
    value: Any = cell.value
    problem = None
    if cell.data_type == "f":
        problem = "it is a formula: put its result in its place, as a value"
    elif cell.data_type == "e":
        problem = f"it is the error {value}: put a value in its place"
    elif isinstance(value, str):
        value = value.replace(_RETURN, "\r")
        problem = "it holds a character that cannot be told apart: type the text anew" if _ESCAPE.search(value) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else value
    elif isinstance(value, date | time):
        value = _moment(value)
    elif not isinstance(value, int | None):
        problem = f"{value!r} is no text, number or day: write it as text"
    if problem:
        faults.note(Place(file, cell.row), "cell_unreadable", f"cell {cell.coordinate}: {problem}")
        return ""
    return "" if value is None else value


def _moment(value: date | time) -> str:
    """Return a day or a time of day as packs write them: 2026-12-25, 08:00."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    text = value.isoformat()
    return text.removesuffix(":00") if isinstance(value, time) else text
