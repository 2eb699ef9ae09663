"""The room as the house sees it: declarations only."""

from pathlib import Path

from backend.sdk.module import Permission, ServiceModule
from backend.sdk.pages import LISTED
from services.command_centre import pages, routes
from services.command_centre.config import CommandCentreSettings
from services.command_centre.domain import READ, WATCHERS
from services.command_centre.queries import ROOM

module = ServiceModule(
    name=ROOM,
    version="1.0",
    title={"id": "Pusat Komando", "en": "Command centre"},
    blueprints=[routes.blueprint, pages.blueprint],
    config_schema=CommandCentreSettings,
    permissions=[Permission(name=READ, roles=WATCHERS, doc="See the region's figures and alarms")],
    contributes={LISTED: [pages.ENTRY]},
    locale=Path(__file__).parent / "locale",
)
