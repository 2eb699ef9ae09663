"""A guest whose handler does nothing: what a delivery costs by itself. It is found by its entry point, as any guest is."""

from pathlib import Path

from backend.sdk.data import EventType
from backend.sdk.domain import Context
from backend.sdk.module import ServiceModule, Subscription
from backend.sdk.work import Event

NAME = "bench_nothing"
SUBSCRIBER = f"{NAME}.take"
HAPPENED = EventType(name=f"{NAME}.happened", fields=(), doc="Nothing has happened.")
_FILES = {
    "METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
    "entry_points.txt": f"[balai.modules]\n{NAME} = tests.bench.nothing:module\n",
}


def take(_ctx: Context, _event: Event) -> None:
    """Do nothing."""


module = ServiceModule(
    name=NAME,
    version="1.0",
    title={"id": "Tidak apa-apa", "en": "Nothing"},
    publishes=[HAPPENED],
    subscribes=[Subscription(subscriber=SUBSCRIBER, event=HAPPENED.name, handler=take)],
)


def put_up(folder: Path) -> Path:
    """Make the folder look as if the guest were installed in it; it is, for whoever has it among its paths."""
    place = folder / f"{NAME}-1.0.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    for name, content in _FILES.items():
        (place / name).write_text(content)
    return folder
