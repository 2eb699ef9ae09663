"""The room as the house sees it: declarations only."""

from pathlib import Path

from backend.sdk.module import Permission, ServiceModule
from backend.sdk.packs import PACKED, PackRules
from services.service_info.config import ServiceInfoSettings
from services.service_info.domain import EDITORS
from services.service_info.models import Article, Contact, Place, Service
from services.service_info.operations import seed_items
from services.service_info.queries import find_edited_settings
from services.service_info.routes import EDIT, blueprint

module = ServiceModule(
    name="service_info",
    version="1.0",
    title={"id": "Informasi Layanan", "en": "Service information"},
    blueprints=[blueprint],
    config_schema=ServiceInfoSettings,
    permissions=[Permission(name=EDIT, roles=EDITORS, doc="Add, replace and take away services, places, contacts and articles")],
    tile={"icon": "info"},
    models=[Service, Contact, Place, Article],
    locale=Path(__file__).parent / "locale",
    contributes={PACKED: [PackRules(restate=find_edited_settings)]},
    on_settings=seed_items,
)
