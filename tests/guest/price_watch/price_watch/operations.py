"""What changes: a watch begins, its citizen is told, it grows old, its citizen wants it shown or forgotten."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from backend.sdk.domain import erase_rows, new_id, request_notice
from price_watch.models import Watch

KEPT = timedelta(days=365)


def watch_price(ctx, goods, rupiah):
    """Begin to watch, or wish for another price; asking twice changes nothing."""
    values = {"region_id": ctx.region.id, "id": new_id(), "account_id": ctx.actor.account_id, "goods": goods}
    wish = insert(Watch).values(values | {"rupiah": rupiah, "since": ctx.now()})
    key = ["region_id", "account_id", "goods"]
    ctx.session.execute(wish.on_conflict_do_update(index_elements=key, set_={"rupiah": rupiah, "since": ctx.now()}))


def tell_watchers(ctx, goods, rupiah):
    """Ask that everybody be told who waited for this price."""
    waiting = select(Watch).where(Watch.region_id == ctx.region.id, Watch.goods == goods, Watch.rupiah >= rupiah)
    for watch in ctx.session.scalars(waiting):
        request_notice(
            ctx,
            template="price_watch.cheaper",
            audience="citizen",
            recipient=str(watch.account_id),
            subject=watch.id,
            params={},
            link=("price_watch", watch.id),
        )


def forget_old(ctx):
    """Forget what was wished for a year ago."""
    ctx.session.execute(delete(Watch).where(Watch.region_id == ctx.region.id, Watch.since < ctx.now() - KEPT))


def export_watches(ctx, account_id):
    """Return what a citizen watches."""
    own = select(Watch).where(Watch.region_id == ctx.region.id, Watch.account_id == account_id).order_by(Watch.id)
    return {"watches": [{"goods": watch.goods, "rupiah": watch.rupiah} for watch in ctx.session.scalars(own)]}


def erase_watches(ctx, account_id):
    """Forget what a citizen watches."""
    return erase_rows(ctx, delete(Watch).where(Watch.region_id == ctx.region.id, Watch.account_id == account_id))
