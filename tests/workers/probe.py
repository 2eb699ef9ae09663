"""A module for the tests of the engine house: its handlers do what the test says, and leave an audit entry as their trace."""

import os
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from backend.sdk.domain import Context
from backend.sdk.module import Event, EventType, Schedule, ServiceModule, Subscription

HAPPENED = EventType(name="probe.happened", fields=("how",), doc="Something happened; `how` says what its handler does")
COUNTED = EventType(name="probe.counted", fields=("how",), doc="Something is to be counted, with others")
CALLED = EventType(name="probe.called", fields=("how",), doc="Something is to be said outside")
SECRET = "081298765432"


def handle(ctx: Context, event: Event) -> None:
    """Leave a trace, then fail, sleep or die as the event says."""
    ctx.audit("probe.handled", subject=str(event.subject), details={"event": str(event.id), "how": event.payload["how"]})
    ctx.session.flush()
    how, _, amount = event.payload["how"].partition(" ")
    if how == "raise":
        raise RuntimeError(f"no way to tell {SECRET}")
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "sleep":
        time.sleep(float(amount))


def handle_together(ctx: Context, events: Sequence[Event]) -> None:
    """Leave one trace of all, then fail for each as `handle` does."""
    ctx.audit("probe.together", subject=ctx.region.key, details={"subjects": [str(event.subject) for event in events]})
    for event in events:
        handle(ctx, event)


class Outside:
    """Calls what the test puts into `during`; what it saw and was given is kept."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.during: Any = lambda: None

    def prepare(self, ctx: Context, event: Event) -> str:
        ctx.audit("probe.prepared", subject=str(event.subject))
        return str(event.payload["how"])

    def call(self, prepared: str, *, key: str) -> str:
        self.keys.append(key)
        self.during()
        return prepared

    def record(self, ctx: Context, event: Event, prepared: str, answer: str) -> None:
        ctx.audit("probe.recorded", subject=str(event.subject), details={"answer": answer})


outside = Outside()


def tick(ctx: Context) -> None:
    """Leave a trace of the hour."""
    ctx.audit("probe.ticked", subject=ctx.region.key)


module = ServiceModule(
    name="probe",
    version="1.0",
    title={"id": "Uji", "en": "Probe"},
    publishes=[HAPPENED, CALLED, COUNTED],
    subscribes=[
        Subscription(subscriber="probe.handle", event=HAPPENED.name, handler=handle, lane="urgent", max_attempts=3),
        Subscription(subscriber="probe.count", event=COUNTED.name, handler=handle_together, together=True, max_attempts=3),
        Subscription(subscriber="probe.call", event=CALLED.name, handler=outside),
    ],
    schedules=[Schedule(name="probe.tick", every=timedelta(hours=1), run=tick)],
    always_on=True,
)
