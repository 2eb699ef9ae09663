"""Oneself: what I may change, what is kept of me and how, and that it can be forgotten."""

from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts.models import VaultIdentity
from backend.accounts.people import Accounts
from backend.core.crypto import DecryptionError

VAULT = "SELECT * FROM vault_identities WHERE account_id = :id"


def me(town, token, **changes):
    return town.call("PATCH", "/v1/me", changes, token=token)


def test_a_citizen_changes_name_address_and_language_and_takes_them_back(town):
    token = town.citizen()["access_token"]
    changed = me(town, token, name="Teuku 🌊 Umar", email="Umar@Example.org", locale="en").json
    assert (changed["name"], changed["email"], changed["locale"]) == ("Teuku 🌊 Umar", "umar@example.org", "en")
    assert me(town, token, name=None).json["name"] is None
    assert town.call("GET", "/v1/me", token=token).json["email"] == "umar@example.org"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"locale": "fr"}, "locale"),
        ({"locale": None}, "locale"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"phone": "0812"}, "phone"),
    ],
)
def test_a_change_that_cannot_be_is_named(town, changes, field):
    answer = me(town, town.citizen()["access_token"], **changes)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_staff_change_their_name_and_language_but_not_their_address(town):
    token = town.staff_token("triage")
    assert me(town, token, name="Nama Baru", locale="en").json["name"] == "Nama Baru"
    assert me(town, token, email="other@example.org").json["errors"][0]["code"] == "accounts.email_fixed"
    assert me(town, token, name=None).status_code == 422


def test_who_a_citizen_is_cannot_be_read_in_the_database(town):
    phone = town.phone()
    token = town.citizen(phone)["access_token"]
    account = me(town, token, name="Rahasia Sekali", email="rahasia@example.org").json["id"]
    with town.unit() as ctx:
        row = ctx.session.execute(text(VAULT), {"id": UUID(account)}).one()
        everything = repr(
            [ctx.session.execute(text(f"SELECT * FROM {table}")).all() for table in ("citizens", "citizen_sessions", "events")]  # noqa: S608
        )
    for secret in ("Rahasia", "rahasia", phone, phone[3:]):
        assert secret not in everything
        assert not any(secret.encode() in bytes(value) for value in row if isinstance(value, bytes))


def test_a_ciphertext_copied_to_another_citizen_does_not_open(town):
    mine, theirs = (town.call("GET", "/v1/me", token=town.citizen()["access_token"]).json["id"] for _ in range(2))
    with town.unit() as ctx:
        rows = {
            str(row.account_id): row
            for row in ctx.session.query(VaultIdentity).filter_by(region_id=ctx.region.id)
            if str(row.account_id) in {mine, theirs}
        }
        rows[mine].phone_enc = rows[theirs].phone_enc
        ctx.session.flush()
        with pytest.raises(DecryptionError):
            Accounts().contact_of(ctx, "citizen", UUID(mine))
        ctx.session.rollback()


def test_one_number_is_another_person_in_another_region_and_cannot_be_joined(town):
    phone = "+254712000001"
    here, there = (
        town.call("GET", "/v1/me", token=town.citizen(phone, region)["access_token"]).json["id"]
        for region in ("banda-aceh", "nairobi")
    )
    assert here != there
    with town.unit("banda-aceh") as ctx:
        mine = ctx.session.execute(text(VAULT), {"id": UUID(here)}).one()
        assert ctx.session.execute(text(VAULT), {"id": UUID(there)}).all() == []
    with town.unit("nairobi") as ctx:
        assert ctx.session.execute(text(VAULT), {"id": UUID(there)}).one().phone_index != mine.phone_index
    with town.unit(None) as ctx:
        assert ctx.session.execute(text("SELECT count(*) FROM vault_identities")).scalar() == 0


def test_a_citizen_is_reached_in_their_language_until_they_are_forgotten(town):
    phone = town.phone()
    account = UUID(me(town, town.citizen(phone)["access_token"], locale="en", email="a@example.org").json["id"])
    with town.unit() as ctx:
        contact = Accounts().contact_of(ctx, "citizen", account)
        assert (contact.phone, contact.email, contact.locale) == (phone, "a@example.org", "en")
        town.house.registry.modules["accounts"].erase_personal_data(ctx, account)
    with town.unit() as ctx:
        assert Accounts().contact_of(ctx, "citizen", account) is None


def test_what_is_kept_of_a_citizen_can_be_handed_over_and_erased(town):
    phone = town.phone()
    tokens = town.citizen(phone)
    account = UUID(me(town, tokens["access_token"], name="Malahayati").json["id"])
    accounts = town.house.registry.modules["accounts"]
    with town.unit() as ctx:
        data = accounts.export_personal_data(ctx, account)
    assert (data["phone"], data["name"], len(data["sessions"])) == (phone, "Malahayati", 1)
    with town.unit() as ctx:
        accounts.erase_personal_data(ctx, account)
    assert town.call("GET", "/v1/me", token=tokens["access_token"]).status_code == 401
    with town.unit() as ctx:
        assert accounts.export_personal_data(ctx, account) == {}
        for table in ("vault_identities", "citizen_sessions"):
            left = text(f"SELECT count(*) FROM {table} WHERE account_id = :id")  # noqa: S608 - names from above
            assert ctx.session.execute(left, {"id": account}).scalar() == 0
    again = town.citizen(phone)
    assert town.call("GET", "/v1/me", token=again["access_token"]).json["id"] != str(account)


def test_what_has_grown_old_is_forgotten(town):
    tokens = town.citizen()
    with town.unit() as ctx:
        for table in ("otp_requests", "citizen_sessions", "staff_sessions"):
            ctx.session.execute(text(f"UPDATE {table} SET created_at = created_at - interval '3 hours'"))  # noqa: S608
        ctx.session.execute(text("UPDATE citizen_sessions SET revoked_at = now() - interval '1 minute' WHERE device = ''"))
    kept = town.citizen()
    town.call("POST", "/v1/auth/logout", token=tokens["access_token"])
    (_, schedule) = next(pair for pair in town.house.registry.schedules if pair[1].name == "accounts.forget_old")
    with town.unit() as ctx:
        schedule.run(ctx)
    with town.unit() as ctx:
        ended = "SELECT count(*) FROM citizen_sessions WHERE revoked_at IS NOT NULL"
        assert ctx.session.execute(text(ended)).scalar() == 0
        assert ctx.session.execute(text("SELECT count(*) FROM otp_requests")).scalar() == 1
    assert town.call("GET", "/v1/me", token=kept["access_token"]).status_code == 200
