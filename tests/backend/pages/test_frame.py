"""The frame around pages: forms that come back, the reader's language, faults as pages."""

import re

import pytest

from backend.http.body import PAGE_BYTES
from tests.browsers import HOST, Browser


def html(answer):
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.get_data(as_text=True)


def test_a_refused_form_comes_back_with_what_was_typed_and_says_where_it_is_wrong(browser):
    got = browser().post("sign-in", {"email": 'bukan "surel" <b>', "password": "rahasia 2026"})
    page = html(got)
    assert got.status_code == 422
    assert 'value="bukan &#34;surel&#34; &lt;b&gt;"' in page
    assert "rahasia" not in page
    field = re.search(r'<input id="field-email"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in field
    assert re.search(r'aria-describedby="[^"]*fault-email"', field)
    assert 'id="fault-email"' in page
    assert 'href="#field-email"' in page
    assert 'role="alert"' in page
    assert page.count("<h1") == 1
    assert "aria-invalid" not in re.search(r'<input id="field-totp"[^>]*>', page)[0]


def test_a_blank_field_is_not_there(browser):
    got = browser().post("sign-in", {"email": "seseorang@example.test", "password": "   ", "totp": ""})
    assert got.status_code == 422
    assert 'id="fault-password"' in html(got)


def test_a_field_nobody_knows_is_refused(browser):
    got = browser().post("sign-in", {"email": "a@example.test", "password": "rahasia 2026", "role": "platform_admin"})
    assert got.status_code == 422
    assert 'role="alert"' in html(got)


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_that_is_too_large_is_refused_as_a_page(browser, media):
    form = {"email": "a@example.test", "password": "x" * (PAGE_BYTES + 1)}
    got = browser().post("sign-in", form, content_type=media)
    assert got.status_code == 413
    assert html(got).count("<h1") == 1


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, {}, "id"),
        ({"Accept-Language": "en-GB,en;q=0.9"}, {}, "en"),
        ({"Accept-Language": "fr, id;q=0.5, en;q=0.2"}, {}, "id"),
        ({"Accept-Language": "en"}, {"lang": "id"}, "id"),
        ({"Accept-Language": "en"}, {"lang": "xx"}, "en"),
        ({"Accept-Language": "en"}, {"lang": "../id"}, "en"),
    ],
)
def test_a_page_speaks_the_readers_language(browser, headers, query, language):
    for path in ("", "/", "nothing-here"):
        assert f'<html lang="{language}">' in html(browser().get(path, headers=headers, query_string=query)), path


def test_a_language_that_was_chosen_is_kept(app):
    person = Browser(app)
    got = person.get("", query_string={"lang": "en"})
    sent = got.headers["Set-Cookie"]
    assert sent.startswith("lang=en;")
    assert {"HttpOnly", "SameSite=Lax"} <= {part.strip() for part in sent.split(";")}
    assert '<html lang="en">' in html(person.get("", headers={"Accept-Language": "id"}))
    person.get("", query_string={"lang": "xx"})
    assert person.client.get_cookie("lang", HOST).value == "en"


def test_a_region_without_a_language_is_told_in_its_own(browser):
    nairobi = browser(region="nairobi")
    assert '<html lang="en">' in html(nairobi.get("", headers={"Accept-Language": "id"}))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/r/atlantis", 404),
        ("GET", "nothing-here", 404),
        ("GET", "sign-out", 405),
        ("PUT", "sign-in", 405),
        ("GET", "complaints?bbox=1,2", 422),
        ("GET", "sign-in?next=a%00b", 422),
    ],
)
def test_faults_are_pages(browser, method, path, status):
    got = browser().open(path, method=method)
    assert got.status_code == status
    page = html(got)
    assert page.count("<h1") == 1
    assert 'role="alert"' in page
    assert got.headers["Content-Language"] == "id"


def test_what_one_may_not_open_is_told_as_a_page(browser, staff):
    got = browser(staff("leader")).get("complaints/inbox")
    assert got.status_code == 403
    assert "<h1" in html(got)


def test_a_module_that_is_off_has_no_pages_and_no_entries(browser, staff, house):
    admin = staff("regional_admin", region="sumedang")
    assert "/service-info" in html(browser(region="sumedang").get(""))
    assert admin.put("modules/service-info", {"enabled": False}).status_code == 200
    house.directory.refresh()
    try:
        assert "/service-info" not in html(browser(region="sumedang").get(""))
        assert browser(region="sumedang").get("service-info").status_code == 404
    finally:
        assert admin.put("modules/service-info", {"enabled": True}).status_code == 200
        house.directory.refresh()
    assert browser(region="sumedang").get("service-info").status_code == 200


def test_the_first_page_finds_a_region_by_name_key_and_code(anybody):
    for word in ("banda", "BANDA-ACEH", "11.71"):
        assert 'href="/r/banda-aceh"' in html(anybody.get("/", query_string={"q": word}))
    assert 'href="/r/' not in html(anybody.get("/", query_string={"q": "<script>atlantis"}))


def test_a_regions_colours_are_its_packs_and_are_kept_under_the_address_that_names_the_pack(browser, house):
    region = house.directory.find("banda-aceh")
    named = browser().get("brand.css", query_string={"v": region.pack_checksum[:12]})
    assert named.content_type == "text/css; charset=utf-8"
    assert region.identity["branding"]["colours"]["primary"].lower() in named.get_data(as_text=True).lower()
    assert "immutable" in named.headers["Cache-Control"]
    for other in ({}, {"v": "another"}):
        assert browser().get("brand.css", query_string=other).headers["Cache-Control"] == "no-cache"


def test_what_other_sites_hang_on_to_a_link_does_no_harm(browser):
    assert browser().get("", query_string={"fbclid": "1", "utm_source": "surel"}).status_code == 200


def test_a_slash_too_many_leads_to_the_page(browser):
    assert browser().get("/r/banda-aceh/").location.endswith("/r/banda-aceh")


def test_a_form_with_too_many_fields_is_refused_before_it_is_read(browser):
    form = {f"field{number}": "1" for number in range(2001)}
    assert browser().post("sign-in", form).status_code == 413


@pytest.mark.parametrize("origin", ["http://[", "http://a[b]", "https://evil.test", "http://localhost:1"])
def test_a_form_from_elsewhere_is_refused_whatever_its_origin_looks_like(browser, origin):
    assert browser().post("sign-out", headers={"Origin": origin}).status_code == 403
