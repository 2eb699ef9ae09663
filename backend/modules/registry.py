"""The registry: every module of this installation, checked once at boot. Nothing is skipped in silence."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from backend.core.personal import HOOKS, classification_faults
from backend.core.text import LANGUAGES
from backend.data.context import Context
from backend.data.events import LANES, Event
from backend.modules.contract import WORDED, ExtensionPoint, Permission, Schedule, ServiceModule, Subscription

CORE_VERSION = (1, 0)
Kind = TypeVar("Kind")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_REQUIREMENT = re.compile(r"(>=|<)(\d+)(?:\.(\d+))?")


class BootError(Exception):
    """The modules do not fit together; `faults` says who and what."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class Registry:
    """Modules by name, and what follows from their declarations. Raises BootError with every fault at once."""

    def __init__(self, modules: Sequence[ServiceModule]) -> None:
        self.modules: Mapping[str, ServiceModule] = {module.name: module for module in modules}
        faults = list(_faults(modules))
        if faults:
            raise BootError(faults)
        self.permissions: Mapping[str, Permission] = {
            permission.name: permission for module in modules for permission in module.permissions
        }
        self.subscriptions: dict[str, tuple[ServiceModule, Subscription]] = {
            subscription.subscriber: (module, subscription) for module in modules for subscription in module.subscribes
        }
        self.schedules: Sequence[tuple[ServiceModule, Schedule]] = [
            (module, schedule) for module in modules for schedule in module.schedules
        ]
        self.subscriptions |= {schedule.name: (module, _told_by_clock(schedule)) for module, schedule in self.schedules}
        self._told: dict[tuple[str, int], list[tuple[str, int, str]]] = defaultdict(list)
        for module, subscription in self.subscriptions.values():
            told = (subscription.subscriber, LANES[subscription.lane], module.name)
            self._told[subscription.event, subscription.version].append(told)

    def subscribers_of(self, name: str, version: int) -> Sequence[tuple[str, int, str]]:
        """Return (subscriber, lane, module) of each subscription to that event."""
        return self._told.get((name, version), ())

    @property
    def tenant_tables(self) -> Mapping[str, str]:
        """The modules' tables that belong to regions, each with its module."""
        return {
            model.__tablename__: module.name
            for module in self.modules.values()
            for model in module.models
            if model.platform is None
        }

    def contributions(self, point: ExtensionPoint) -> list[Any]:
        """Return what every module contributes to `point`."""
        return [item for module in self.modules.values() for item in module.contributes.get(point, ())]

    def blueprints(self, kind: type[Kind]) -> list[Kind]:
        """Return the modules' blueprints of that kind: routes of the API, or pages."""
        return [blueprint for module in self.modules.values() for blueprint in module.blueprints if isinstance(blueprint, kind)]

    def export_personal_data(self, ctx: Context, account_id: UUID) -> dict[str, Mapping[str, Any]]:
        """Return by module what each knows of a citizen of the region, also those that are switched off there."""
        hooks = {name: module.export_personal_data for name, module in self.modules.items()}
        return {name: hook(ctx, account_id) for name, hook in hooks.items() if hook}

    def erase_personal_data(self, ctx: Context, account_id: UUID) -> dict[str, int]:
        """Let every module forget a citizen of the region, also those that are switched off; return the rows by table.

        Harmless when repeated.
        """
        rows: Counter[str] = Counter()
        for module in self.modules.values():
            if module.erase_personal_data:
                rows.update(module.erase_personal_data(ctx, account_id))
        return {table: count for table, count in sorted(rows.items()) if count}

    def say(self, ctx: Context, template: str, params: Mapping[str, Any], locale: str) -> str | None:
        """Return the region's text of that name, filled; None where it has none."""
        return next((texts.say(ctx, template, params, locale) for texts in self.contributions(WORDED)), None)

    def parse_config(self, module: str, settings: Mapping[str, Any]) -> Any:
        """Return `settings` as the module's schema reads them. Raises marshmallow.ValidationError naming the places."""
        schema = self.modules[module].config_schema
        return schema().load(settings) if schema else None


def _told_by_clock(schedule: Schedule) -> Subscription:
    # A schedule that falls due is an event like any other: recorded, delivered once, retried, dead in the open.
    def run(ctx: Context, _event: Event) -> None:
        schedule.run(ctx)

    return Subscription(subscriber=schedule.name, event=schedule.name, handler=run, lane="bulk")


def _core_fits(requirement: str) -> bool:
    found = [(sign, (int(major), int(minor or 0))) for sign, major, minor in _REQUIREMENT.findall(requirement)]
    return bool(found) and all(at <= CORE_VERSION if sign == ">=" else at > CORE_VERSION for sign, at in found)


def _faults(modules: Sequence[ServiceModule]) -> Iterator[str]:
    for name, count in Counter(module.name for module in modules).items():
        if count > 1:
            yield f"{name}: {count} modules have this name"
    for module in modules:
        for check in (_identity_faults, _prefix_faults, _route_faults, _data_faults):
            yield from (f"{module.name}: {fault}" for fault in check(module))
    yield from _subscription_faults(modules)
    yield from _contribution_faults(modules)


def _subscription_faults(modules: Sequence[ServiceModule]) -> Iterator[str]:
    published = {(event.name, event.version) for module in modules for event in module.publishes}
    names = Counter(subscription.subscriber for module in modules for subscription in module.subscribes)
    names.update(schedule.name for module in modules for schedule in module.schedules)
    for module in modules:
        for subscription in module.subscribes:
            told = f"{subscription.event} v{subscription.version}"
            if (subscription.event, subscription.version) not in published:
                yield f"{module.name}: nobody publishes {told}, to which it subscribes"
            if subscription.lane not in LANES:
                yield f"{module.name}: {subscription.subscriber} asks for the lane {subscription.lane}, which there is not"
    yield from (f"the subscriber or schedule {name} stands there {count} times" for name, count in names.items() if count > 1)


def _contribution_faults(modules: Sequence[ServiceModule]) -> Iterator[str]:
    given = [(point, module.name, items) for module in modules for point, items in module.contributes.items() if items]
    givers = Counter(point for point, _, _ in given)
    for point, name, items in given:
        if point.single and givers[point] > 1:
            yield f"{name}: {point.name} takes one contributor, and {givers[point]} contribute"
        for item in items:
            if not isinstance(item, point.item):
                yield f"{name}: {point.name} takes {point.item.__name__}, not {type(item).__name__}"


def _identity_faults(module: ServiceModule) -> Iterator[str]:
    if not _NAME.fullmatch(module.name):
        yield "a name has 2 to 40 small letters, digits and underscores and begins with a letter"
    if not _core_fits(module.core):
        yield f"it asks for core {module.core}, and this is {'.'.join(map(str, CORE_VERSION))}"
    missing = [language for language in LANGUAGES if not module.title.get(language)]
    if missing:
        yield f"its title lacks {', '.join(missing)}"


def _prefix_faults(module: ServiceModule) -> Iterator[str]:
    if module.always_on:
        return  # the nouns of the ground: tables and permissions carry no prefix
    for model in module.models:
        if model.__tablename__ != module.name and not model.__tablename__.startswith(f"{module.name}_"):
            yield f"the table {model.__tablename__} does not begin with {module.name}_"
    named = {
        "event": [event.name for event in module.publishes],
        "permission": [permission.name for permission in module.permissions],
        "subscriber": [subscription.subscriber for subscription in module.subscribes],
        "schedule": [schedule.name for schedule in module.schedules],
    }
    for what, names in named.items():
        for name in names:
            if not name.startswith(f"{module.name}."):
                yield f"the {what} {name} does not begin with {module.name}."


def _data_faults(module: ServiceModule) -> Iterator[str]:
    for model in module.models:
        if model.platform is None and all(column.key != "region_id" for column in model.__mapper__.primary_key):
            yield f"the table {model.__tablename__} belongs to no region: inherit RegionScoped"
        yield from classification_faults(model)
    if module.personal_data:
        yield from (f"it holds personal data and has no {hook}" for hook in HOOKS if getattr(module, hook) is None)


def _route_faults(module: ServiceModule) -> Iterator[str]:
    declared = {permission.name for permission in module.permissions}
    for blueprint in module.blueprints:
        if not hasattr(blueprint, "routes"):
            yield f"the blueprint {getattr(blueprint, 'name', blueprint)} is neither a RoomBlueprint nor a PageBlueprint"
            continue
        for route in blueprint.routes:
            places = tuple(f"{root}/<region>/{module.slug}/" for root in ("/v1/regions", "/r"))
            if not module.always_on and not f"{route.rule}/".startswith(places):
                yield f"the route {route.name} lies at {route.rule}, not under {module.slug}/ of a region"
            if route.public == (route.permission is not None):
                has = "both a permission and" if route.public else "neither a permission nor"
                yield f"the route {route.name} has {has} public=True"
            elif route.permission and route.permission not in declared:
                yield f"the route {route.name} asks for {route.permission}, which it does not declare"
