"""The pages by which a region's admin looks after its staff."""

import re
from html import unescape
from uuid import uuid4

import pytest

from backend.accounts import create_staff
from backend.data.unit_of_work import unit_of_work
from tests.bench.measures import counted

PASSWORD = "kata sandi yang panjang 2026"
HOSTILE = "<script>alert(1)</script>"


def text(answered, status=200):
    page = answered.get_data(as_text=True)
    assert answered.status_code == status, page
    return unescape(page)


@pytest.fixture
def admin(browser, staff):
    return browser(staff("regional_admin"))


@pytest.fixture
def hired(house):
    """Return a function that makes an account with a duty; its address is its own."""

    def hire(name="Cut Meutia", role="triage", department=None, region="banda-aceh"):
        email = f"petugas.{uuid4().hex[:12]}@example.org"
        with unit_of_work(house.ground, region=house.directory.find(region)) as ctx:
            made = create_staff(ctx, email=email, password=PASSWORD, name=name, role=role, department_key=department)
        return email, made

    return hire


def duties(page):
    return re.findall(r"<span>\s*([^<]+?)\s*</span>", page.partition('id="duties"')[2].partition("</ul>")[0])


def test_somebody_is_invited_by_a_form_and_sent_a_token(admin, anybody, work):
    email = f"undangan.{uuid4().hex[:8]}@example.org"
    form = {"email": email, "name": "Teuku Umar", "role": "department_officer", "department": "dlhk3", "locale": "en"}
    refused = text(admin.post("staff/invite", form | {"department": ""}), 422)
    assert "Peran ini melekat pada perangkat daerah" in refused
    assert f'value="{email}"' in refused, "what was typed is lost"
    assert '<option value="department_officer" selected>' in refused
    assert "Isian ini wajib" in text(admin.post("staff/invite", form | {"role": ""}), 422)
    sent = admin.post("staff/invite", form)
    assert sent.status_code == 303
    page = text(admin.get(sent.location))
    assert email in page
    assert "diundang" in page
    work()
    message = anybody.get(f"/demo/messages?to={email}").get_json()["items"][0]
    assert "you were invited" in message["text"], "they are written to in the language that was chosen"
    assert "sudah bertugas di wilayah ini" in text(admin.post("staff/invite", form), 409)


def test_duties_are_given_and_taken_one_by_one(admin, hired):
    _, person = hired()
    path = f"staff/{person}"
    assert duties(text(admin.get(path))) == ["Petugas pemilah laporan"]
    assert admin.post(f"{path}/duties", {"role": "field_officer", "department": "dlhk3"}).status_code == 303
    assert len(duties(text(admin.get(path)))) == 2
    assert "melekat pada perangkat daerah" in text(admin.post(f"{path}/duties", {"role": "field_officer"}), 422)
    gone = admin.post(f"{path}/duties/end", {"role": "triage"})
    assert "said=removed" in gone.location
    assert [duty.partition(",")[0] for duty in duties(text(admin.get(path)))] == ["Petugas lapangan"]
    last = admin.post(f"{path}/duties/end", {"role": "field_officer", "department": "dlhk3"})
    assert last.location.startswith("/r/banda-aceh/staff?")
    assert admin.get(path).status_code == 404


def test_people_are_found_by_a_word_a_duty_and_whether_they_may_sign_in(admin, hired):
    name = f"Pocut {uuid4().hex[:6]}"
    email, person = hired(name, "field_officer", "dlhk3")
    for query, found in (
        ({"q": name.upper()}, True),
        ({"q": email[:20]}, True),
        ({"q": name, "role": "field_officer"}, True),
        ({"q": name, "role": "triage"}, False),
        ({"q": name, "department": "dlhk3"}, True),
        ({"q": name, "disabled": "true"}, False),
    ):
        page = text(admin.get("staff", query_string=query))
        assert (f"/staff/{person}" in page) == found, query
    admin.post(f"staff/{person}/access", {"disabled": "true"})
    assert f"/staff/{person}" in text(admin.get("staff", query_string={"q": name, "disabled": "true"}))


def test_the_list_is_paged_and_a_search_goes_on_where_the_page_ended(admin, hired):
    word = uuid4().hex[:8]
    people = {str(hired(f"{word} {number}")[1]) for number in range(3)}
    page, seen = text(admin.get("staff", query_string={"q": word, "limit": 2})), set()
    while True:
        seen |= set(re.findall(r'/staff/([0-9a-f-]{36})"', page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        page = text(admin.get(following[1]))
    assert seen == people


def test_an_account_is_disabled_at_once_and_enabled_again(admin, browser, client, hired, anybody):
    email, person = hired()
    tokens = anybody.post("/v1/auth/login", {"email": email, "password": PASSWORD}).get_json()
    theirs = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get("/v1/me", headers=theirs).status_code == 200
    assert admin.post(f"staff/{person}/access", {"disabled": "true"}).status_code == 303
    assert client.get("/v1/me", headers=theirs).status_code == 401
    assert "Aktifkan kembali" in text(admin.get(f"staff/{person}"))
    assert admin.post(f"staff/{person}/access", {"disabled": "false"}).status_code == 303
    assert anybody.post("/v1/auth/login", {"email": email, "password": PASSWORD}).status_code == 200


def test_a_new_token_is_sent_and_taking_somebody_out_wants_to_be_confirmed(admin, anybody, hired, work):
    email, person = hired()
    assert "said=sent" in admin.post(f"staff/{person}/token").location
    work()
    assert anybody.get(f"/demo/messages?to={email}").get_json()["items"]
    assert admin.post(f"staff/{person}/remove").status_code == 422
    assert admin.get(f"staff/{person}").status_code == 200
    assert admin.post(f"staff/{person}/remove", {"confirm": "true"}).location == "/r/banda-aceh/staff?said=removed"
    assert admin.get(f"staff/{person}").status_code == 404


def test_ones_own_account_is_protected_as_the_api_does(browser, staff):
    person = staff("regional_admin")
    admin, own = browser(person), person.get("/v1/me").get_json()["id"]
    page = text(admin.get(f"staff/{own}"))
    assert "Ini akun Anda sendiri" in page
    assert "/remove" not in page
    for path, form in (
        ("access", {"disabled": "true"}),
        ("remove", {"confirm": "true"}),
        ("duties", {"role": "triage"}),
        ("duties/end", {"role": "regional_admin"}),
        ("second-factor", {"confirm": "true"}),
    ):
        assert re.search("Anda sendiri", text(admin.post(f"staff/{own}/{path}", form), 422)), path
    assert person.get("staff").status_code == 200


def test_what_people_are_called_stays_words(admin, hired):
    _, person = hired(HOSTILE)
    for path in (f"staff/{person}", "staff?q=alert(1)"):
        page = admin.get(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert HOSTILE in unescape(page)


def test_the_list_is_as_many_statements_however_long_it_is(house, admin, hired):
    counts = []
    for _ in range(2):
        admin.get("staff")
        with counted(house) as statements:
            admin.get("staff?limit=200")
        counts.append(len(statements))
        for _ in range(4):
            hired()
    assert counts[0] == counts[1] <= 6
