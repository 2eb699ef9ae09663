"""What the rules ask about one case: where it is, whose it is, and what was done so far."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

# Words of the API that rules hang on beyond what a workflow's table can say.
APPEAL, REJECT, PUBLISH, UNPUBLISH = "appeal", "reject", "publish", "unpublish"
JUDGEMENTS = frozenset({"accept", "assign", "reassign", "merge", "transfer", REJECT})  # each decides an appeal


@dataclass(frozen=True, kw_only=True)
class Made:
    """One line of a case's history: a move, when, and by which account (None: a machine, or a guest)."""

    move: str
    at: datetime
    by: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """What the rules ask about a case. `history` is in order; departments are keys.

    `origins` is where a side state returns to, innermost last (a merge may hide a question). `custodian` counts for
    sealed cases only. `files_required` is the category's `photo_required`.
    """

    state: str
    entered_at: datetime
    origins: tuple[str, ...] = ()
    department: str | None = None
    sealed: bool = False
    custodian: str | None = None
    files_required: bool = True
    publishable: bool = False
    published: bool = False
    rated: bool = False
    history: tuple[Made, ...] = ()

    @cached_property
    def under_appeal(self) -> bool:
        """Say whether a citizen's appeal still waits for its decision."""
        last = next((made.move for made in reversed(self.history) if made.move in JUDGEMENTS | {APPEAL}), None)
        return last == APPEAL

    def last_made(self, moves: Collection[str]) -> Made | None:
        """Return the latest of these moves."""
        return next((made for made in reversed(self.history) if made.move in moves), None)
