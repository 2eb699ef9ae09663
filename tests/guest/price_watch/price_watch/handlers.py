"""What wakes this module: a price that was posted."""

from price_watch.adapters import post_to_board
from price_watch.operations import tell_watchers


def tell(ctx, event):
    """Tell those who waited."""
    tell_watchers(ctx, event.payload["goods"], event.payload["rupiah"])


class Board:
    """Tells the province's board. No transaction is open while it does."""

    def prepare(self, ctx, event):
        """Return what is to be posted, and where."""
        return {"url": ctx.config("price_watch")["board_url"], "price": {"region": ctx.region.code, **event.payload}}

    def call(self, prepared, *, key):
        """Post it; the key is the same in every attempt."""
        return post_to_board(prepared["url"], prepared["price"], key=key)

    def record(self, ctx, event, prepared, answer):
        """Write down that it was posted."""
        ctx.audit("price_watch.reported", subject=str(event.subject), details={"status": answer})
