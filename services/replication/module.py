"""The room as the house sees it: declarations only."""

from pathlib import Path

from backend.sdk.checks import RECONCILED
from backend.sdk.module import Permission, ServiceModule
from services.replication import pages, routes
from services.replication.config import ReplicationSettings
from services.replication.domain import KEEPERS
from services.replication.models import Agreement
from services.replication.queries import CHECKS, ROOM

module = ServiceModule(
    name=ROOM,
    version="1.0",
    title={"id": "Replikasi", "en": "Replication"},
    blueprints=[routes.blueprint, pages.blueprint],
    config_schema=ReplicationSettings,
    permissions=[Permission(name=routes.KEEP, roles=KEEPERS, doc="Record, replace and retire agreements between regions")],
    models=[Agreement],
    contributes={RECONCILED: CHECKS},
    locale=Path(__file__).parent / "locale",
)
