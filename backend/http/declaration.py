"""What the regions themselves declare: the platform's tables, and what the clock does for the ground."""

from datetime import timedelta

from backend.data.audit import AuditEntry, AuditPending, AuditSeal
from backend.data.deliveries import ScheduleSlot, forget_done
from backend.data.events import Delivery, EventRow
from backend.data.notices import NOTICE_REQUESTED
from backend.data.personal import untell
from backend.data.serials import SerialRow
from backend.http.idempotency import CHECKS, IdempotencyKey, export_person, forget_old_keys, forget_person
from backend.http.indicated import ALARMS, OF_THE_GROUND
from backend.http.regions_api import blueprint
from backend.modules.contract import RECONCILED, Schedule, ServiceModule
from backend.modules.indicators import ALARMED, INDICATED
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow

module = ServiceModule(
    name="regions",
    version="1.0",
    title={"id": "Wilayah", "en": "Regions"},
    blueprints=[blueprint],
    publishes=[NOTICE_REQUESTED],
    contributes={RECONCILED: CHECKS, INDICATED: [OF_THE_GROUND], ALARMED: [ALARMS]},
    schedules=[
        Schedule(name="regions.forget_old_keys", every=timedelta(hours=1), run=forget_old_keys),
        Schedule(name="regions.forget_done", every=timedelta(hours=6), run=forget_done),
    ],
    export_personal_data=export_person,
    erase_personal_data=lambda ctx, account_id: {**untell(ctx, account_id), **forget_person(ctx, account_id)},
    models=[
        RegionRow,
        AreaRow,
        RegionModuleRow,
        EventRow,
        Delivery,
        AuditEntry,
        AuditSeal,
        AuditPending,
        IdempotencyKey,
        ScheduleSlot,
        SerialRow,
    ],
    always_on=True,
)
