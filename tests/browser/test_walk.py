"""Every page there is, as everybody who may open it: it answers, its console is silent, it keeps its policy, it fits a phone.

Each is looked at on a phone in Indonesian, with axe too, and on a laptop in English, and kept as a picture in `var/screenshots`.
"""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.browser.chromium import LAPTOP
from tests.journeys.cast import AGREEMENT, HOME, NOBODY, Member
from tests.journeys.judging import ROWS, ask, expected, path_of
from tests.journeys.permissions import PUBLIC, TARGETS

PICTURES = Path(__file__).parents[2] / "var/screenshots"
MOST_BYTES = 200_000  # a first view on a slow phone
# In this order: the first who may open a page is the one as whom it is looked at closely.
ROLES = (
    *(NOBODY, "department_officer", "validator", "triage", "regional_admin", "leader", "auditor"),
    *("department_head", "field_officer", "platform_admin", "service_account"),
)
_EVERYWHERE = {NOBODY, "department_officer", "regional_admin"}  # who also look at what is for everybody
HOME_PAGE = "/r/<region>"
_PLACE = re.compile(r"<(?:[^:<>]+:)?([a-z_]+)>")


def looked_at(app) -> list[tuple[str, str]]:
    """Return the rows of all pages but those that are downloaded; a page without a row is the matrix's to name."""
    return [
        (route.method, route.rule)
        for route in app.extensions["balai_page_routes"]
        if route.method == "GET" and route.media == "text/html" and ("GET", route.rule) in ROWS
    ]


def somebody(cast, role: str) -> Member:
    """Return the first of the home region who holds the role."""
    return next(one for one in cast.members if one.region == HOME and one.role == role)


def address_for(cast, row: tuple[str, str], member: Member) -> str | None:
    """Return an address of the page that the member may open; None where there is none."""
    world = cast.worlds[HOME]
    for kind in TARGETS.get(row, ("open",)):
        if expected(row, member, world, kind if row in TARGETS else None) is None:
            asked = ask(cast, row, world, kind, member)
            return path_of(row, asked) + (f"?{urlencode(asked.query)}" if asked.query else "")
    return None


def picture_of(row: tuple[str, str], width: str) -> Path:
    """Return where the picture of a page is kept."""
    name = _PLACE.sub(r"\1", row[1].removeprefix(HOME_PAGE)).strip("/").replace("/", "-")
    folder = PICTURES / width
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name or ('home' if row[1] != '/' else 'regions')}.png"


def look_at(opened, row: tuple[str, str], address: str, language: str, *, closely: bool) -> list[str]:
    """Return what is wrong with a page; to look closely is to let axe look, and to keep a picture."""
    opened.faults.clear()
    page = opened.open(address)
    faults = opened.overflow()
    if page.get_attribute("html", "lang") != language:
        faults.append(f"not in {language}")
    if closely:
        page.screenshot(path=picture_of(row, "phone" if language == "id" else "laptop"))
        faults += opened.barriers() if language == "id" else []
    return [f"{row[1]} in {language}: {fault}" for fault in [*opened.faults, *faults]]


@pytest.fixture(autouse=True)
def an_agreement(cast):
    """Let there be one, whatever the matrix has retired."""
    admin = cast.person(somebody(cast, "regional_admin"))
    cast.worlds[HOME].agreements["public"] = admin.post("replication/agreements", {**AGREEMENT, "public": True}).get_json()["id"]


@pytest.mark.parametrize("role", ROLES)
def test_pages_answer_silently_and_fit_a_phone(tab, cast, app, role):
    member, faults = somebody(cast, role), []
    phone, laptop = tab(cast.token(member)), tab(cast.token(member), locale="en-GB", viewport=LAPTOP)
    for row in looked_at(app):
        address = address_for(cast, row, member)
        if address is None or (ROWS[row] is PUBLIC and role not in _EVERYWHERE and row[1] != HOME_PAGE):
            continue
        closely = role == next(first for first in ROLES if address_for(cast, row, somebody(cast, first)))
        faults += look_at(phone, row, address, "id", closely=closely)
        if closely:
            faults += look_at(laptop, row, address, "en", closely=True)
    assert not faults, "\n".join(faults)


def test_the_first_view_of_a_public_page_is_light(tab, cast, app, house):
    nobody, heavy = somebody(cast, NOBODY), []
    addresses = [address_for(cast, row, nobody) for row in looked_at(app) if ROWS[row] is PUBLIC]
    maps = [f"/r/{region.key}/complaints" for region in house.directory.all()]  # drawn out of other polygons in each
    for address in [*addresses, *maps]:
        fresh = tab()
        fresh.open(address)
        weight = fresh.weight()
        if sum(weight.values()) > MOST_BYTES:
            heavy.append(f"{address}: {sum(weight.values())} bytes, {weight}")
        fresh.close()
    assert not heavy, "\n".join(heavy)


def test_nobody_walks_past_a_page(cast, app):
    unseen = [row for row in looked_at(app) if not any(address_for(cast, row, somebody(cast, role)) for role in ROLES)]
    assert not unseen
