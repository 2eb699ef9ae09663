"""The ground's noun `files` as a module."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from backend.data.context import Context
from backend.data.events import Event
from backend.files.models import FileEvidence, FileRow
from backend.files.operations import UPLOADED, finish_picture, purge_loose_files
from backend.files.personal import erase_personal_data, export_personal_data
from backend.files.routes import UPLOAD, blueprint
from backend.modules.contract import Permission, Schedule, ServiceModule, Subscription


def _finish(ctx: Context, event: Event) -> None:
    finish_picture(ctx, UUID(str(event.subject)))


module = ServiceModule(
    name="files",
    version="1.0",
    title={"id": "Berkas", "en": "Files"},
    blueprints=[blueprint],
    permissions=[
        Permission(
            name=UPLOAD,
            roles=frozenset(
                {"citizen", "field_officer", "department_officer", "department_head", "triage", "validator", "regional_admin"}
            ),
            doc="Upload a picture",
        )
    ],
    models=[FileRow, FileEvidence],
    publishes=[UPLOADED],
    subscribes=[Subscription(subscriber="files.finish", event=UPLOADED.name, handler=_finish, lane="bulk")],
    schedules=[Schedule(name="files.purge", every=timedelta(hours=1), run=purge_loose_files)],
    personal_data=True,
    export_personal_data=export_personal_data,
    erase_personal_data=erase_personal_data,
    locale=Path(__file__).parent / "locale",
    always_on=True,
)
