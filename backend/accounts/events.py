"""What accounts tell others, and the tasks they leave for after the commit."""

from backend.data.events import EventType

CODE_REQUESTED = EventType(
    name="auth.code_requested",
    fields=("locale",),
    doc="Somebody asked for a one-time code; the subject is the request. The code is made when it is sent.",
)
PASSWORD_NEEDED = EventType(
    name="accounts.password_needed",
    fields=("reason",),
    doc="A staff account (the subject) is to be sent a link to choose a password: `invited` or `reset`.",
)
