"""What the room `complaints` declares."""

from datetime import timedelta
from pathlib import Path

from backend.sdk.checks import RECONCILED
from backend.sdk.module import Permission, Schedule, ServiceModule, Subscription
from backend.sdk.packs import PACKED, PackRules
from services.complaints import handlers
from services.complaints.config import ComplaintsSettings
from services.complaints.events import MOVED, ROUTED, SUBMITTED
from services.complaints.models import (
    Complaint,
    ComplaintFile,
    ComplaintMove,
    ComplaintRouting,
    ComplaintSupport,
    FormerWord,
)
from services.complaints.operations.binding import check_bindings
from services.complaints.operations.following import follow
from services.complaints.operations.personal import erase_personal_data, export_personal_data
from services.complaints.operations.sweeping import route_what_nobody_holds, sweep_timers
from services.complaints.queries.foreseeing import foresee
from services.complaints.queries.reconciling import CHECKS
from services.complaints.queries.rulebooks import check
from services.complaints.routes import blueprint, citizens, finding, staff

_WORKERS = frozenset({"field_officer", "department_officer", "department_head", "triage", "validator"})
_ROUTES = (citizens, finding, staff)  # imported for what they add to the blueprint

module = ServiceModule(
    name="complaints",
    version="1.0",
    title={"id": "Lapor", "en": "Reports"},
    tile={"icon": "megaphone", "path": "complaints"},
    blueprints=[blueprint],
    config_schema=ComplaintsSettings,
    permissions=[
        Permission(name="complaints.submit", roles=frozenset({"citizen"}), doc="Submit and rate one's own reports"),
        Permission(name="complaints.support", roles=frozenset({"citizen"}), doc="Support others' reports"),
        Permission(
            name="complaints.move",
            roles=_WORKERS | {"citizen"},
            doc="Make moves; which, on which case, is the region's workflow",
        ),
        Permission(name="complaints.work", roles=_WORKERS, doc="Have an inbox and write internal notes"),
        Permission(
            name="complaints.see_routing",
            roles=_WORKERS | {"auditor", "regional_admin"},
            doc="See why a complaint went where it went",
        ),
    ],
    models=[Complaint, ComplaintMove, ComplaintFile, ComplaintSupport, ComplaintRouting, FormerWord],
    publishes=[SUBMITTED, ROUTED, MOVED],
    subscribes=[
        Subscription(subscriber="complaints.route", event=SUBMITTED.name, handler=handlers.route, lane="urgent"),
    ],
    schedules=[
        Schedule(name="complaints.sweep", every=timedelta(minutes=5), run=sweep_timers),
        Schedule(name="complaints.route_again", every=timedelta(minutes=5), run=route_what_nobody_holds),
    ],
    contributes={RECONCILED: CHECKS, PACKED: [PackRules(check=check, foresee=foresee, follow=follow)]},
    on_settings=check_bindings,
    export_personal_data=export_personal_data,
    erase_personal_data=erase_personal_data,
    locale=Path(__file__).parent / "locale",
)
