"""What the pages of a region list: a module contributes its entries, and the frame shows those that the reader may open."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from backend.data.context import Context
from backend.modules.contract import ExtensionPoint, Permission

Shelf = Literal["public", "work", "settings"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the menu. `text` is a code of the module's catalogue, `path` what stands behind `/r/<region>`.

    Without a permission everybody has it; `module` (filled in by the blueprint's module) must be on in the region.
    """

    text: str
    path: str
    shelf: Shelf
    module: str
    permission: str | None = None
    order: int = 50
    when: Callable[[Context], bool] | None = None  # where the region's settings decide
    about: str | None = None  # a code: one sentence for the region's first page


LISTED = ExtensionPoint(name="listed", item=Entry)


def entries_for(ctx: Context, entries: Iterable[Entry], permissions: Mapping[str, Permission]) -> list[Entry]:
    """Return the entries that the actor of `ctx` may open in its region, in order."""
    return sorted(
        (
            entry
            for entry in entries
            if ctx.region.enabled(entry.module)
            and (entry.permission is None or ctx.may(permissions[entry.permission].roles))
            and (entry.when is None or entry.when(ctx))
        ),
        key=lambda entry: (entry.order, entry.path),
    )
