"""What accounts declare."""

from datetime import timedelta
from pathlib import Path

from backend.accounts.events import CODE_REQUESTED, PASSWORD_NEEDED
from backend.accounts.handlers import CodeSending, PasswordTokenSending, forget_old
from backend.accounts.models import (
    Citizen,
    CitizenSession,
    Erasure,
    LoginFailures,
    Membership,
    OtpRequest,
    StaffAccount,
    StaffSession,
    StaffTotp,
    VaultIdentity,
)
from backend.accounts.operations.personal import erase_personal_data, export_personal_data
from backend.accounts.operations.succession import RULES
from backend.accounts.pages import me as me_pages
from backend.accounts.pages import signing_in as sign_in_pages
from backend.accounts.pages import staff as staff_pages
from backend.accounts.routes import me, own_data, second_factor, signing_in, staff
from backend.accounts.routes.permissions import MANAGE_STAFF, OWN_DATA, SECOND_FACTOR, SELF
from backend.data.channels import DemoMessage
from backend.modules.contract import PACKED, Schedule, ServiceModule, Subscription
from backend.pages.navigation import LISTED, Entry

_ENTRIES = [
    Entry(
        text="accounts.page_staff",
        path="/staff",
        shelf="settings",
        module="accounts",
        permission=MANAGE_STAFF.name,
        order=20,
        about="accounts.page_staff_about",
    ),
    Entry(
        text="accounts.page_me",
        path="/me",
        shelf="work",
        module="accounts",
        permission=SECOND_FACTOR.name,
        order=90,
        about="accounts.page_me_about",
    ),
]

module = ServiceModule(
    name="accounts",
    version="1.0",
    title={"id": "Akun", "en": "Accounts"},
    blueprints=[
        *(signing_in.blueprint, me.blueprint, second_factor.blueprint),
        *(own_data.blueprint, own_data.receipts, staff.blueprint),
        *(sign_in_pages.blueprint, me_pages.blueprint, staff_pages.blueprint),
    ],
    permissions=[SELF, OWN_DATA, SECOND_FACTOR, MANAGE_STAFF],
    models=[
        *(Citizen, VaultIdentity, StaffAccount, StaffTotp, LoginFailures, Membership),
        *(CitizenSession, StaffSession, OtpRequest, Erasure, DemoMessage),
    ],
    publishes=[CODE_REQUESTED, PASSWORD_NEEDED],
    subscribes=[
        Subscription(
            subscriber="accounts.send_code", event=CODE_REQUESTED.name, handler=CodeSending(), lane="urgent", max_attempts=4
        ),
        Subscription(subscriber="accounts.send_password_token", event=PASSWORD_NEEDED.name, handler=PasswordTokenSending()),
    ],
    schedules=[Schedule(name="accounts.forget_old", every=timedelta(hours=1), run=forget_old)],
    contributes={PACKED: [RULES], LISTED: _ENTRIES},
    locale=Path(__file__).parent / "locale",
    export_personal_data=export_personal_data,
    erase_personal_data=erase_personal_data,
    always_on=True,
)
