"""The ground's noun `files` as a module."""

from datetime import timedelta
from pathlib import Path

from backend.files.handlers import Finishing, Removing
from backend.files.models import FileEvidence, FileRow
from backend.files.operations import REMOVED, UPLOADED, purge_loose_files
from backend.files.personal import erase_personal_data, export_personal_data
from backend.files.reconciling import CHECKS
from backend.files.routes import UPLOAD, blueprint
from backend.modules.contract import RECONCILED, Permission, Schedule, ServiceModule, Subscription

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
    publishes=[UPLOADED, REMOVED],
    subscribes=[
        Subscription(subscriber="files.finish", event=UPLOADED.name, handler=Finishing(), lane="bulk"),
        Subscription(subscriber="files.remove_bytes", event=REMOVED.name, handler=Removing(), max_attempts=30),  # a day
    ],
    schedules=[Schedule(name="files.purge", every=timedelta(hours=1), run=purge_loose_files)],
    contributes={RECONCILED: CHECKS},
    export_personal_data=export_personal_data,
    erase_personal_data=erase_personal_data,
    locale=Path(__file__).parent / "locale",
    always_on=True,
)
