"""The second factor of staff: set up, asked for, used once, counted, lost, and asked for by a region."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pyotp
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update

from backend.accounts.models import LoginFailures, Membership, StaffAccount, StaffTotp
from backend.accounts.queries import staff_email_index
from backend.app import create_app
from backend.cli import balai
from backend.core.crypto import DecryptionError
from backend.core.errors import DomainError
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.migrating import owner_engine
from tests.backend.accounts.conftest import PASSWORD, Town

TOTP = "/v1/me/totp"
HERE = "/v1/regions/banda-aceh/staff"
STEP = 30


@dataclass
class Officer:
    """Somebody with an authenticator app."""

    town: Town
    email: str
    id: UUID
    token: str
    secret: str = ""
    recovery_codes: tuple[str, ...] = ()

    def call(self, method: str, path: str, body: Any = None, **headers: str):
        return self.town.call(method, path, body, token=self.token, **headers)

    def code(self, steps: int = 0) -> str:
        """Return the app's code of so many half minutes from now, with time enough to use it in."""
        if time.time() % STEP > STEP - 4:
            time.sleep(4)
        return pyotp.TOTP(self.secret).at(int(time.time()) + steps * STEP)

    def log_in(self, totp: str | None = None, password: str = PASSWORD):
        return self.town.log_in(self.email, password, **({} if totp is None else {"totp": totp}))

    def enrol(self) -> None:
        answer = self.call("POST", TOTP, {"password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.secret = answer.json["secret"]

    def confirm(self, code: str | None = None):
        return self.call("POST", f"{TOTP}/confirm", {"code": code or self.code()})

    def half_a_minute_later(self) -> None:
        """Forget which code was used last, as if its time were over."""
        with self.town.unit() as ctx:
            ctx.session.execute(update(StaffTotp).where(StaffTotp.staff_id == self.id).values(last_step=0))


def told(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


@pytest.fixture
def officer(town):
    """Somebody who has set nothing up yet."""
    email, staff_id = town.staff("triage")
    return Officer(town, email, staff_id, town.log_in(email).json["access_token"])


@pytest.fixture
def secured(officer):
    """Somebody whose second factor is confirmed, half a minute ago."""
    officer.enrol()
    officer.recovery_codes = tuple(officer.confirm().json["recovery_codes"])
    officer.half_a_minute_later()
    return officer


def test_it_is_asked_for_once_it_is_confirmed_and_not_before(officer):
    answer = officer.call("POST", TOTP, {"password": PASSWORD})
    officer.secret = answer.json["secret"]
    url = urlsplit(answer.json["otpauth_url"])
    assert (url.scheme, url.netloc, unquote(url.path)) == ("otpauth", "totp", f"/Balai:{officer.email}")
    assert parse_qs(url.query) == {"secret": [officer.secret], "issuer": ["Balai"]}
    assert officer.log_in().status_code == 200
    assert officer.call("GET", TOTP).json == {"since": None, "recovery_codes": 0, "required_by": []}
    codes = officer.confirm().json["recovery_codes"]
    assert len(set(codes)) == 10
    shown = officer.call("GET", TOTP).json
    assert (shown["recovery_codes"], bool(shown["since"])) == (10, True)
    assert told(officer.log_in()) == (401, "auth.totp_needed")
    officer.half_a_minute_later()
    signed_in = officer.log_in(officer.code())
    assert officer.town.call("GET", "/v1/me", token=signed_in.json["access_token"]).json["email"] == officer.email


def test_a_wrong_password_is_told_before_any_code_is_looked_at(secured):
    assert told(secured.log_in(secured.code(), password="wrong")) == (401, "auth.login_failed")
    assert told(secured.log_in(password="wrong")) == (401, "auth.login_failed")
    assert secured.log_in(secured.code()).status_code == 200, "the code was used up by a wrong password"


@pytest.mark.parametrize(("language", "word"), [("id", "Masukkan juga kode"), ("en", "Please enter the code")])
def test_it_is_asked_for_in_the_readers_language(secured, language, word):
    body = {"email": secured.email, "password": PASSWORD}
    answer = secured.town.call("POST", "/v1/auth/login", body, Accept_Language=language)
    assert answer.json["detail"].startswith(word)


def test_a_clock_may_be_half_a_minute_off_and_no_more(secured):
    for steps, status in ((-2, 401), (2, 401), (-1, 200), (0, 200), (1, 200)):
        assert secured.log_in(secured.code(steps)).status_code == status, steps


@pytest.mark.parametrize("code", ["000000x", "\uff11" * 6, "12345", "", "0" * 21, "ABCDE-FGHJK", "-", " "])
def test_what_is_no_code_signs_nobody_in(secured, code):
    assert secured.log_in(code).status_code in {401, 422}


def test_a_code_is_good_once_however_many_try_it_at_once(secured):
    code = secured.code()
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: secured.log_in(code), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert {answer.json["code"] for answer in answers if answer.status_code == 401} == {"auth.totp_wrong"}
    assert told(secured.log_in(secured.code(-1))) == (401, "auth.totp_wrong"), "an earlier code after a later one"


def test_the_code_that_confirmed_it_does_not_sign_in(officer):
    officer.enrol()
    code = officer.code()
    officer.confirm(code)
    assert told(officer.log_in(code)) == (401, "auth.totp_wrong")


def test_ten_wrong_codes_lock_as_ten_wrong_passwords_do_and_a_right_password_alone_forgets_none(secured):
    for number in range(10):
        assert told(secured.log_in("000000" if secured.code() != "000000" else "000001")) == (401, "auth.totp_wrong")
        if number < 9:
            assert told(secured.log_in()) == (401, "auth.totp_needed")
    locked = secured.log_in(secured.code())
    assert told(locked) == (429, "auth.login_locked")
    assert int(locked.headers["Retry-After"]) > 800


def environ_of(town, **more):
    settings = town.ground.settings
    return {
        "BALAI_ENV": "test",
        "BALAI_VAR": str(settings.var),
        "DATABASE_URL": settings.database_url,
        "BALAI_SECRET_KEY": base64.urlsafe_b64encode(settings.secret_key).decode(),
        "REDIS_URL": settings.redis_url,
        "BALAI_LOG_LEVEL": "ERROR",
    } | more


def test_wrong_codes_are_counted_with_redis_dead(secured, tmp_path):
    environ = environ_of(secured.town, REDIS_URL=f"unix://{tmp_path}/dead.sock")
    app = create_app(load_settings(environ), connections=2)
    body = {"email": secured.email, "password": PASSWORD, "totp": "ABCDE-FGHJK"}
    tries = [app.test_client().post("/v1/auth/login", json=body).get_json()["code"] for _ in range(11)]
    app.extensions["balai"].ground.engine.dispose()
    assert tries == ["auth.totp_wrong"] * 10 + ["auth.login_locked"]


def test_a_recovery_code_is_good_once_as_people_write_it(secured):
    first, second, *_ = secured.recovery_codes
    assert secured.log_in(first.lower().replace("-", " ")).status_code == 200
    assert told(secured.log_in(first)) == (401, "auth.totp_wrong")
    assert secured.log_in(second.replace("0", "O")).status_code == 200
    assert secured.call("GET", TOTP).json["recovery_codes"] == 8
    assert secured.town.actions(secured.id).count("accounts.recovery_code_used") == 2


def test_new_recovery_codes_end_the_old_ones(secured):
    answer = secured.call("POST", f"{TOTP}/recovery-codes", {"password": PASSWORD, "code": secured.recovery_codes[0]})
    fresh = answer.json["recovery_codes"]
    assert set(fresh).isdisjoint(secured.recovery_codes)
    assert told(secured.log_in(secured.recovery_codes[1])) == (401, "auth.totp_wrong")
    assert secured.log_in(fresh[0]).status_code == 200


def test_it_is_taken_away_by_password_and_code_together(secured):
    for body, refusal in (
        ({"password": "wrong", "code": secured.code()}, "auth.login_failed"),
        ({"password": PASSWORD, "code": "ABCDE-FGHJK"}, "auth.totp_wrong"),
    ):
        assert told(secured.call("POST", f"{TOTP}/disable", body)) == (403, refusal)
    assert secured.call("POST", f"{TOTP}/disable", {"password": PASSWORD, "code": secured.code()}).status_code == 204
    assert secured.log_in().status_code == 200
    again = secured.call("POST", f"{TOTP}/disable", {"password": PASSWORD, "code": secured.code()})
    assert (again.status_code, again.json["errors"][0]["code"]) == (422, "auth.totp_not_set_up")
    assert secured.town.actions(secured.id)[1:] == ["accounts.totp_enabled", "accounts.totp_disabled"]


def test_passwords_guessed_with_a_stolen_token_are_counted_too(secured):
    body = {"password": "wrong", "code": "000000"}
    tries = [secured.call("POST", f"{TOTP}/disable", body).status_code for _ in range(11)]
    assert tries == [403] * 10 + [429]
    with secured.town.unit() as ctx:
        index = staff_email_index(secured.town.ground.keyring, secured.email)
        assert ctx.session.get(LoginFailures, index).failures == 10


def test_setting_it_up_asks_for_the_password_and_the_last_secret_counts(officer):
    assert told(officer.call("POST", TOTP, {"password": "wrong"})) == (403, "auth.login_failed")
    officer.enrol()
    first = officer.code()
    officer.enrol()
    refused = officer.confirm(first)
    assert (refused.status_code, refused.json["errors"]) == (422, [refused.json["errors"][0]])
    assert refused.json["errors"][0]["code"] == "auth.totp_wrong"
    assert officer.confirm().status_code == 200
    assert told(officer.call("POST", TOTP, {"password": PASSWORD})) == (409, "accounts.totp_is_on")
    assert told(officer.confirm()) == (409, "accounts.totp_is_on")


def test_sessions_that_were_opened_without_it_end_but_for_the_one_that_set_it_up(officer):
    other = officer.log_in().json
    officer.enrol()
    officer.confirm()
    assert officer.call("GET", "/v1/me").status_code == 200
    assert officer.town.call("GET", "/v1/me", token=other["access_token"]).status_code == 401
    assert officer.town.call("POST", "/v1/auth/refresh", {"refresh_token": other["refresh_token"]}).status_code == 401


def test_the_secret_is_kept_encrypted_for_its_row_and_recovery_codes_as_hashes(secured, town):
    _, other = town.staff("triage")
    with town.unit() as ctx:
        row = ctx.session.get_one(StaffTotp, secured.id)
        kept = ctx.session.scalar(text("SELECT staff_totp::text FROM staff_totp WHERE staff_id = :id"), {"id": secured.id})
        for word in (secured.secret, *secured.recovery_codes):
            assert word.encode().hex() not in kept
            assert word.replace("-", "").encode().hex() not in kept
        with pytest.raises(DecryptionError):
            town.ground.keyring.decrypt(row.secret_enc, bound_to=f"staff_totp.secret:{other}")
        assert town.ground.keyring.decrypt(row.secret_enc, bound_to=f"staff_totp.secret:{secured.id}") == secured.secret


def test_citizens_have_none(town):
    token = town.citizen()["access_token"]
    assert town.call("GET", TOTP, token=token).status_code == 403
    assert town.call("POST", TOTP, {"password": PASSWORD}, token=token).status_code == 403


def serve_in(town, region, staff_id):
    with town.unit(region) as ctx:
        ctx.session.add(Membership(region_id=ctx.region.id, id=new_id(), staff_id=staff_id, role="validator"))


def test_it_is_in_the_audit_log_of_every_region_that_the_account_serves(officer):
    serve_in(officer.town, "nairobi", officer.id)
    officer.enrol()
    officer.confirm()
    for region in ("banda-aceh", "nairobi"):
        assert officer.town.actions(officer.id, region)[-1] == "accounts.totp_enabled"
        with officer.town.unit(region) as ctx:
            said = "SELECT actor_kind, actor_id FROM audit_entries WHERE action = 'accounts.totp_enabled' AND subject = :id"
            assert ctx.session.execute(text(said), {"id": str(officer.id)}).all() == [("staff", officer.id)]


@pytest.fixture
def required(town):
    """The region asks for it, until the test is over."""

    def ask(how):
        with owner_engine(town.ground.settings.owner_url).begin() as connection:
            change = (
                "UPDATE regions SET identity = identity || CAST(:said AS jsonb), revision = revision + 1 WHERE key = 'banda-aceh'"
            )
            connection.execute(text(change), {"said": f'{{"staff_totp": "{how}"}}'})
        town.house.directory.refresh()

    ask("required")
    yield
    ask("optional")


def test_where_a_region_asks_for_it_nothing_opens_there_but_setting_it_up(officer, required):
    serve_in(officer.town, "nairobi", officer.id)
    assert told(officer.call("GET", HERE)) == (403, "auth.totp_required")
    assert told(officer.call("GET", "/v1/regions/banda-aceh/areas")) == (403, "auth.totp_required")
    assert officer.call("GET", "/v1/me").status_code == 200
    assert officer.call("GET", TOTP).json["required_by"] == ["banda-aceh"]
    officer.enrol()
    assert officer.confirm().status_code == 200
    assert officer.call("GET", "/v1/regions/banda-aceh/areas").status_code == 200


def test_where_a_region_asks_for_it_platform_admins_need_it_and_citizens_and_strangers_do_not(town, required):
    admin = town.staff_token("platform_admin")
    assert told(town.call("GET", HERE, token=admin)) == (403, "auth.totp_required")
    stranger = town.staff_token("triage", region="nairobi")
    assert town.call("GET", "/v1/regions/banda-aceh/areas", token=stranger).status_code == 200
    assert town.call("GET", "/v1/regions/banda-aceh/areas", token=town.citizen()["access_token"]).status_code == 200


def test_an_admin_takes_it_away_from_somebody_who_lost_it(secured, town):
    admin = town.staff_token("regional_admin")
    assert town.call("DELETE", f"{HERE}/{secured.id}/totp", token=admin).status_code == 204
    assert told(secured.call("GET", "/v1/me")) == (401, "auth.session_ended")
    assert secured.log_in().status_code == 200
    assert town.actions(secured.id)[-1] == "accounts.totp_reset"
    with town.unit() as ctx:
        assert ctx.session.scalar(select(StaffAccount.totp_since).where(StaffAccount.id == secured.id)) is None
        assert ctx.session.get(StaffTotp, secured.id) is None


def test_an_admin_does_not_reach_who_serves_elsewhere_nor_oneself_but_a_platform_admin_does(secured, town):
    email, admin_id = town.staff("regional_admin")
    admin = town.log_in(email).json["access_token"]
    assert told(town.call("DELETE", f"{HERE}/{admin_id}/totp", token=admin)) == (403, "accounts.not_oneself")
    serve_in(town, "nairobi", secured.id)
    assert told(town.call("DELETE", f"{HERE}/{secured.id}/totp", token=admin)) == (403, "accounts.serves_elsewhere")
    assert told(secured.log_in()) == (401, "auth.totp_needed")
    assert town.call("DELETE", f"{HERE}/{secured.id}/totp", token=town.staff_token("platform_admin")).status_code == 204
    assert secured.log_in().status_code == 200


def test_the_command_line_takes_it_away_from_anybody(secured, town):
    def reset(email):
        words = ["account", "reset-totp", "--region", "banda-aceh", "--email", email]
        return CliRunner().invoke(balai, words, env=environ_of(town))

    assert reset(secured.email).output == f"{secured.email} signs in without a second factor\n"
    assert secured.log_in().status_code == 200
    assert town.actions(secured.id)[-1] == "accounts.totp_reset"
    assert isinstance(reset("nobody@example.org").exception, DomainError)


def test_an_admin_of_another_region_finds_nobody(secured, town):
    path = f"/v1/regions/nairobi/staff/{secured.id}/totp"
    assert town.call("DELETE", path, token=town.staff_token("regional_admin", region="nairobi")).status_code == 404
