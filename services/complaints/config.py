"""What a region's pack sets in this room: its schema, and the settings it becomes.

Own messages are codes `complaints.<reason>|name=value`, as the house tells faults in every language.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from backend.sdk.domain import read_holidays
from services.complaints.domain.actors import MOVERS
from services.complaints.domain.categories import (
    Category,
    Confidentiality,
    FirstLine,
    Group,
    Reason,
    Subject,
    VisibilityMode,
)
from services.complaints.domain.clocks import Span, Unit, WorkCalendar
from services.complaints.domain.numbers import PREFIX, USUAL, NumberFormat, faults_of_format
from services.complaints.domain.routing import Rule
from services.complaints.domain.workflow import ANY, NOT_FINAL, Clock, Move, Need, State, Workflow, check_workflow

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST = 10_000  # of any unit in a span: more than a year even in hours


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The room in one region. Groups, categories and reasons are by key or code, in the pack's order."""

    number_prefix: str
    number_format: NumberFormat
    groups: Mapping[str, Group]
    categories: Mapping[str, Category]
    rules: tuple[Rule, ...]
    workflow: Workflow
    reasons: Mapping[str, Reason]


def _whole(pattern: str) -> validate.Regexp:
    r"""Match the whole of a text, in the words that a JSON Schema knows as well (it has no `\Z`)."""
    return validate.Regexp(rf"^(?:{pattern})$(?!\n)")


def _word(**options: Any) -> fields.String:
    """Return a field for keys and codes: short, in ASCII, to be read in addresses and tables."""
    return fields.String(validate=_whole("[A-Za-z0-9][A-Za-z0-9._-]{0,39}"), **options)


def _words(*known: str, **options: Any) -> fields.List[Any]:
    """Return a field for words, of which a form proposes those that are `known`."""
    return fields.List(_word(metadata={"examples": list(known)} if known else {}), **options)


def _label() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=_whole("[a-z]{2,3}")),
        values=fields.String(validate=validate.Length(1, 200)),
        required=True,
        validate=validate.Length(min=1),
        metadata={"x-label": True},
    )


class _Sources(fields.Field[tuple[str, ...]]):
    """States a move leaves from: a list of them, or `any`, or `not_final`."""

    def __init__(self, **options: Any) -> None:
        some = {"type": "array", "items": {"type": "string"}, "minItems": 1}
        super().__init__(metadata={"oneOf": [{"const": ANY}, {"const": NOT_FINAL}, some]}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[str, ...]:
        if value in (ANY, NOT_FINAL):
            return (value,)
        found: list[str] = _words(validate=validate.Length(min=1)).deserialize(value)
        return tuple(found)


class _Part(Schema):
    """A mapping that becomes one frozen thing of the domain."""

    makes: ClassVar[type]

    class Meta:
        """Options of every part."""

        unknown = RAISE

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Make the thing; its lists are tuples."""
        return self.makes(**{name: tuple(v) if isinstance(v, list) else v for name, v in data.items()})


class _Inherited(fields.Nested):
    """A part that many regions have from the same base pack: what is written alike is made once, and all of them share it."""

    _made: ClassVar[WeakValueDictionary[tuple[type, str, str], Any]] = WeakValueDictionary()

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **options: Any) -> Any:
        try:
            written = (type(self.schema), str(partial), json.dumps(value, sort_keys=True))
        except TypeError:  # YAML knows what JSON does not, and the part itself says what is wrong with it
            return super()._deserialize(value, attr, data, partial, **options)
        made = self._made.get(written)
        if made is None:
            made = self._made[written] = super()._deserialize(value, attr, data, partial, **options)
        return made


class _Cited(_Part):
    source = fields.String(load_default="")


class SpanSettings(_Part):
    """One of hours, calendar days and working days."""

    hours, calendar_days, working_days = (fields.Integer(strict=True, validate=validate.Range(1, LONGEST)) for _ in range(3))

    @validates_schema
    def one_unit(self, data: dict[str, int], **_: Any) -> None:
        """Refuse no unit and several."""
        if len(data) != 1:
            raise ValidationError("complaints.span_of_one_unit")

    @post_load
    def make(self, data: dict[str, int], **_: Any) -> Span:
        """Make the span."""
        unit, amount = next(iter(data.items()))
        return Span(amount, Unit(unit))


class GroupSettings(_Cited):
    """A shelf of categories."""

    makes = Group
    key = _word(required=True)
    name = _label()


class ReasonSettings(_Cited):
    """A reason to choose from."""

    makes = Reason
    key = _word(required=True)
    label = _label()


class CategorySettings(_Cited):
    """A kind of complaint; no hours (0 or null) and a `completion` of null mean no clock."""

    makes = Category
    code = _word(required=True)
    group = _word(required=True)
    name = _label()
    departments = _words(required=True)
    external = _words(load_default=list)
    first_line = fields.Enum(FirstLine, by_value=True, required=True)
    response_hours = fields.Integer(strict=True, required=True, allow_none=True, validate=validate.Range(0, LONGEST))
    completion = fields.Nested(SpanSettings, required=True, allow_none=True)
    photo_required = fields.Boolean(required=True)
    location_required = fields.Boolean(required=True)
    visibility = fields.Enum(VisibilityMode, by_value=True, required=True)
    subject = fields.Enum(Subject, by_value=True, required=True)
    confidentiality = fields.Enum(Confidentiality, by_value=True, required=True)
    custodian = _word()
    emergency = fields.Boolean(load_default=False)
    without_account = fields.Boolean(load_default=False)
    active = fields.Boolean(load_default=True)

    @validates_schema
    def secret_enough(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a sealed category without custodian, and a choice of visibility that its confidentiality forbids."""
        sealed = data["confidentiality"] is Confidentiality.SEALED
        if sealed is not ("custodian" in data):
            raise ValidationError(f"complaints.custodian_{'missing' if sealed else 'not_sealed'}", "custodian")
        fit = {
            Confidentiality.OPEN: set(VisibilityMode),
            Confidentiality.PRIVATE: {VisibilityMode.PRIVATE, VisibilityMode.ALWAYS_PRIVATE},
            Confidentiality.SEALED: {VisibilityMode.ALWAYS_PRIVATE},
        }
        if data["visibility"] not in fit[data["confidentiality"]]:
            raise ValidationError("complaints.visibility_not_confidential", "visibility")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Make the category, its response time as a span."""
        hours = data.pop("response_hours")
        return super().make(data | {"response": Span(hours, Unit.HOURS) if hours else None})


class _When(Schema):
    categories, areas = _words(), _words()

    @validates_schema
    def some(self, data: dict[str, list[str]], **_: Any) -> None:
        """Refuse a rule that would hold for everything and hide those below it."""
        if not any(data.values()):
            raise ValidationError("complaints.rule_without_condition")


class RuleSettings(_Cited):
    """A rule of routing."""

    makes = Rule
    key = _word(required=True)
    when = fields.Nested(_When, required=True)
    department_type = _word(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Make the rule."""
        return super().make(data | {name: frozenset(words) for name, words in data.pop("when").items()})


class StateSettings(_Cited):
    """A state of the workflow."""

    makes = State
    key = _word(required=True)
    label = _label()
    final = fields.Boolean(load_default=False)
    clock = fields.Enum(Clock, by_value=True, load_default=Clock.NONE)
    timer = fields.Nested(SpanSettings, allow_none=True)
    at_end = _word(allow_none=True)


class MoveSettings(_Cited):
    """A move of the workflow."""

    makes = Move
    key = _word(required=True)
    label = _label()
    sources = _Sources(data_key="from", required=True)
    by = _words(*sorted(MOVERS), required=True)
    needs, optional = (_words(*Need, load_default=list) for _ in range(2))
    to = _word(required=True)
    times = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 100))
    within = fields.Nested(SpanSettings, allow_none=True)


class WorkflowSettings(_Part):
    """States and moves, refused unless the checker finds nothing."""

    makes = Workflow
    initial = _word(required=True)
    states = fields.List(fields.Nested(StateSettings), required=True)
    moves = fields.List(fields.Nested(MoveSettings), required=True)

    @validates_schema
    def holds(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a table in which a case could be lost, naming each fault where it is."""
        messages: dict[str, Any] = {}
        for fault in check_workflow(Workflow(**data)):
            kind, _dot, key = fault.place.partition(".")
            message = f"complaints.workflow_{fault.code}|word={fault.word}"
            if key:
                index = [item.key for item in data[kind]].index(key)
                messages.setdefault(kind, {}).setdefault(index, []).append(message)
            else:
                messages.setdefault(kind, []).append(message)
        if messages:
            raise ValidationError(messages)


def _number_format(template: str) -> None:
    faults = [f"{code}|word={word}" for code, word in faults_of_format(template)]
    if faults:
        raise ValidationError(faults)


class _Number(Schema):
    prefix = fields.String(required=True, validate=_whole(PREFIX.pattern))
    format = fields.String(
        load_default=USUAL.template, validate=_number_format, metadata={"examples": ["{prefix}-{year}-{serial}-{check}"]}
    )


class ComplaintsSettings(_Part):
    """The whole of `complaints.yaml`; loads as `Settings`."""

    number = fields.Nested(_Number, required=True)
    groups = fields.List(_Inherited(GroupSettings), required=True)
    categories = fields.List(_Inherited(CategorySettings), required=True, validate=validate.Length(min=1))
    rules = fields.List(_Inherited(RuleSettings), load_default=list)
    workflow = _Inherited(WorkflowSettings, required=True)
    reasons = fields.List(_Inherited(ReasonSettings), load_default=list)

    @validates_schema
    def fits_together(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse doubled keys, and names of groups and categories that are not there."""
        messages: dict[str, Any] = {}
        for kind in ("groups", "categories", "rules", "reasons"):
            for index, field, code in _clashes(kind, data):
                messages.setdefault(kind, {}).setdefault(index, {}).setdefault(field, []).append(code)
        if not data["reasons"] and any(Need.REASON in move.takes for move in data["workflow"].moves):
            messages["reasons"] = ["complaints.no_reasons"]
        if messages:
            raise ValidationError(messages)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Settings:
        """Make the settings."""
        return Settings(
            number_prefix=data["number"]["prefix"],
            number_format=NumberFormat(data["number"]["format"]),
            groups={group.key: group for group in data["groups"]},
            categories={category.code: category for category in data["categories"]},
            rules=tuple(data["rules"]),
            workflow=data["workflow"],
            reasons={reason.key: reason for reason in data["reasons"]},
        )


def _clashes(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Yield index, field and message of what does not fit the other items."""
    groups, codes = {group.key for group in data["groups"]}, {category.code for category in data["categories"]}
    seen: set[str] = set()
    for index, item in enumerate(data[kind]):
        name, key = ("code", item.code) if kind == "categories" else ("key", item.key)
        if key in seen:
            yield index, name, f"complaints.doubled|word={key}"
        seen.add(key)
        if kind == "categories" and item.group not in groups:
            yield index, "group", f"complaints.unknown_group|word={item.group}"
        for code in sorted(item.categories - codes) if kind == "rules" else ():
            yield index, "when", f"complaints.unknown_category|word={code}"


def parse_settings(mapping: Mapping[str, Any]) -> Settings:
    """Return the settings; raise ValidationError with messages by dotted place, as `categories.JLN-01.group`."""
    try:
        settings: Settings = ComplaintsSettings().load(mapping)
    except ValidationError as error:
        messages: dict[str, Any] = {}
        for place, message in _dotted(error.messages, mapping, ()):
            messages.setdefault(place, []).append(message)
        raise ValidationError(messages) from None
    return settings


def _dotted(messages: Any, said: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield place and message; an item of a list is named by its key or code where it has one."""
    if not isinstance(messages, dict):
        yield from ((".".join(path), message) for message in messages)
        return
    for step, inner in messages.items():
        item = said[step] if isinstance(step, int) else said.get(step) if isinstance(said, Mapping) else None
        known = item.get("key", item.get("code")) if isinstance(step, int) and isinstance(item, Mapping) else None
        yield from _dotted(inner, item, path if step in {"_schema", "value"} else (*path, str(known or step)))


def work_calendar(timezone: str, calendar: Mapping[str, Any]) -> WorkCalendar:
    """Return a region's calendar as its pack writes it: `working_hours` by weekday, `national` and `holidays`.

    Raises ValueError where nobody ever works.
    """
    hours: Iterable[tuple[int, Any]] = ((n, calendar["working_hours"].get(day)) for n, day in enumerate(WEEKDAYS))
    return WorkCalendar(
        zone=ZoneInfo(timezone),
        closes={weekday: time.fromisoformat(span["end"]) for weekday, span in hours if span},
        holidays=read_holidays(calendar),
    )
