"""What a person wrote is text on every page: eighty payloads, wherever words of a pack, of staff and of citizens end up."""

import itertools
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from backend.testing.installation import make_installation
from tests.applications import application, carry_all_that_is_due
from tests.browser import region_of_payloads as planting
from tests.browser.payloads import PAYLOADS, planted
from tests.browser.test_walk import looked_at
from tests.conftest import PASSWORD
from tests.journeys.judging import ROWS
from tests.journeys.permissions import PUBLIC
from tests.people import Person

READERS = (None, "department_officer", "regional_admin", "leader")
_SCRIPTS = Path(__file__).parent
_INJECTED, _TOLD = ((_SCRIPTS / name).read_text() for name in ("injected.js", "told.js"))


# Labels of contacts, titles of units and their heads, names of types of departments; pictures' names, which nobody keeps;
# and what a rating says in words, which is the reporter's and their data's alone.
_ON_NO_PAGE = {
    *("region.yaml", "bases/base-kota/pack.yaml", "bases/base-aceh/pack.yaml", "bases/base-indonesia/departments.yaml"),
    *("file name", "comment of a rating"),
}
_ASKED = (
    *("/?q=@", "/r/tulisan/complaints?q=@", "/r/tulisan/complaints/track?number=@&code=@", "/r/tulisan/sign-in?next=@"),
    *("/r/tulisan/password?token=@", "/r/tulisan/complaints/inbox?q=@", "/r/tulisan/staff?q=@"),
    *("/r/tulisan/service-info?q=@", "/r/tulisan/settings/tables/areas?q=@"),
)


@pytest.fixture(scope="module")
def app(addresses, tmp_path_factory):
    name = f"balai_words_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with application(
        make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var"), packs=()), connections=20
    ) as app:
        yield app


@pytest.fixture(scope="module")
def house(app):
    return app.extensions["balai"]


@pytest.fixture(scope="module")
def work(house):
    return lambda: carry_all_that_is_due(house)


_made = []


@pytest.fixture
def region(app, house, work, client, citizen):
    """The planter, the people who look, and what stands in the paths of pages; made by the first test that asks."""
    if not _made:
        _made.append(_make_region(app, house, work, client, citizen))
    return _made[0]


def _make_region(app, house, work, client, citizen):
    planter = planting.Planter()
    planting.plant_pack(house, planter)
    reporters = [citizen(planting.KEY) for _ in range(2)]
    made = planting.plant_reports(itertools.cycle(reporters), planter)
    work()
    department = reporters[0].get(f"complaints/{made[0]['id']}").get_json()["department"]["key"]
    people = {}
    for role, email in planting.plant_staff(house, planter, department).items():
        got = Person(client).post("/v1/auth/login", {"email": email, "password": PASSWORD}).get_json()
        people[role] = Person(client, token=got["access_token"], region=planting.KEY, email=email)
    planting.plant_handling(made, people, planter)
    planting.plant_rating(reporters[0], made[0], people, planter)
    planting.plant_versions(app, people["regional_admin"], planter)
    agreements = planting.plant_agreements(people["regional_admin"], planter)
    work()
    return planter, people, values_of(people["regional_admin"], made, agreements)


def values_of(admin, made, agreements):
    """Return, by parameter, what pages have in their paths; of long lists a few."""

    def keys(path, name="key"):
        return [item[name] for item in admin.get(path).get_json()["items"]]

    return {
        "complaint_id": [one["id"] for one in made],
        "number": [one["number"] for one in made[:3]],
        "agreement_id": agreements[:2],
        "staff_id": keys("staff", "id"),
        "module": [name.replace("_", "-") for name in keys("modules", "name")],
        "table": admin.get("pack/tables").get_json()["items"],
        **{f"{plural}/<key>": keys(f"service-info/{plural}")[:3] for plural in ("services", "places", "contacts", "articles")},
    }


def addresses_of(app, values, role):
    """Return the address of every page that the role may open, with every value that stands in its path."""
    for row in looked_at(app):
        if ROWS[row] is not PUBLIC and (role is None or role not in ROWS[row] | {"staff"} or not ROWS[row] & {role, "staff"}):
            continue
        path = row[1].replace("<region>", planting.KEY)
        names = re.findall(r"<(?:[^:<>]+:)?([a-z_]+)>", path)
        plural = path.split("/")[-2] if path.endswith("<key>") else ""
        for chosen in itertools.product(*(values[f"{plural}/<key>" if name == "key" else name] for name in names)):
            address = path
            for value in chosen:
                address = re.sub(r"<[^<>]+>", value, address, count=1)
            yield address


def smoothed(text):
    return " ".join(text.split())


def test_words_stay_words(tab, app, region):
    planter, people, values = region
    faults, shown = [], set()
    for role in READERS:
        opened = tab(people[role].token if role else None)
        for address in addresses_of(app, values, role):
            page = opened.open(address)
            told = smoothed(page.evaluate(_TOLD))
            seen = {int(number) for number in re.findall(r"planted=(\d+)", told)}
            shown |= {number for number in seen if smoothed(planted(number)) in told}
            faults += [f"{role} at {address}: {fault}" for fault in [*opened.faults, *page.evaluate(_INJECTED)]]
            opened.faults.clear()
    assert not faults, "\n".join(faults)
    nowhere = set(planter.places.values()) - {place for number, place in planter.places.items() if number in shown}
    assert nowhere <= _ON_NO_PAGE, "words that no page shows whole"


@pytest.fixture
def unescaped(app, monkeypatch):
    """Pages that do not escape what they say."""
    templates = app.extensions["balai_page_templates"]
    monkeypatch.setattr(templates, "autoescape", False)
    templates.cache.clear()
    yield
    monkeypatch.undo()
    templates.cache.clear()


def test_the_judge_turns_red_where_nothing_is_escaped_and_the_policy_still_stands(tab, region, unescaped):
    opened = tab(region[1]["triage"].token)
    page = opened.open(f"/r/{planting.KEY}/complaints")
    assert len(page.evaluate(_INJECTED)) > 10
    assert any("the policy refuses script-src" in fault for fault in opened.faults)
    assert not any("was done" in fault for fault in page.evaluate(_INJECTED))


def test_words_that_an_address_brings_stay_words(tab, region):
    opened, faults = tab(region[1]["regional_admin"].token), []
    for address in _ASKED:
        for payload in PAYLOADS[8:11]:
            page = opened.page
            page.goto(address.replace("@", quote(payload.replace("@", "planted=1"))))
            faults += [f"{page.url}: {fault}" for fault in page.evaluate(_INJECTED)]
    refused = "console: Failed to load resource: the server responded with a status of 4"
    faults += [fault for fault in opened.faults if not fault.startswith(refused)]
    assert not faults, "\n".join(faults)
