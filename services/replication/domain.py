"""Rules of the room: who keeps the register, when an agreement is in force, and which ink is read on a colour."""

import re
from datetime import date
from enum import StrEnum

KEEPERS = frozenset({"regional_admin", "platform_admin"})
CHECKSUM_SHOWN = 12  # characters: enough to compare by eye
BLACK, WHITE = "#000000", "#ffffff"
_LINEAR = 0.04045  # an sRGB channel up to here is not curved
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class AgreementKind(StrEnum):
    """What sort of agreement it is."""

    MOU = "mou"  # nota kesepahaman
    COOPERATION = "cooperation"  # perjanjian kerja sama (PKS), also by swakelola
    GRANT = "grant"  # hibah, by naskah perjanjian hibah daerah (NPHD)
    OTHER = "other"


class PartyRole(StrEnum):
    """What a party does with what is handed over."""

    GIVER = "giver"
    RECEIVER = "receiver"
    PARTNER = "partner"


class Status(StrEnum):
    """How an agreement stands on a day."""

    NOT_YET = "not_yet_in_force"
    IN_FORCE = "in_force"
    EXPIRED = "expired"


def status_on(day: date, *, starts_on: date, ends_on: date | None) -> Status:
    """Return how an agreement stands on a day of the region; its last day counts, and without one it does not end."""
    if day < starts_on:
        return Status.NOT_YET
    return Status.EXPIRED if ends_on is not None and day > ends_on else Status.IN_FORCE


def colour_or(value: object, otherwise: str) -> str:
    """Return a colour as a stylesheet may have it, `otherwise` for anything else."""
    return value if isinstance(value, str) and _COLOUR.fullmatch(value) else otherwise


def ink_on(colour: str) -> str:
    """Return black or white, whichever is read more easily on the colour (contrast after WCAG 2.2)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= _LINEAR else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return BLACK if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else WHITE
