"""`balai outbox`: what is on its way, what is dead, and giving it a fresh start."""

import click
from sqlalchemy import text

from backend.cli.house import open_house
from backend.data.deliveries import replay as replay_rows
from backend.data.unit_of_work import unit_of_work

_STATUS = text("""
    SELECT subscriber, count(*) FILTER (WHERE done_at IS NULL AND dead_at IS NULL) AS open,
           count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
           coalesce(extract(epoch FROM now() - min(next_at) FILTER (WHERE done_at IS NULL AND dead_at IS NULL)), 0) AS age
    FROM deliveries WHERE done_at IS NULL OR dead_at IS NOT NULL GROUP BY subscriber ORDER BY subscriber""")
_SHOW = text("SELECT * FROM deliveries WHERE seq = :seq")
_DEAD = text("SELECT seq, subscriber, fault, dead_at FROM deliveries WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT 50")


@click.group()
def outbox() -> None:
    """Deliveries: the queue of record."""


@outbox.command()
def status() -> None:
    """Say what is open and dead, by subscriber; exit status 1 when something is dead."""
    with open_house() as house, unit_of_work(house.ground) as ctx:
        rows = ctx.session.execute(_STATUS).all()
        for row in rows:
            click.echo(f"{row.subscriber}\topen {row.open}\toldest {max(0, row.age):.0f} s\tdead {row.dead}")
        for row in ctx.session.execute(_DEAD):
            click.echo(f"dead {row.seq}\t{row.subscriber}\t{row.dead_at:%Y-%m-%d %H:%M:%S}\t{row.fault}")
        if not rows:
            click.echo("nothing is open")
    raise SystemExit(any(row.dead for row in rows))


@outbox.command()
@click.argument("seq", type=int, metavar="ID")
def show(seq: int) -> None:
    """Show one delivery."""
    with open_house() as house, unit_of_work(house.ground) as ctx:
        row = ctx.session.execute(_SHOW, {"seq": seq}).mappings().first()
        if row is None:
            raise ValueError(f"there is no delivery {seq}")
        for name, value in row.items():
            click.echo(f"{name}: {value}")


@outbox.command()
@click.argument("seqs", type=int, nargs=-1, metavar="[ID]...")
@click.option("--subscriber", help="All dead deliveries of one subscriber.")
@click.option("--all", "everything", is_flag=True, help="All dead deliveries.")
def replay(seqs: tuple[int, ...], subscriber: str | None, *, everything: bool) -> None:
    """Give dead deliveries a fresh start."""
    if not (seqs or subscriber or everything):
        raise click.UsageError("name deliveries, a --subscriber, or --all")
    with open_house() as house, unit_of_work(house.ground) as ctx:
        number = replay_rows(ctx.session, list(seqs) or None, subscriber=subscriber)
    click.echo(f"{number} deliveries start afresh")


COMMANDS = (outbox,)
