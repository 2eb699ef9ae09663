"""Ticket numbers: `<PREFIX>-<YYMM>-<6 digits>-<check character>`, easy to read out, safe against one wrong key."""

import re
from dataclasses import dataclass
from datetime import date

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LARGEST_SERIAL = 999_999
PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,5}")
_WRITTEN = re.compile(rf"({PREFIX.pattern})([0-9]{{2}}(?:0[1-9]|1[0-2]))([0-9]{{6}})([0-9A-Z])")
_BLANKS_AND_DASHES = re.compile(r"[\s\u002d\u2010-\u2015\u2212]+")


class NotANumberError(ValueError):
    """What was typed cannot be a ticket number: another form, or a check character that does not fit."""


@dataclass(frozen=True)
class TicketNumber:
    """The parts of a number; `str()` writes it out. `month` is YYMM on the region's wall."""

    prefix: str
    month: str
    serial: int

    def __str__(self) -> str:
        body = f"{self.prefix}{self.month}{self.serial:06}"
        return f"{self.prefix}-{self.month}-{self.serial:06}-{check_character(body)}"


def make_number(prefix: str, on: date, serial: int) -> str:
    """Write the number of the serial-th complaint of a month; raise ValueError where prefix or serial cannot be one."""
    if not PREFIX.fullmatch(prefix) or not 0 < serial <= LARGEST_SERIAL:
        raise ValueError(f"no ticket number of prefix {prefix!r} and serial {serial}")
    return str(TicketNumber(prefix, f"{on:%y%m}", serial))


def parse_number(typed: str) -> TicketNumber:
    """Read a number as people type it: any case, with blanks, with or without (any) dashes. Raises NotANumberError."""
    parts = _WRITTEN.fullmatch(_BLANKS_AND_DASHES.sub("", typed).upper())
    if parts is None or check_character(parts[1] + parts[2] + parts[3]) != parts[4]:
        raise NotANumberError
    return TicketNumber(parts[1], parts[2], int(parts[3]))


def check_character(body: str) -> str:
    """Return the check character of ISO 7064, MOD 37,36: it finds every wrong character, and most swapped ones."""
    product = 36
    for character in body:
        product = ((product + ALPHABET.index(character)) % 36 or 36) * 2 % 37
    return ALPHABET[(1 - product) % 36]
