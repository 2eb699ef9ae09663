"""The room as the house sees it: declarations only."""

from pathlib import Path

from backend.sdk.module import Permission, ServiceModule
from backend.sdk.packs import PACKED, PackRules
from backend.sdk.pages import LISTED, Entry
from services.service_info.config import ServiceInfoSettings
from services.service_info.domain import EDITORS
from services.service_info.models import Article, Contact, Place, Service
from services.service_info.operations import seed_items
from services.service_info.pages import editing, reading
from services.service_info.queries import find_edited_settings
from services.service_info.routes import EDIT, blueprint

_ENTRIES = [
    Entry(
        text="service_info.page_title",
        path="/service-info",
        shelf="public",
        module="service_info",
        order=20,
        about="service_info.page_about",
    ),
    Entry(
        text="service_info.page_edit_title",
        path="/service-info/edit/services",
        shelf="settings",
        module="service_info",
        permission=EDIT,
        order=30,
        about="service_info.page_edit_about_entry",
    ),
]

module = ServiceModule(
    name="service_info",
    version="1.0",
    title={"id": "Informasi Layanan", "en": "Service information"},
    blueprints=[blueprint, reading.blueprint, editing.blueprint],
    config_schema=ServiceInfoSettings,
    permissions=[Permission(name=EDIT, roles=EDITORS, doc="Add, replace and take away services, places, contacts and articles")],
    tile={"icon": "info"},
    models=[Service, Contact, Place, Article],
    locale=Path(__file__).parent / "locale",
    contributes={PACKED: [PackRules(restate=find_edited_settings)], LISTED: _ENTRIES},
    on_settings=seed_items,
)
