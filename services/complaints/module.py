"""What the room `complaints` declares."""

from datetime import timedelta
from pathlib import Path

from backend.sdk.checks import RECONCILED
from backend.sdk.indicators import ALARMED, INDICATED
from backend.sdk.module import Permission, Schedule, ServiceModule, Subscription
from backend.sdk.packs import PACKED, PackRules
from backend.sdk.pages import LISTED, Entry
from services.complaints import handlers
from services.complaints.config import ComplaintsSettings
from services.complaints.events import MOVED, RECOUNTING, ROUTED, SUBMITTED
from services.complaints.models import (
    Complaint,
    ComplaintFile,
    ComplaintMove,
    ComplaintRouting,
    ComplaintSupport,
    CountedComplaint,
    FormerWord,
    Recount,
    Tally,
)
from services.complaints.operations.binding import check_bindings
from services.complaints.operations.following import follow
from services.complaints.operations.personal import erase_personal_data, export_personal_data
from services.complaints.operations.recounting import FIGURE_CHECKS, keep_figures
from services.complaints.operations.sweeping import route_what_nobody_holds, sweep_timers
from services.complaints.pages import blueprint as pages_blueprint
from services.complaints.pages import case, inbox, public
from services.complaints.queries.figures import TALLIERS
from services.complaints.queries.foreseeing import foresee
from services.complaints.queries.indicators import ALARMS, INDICATORS
from services.complaints.queries.reconciling import CHECKS
from services.complaints.queries.rulebooks import check
from services.complaints.routes import blueprint, citizens, finding, staff

_WORKERS = frozenset({"field_officer", "department_officer", "department_head", "triage", "validator"})
_ROUTES = (citizens, finding, staff, case, inbox, public)  # imported for what they add to the blueprints

module = ServiceModule(
    name="complaints",
    version="1.0",
    title={"id": "Lapor", "en": "Reports"},
    tile={"icon": "megaphone", "path": "complaints"},
    blueprints=[blueprint, pages_blueprint],
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
    models=[
        Complaint,
        ComplaintMove,
        ComplaintFile,
        ComplaintSupport,
        ComplaintRouting,
        FormerWord,
        CountedComplaint,
        Tally,
        Recount,
    ],
    publishes=[SUBMITTED, ROUTED, MOVED, RECOUNTING],
    subscribes=[
        Subscription(subscriber="complaints.route", event=SUBMITTED.name, handler=handlers.route, lane="urgent"),
        Subscription(subscriber=TALLIERS[0], event=SUBMITTED.name, handler=handlers.tally, together=True),
        Subscription(subscriber=TALLIERS[1], event=MOVED.name, handler=handlers.tally, together=True),
        Subscription(subscriber="complaints.recount", event=RECOUNTING.name, handler=handlers.recount, lane="bulk"),
    ],
    schedules=[
        Schedule(name="complaints.sweep", every=timedelta(minutes=5), run=sweep_timers),
        Schedule(name="complaints.route_again", every=timedelta(minutes=5), run=route_what_nobody_holds),
        Schedule(name="complaints.figures", every=timedelta(hours=1), run=keep_figures),
    ],
    contributes={
        RECONCILED: [*CHECKS, *FIGURE_CHECKS],
        PACKED: [PackRules(check=check, foresee=foresee, follow=follow)],
        INDICATED: [INDICATORS],
        ALARMED: [ALARMS],
        LISTED: [
            Entry(
                text="complaints.work_inbox",
                about="complaints.work_inbox_about",
                path=inbox.INBOX,
                shelf="work",
                module="complaints",
                permission="complaints.work",
                order=10,
            ),
            Entry(
                text="complaints.page_track",
                about="complaints.page_track_about",
                path="/complaints/track",
                shelf="public",
                module="complaints",
                order=10,
            ),
            Entry(
                text="complaints.page_open",
                about="complaints.page_open_about",
                path="/complaints",
                shelf="public",
                module="complaints",
                order=11,
            ),
        ],
    },
    on_settings=check_bindings,
    export_personal_data=export_personal_data,
    erase_personal_data=erase_personal_data,
    locale=Path(__file__).parent / "locale",
)
