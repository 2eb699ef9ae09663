"""A guest that is installed in fault runs alone: its handler raises, kills its process, hangs or eats memory, as it is told."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

from marshmallow import fields

from backend.sdk.domain import Context, new_id
from backend.sdk.module import Event, EventType, RoomBlueprint, Schema, ServiceModule, Subscription

SUBSCRIBER, ATTEMPTS = "poison.handle", 2
ANTIDOTE = "BALAI_POISON_ANTIDOTE"  # names a file: once it is there, whatever was poison is none any more
_CHUNK = 16 << 20
_FATAL = 2 << 30  # what a machine is taken to have: its kernel then ends the process

HAPPENED = EventType(name="poison.happened", fields=("how",), doc="`how` says what its handler does")
blueprint = RoomBlueprint("poison", doc="Poison for the engine house")


class Dose(Schema):
    """What the handlers of some events will do, one event each, told together."""

    hows = fields.List(fields.String(), required=True)


class Given(Schema):
    """The subjects of those events."""

    subjects = fields.List(fields.UUID(), required=True)


@blueprint.endpoint("POST", "", public=True, body=Dose, out=Given, status=201, idempotency="required")
def give(ctx: Context, body: dict[str, list[str]]) -> dict[str, Any]:
    """Tell the events."""
    subjects = [new_id() for _ in body["hows"]]
    for subject, how in zip(subjects, body["hows"], strict=True):
        ctx.publish(HAPPENED, subject=subject, how=how)
    return {"subjects": subjects}


def handle(ctx: Context, event: Event) -> None:
    """Leave a trace, then do as the event says."""
    ctx.audit("poison.handled", subject=str(event.subject), details={"event": str(event.id)})
    ctx.session.flush()
    how, _, amount = event.payload["how"].partition(" ")
    if how == "sleep":
        time.sleep(float(amount))
    elif how != "well" and not Path(os.environ[ANTIDOTE]).exists():
        _POISONS[how]()


def _raise() -> None:
    raise RuntimeError("poison")


def _segfault() -> None:
    ctypes.string_at(0)


def _hang() -> None:
    time.sleep(3600)


def _hang_deaf() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))  # as a loop in C would
    time.sleep(3600)


def _eat_memory() -> None:
    eaten = []
    while len(eaten) * _CHUNK < _FATAL:
        eaten.append(b"x" * _CHUNK)
    with contextlib.suppress(ProcessLookupError):
        os.kill(os.getpid(), signal.SIGKILL)


_POISONS = {"raise": _raise, "segfault": _segfault, "hang": _hang, "hang-deaf": _hang_deaf, "eat-memory": _eat_memory}

module = ServiceModule(
    name="poison",
    version="1.0",
    title={"id": "Racun", "en": "Poison"},
    blueprints=[blueprint],
    publishes=[HAPPENED],
    subscribes=[Subscription(subscriber=SUBSCRIBER, event=HAPPENED.name, handler=handle, max_attempts=ATTEMPTS)],
    always_on=True,
)
