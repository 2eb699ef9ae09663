"""What a region's pack sets in this room (`notifications.yaml`): its templates, and its channels by audience.

Own messages are codes `notifications.<reason>|name=value`, as the house tells faults in every language.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from backend.sdk.module import LOGIN_CODE, Schema
from backend.sdk.packs import PackFinding, Side
from services.notifications.domain import CHANNELS, NotificationSettings, Template, unknown_variables


def _can_be_filled(text: str) -> None:
    unknown = sorted(set(unknown_variables(text)))
    if unknown:
        raise ValidationError(f"notifications.unknown_variable|names={', '.join(unknown)}")


def _texts(longest: int) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^[a-z]{2,3}$(?!\n)")),
        values=fields.String(validate=[validate.Length(1, longest), _can_be_filled]),
        required=True,
        validate=validate.Length(min=1),
        metadata={"x-label": True},
    )


def _channels(*default: str) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(CHANNELS)),
        load_default=lambda: list(default),
        validate=validate.Length(max=len(CHANNELS)),
    )


class TemplateSettings(Schema):
    """One template; texts in every language of the region, and in any other."""

    key = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_.]{0,79}$(?!\n)"))
    title = _texts(200)
    body = _texts(2000)
    source = fields.String(load_default="", validate=validate.Length(max=300))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Template:
        """Make the template."""
        return Template(**data)


class ChannelSettings(Schema):
    """By audience, how a message leaves; the inbox has it in any case."""

    citizen = _channels("push")
    staff = _channels("email")
    department = _channels("email")

    @post_load
    def make(self, data: dict[str, list[str]], **_: Any) -> dict[str, tuple[str, ...]]:
        """Make the channels, each once."""
        return {audience: tuple(dict.fromkeys(channels)) for audience, channels in data.items()}


class NotificationsSettings(Schema):
    """The whole of `notifications.yaml`; loads as `domain.NotificationSettings`."""

    templates = fields.List(fields.Nested(TemplateSettings), load_default=list)
    channels = fields.Nested(ChannelSettings, load_default=lambda: ChannelSettings().load({}))

    @validates_schema
    def each_once(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a key that two templates have."""
        doubled = [key for key, times in Counter(item.key for item in data["templates"]).items() if times > 1]
        if doubled:
            raise ValidationError(f"notifications.doubled|keys={', '.join(doubled)}", "templates")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NotificationSettings:
        """Make the settings."""
        return NotificationSettings(
            templates={template.key: template for template in data["templates"]}, channels=data["channels"]
        )


def check(side: Side) -> Iterator[PackFinding]:
    """Yield the texts that lack a language of the region, and those of a login code that leave the code out."""
    settings: NotificationSettings = side.region.modules["notifications"].config
    for place, template in enumerate(settings.templates.values()):
        for part, texts in (("title", template.title), ("body", template.body)):
            missing = ", ".join(language for language in side.region.languages if not texts.get(language, "").strip())
            if missing:
                yield _fault(("templates", place, part), "notifications.language_missing", languages=missing)
        for language, text in template.body.items() if template.key == LOGIN_CODE else ():
            if "{code}" not in text:
                yield _fault(("templates", place, "body", language), "notifications.code_missing")


def _fault(path: tuple[str | int, ...], code: str, **params: str) -> PackFinding:
    return PackFinding(path=path, code=code, params=params, fault=True)
