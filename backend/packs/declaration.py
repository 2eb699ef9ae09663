"""What packs declare."""

from datetime import timedelta

from backend.modules.contract import Permission, Schedule, ServiceModule
from backend.packs.models import PackFile, PackPlan, PackVersion
from backend.packs.plans import forget_old_plans
from backend.packs.routes import CONFIGURE, modules, packs, tables

module = ServiceModule(
    name="packs",
    version="1.0",
    title={"id": "Paket wilayah", "en": "Region packs"},
    blueprints=[modules.blueprint, packs.blueprint, tables.blueprint],
    permissions=[
        Permission(
            name=CONFIGURE,
            roles=frozenset({"regional_admin", "platform_admin"}),
            doc="Plan, apply and roll back a region's pack, switch its modules on and off and change their settings",
        )
    ],
    models=[PackFile, PackVersion, PackPlan],
    schedules=[Schedule(name="packs.forget_old_plans", every=timedelta(hours=6), run=forget_old_plans)],
    # Only staff change packs, and what staff did is the office's record: of a citizen there is nothing here.
    export_personal_data=lambda _ctx, _account_id: {},
    erase_personal_data=lambda _ctx, _account_id: {},
    always_on=True,
)
