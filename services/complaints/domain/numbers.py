"""Ticket numbers, as a region's pack has them written: easy to read out, safe against one wrong key.

A format is parts in braces, with at most a hyphen or a dot between two: `{prefix}-{yy}{month}-{serial}-{check}`. Separators carry
nothing, so that a number may be typed with any; the check character, always the last, is reckoned of all before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,5}")
PARTS = ("prefix", "year", "yy", "month", "serial", "check")
NEEDED = ("prefix", "serial", "check")
_FORMAT = re.compile(r"\{[a-z_]{1,20}\}(?:[-.]?\{[a-z_]{1,20}\})*")
_PART = re.compile(r"\{([a-z_]+)\}")
_SHAPES = {"prefix": PREFIX.pattern, "year": "[0-9]{4}", "yy": "[0-9]{2}", "month": "0[1-9]|1[0-2]", "check": "[0-9A-Z]"}
_DIGITS, _MANY_DIGITS = 6, 8  # of the serial number: within a month, and within what is longer
_BLANKS_AND_DASHES = r"[\s\u002d\u2010-\u2015\u2212]+"
_SEPARATORS = re.compile(rf"(?:{_BLANKS_AND_DASHES}|\.)+")
_WRITTEN = re.compile(r"[0-9A-Z]+(?:[-.][0-9A-Z]+)*")


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written. The series that a format counts in starts again with each month or year that it names."""

    template: str = "{prefix}-{yy}{month}-{serial}-{check}"

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Its parts, in their order."""
        return tuple(_PART.findall(self.template))

    @property
    def digits(self) -> int:
        """How many digits a serial number has."""
        return _DIGITS if "month" in self.parts else _MANY_DIGITS

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        shapes = _SHAPES | {"serial": f"[0-9]{{{self.digits}}}"}
        return re.compile("".join(f"(?P<{part}>{shapes[part]})" for part in self.parts))

    def series(self, on: date) -> str:
        """Return the name of the series that a day's numbers are of."""
        if "month" in self.parts:
            return f"{on:%y%m}"
        return f"{on:%Y}" if {"year", "yy"} & {*self.parts} else "all"

    def write(self, prefix: str, on: date, serial: int) -> str:
        """Write the serial-th number of a day's series; raise ValueError where prefix or serial cannot be one."""
        if not PREFIX.fullmatch(prefix) or not 0 < serial < 10**self.digits:
            raise ValueError(f"no ticket number of prefix {prefix!r} and serial {serial}")
        said = {"prefix": prefix, "year": f"{on:%Y}", "yy": f"{on:%y}", "month": f"{on:%m}", "serial": f"{serial:0{self.digits}}"}
        return self.template.format(**said, check=check_character("".join(said[part] for part in self.parts[:-1])))

    def read(self, typed: str) -> str | None:
        """Return a number that people typed as it is written: any case, with blanks, with or without (any) separators."""
        compact = _SEPARATORS.sub("", typed).upper()
        found = self._shape.fullmatch(compact)
        return self.template.format(**found.groupdict()) if found and _is_checked(compact) else None


USUAL = NumberFormat()


def read_number(typed: str, own: NumberFormat) -> tuple[str, ...]:
    """Return what a number that people typed can be, in the region's own format and in the usual one; nothing if it is none."""
    found = [each.read(typed) for each in (own, USUAL)]
    return tuple(dict.fromkeys(number for number in found if number))


def recognised(typed: str, own: NumberFormat) -> tuple[str, ...]:
    """Return what `read_number` does, and what was typed where it can be of a format that the region has given up since."""
    written = re.sub(_BLANKS_AND_DASHES, "-", typed.strip()).upper()
    as_it_is = [written] if _WRITTEN.fullmatch(written) and _is_checked(_SEPARATORS.sub("", written)) else []
    return tuple(dict.fromkeys([*read_number(typed, own), *as_it_is]))


def faults_of_format(template: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a format, as the code of a text and the word it is about."""
    if not _FORMAT.fullmatch(template):
        yield "complaints.number_malformed", ""
        return
    parts = _PART.findall(template)
    yield from (("complaints.number_unknown_part", part) for part in dict.fromkeys(parts) if part not in PARTS)
    yield from (("complaints.number_missing_part", part) for part in NEEDED if part not in parts)
    yield from (("complaints.number_doubled_part", part) for part in PARTS if parts.count(part) > 1)
    if "check" in parts and parts[-1] != "check":
        yield "complaints.number_check_not_last", ""
    if {"year", "yy"} <= {*parts}:
        yield "complaints.number_two_years", ""
    if "month" in parts and not {"year", "yy"} & {*parts}:
        yield "complaints.number_month_without_year", ""


def check_character(body: str) -> str:
    """Return the check character of ISO 7064, MOD 37,36: it finds every wrong character, and most swapped ones."""
    product = 36
    for character in body:
        product = ((product + ALPHABET.index(character)) % 36 or 36) * 2 % 37
    return ALPHABET[(1 - product) % 36]


def _is_checked(compact: str) -> bool:
    return check_character(compact[:-1]) == compact[-1:]
