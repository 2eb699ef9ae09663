"""What a template may say, and how: the closed set of variables, instants as people read them, subjects of one line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

# The person's own words and names are not among them: a message passes through other people's machines.
VARIABLES = frozenset({"number", "category", "status", "region", "department", "app_name", "due", "code", "minutes"})
CHANNELS = ("push", "email", "sms")
UNSAID = "-"

_PLACE = re.compile(r"\{([a-z_]+)\}")
_MONTHS = (
    ("Januari", "January"),
    ("Februari", "February"),
    ("Maret", "March"),
    ("April", "April"),
    ("Mei", "May"),
    ("Juni", "June"),
    ("Juli", "July"),
    ("Agustus", "August"),
    ("September", "September"),
    ("Oktober", "October"),
    ("November", "November"),
    ("Desember", "December"),
)
_DATED_IN = ("id", "en")  # as the months above


@dataclass(frozen=True, kw_only=True)
class Template:
    """How a region says one thing: title and body by language. `source` is the file and line that said it last."""

    key: str
    title: Mapping[str, str]
    body: Mapping[str, str]
    source: str


@dataclass(frozen=True, kw_only=True)
class NotificationSettings:
    """The room in one region: templates by key, and by audience the channels beside the inbox."""

    templates: Mapping[str, Template]
    channels: Mapping[str, tuple[str, ...]]


def unknown_variables(text: str) -> Iterator[str]:
    """Yield the variables in `text` that no notice can fill; `{0.__class__}` and the like are no variables but text."""
    yield from (name for name in _PLACE.findall(text) if name not in VARIABLES)


def one_line(text: str) -> str:
    """Return `text` without line breaks of any kind, so that a subject ends no mail header."""
    return " ".join(text.split())


def say_instant(text: str, zone: ZoneInfo, *locales: str) -> str:
    """Return an instant (RFC 3339) as people of the zone read it, in the first of `locales` whose months are known here.

    In none of them it is said in figures. What is no instant stays as it is.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None:
        return text
    at = at.astimezone(zone)
    known = next((locale for locale in locales if locale in _DATED_IN), None)
    if known is None:
        return f"{at:%Y-%m-%d, %H:%M %Z}"
    month = _MONTHS[at.month - 1][_DATED_IN.index(known)]
    return f"{at.day} {month} {at:%Y, %H.%M %Z}" if known == "id" else f"{at.day} {month} {at:%Y, %H:%M %Z}"


def words_for(channel: str, title: str, body: str) -> tuple[str | None, str]:
    """Return subject and text of a message; an SMS has no subject."""
    return (None, f"{title}\n{body}") if channel == "sms" else (title, body)
