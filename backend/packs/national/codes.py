"""The national codes (Kepmendagri 300.2.2-2430/2025): regions and what lies in them. `codes.csv.gz` is sorted by code.

Reading one region unpacks the file and parses that region's lines alone; nothing is kept.
"""

import csv
import difflib
import gzip
from pathlib import Path
from typing import NamedTuple

SOURCE = "Kepmendagri 300.2.2-2430/2025"
REGIONS = ("provinsi", "kabupaten", "kota")
_CODES = Path(__file__).with_name("codes.csv.gz")


class NationalArea(NamedTuple):
    """One line of the codes. `kind` is provinsi, kabupaten, kota, kecamatan, kelurahan, desa or desa_adat."""

    code: str
    name: str
    kind: str

    @property
    def parent_code(self) -> str | None:
        """The code of the area it lies in; None for a province."""
        return self.code.rpartition(".")[0] or None


class UnknownCodeError(ValueError):
    """There is no area of that code; the message names what may have been meant."""


def licence() -> str:
    """Return the licence under which the codes are passed on, as a block of Markdown."""
    notice = Path(__file__).with_name("NOTICE.md").read_text(encoding="utf-8")
    return notice[notice.index("```") :].strip()


def _text() -> str:
    return gzip.decompress(_CODES.read_bytes()).decode()


def _parsed(lines: str) -> list[NationalArea]:
    return [NationalArea(*row) for row in csv.reader(lines.splitlines())]


def areas_below(code: str) -> list[NationalArea]:
    """Return the area of that code and all that lie in it, by code. Raises UnknownCodeError."""
    text = _text()
    begin = text.find(f"\n{code},") + 1
    if not begin or "," in code:
        raise UnknownCodeError(f"there is no area {code!r} in the national codes ({SOURCE}){_meant(code, text)}")
    last = text.rfind(f"\n{code}.")
    return _parsed(text[begin : text.index("\n", max(begin, last + 1))])


def _meant(code: str, text: str) -> str:
    """Return the regions whose code or name is like what was asked for, said as a question."""
    regions = [area for area in _parsed(text)[1:] if area.kind in REGIONS]
    padded = ".".join(part.zfill(2) for part in code.split(".")[:2])
    by_name = {area.name.lower(): area for area in regions} | {area.name.lower().partition(" ")[2]: area for area in regions}
    names = difflib.get_close_matches(code.lower(), by_name, n=3)
    codes = difflib.get_close_matches(padded, [area.code for area in regions], n=3)
    found = [by_name[name] for name in names] or [area for area in regions if area.code in codes]
    told = ", ".join(f"{area.code} {area.name}" for area in dict.fromkeys(found))
    return f". Is it one of these: {told}?" if told else ""
