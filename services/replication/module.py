"""The room as the house sees it: declarations only."""

from pathlib import Path

from backend.sdk.checks import RECONCILED
from backend.sdk.module import Permission, ServiceModule
from backend.sdk.pages import LISTED, Entry
from services.replication import routes
from services.replication.config import ReplicationSettings
from services.replication.domain import KEEPERS
from services.replication.models import Agreement
from services.replication.pages import keeping, register
from services.replication.queries import CHECKS, ROOM

_ENTRIES = [
    Entry(
        text="replication.page_title",
        path="/replication",
        shelf="public",
        module=ROOM,
        order=80,
        when=register.is_shown,
        about="replication.page_about",
    ),
    Entry(
        text="replication.page_keep",
        path="/replication/agreements",
        shelf="settings",
        module=ROOM,
        permission=routes.KEEP,
        order=60,
        about="replication.page_keep_about",
    ),
]

module = ServiceModule(
    name=ROOM,
    version="1.0",
    title={"id": "Replikasi", "en": "Replication"},
    blueprints=[routes.blueprint, register.blueprint, keeping.blueprint],
    config_schema=ReplicationSettings,
    permissions=[Permission(name=routes.KEEP, roles=KEEPERS, doc="Record, replace and retire agreements between regions")],
    models=[Agreement],
    contributes={RECONCILED: CHECKS, LISTED: _ENTRIES},
    locale=Path(__file__).parent / "locale",
)
