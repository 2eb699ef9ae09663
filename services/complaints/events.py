"""What this room tells the others. Payloads hold ids, keys and scalars; a sealed case tells nothing but that it moved."""

from backend.sdk.data import EventType

SUBMITTED = EventType(
    name="complaints.submitted",
    fields=("number", "category", "area", "sealed"),
    doc="A complaint was accepted; the subject is its id. `area` is the lowest area's code or null;"
    " of a sealed case category and area are null.",
)
ROUTED = EventType(
    name="complaints.routed",
    fields=("number", "department", "sealed"),
    doc="Routing has decided; `department` is the department's key, null where triage decides, and null for a sealed case.",
)
MOVED = EventType(
    name="complaints.moved",
    fields=("number", "move", "from_state", "to_state", "role", "department", "sealed"),
    doc="A move was made on a complaint, by the role named; `department` is the one in charge after it, null for a sealed case.",
)
RECOUNTING = EventType(
    name="complaints.recounting",
    doc="The comparison of the figures with the history goes on with its next step; the subject is the region",
)
