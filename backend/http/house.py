"""The house: everything one process has, put together by `backend.app` and found by every request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from backend.data.context import Actor, Context, Ground
from backend.http.gate import Gate
from backend.http.limits import RateLimits
from backend.modules.registry import Registry
from backend.regions.directory import RegionDirectory

ActorLoader = Callable[[Context, Mapping[str, Any]], Actor]


@dataclass(frozen=True, kw_only=True)
class House:
    """One process's parts. `load_actor` reads the account behind a verified token; raises DomainError when it may not act."""

    ground: Ground
    registry: Registry
    directory: RegionDirectory
    limits: RateLimits
    gate: Gate
    uploads: Gate  # pictures are heavy: few at once, so that they do not take all turns
    load_actor: ActorLoader


def current_house() -> House:
    """Return the house of the running application."""
    house: House = current_app.extensions["balai"]
    return house
