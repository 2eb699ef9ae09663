"""What accounts declare."""

from datetime import timedelta
from pathlib import Path

from backend.accounts.events import CODE_REQUESTED, PASSWORD_NEEDED
from backend.accounts.handlers import CodeSending, PasswordTokenSending, forget_old
from backend.accounts.models import (
    Citizen,
    CitizenSession,
    LoginFailures,
    Membership,
    OtpRequest,
    StaffAccount,
    StaffSession,
    VaultIdentity,
)
from backend.accounts.operations.person import erase_personal_data, export_personal_data
from backend.accounts.routes import me, signing_in, staff
from backend.accounts.routes.permissions import MANAGE_STAFF, SELF
from backend.data.channels import DemoMessage
from backend.modules.contract import Schedule, ServiceModule, Subscription

module = ServiceModule(
    name="accounts",
    version="1.0",
    title={"id": "Akun", "en": "Accounts"},
    blueprints=[signing_in.blueprint, me.blueprint, staff.blueprint],
    permissions=[SELF, MANAGE_STAFF],
    models=[
        *(Citizen, VaultIdentity, StaffAccount, LoginFailures, Membership),
        *(CitizenSession, StaffSession, OtpRequest, DemoMessage),
    ],
    publishes=[CODE_REQUESTED, PASSWORD_NEEDED],
    subscribes=[
        Subscription(
            subscriber="accounts.send_code", event=CODE_REQUESTED.name, handler=CodeSending(), lane="urgent", max_attempts=4
        ),
        Subscription(subscriber="accounts.send_password_token", event=PASSWORD_NEEDED.name, handler=PasswordTokenSending()),
    ],
    schedules=[Schedule(name="accounts.forget_old", every=timedelta(hours=1), run=forget_old)],
    locale=Path(__file__).parent / "locale",
    personal_data=True,
    export_personal_data=export_personal_data,
    erase_personal_data=erase_personal_data,
    always_on=True,
)
