"""The room's blueprint, filled by the modules beside it."""

from backend.sdk.web import RoomBlueprint

blueprint = RoomBlueprint("complaints", doc="Reports of problems, from submission to confirmation")
