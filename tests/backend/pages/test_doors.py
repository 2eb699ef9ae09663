"""How pages are locked: forms are our own, the session's cookie is its browser's alone, nobody is led elsewhere."""

import re

import pytest

from backend.http.auth import PAGE_COOKIE
from backend.http.languages import is_page
from backend.pages.forms import CSRF_FIELD, CSRF_HEADER, VISITOR_COOKIE
from tests.browsers import HOST, Browser
from tests.conftest import PASSWORD
from tests.journeys.cast import HOME, the_cast
from tests.journeys.judging import ROWS, ask, expected, path_of
from tests.journeys.permissions import TARGETS

FOREIGN = "Formulir ini sudah kedaluwarsa atau bukan dari situs ini"
FORMS = [row for row in ROWS if row[0] == "POST" and is_page(row[1])]


@pytest.fixture
def cast(app, house, client, citizen, work):
    return the_cast(app, house, client, citizen, work)


@pytest.fixture
def signed_in(app, staff):
    """Return a function that signs in by the form, as a browser does; the answer and the browser are returned."""

    def sign_in(following=None, role="leader"):
        fresh = Browser(app)
        form = {"email": staff(role).email, "password": PASSWORD}
        return fresh.post("sign-in", form, query_string={"next": following} if following else {}), fresh

    return sign_in


def cookie_of(answer, name):
    """Return the attributes of a cookie as they were sent, in lower case."""
    sent = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{name}="))
    return {part.strip().lower() for part in sent.split(";")[1:]}


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row[1])
def test_no_form_is_taken_in_that_is_not_from_our_page(cast, app, browser, staff, row):
    world = cast.worlds[HOME]
    kinds = TARGETS.get(row, (None,))
    member, kind = next((member, kind) for member in cast.members for kind in kinds if expected(row, member, world, kind) is None)
    person = Browser(app, cast.token(member))
    asked = ask(cast, row, world, kind or "open", member)
    another = browser(staff("leader"))
    of_another = re.search(r'name="_csrf" value="([^"]+)"', another.get("").get_data(as_text=True))[1]
    faults = {
        "without the token": {CSRF_HEADER: ""},
        "with a made-up one": {CSRF_HEADER: "A" * 43},
        "with that of another's session": {CSRF_HEADER: of_another},
        "from elsewhere": {"Origin": "https://evil.example"},
        "from another port": {"Origin": f"http://{HOST}:4711"},
        "from a name that begins as ours": {"Origin": f"http://{HOST}.evil.example"},
    }
    for fault, headers in faults.items():
        got = person.post(path_of(row, asked), asked.body, query_string=asked.query, headers=headers)
        assert got.status_code == 403, fault
        assert FOREIGN in got.get_data(as_text=True), fault


def test_the_token_of_a_page_opens_the_form_that_stands_on_it(app, staff):
    client = app.test_client()
    page = client.get(f"/r/{HOME}/sign-in")
    token = re.search(r'name="_csrf" value="([^"]+)"', page.get_data(as_text=True))[1]
    form = {CSRF_FIELD: token, "email": staff("leader").email, "password": PASSWORD}
    assert app.test_client().post(f"/r/{HOME}/sign-in", data=form).status_code == 403, "in another browser"
    got = client.post(f"/r/{HOME}/sign-in", data=form, headers={"Origin": f"http://{HOST}"})
    assert (got.status_code, got.location) == (303, f"/r/{HOME}")
    assert client.get(f"/r/{HOME}/sign-in").status_code == 200


def test_cookies_are_for_this_host_alone_and_no_script_reads_them(app, signed_in):
    answer, _ = signed_in()
    session = cookie_of(answer, PAGE_COOKIE)
    visitor = cookie_of(app.test_client().get(f"/r/{HOME}/sign-in"), VISITOR_COOKIE)
    for cookie in (session, visitor):
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= cookie
        assert not any(part.startswith("domain") for part in cookie)
    assert {PAGE_COOKIE, VISITOR_COOKIE} == {f"__Host-{name}" for name in ("session", "visitor")}


def test_who_only_reads_gets_no_cookie(app):
    for path in ("/", f"/r/{HOME}", f"/r/{HOME}/brand.css"):
        assert not app.test_client().get(path).headers.getlist("Set-Cookie"), path


def test_signing_out_ends_the_session_and_not_only_the_cookie(signed_in, app):
    _, person = signed_in()
    stolen = person.client.get_cookie(PAGE_COOKIE, HOST).value
    page = person.get("").get_data(as_text=True)
    token = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
    out = person.post("sign-out", headers={CSRF_HEADER: token})
    assert out.status_code == 303
    assert any(line.startswith(f"{PAGE_COOKIE}=;") for line in out.headers.getlist("Set-Cookie"))
    thief = app.test_client()
    thief.set_cookie(PAGE_COOKIE, stolen, domain=HOST, secure=True)
    assert "/sign-out" not in thief.get(f"/r/{HOME}").get_data(as_text=True)


def test_the_cookie_opens_pages_alone_and_a_bearer_token_the_api_alone(signed_in, app, staff):
    _, person = signed_in(role="regional_admin")
    cookie = person.client.get_cookie(PAGE_COOKIE, HOST).value
    assert person.client.get(f"/v1/regions/{HOME}/staff").status_code == 401, "the API does not look at cookies"
    bearer = {"Authorization": f"Bearer {cookie}"}
    assert app.test_client().get(f"/v1/regions/{HOME}/staff", headers=bearer).status_code == 401
    other = app.test_client()
    other.set_cookie(PAGE_COOKIE, staff("regional_admin").token, domain=HOST, secure=True)
    assert "/sign-out" not in other.get(f"/r/{HOME}").get_data(as_text=True)


@pytest.mark.parametrize(
    "following",
    [
        *("//evil.example", "https://evil.example/", "https:evil.example", "http:///evil.example", "///evil.example"),
        *(
            r"\\evil.example",
            r"/\evil.example",
            "/r/sumedang",
            "/r/banda-aceh/../sumedang",
            "/r/banda-aceh-palsu",
            "/v1/regions",
            "javascript:alert(1)",
        ),
        *("data:text/html,x", " //evil.example", "\t//evil.example", f"//{HOST}@evil.example", "evil.example", "", "//"),
        *(f"/r/{HOME}\\..\\..\\evil", f"/r/{HOME}/\r\nSet-Cookie: a=b", f"/r/{HOME}/\tx", f"/r/{HOME}/ā", "?next=//evil", "#x"),
    ],
)
def test_signing_in_leads_nowhere_else(signed_in, following):
    answer, _ = signed_in(following)
    assert (answer.status_code, answer.location) == (303, f"/r/{HOME}")
    assert not any(line.startswith("a=b") for line in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("following", [f"/r/{HOME}", f"/r/{HOME}/complaints/inbox?status=submitted&page=2"])
def test_signing_in_leads_where_one_wanted_to_go(signed_in, following):
    assert signed_in(following)[0].location == following


def test_the_way_in_stands_where_a_page_needs_a_person(app):
    row = next(row for row in ROWS if row[0] == "GET" and is_page(row[1]) and row[1].endswith("/inbox"))
    asked = row[1].replace("<region>", HOME)
    got = app.test_client().get(f"{asked}?status=submitted")
    assert (got.status_code, got.location.partition("?")[0]) == (303, f"/r/{HOME}/sign-in")
    assert app.test_client().get(got.location).status_code == 200
    fragment = app.test_client().get(asked, headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, f"/r/{HOME}/sign-in")


def test_a_wrong_password_tells_no_more_than_that(app, staff, signed_in):
    right, _ = signed_in()
    assert right.status_code == 303
    told = set()
    for email in (staff("leader").email, "nobody@example.test"):
        got = Browser(app).post("sign-in", {"email": email, "password": "salah sama sekali 2026"})
        assert got.status_code == 401
        assert not got.headers.getlist("Set-Cookie")
        told.add(got.get_data(as_text=True).replace(email, ""))
    assert len(told) == 1


def test_pages_say_what_browsers_must_not_do(browser, staff):
    for person in (browser(), browser(staff("leader"))):
        headers = person.get("").headers
        policy = {part.split()[0]: part.split()[1:] for part in headers["Content-Security-Policy"].split(";") if part.strip()}
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == ["'self'"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store", "of what a person who is signed in has seen, nothing is kept"


def test_faults_keep_the_policy_too(browser):
    for path in ("/r/atlantis", f"/r/{HOME}/nothing-here"):
        got = browser().get(path)
        assert got.status_code == 404
        assert "default-src 'none'" in got.headers["Content-Security-Policy"]
        assert got.headers["Cache-Control"] == "no-store"
