"""What an admin edits by forms, part by part: a module's settings, or the region's departments, and where one is in them.

A part is named by the steps that lead to it, `categories/JLN-01`: names of a mapping, and what an item of a list is known by.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from backend.core.errors import invalid, not_found
from backend.core.text import Catalogue, in_language
from backend.data.context import Context
from backend.modules.contract import ServiceModule
from backend.modules.registry import Registry
from backend.packs.apply import Plan
from backend.packs.checking import FORMS
from backend.packs.folder import Files
from backend.packs.forms import Words, form_schema, settings_schema
from backend.packs.settings import check_values, get_files, plan_file, plan_module, said_now
from backend.packs.shapes import ABSENT, Form, Shape
from backend.packs.yaml_text import identifier

DEPARTMENTS = "departments"
Steps = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One file of the pack as a form; `module` is None where it is the ground's own. `name` is the file's, without its ending."""

    name: str
    slug: str
    title: str
    module: ServiceModule | None
    form: Form


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a section: `value` is ABSENT where nothing is said, `trail` the titles that lead to it."""

    steps: Steps
    shape: Shape
    value: Any
    required: bool
    trail: tuple[tuple[Steps, str], ...]
    listed: Shape | None = None  # the list that it is an item of
    position: int = 0

    @property
    def read_at(self) -> str:
        """What tells whether somebody has changed it since."""
        said = None if self.value is ABSENT else self.value
        return sha256(json.dumps([self.value is ABSENT, said], sort_keys=True, default=str).encode()).hexdigest()[:20]


def steps_of(at: str) -> Steps:
    """Return the steps that an address says; they are escaped as in JSON Pointers."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in at.split("/")) if at else ()


def address_of(steps: Sequence[str]) -> str | None:
    """Return what an address says for some steps; None for the whole."""
    return "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps) or None


def rooms(registry: Registry) -> dict[str, ServiceModule]:
    """Return the modules that a region switches, by the name they have in addresses."""
    return {module.slug: module for module in registry.modules.values() if not module.always_on}


def find_section(ctx: Context, registry: Registry, slug: str) -> Section:
    """Return a section by its name in addresses. Raises DomainError (404)."""
    catalogue, languages = ctx.ground.catalogue, ctx.region.languages
    if slug == DEPARTMENTS:
        title = catalogue.text("settings.departments", ctx.locale)
        form = Form(departments_schema(catalogue, ctx.locale, languages))
        return Section(name=DEPARTMENTS, slug=slug, title=title, module=None, form=form)
    module = rooms(registry).get(slug)
    if module is None:
        raise not_found("modules.unknown")
    form = Form(settings_schema(module, catalogue, ctx.locale, languages))
    return Section(name=module.name, slug=slug, title=in_language(module.title, ctx.locale), module=module, form=form)


def departments_schema(catalogue: Catalogue, locale: str, languages: Sequence[str]) -> dict[str, Any]:
    """Return the schema of departments.yaml in the reader's language."""
    words = Words("settings", catalogue, locale)
    whole, parts = form_schema(FORMS[DEPARTMENTS], words.of_part, words, languages)
    return {**whole, "$defs": parts}


def departments_codes(catalogue: Catalogue) -> set[str]:
    """Return the codes of the texts that the form of departments shows, there or not."""
    words = Words("settings", catalogue, "en")
    form_schema(FORMS[DEPARTMENTS], words.of_part, words)
    return words.asked


def values_of(files: Files, section: Section) -> dict[str, Any]:
    """Return what the pack says in a section, but for whether a module is on."""
    return {key: value for key, value in said_now(files, section.name).items() if section.module is None or key != "enabled"}


def find_part(section: Section, values: Mapping[str, Any], steps: Steps, *, new: bool = False) -> Part:
    """Return the part at `steps`; `new`: an item more of the list there. Raises DomainError (404)."""
    form = section.form
    shape, required = form.shape(form.schema), True
    trail: list[tuple[Steps, str]] = [((), section.title)]
    listed, position = None, 0
    at: Any = dict(values)
    for depth, step in enumerate(steps, start=1):
        if shape.kind == "group" and step in shape.schema["properties"]:
            required = step in shape.schema.get("required", ())
            shape = form.shape(shape.schema["properties"][step])
            at, listed = at.get(step, ABSENT) if isinstance(at, dict) else ABSENT, None
            title = shape.title
        elif shape.kind == "items" and isinstance(at, list):
            position = next((index for index, item in enumerate(at) if identifier(item) == step), -1)
            if position < 0:
                raise not_found("settings.no_part")
            listed, shape, at = shape, form.shape(shape.inner), at[position]
            required, title = True, step
        else:
            raise not_found("settings.no_part")
        trail.append((steps[:depth], title))
    if new:
        if shape.kind != "items":
            raise not_found("settings.no_part")
        listed, position = shape, len(at) if isinstance(at, list) else 0
        shape, at = form.shape(shape.inner), ABSENT
        required = True
    return Part(steps=steps, shape=shape, value=at, required=required, trail=tuple(trail), listed=listed, position=position)


def with_part(values: Mapping[str, Any], part: Part, said: Any, *, position: int | None = None) -> dict[str, Any]:
    """Return a section's values in which a part says `said`: ABSENT takes it out. A list's item goes to `position`, from 0.

    Raises DomainError (422) for a new item that is known by what another one is.
    """
    steps = part.steps

    def change(at: Any, depth: int) -> Any:
        if part.listed is not None and depth == len(steps) - (part.value is not ABSENT):
            return _with_item(at, part, said, position)
        if depth == len(steps):
            return said
        if isinstance(at, list):
            return [change(item, depth + 1) if identifier(item) == steps[depth] else item for item in at]
        held = at if isinstance(at, dict) else {}
        found = change(held.get(steps[depth], ABSENT), depth + 1)
        rest = {key: value for key, value in held.items() if key != steps[depth]}
        return rest if found is ABSENT else {key: held[key] if key in rest else found for key in {**held, steps[depth]: 0}}

    whole = change(dict(values), 0)
    return {} if whole is ABSENT else whole


def _with_item(at: Any, part: Part, said: Any, position: int | None) -> list[Any]:
    items = list(at) if isinstance(at, list) else []
    if part.value is not ABSENT:
        items.pop(part.position)
    if said is ABSENT:
        return items
    name = identifier(said)
    if any(identifier(item) == name for item in items):
        known_by = (part.listed.schema if part.listed else {}).get("x-key", "key")
        raise invalid(known_by, "settings.known_already", name=name)
    items.insert(part.position if position is None else max(0, min(position, len(items))), said)
    return items


def plan_section(
    ctx: Context, registry: Registry, section: Section, values: Mapping[str, Any], *, unit_successors: Mapping[str, str]
) -> tuple[Context, Plan]:
    """Plan that a section says `values`. Raises DomainError (422), each fault at its field where it has one."""
    if section.module is None:
        return plan_file(ctx, registry, section.name, values, unit_successors=unit_successors)
    return plan_module(ctx, registry, section.module, values=values)


def check_section(ctx: Context, registry: Registry, section: Section, values: Mapping[str, Any]) -> None:
    """Refuse what saving would refuse, without planning it. Raises as `plan_section`."""
    check_values(ctx, registry, section.name, values)


def field_at(part: Part, values: Mapping[str, Any], field: str) -> tuple[str, ...] | None:
    """Return the steps within a part to what a refusal names, `values.categories.12.name.id`; None for what is not in it."""
    at: Any = values
    found: list[str] = []
    for step in field.split(".")[1:]:
        if isinstance(at, list):
            item = at[int(step)] if step.isdecimal() and int(step) < len(at) else None
            item = next((each for each in at if identifier(each) == step), item)
            found.append(identifier(item) or step)
            at = item
        else:
            found.append(step)
            at = at.get(step) if isinstance(at, Mapping) else None
    return _after(found, part.steps)


def _after(found: Sequence[str], steps: Sequence[str]) -> tuple[str, ...] | None:
    """Return what follows `steps` in `found`; keys may hold dots, so that the words between them are what counts."""
    joined, start = ".".join(found), ".".join(steps)
    if start and joined != start and not joined.startswith(f"{start}."):
        return None
    rest = joined[len(start) :].removeprefix(".")
    return tuple(rest.split(".")) if rest else ()


def get_values(ctx: Context, section: Section, *, to_change: bool = False) -> dict[str, Any]:
    """Return `values_of` the region's present version. Raises and holds it as `get_files` does."""
    return values_of(get_files(ctx, to_change=to_change), section)
