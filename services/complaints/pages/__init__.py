"""The room's blueprint of pages, filled by the modules beside it: what staff work in, and what everybody may follow."""

from pathlib import Path

from backend.sdk.pages import PageBlueprint

blueprint = PageBlueprint("complaints", templates=Path(__file__).parent.parent / "templates")
