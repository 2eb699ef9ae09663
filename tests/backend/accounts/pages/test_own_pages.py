"""One's own account on pages: name, devices, the second factor, and the way there where a region asks for it."""

import re
from html import unescape
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import select, update

from backend.accounts import create_staff
from backend.accounts.models import StaffTotp
from backend.core.clock import utc_now
from backend.data.unit_of_work import unit_of_work
from backend.http.auth import PAGE_COOKIE
from backend.regions.models import RegionRow
from tests.browsers import HOST
from tests.people import Person

PASSWORD = "kata sandi yang panjang 2026"
FACTOR = "me/second-factor"


def text(answered, status=200):
    page = answered.get_data(as_text=True)
    assert answered.status_code == status, page
    return unescape(page)


@pytest.fixture
def officer(house, client):
    """Somebody new, who has set nothing up."""
    email = f"petugas.{uuid4().hex[:12]}@example.org"
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        create_staff(ctx, email=email, password=PASSWORD, name="Laksamana Malahayati", role="regional_admin")
    tokens = Person(client).post("/v1/auth/login", {"email": email, "password": PASSWORD}).get_json()
    return Person(client, token=tokens["access_token"], email=email)


@pytest.fixture
def own(browser, officer):
    return browser(officer)


@pytest.fixture
def required(house):
    """Let Banda Aceh ask its staff for a second factor."""

    def ask(value):
        with unit_of_work(house.ground) as ctx:
            row = ctx.session.scalars(select(RegionRow).where(RegionRow.key == "banda-aceh")).one()
            row.identity = {key: said for key, said in row.identity.items() if key != "staff_totp"} | value
            row.revision += 1
        house.directory.refresh()

    ask({"staff_totp": "required"})
    yield
    ask({})


def set_up(own, query=""):
    """Set the second factor up as the pages lead; return the key and the page with the recovery codes."""
    page = text(own.post(f"{FACTOR}{query}", {"password": PASSWORD}))
    secret = re.search(r'<p class="key"><code>([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")
    assert f"secret={secret}" in page
    code = pyotp.TOTP(secret).at(utc_now())
    return secret, text(own.post(f"{FACTOR}/confirm{query}", {"code": code}))


def test_name_and_language_are_ones_own_to_change_and_the_address_is_not(own, officer):
    page = text(own.get("me"))
    assert officer.email in page
    assert own.post("me", {"name": "Keumalahayati", "locale": "en"}).status_code == 303
    me = officer.get("/v1/me").get_json()
    assert (me["name"], me["locale"]) == ("Keumalahayati", "en")
    assert "Isian ini wajib" in text(own.post("me", {"name": " "}), 422)
    assert own.post("me", {"name": "K", "email": "lain@example.org"}).status_code == 422
    assert 'value="Malahayati"' in text(own.post("me", {"name": "Malahayati", "locale": "xx"}), 422), "what was typed is lost"


def test_devices_are_listed_and_signed_out_one_by_one_or_all(own, officer, client):
    other = Person(client).post("/v1/auth/login", {"email": officer.email, "password": PASSWORD}).get_json()
    another = Person(client, token=other["access_token"])
    ids = re.findall(r"/me/sessions/([0-9a-f-]{36})/end", text(own.get("me")))
    assert len(ids) == 2
    current = next(item["id"] for item in officer.get("/v1/me/sessions").get_json()["items"] if item["current"])
    [elsewhere] = set(ids) - {current}
    assert own.post(f"me/sessions/{elsewhere}/end").location == "/r/banda-aceh/me?said=removed"
    assert another.get("/v1/me").status_code == 401
    assert own.get("me").status_code == 200
    ended = own.post("me/sessions/end")
    assert ended.location == "/r/banda-aceh/sign-in?said=signed_out"
    assert own.client.get_cookie(PAGE_COOKIE, domain=HOST) is None
    assert own.get("me").location == "/r/banda-aceh/sign-in?next=%2Fr%2Fbanda-aceh%2Fme"


def test_a_second_factor_is_set_up_changed_and_taken_away(own, officer, house, anybody):
    assert "tidak benar" in text(own.post(FACTOR, {"password": "another password"}), 422)
    secret, page = set_up(own)
    codes = re.findall(r"<li><code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", page)
    assert len(codes) == 10
    login = {"email": officer.email, "password": PASSWORD}
    assert anybody.post("/v1/auth/login", login).get_json()["code"] == "auth.totp_needed"
    assert secret not in own.get(FACTOR).get_data(as_text=True).replace(" ", ""), "the key is shown once"
    renewed = text(own.post(f"{FACTOR}/recovery-codes", {"password": PASSWORD, "code": codes[0]}))
    fresh = re.findall(r"<li><code>([0-9A-Z-]{11})</code>", renewed)
    assert len(set(fresh) - set(codes)) == 10
    assert "Kode ini tidak benar" in text(own.post(f"{FACTOR}/disable", {"password": PASSWORD, "code": codes[1]}), 422)
    assert own.post(f"{FACTOR}/disable", {"password": PASSWORD, "code": fresh[1]}).status_code == 303
    assert anybody.post("/v1/auth/login", login).status_code == 200
    with unit_of_work(house.ground) as ctx:
        own_id = officer.get("/v1/me").get_json()["id"]
        assert ctx.session.get(StaffTotp, own_id) is None


def test_a_wrong_first_code_leaves_the_form_where_it_was(own):
    text(own.post(FACTOR, {"password": PASSWORD}))
    refused = text(own.post(f"{FACTOR}/confirm", {"code": "abcdef"}), 422)
    assert "Kode ini tidak benar" in refused
    assert 'name="code"' in refused


def test_where_a_region_asks_for_it_every_page_leads_there_and_on_from_there(own, officer, house, required):
    for path in ("", "staff", "me"):
        led = own.get(path)
        assert led.status_code == 303
        assert led.location.startswith("/r/banda-aceh/me/second-factor?next=%2Fr%2Fbanda-aceh")
    assert own.post("me", {"name": "X"}).location == "/r/banda-aceh/me/second-factor"
    page = text(own.get(FACTOR))
    assert "mewajibkan faktor kedua" in page
    assert "/r/banda-aceh/staff" not in page, "no duty before it is set up"
    style = re.search(r'href="(/r/banda-aceh/brand.css[^"]*)"', page)[1]
    assert own.get(style).mimetype == "text/css"
    _, done = set_up(own, "?next=/r/banda-aceh/staff")
    assert 'class="button" href="/r/banda-aceh/staff"' in done
    assert own.get("staff").status_code == 200


def test_who_signs_in_without_one_is_led_to_it_and_can_leave(browser, officer, required):
    page = browser()
    entered = page.post("sign-in?next=/r/banda-aceh/staff", {"email": officer.email, "password": PASSWORD})
    assert entered.location == "/r/banda-aceh/staff"
    led = page.client.get(entered.location)
    assert led.location == "/r/banda-aceh/me/second-factor?next=%2Fr%2Fbanda-aceh%2Fstaff"
    form = text(page.client.get(led.location))
    csrf = re.search(r'name="_csrf" value="([^"]+)"', form)[1]
    left = page.client.post("/r/banda-aceh/sign-out", data={"_csrf": csrf})
    assert left.location == "/r/banda-aceh/sign-in?said=signed_out"


def test_nobody_is_led_elsewhere(own):
    for address in ("//evil.example", "https://evil.example", "/r/sumedang", "\\\\evil", "/r/banda-aceh\\@evil"):
        page = text(own.get(FACTOR, query_string={"next": address}))
        forms = re.findall(r'action="([^"]+second-factor[^"]*)"', page)
        assert len(forms) == 2
        assert not [action for action in forms if "next" in action], address


def test_a_code_used_once_is_not_taken_twice(own, officer, house):
    secret, _ = set_up(own)
    with unit_of_work(house.ground) as ctx:
        own_id = officer.get("/v1/me").get_json()["id"]
        ctx.session.execute(update(StaffTotp).where(StaffTotp.staff_id == own_id).values(last_step=0))
    proof = {"password": PASSWORD, "code": pyotp.TOTP(secret).at(utc_now())}
    assert own.post(f"{FACTOR}/recovery-codes", proof).status_code == 200
    assert own.post(f"{FACTOR}/recovery-codes", proof).status_code == 422
