"""What a module declares. What can be data is data; every hook is optional.

A module is a room of the house: bundled ones live in `services/`, others come as packages with an entry point in the
group `balai.modules`. Both pass the same door, `backend.modules.registry`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from marshmallow import Schema

from backend.core.personal import holds_personal_data
from backend.data.checks import Check
from backend.data.context import Context
from backend.data.db import Base
from backend.data.events import Event, EventType
from backend.modules.proposals import PackRules

Handler = Callable[[Context, Event], None]
TogetherHandler = Callable[[Context, Sequence[Event]], None]


class OutsideHandler(Protocol):
    """A handler that calls the outside world: no transaction is open while it does.

    `prepare` reads what is to be said (None: nothing any more), `call` says it with the delivery's key as idempotency key,
    `record` writes down what came of it. A raised error in any of them is a failed attempt.
    """

    def prepare(self, ctx: Context, event: Event) -> Any:
        """Return what `call` needs, or None when there is nothing to do."""

    def call(self, prepared: Any, *, key: str) -> Any:
        """Call the outside and return its answer."""

    def record(self, ctx: Context, event: Event, prepared: Any, answer: Any) -> None:
        """Write down what came of the call."""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """What a role may do. `roles` is the default grant; the whole table is reviewed in tests/journeys/permissions.py."""

    name: str
    roles: frozenset[str]
    doc: str


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """`subscriber` is told of `event`; its rows of one subject are handled in order, after `max_attempts` they are dead.

    `together`: the handler takes what is carried together, events of one region and of as many subjects; where that fails, each
    alone.
    """

    subscriber: str
    event: str
    version: int = 1
    handler: Handler | TogetherHandler | OutsideHandler
    together: bool = False
    lane: str = "ordinary"
    max_attempts: int = 8

    @property
    def outside(self) -> bool:
        """Whether the handler calls the outside world."""
        return not callable(self.handler)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`run` is called in a unit of work of each region that has the module switched on, once every `every`."""

    name: str
    every: timedelta
    run: Callable[[Context], None]


@dataclass(frozen=True, kw_only=True)
class ExtensionPoint:
    """A place where other modules contribute items of type `item`; `single` allows one contributor only."""

    name: str
    item: type
    single: bool = False


@dataclass(frozen=True, kw_only=True)
class RegionTexts:
    """`say` returns a region's own text by its name, filled, in a language; None where the region has none."""

    say: Callable[[Context, str, Mapping[str, Any], str], str | None]


RECONCILED = ExtensionPoint(name="reconciled", item=Check)  # what `balai reconcile` compares
PACKED = ExtensionPoint(name="packed", item=PackRules)  # what packs are asked before, and what follows them
WORDED = ExtensionPoint(name="worded", item=RegionTexts, single=True)  # how a region says what the ground sends


@dataclass(frozen=True, kw_only=True)
class ServiceModule:
    """One room. `name` is the URL segment (with hyphens), table prefix, event prefix and permission prefix."""

    name: str
    version: str
    title: Mapping[str, str]
    core: str = ">=1,<2"
    blueprints: Sequence[Any] = ()
    config_schema: type[Schema] | None = None
    requires: Sequence[str] = ()  # modules without which it cannot be on in a region
    permissions: Sequence[Permission] = ()
    tile: Mapping[str, Any] | None = None
    models: Sequence[type[Base]] = ()
    migrations: Path | None = None  # a guest's own Alembic versions; bundled rooms share the house's line
    publishes: Sequence[EventType] = ()
    subscribes: Sequence[Subscription] = ()
    schedules: Sequence[Schedule] = ()
    contributes: Mapping[ExtensionPoint, Sequence[Any]] = field(default_factory=dict)
    locale: Path | None = None
    on_enable: Callable[[Context], None] | None = None
    on_disable: Callable[[Context], None] | None = None
    on_settings: Callable[[Context], None] | None = None  # a pack or an admin gave it other settings
    export_personal_data: Callable[[Context, UUID], Mapping[str, Any]] | None = None
    erase_personal_data: Callable[[Context, UUID], Mapping[str, int]] | None = None  # rows by table
    always_on: bool = False  # a noun of the ground: every region has it

    @property
    def slug(self) -> str:
        """The module's name in a URL."""
        return self.name.replace("_", "-")

    @property
    def personal_data(self) -> bool:
        """Whether a table of the module has a column that is somebody's: it then needs both hooks."""
        return any(holds_personal_data(model) for model in self.models)
