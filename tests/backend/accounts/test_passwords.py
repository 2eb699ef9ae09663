"""Staff passwords: signing in, being locked out, choosing one."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import select, update

from backend.accounts.models import LoginFailures, StaffAccount
from backend.accounts.queries import staff_email_index
from backend.data.events import EventRow

NEW = "sebuah kata sandi lain"


def token_of(town, email):
    """Return the password token in the newest e-mail to somebody."""
    return next(line for line in town.messages(email)[0]["text"].splitlines() if line.count(".") == 2 and " " not in line)


def reset(town, email, staff_id):
    town.call("POST", f"/v1/regions/banda-aceh/staff/{staff_id}/reset", token=town.staff_token("regional_admin"))
    for told in town.events("accounts.password_needed", staff_id):
        town.send("accounts.send_password_token", told)
    return token_of(town, email)


def choose(town, token, password=NEW):
    return town.call("POST", "/v1/auth/password", {"token": token, "password": password})


def unlock(town, email, *, by=timedelta(minutes=16)):
    with town.unit() as ctx:
        ctx.session.execute(
            update(LoginFailures)
            .where(LoginFailures.email_index == staff_email_index(town.ground.keyring, email))
            .values(locked_until=LoginFailures.locked_until - by)
        )


def test_staff_sign_in_with_e_mail_and_password_in_any_case_of_the_address(town):
    email, staff_id = town.staff("triage")
    answer = town.log_in(f" {email.upper()}".strip())
    assert sorted(answer.json) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert town.call("GET", "/v1/me", token=answer.json["access_token"]).json["id"] == str(staff_id)


def test_a_password_is_kept_as_argon2id_with_the_chosen_cost(town):
    _, staff_id = town.staff("triage")
    with town.unit() as ctx:
        kept = ctx.session.get(StaffAccount, staff_id).password_hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_wrong_password_and_an_address_nobody_has_get_the_same_answer(town):
    email, _ = town.staff("triage")
    answers = [town.log_in(email, "wrong"), town.log_in("nobody@example.org", "wrong")]
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(401, "auth.login_failed")] * 2
    assert answers[0].json == answers[1].json


def test_a_wrong_password_and_an_address_nobody_has_take_the_same_time(town):
    known, _ = town.staff("triage")

    def took(email):
        started = time.thread_time()
        town.log_in(email, "wrong")
        return time.thread_time() - started

    times = [(took(known), took("somebody.else@example.org")) for _ in range(9)]
    with_account, without = (median(column) for column in zip(*times, strict=True))
    assert without == pytest.approx(with_account, rel=0.5)


def test_ten_failures_lock_an_address_for_a_quarter_of_an_hour_whether_somebody_has_it_or_not(town):
    known, _ = town.staff("triage")
    for email in (known, "empty.address@example.org"):
        assert {town.log_in(email, "wrong").status_code for _ in range(10)} == {401}
        locked = town.log_in(email)
        assert (locked.status_code, locked.json["code"]) == (429, "auth.login_locked")
        assert 890 < int(locked.headers["Retry-After"]) <= 901
    unlock(town, known)
    assert town.log_in(known, "wrong").status_code == 401  # the count begins anew
    assert town.log_in(known).status_code == 200


def test_failures_in_a_row_are_counted_and_a_success_forgets_them(town):
    email, _ = town.staff("triage")
    for _ in range(2):
        for _ in range(9):
            town.log_in(email, "wrong")
        assert town.log_in(email).status_code == 200


def test_thirty_guesses_at_once_are_counted_as_ten(town):
    email, _ = town.staff("triage")
    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(lambda _: town.log_in(email, "wrong").status_code, range(30)))
    assert (answers.count(401), answers.count(429)) == (10, 20)


def test_a_second_factor_is_refused_by_name_as_long_as_there_is_none(town):
    email, _ = town.staff("triage")
    answer = town.log_in(email, totp="123456")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "totp")


def test_a_reset_lets_a_new_password_be_chosen_once(town):
    email, staff_id = town.staff("triage")
    before = town.log_in(email).json
    for _ in range(10):
        town.log_in(email, "wrong")
    token = reset(town, email, staff_id)
    assert choose(town, token, "short").json["errors"][0]["field"] == "password"
    assert choose(town, token).status_code == 204
    assert town.log_in(email, NEW).status_code == 200  # the lock is gone as well
    assert town.log_in(email).status_code == 401
    assert town.call("GET", "/v1/me", token=before["access_token"]).json["code"] == "auth.session_ended"
    again = choose(town, token, "noch ein anderes Wort")
    assert (again.status_code, again.json["errors"][0]["code"]) == (422, "auth.password_token_invalid")


def test_the_old_password_holds_until_a_new_one_is_chosen(town):
    email, staff_id = town.staff("triage")
    reset(town, email, staff_id)
    assert town.log_in(email).status_code == 200


def test_a_password_token_is_its_accounts_alone_and_ends_after_three_days(town):
    email, staff_id = town.staff("triage")
    _, other = town.staff("triage")
    account, until, signature = reset(town, email, staff_id).split(".")
    for forged in (
        f"{other.hex}.{until}.{signature}",
        f"{account}.{int(until) + 1}.{signature}",
        f"{account}.{until}.{signature[:-2]}AA",
        f"{account}.{until}",
        f"{account}.{'9' * 30}.{signature}",
        "...",
        "é",
    ):
        assert choose(town, forged).json["errors"][0]["code"] == "auth.password_token_invalid", forged
    (told,) = town.events("accounts.password_needed", staff_id)
    with town.unit() as ctx:
        ctx.session.execute(
            update(EventRow).where(EventRow.id == told.id).values(occurred_at=told.occurred_at - timedelta(days=3, seconds=1))
        )
    for late in town.events("accounts.password_needed", staff_id):
        with town.unit() as ctx:
            letter = town.house.registry.subscriptions["accounts.send_password_token"][1].handler.prepare(ctx, late)
    stale = next(line for line in letter.message.text.splitlines() if line.startswith(account))
    assert choose(town, stale).json["errors"][0]["code"] == "auth.password_token_invalid"


def test_a_disabled_account_gets_the_answer_of_a_wrong_password_and_its_tokens_end(town):
    email, staff_id = town.staff("triage")
    token = town.log_in(email).json["access_token"]
    with town.unit() as ctx:
        account = ctx.session.scalars(select(StaffAccount).where(StaffAccount.id == staff_id)).one()
        account.disabled_at = ctx.now()
    assert town.log_in(email).json["code"] == "auth.login_failed"
    assert town.call("GET", "/v1/me", token=token).json["code"] == "auth.session_ended"
