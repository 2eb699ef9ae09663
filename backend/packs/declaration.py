"""What packs declare."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from backend.modules.contract import Permission, Schedule, ServiceModule
from backend.packs.models import PackFile, PackPlan, PackVersion
from backend.packs.pages import overview, parts, whole
from backend.packs.pages import tables as table_pages
from backend.packs.plans import forget_old_plans
from backend.packs.routes import CONFIGURE, modules, packs, tables
from backend.pages.navigation import LISTED, Entry

_ENTRY: dict[str, Any] = {"shelf": "settings", "module": "packs", "permission": CONFIGURE}

module = ServiceModule(
    name="packs",
    version="1.0",
    title={"id": "Paket wilayah", "en": "Region packs"},
    blueprints=[
        *(modules.blueprint, packs.blueprint, tables.blueprint),
        *(overview.blueprint, parts.blueprint, table_pages.blueprint, whole.blueprint),
    ],
    permissions=[
        Permission(
            name=CONFIGURE,
            roles=frozenset({"regional_admin", "platform_admin"}),
            doc="Plan, apply and roll back a region's pack, switch its modules on and off and change their settings",
        )
    ],
    models=[PackFile, PackVersion, PackPlan],
    schedules=[Schedule(name="packs.forget_old_plans", every=timedelta(hours=6), run=forget_old_plans)],
    contributes={
        LISTED: [
            Entry(text="settings.overview", about="settings.overview_about", path="/settings", order=10, **_ENTRY),
            Entry(text="settings.tables", about="settings.tables_about", path="/settings/tables", order=11, **_ENTRY),
            Entry(text="settings.pack", about="settings.pack_about", path="/settings/pack", order=12, **_ENTRY),
        ]
    },
    locale=Path(__file__).parent / "locale",
    # Only staff change packs, and what staff did is the office's record: of a citizen there is nothing here.
    export_personal_data=lambda _ctx, _account_id: {},
    erase_personal_data=lambda _ctx, _account_id: {},
    always_on=True,
)
