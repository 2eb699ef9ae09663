"""What each column is to a person: the words in which models classify theirs, after UU 27/2022 (personal data protection)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

HOOKS = ("export_personal_data", "erase_personal_data")


class Sort(StrEnum):
    """How near a value is to a person."""

    PLAIN = "plain"  # nobody's: of the house, of a place, of an office
    PSEUDONYM = "pseudonym"  # an id that stands for somebody
    PERSONAL = "personal"  # article 4(3): general personal data
    SPECIFIC = "specific"  # article 4(2), or what may well be such: what people report
    SECRET = "secret"  # noqa: S105 - the word for what opens or proves something: hashes, codes


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Columns of one sort: why they are kept, and what erasing a person does with them."""

    columns: tuple[str, ...]
    sort: Sort
    why: str = ""
    erased: str = ""


def plain(columns: str) -> Holding:
    """Say that these columns are nobody's."""
    return Holding(columns=tuple(columns.split()), sort=Sort.PLAIN)


def _held(sort: Sort, columns: str, why: str, *, erased: str = "the row goes") -> Holding:
    return Holding(columns=tuple(columns.split()), sort=sort, why=why, erased=erased)


# As `plain`, with the reason for keeping them and what erasing the person does with them.
pseudonym = partial(_held, Sort.PSEUDONYM)
personal = partial(_held, Sort.PERSONAL)
specific = partial(_held, Sort.SPECIFIC)
secret = partial(_held, Sort.SECRET)


def classes_of(model: Any) -> Mapping[str, Holding]:
    """Return the columns that a model and what it inherits classify in `holds`; the model's own word comes first."""
    said = [holding for kind in reversed(model.__mro__) for holding in vars(kind).get("holds", ())]
    return {column: holding for holding in said for column in holding.columns}


def classification_faults(model: Any) -> Iterator[str]:
    """Yield what a model leaves unsaid: a column's class, a reason, how long it keeps what is somebody's.

    Instants are plain unless it says otherwise: without another column of the row they tell of nobody.
    """
    table, classes = model.__table__, classes_of(model)
    for column in table.columns:
        if column.key not in classes and not getattr(column.type, "timezone", False):
            yield f"the column {table.name}.{column.key} is not classified: name it in `holds`"
    for name in classes.keys() - table.columns.keys():
        yield f"{table.name} classifies {name}, which is no column of it"
    for holding in classes.values():
        if holding.sort is not Sort.PLAIN and not holding.why:
            yield f"{table.name} does not say why it keeps {', '.join(holding.columns)}"
    if holds_personal_data(model) and not getattr(model, "kept", ""):
        yield f"{table.name} does not say in `kept` how long it keeps what is somebody's"


def holds_personal_data(model: Any) -> bool:
    """Tell whether a model has a column that is not plain."""
    return any(holding.sort is not Sort.PLAIN for holding in classes_of(model).values())
