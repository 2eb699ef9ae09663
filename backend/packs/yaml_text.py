"""The YAML of packs: mappings that remember their lines; no aliases, no tags, no key said twice, codes as text.

Of YAML 1.2 the plain part: `no`, `08:30`, `2026-01-01` and `0651` are text, `true`, `12` and `1.5` are not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from backend.packs.faults import Faults, Place

MAX_DEPTH = 16
TEXT_NAMES = frozenset(
    {"key", "code", "parent_code", "area_code", "areas", "categories", "departments", "external", "phone", "prefix"}
)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,340}")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Said(dict[str, Any]):
    """A mapping that knows where it was said, and where each of its keys was said last."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, Place] = {}

    @property
    def identifier(self) -> str | None:
        """What an item of a keyed list is known by: its `key`, else its `code`."""
        return identifier(self)

    def at(self, key: str) -> Place:
        """Return where `key` was said; where the mapping begins if it was not."""
        return self.places.get(key, self.place)

    def say(self, key: str, value: Any, place: Place) -> None:
        """Set `key` as said at `place`."""
        self[key] = value
        self.places[key] = place

    def texts(self, key: str) -> list[str]:
        """Return the texts of a list, leaving out what is none; nothing if it is no list."""
        value = self.get(key)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def inner(self, key: str) -> "Said":
        """Return the mapping under `key`; an empty one if there is none."""
        value = self.get(key)
        return value if isinstance(value, Said) else Said(self.at(key))

    def items_of(self, key: str) -> list["Said"]:
        """Return the mappings of a list, leaving out what is none; nothing if it is no list."""
        value = self.get(key)
        return [item for item in value if isinstance(item, Said)] if isinstance(value, list) else []

    def path_at(self, place: Place) -> list[str] | None:
        """Return the path of the first thing that was said at a place, items of lists by their position; None for none."""
        if self.place == place:
            return []
        for key, value in self.items():
            inner = value if isinstance(value, list) else [value]
            for index, item in enumerate(inner):
                path = item.path_at(place) if isinstance(item, Said) else None
                if path is not None:
                    return [key, *([str(index)] if isinstance(value, list) else []), *path]
            if self.at(key) == place:
                return [key]
        return None

    def find(self, path: Sequence[str | int]) -> Place:
        """Return the place of what a path leads to, or the nearest above it.

        A step is a key of a mapping, or a position in a list, or what an item of a list is known by.
        """
        here: Any = self
        place = self.place
        for step in path:
            if isinstance(here, Said) and step in here:
                place, here = here.at(str(step)), here[str(step)]
            elif isinstance(here, list):
                if isinstance(step, int):
                    here = here[step] if step < len(here) else None
                else:
                    here = next((item for item in here if identifier(item) == step), None)
                place = here.place if isinstance(here, Said) else place
            else:
                break
        return place


def identifier(item: Any) -> str | None:
    """Return what an item of a keyed list is known by; None where the list is not keyed."""
    found = item.get("key", item.get("code")) if isinstance(item, Mapping) else None
    return found if isinstance(found, str) else None


class _Document:
    def __init__(self, text: str, file: str, faults: Faults) -> None:
        self.file = file
        self.faults = faults
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def note(self, event: Any, code: str, text: str) -> None:
        self.faults.note(self.place(event), code, text)

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1)

    def value(self, event: Any, name: str, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.note(event, "alias", "anchors (&) and aliases (*) are not allowed: write the value out")
            if isinstance(event, yaml.AliasEvent):
                return None
        if event.tag:
            self.note(event, "tag", f"the tag {event.tag} is not allowed: write plain text, numbers, lists and mappings")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, name)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self.value(item, name, depth + 1) for item in self.until(yaml.SequenceEndEvent)]
        return self.mapping(event, depth)

    def mapping(self, event: Any, depth: int) -> Said:
        said = Said(self.place(event))
        for key in self.until(yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise yaml.MarkedYAMLError(problem="a key must be plain text", problem_mark=key.start_mark)
            said_before = said.places.get(key.value)
            value = self.value(next(self.events), key.value, depth + 1)
            if key.anchor or key.tag or key.value == "<<":
                self.note(key, "alias", f"anchors, tags and merge keys are not allowed: write {key.value!r} plainly")
            if said_before:
                line = said_before.line
                self.note(key, "duplicate_key", f"{key.value!r} is already said in line {line}: keep one of the two")
            else:
                said.say(key.value, value, self.place(key))
        return said

    def until(self, end: type[Any]) -> Iterator[Any]:
        while not isinstance(event := next(self.events), end):
            yield event

    def scalar(self, event: Any, name: str) -> Any:
        text: str = event.value
        if event.style:  # quoted or a block: text whatever it looks like
            return text
        number = int if _WHOLE.fullmatch(text) else float if _DECIMAL.fullmatch(text) else None
        if number and name in TEXT_NAMES:
            self.note(event, "code_not_text", f'{name} is the number {text}, and 11.10 would be 11.1: write "{text}"')
            return text
        return number(text) if number else _WORDS.get(text, text)


def read_yaml(text: str, file: str, faults: Faults) -> Said:
    """Return the mapping a text says; what cannot be read is noted and missing from it."""
    nothing = Said(Place(file, 1))
    document = _Document(text, file, faults)
    try:
        events = document.events
        next(events)  # the stream begins
        if isinstance(next(events), yaml.StreamEndEvent):
            return nothing
        said = document.value(next(events), "")
        next(events)  # the document ends
        if not isinstance(again := next(events), yaml.StreamEndEvent):
            document.note(again, "not_yaml", "a second document begins here (---): one file, one document")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", "it cannot be read")
        faults.note(Place(file, mark.line + 1 if mark else 1), "not_yaml", f"this is not the YAML of packs: {problem}")
        return nothing
    if not isinstance(said, Said):
        faults.note(nothing.place, "not_a_mapping", "the file must be a mapping: lines of `name: value`")
        return nothing
    return said
