"""What this room declares."""

from pathlib import Path

from backend.sdk.checks import RECONCILED
from backend.sdk.module import NOTICE_REQUESTED, WORDED, Permission, RegionTexts, ServiceModule, Subscription
from backend.sdk.packs import PACKED, PackRules
from services.notifications.config import NotificationsSettings, check
from services.notifications.events import QUEUED
from services.notifications.handlers import Send, take
from services.notifications.models import Dispatch, Notification
from services.notifications.operations import ROOM, erase_inbox, export_inbox, say
from services.notifications.queries import CHECKS
from services.notifications.routes import READ, blueprint

PERSONS = frozenset(
    {
        "citizen",
        "field_officer",
        "department_officer",
        "department_head",
        "triage",
        "validator",
        "regional_admin",
        "leader",
        "auditor",
        "platform_admin",
    }
)

module = ServiceModule(
    name=ROOM,
    version="1.0",
    title={"id": "Notifikasi", "en": "Notifications"},
    blueprints=[blueprint],
    config_schema=NotificationsSettings,
    permissions=[Permission(name=READ, roles=PERSONS, doc="Read one's own notifications and mark them read")],
    tile={"icon": "bell"},
    models=[Notification, Dispatch],
    publishes=[QUEUED],
    contributes={RECONCILED: CHECKS, PACKED: [PackRules(check=check)], WORDED: [RegionTexts(say=say)]},
    subscribes=[
        Subscription(
            subscriber="notifications.take",
            event=NOTICE_REQUESTED.name,
            version=NOTICE_REQUESTED.version,
            handler=take,
        ),
        Subscription(subscriber="notifications.send", event=QUEUED.name, version=QUEUED.version, handler=Send()),
    ],
    locale=Path(__file__).parent / "locale",
    export_personal_data=export_inbox,
    erase_personal_data=erase_inbox,
)
