"""Rules of the room: who keeps the register, and when an agreement is in force."""

from datetime import date
from enum import StrEnum

KEEPERS = frozenset({"regional_admin", "platform_admin"})
CHECKSUM_SHOWN = 12  # characters: enough to compare by eye


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
