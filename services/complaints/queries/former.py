"""Words that a pack no longer has, and complaints still use: categories and states as they were last said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from backend.sdk.data import Prepared
from backend.sdk.domain import Context, get_logger
from services.complaints.config import CategorySettings
from services.complaints.domain.categories import Category

_KEPT_AS = "complaints.former"
_READ = Prepared("SELECT kind, key, said FROM complaints_former WHERE region_id = %(region)s")
_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class FormerWords:
    """Categories by code; of states by key their labels, and whether they were final."""

    categories: Mapping[str, Category]
    states: Mapping[str, Mapping[str, str]]
    final_states: Mapping[str, bool]


def former_words(ctx: Context) -> FormerWords:
    """Return what the region's packs have said before: read once while its snapshot stands."""
    words: FormerWords | None = ctx.region.kept.get(_KEPT_AS)
    if words is None:
        said: dict[str, dict[str, Any]] = {"category": {}, "state": {}}
        for row in _READ.all(ctx.session, region=ctx.region.id):
            said[row.kind][row.key] = row.said
        words = ctx.region.kept[_KEPT_AS] = FormerWords(
            categories={code: category for code, raw in said["category"].items() if (category := _category(ctx, raw))},
            states={key: raw["label"] for key, raw in said["state"].items()},
            final_states={key: raw.get("final", False) for key, raw in said["state"].items()},
        )
    return words


def _category(ctx: Context, raw: Mapping[str, Any]) -> Category | None:
    try:
        category: Category = CategorySettings().load(raw)
    except ValidationError:  # written by an earlier version of the room, which knew other fields
        _log.warning("complaints.former_category_unread", region=ctx.region.key, category=raw.get("code"))
        return None
    return category
