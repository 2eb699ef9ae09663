"""The page that people read: whole in both languages, safe whatever is recorded, light enough for a telephone."""

import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import delete, select

from backend.core.clock import utc_now
from backend.data.unit_of_work import unit_of_work
from backend.regions.models import RegionModuleRow, RegionRow

PAGE = "replication"
HOSTILE = "</td><script>alert('x')</script><img src=x onerror=\"alert(1)\">{{ 7 * 7 }}"
VOID = {"meta", "link", "br", "input"}


class Page(HTMLParser):
    """A page as a browser takes it apart; what does not nest is a fault."""

    def __init__(self, answered):
        super().__init__()
        assert answered.status_code == 200, answered.get_data(as_text=True)
        self.open, self.tags, self.words = [], [], []
        self.feed(answered.get_data(as_text=True))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data.strip())

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture
def read(browser):
    """Return a function that opens the page."""
    anyone = browser()
    return lambda query="", **headers: anyone.get(query if query.startswith("/") else f"{PAGE}{query}", headers=headers)


def test_it_speaks_indonesian_and_english(read, record, browser):
    record()
    wanted = {"id": ("Wilayah mana memakai apa", "Perjanjian kerja sama, "), "en": ("Which region runs what", "Cooperation")}
    for language, words in wanted.items():
        for answered in (browser().get(PAGE, headers={"Accept-Language": language}), read(f"?lang={language}")):
            page, text = Page(answered), answered.get_data(as_text=True)
            assert page.all("html") == [{"lang": language}]
            assert all(word in text for word in words)
            assert "replication." not in text, "a code without its text"


def test_it_shows_agreements_regions_and_the_regions_own_notice(house, read, record):
    record(ends_on="2030-01-02")
    region = house.directory.find("banda-aceh")
    words = Page(read("?lang=id")).words
    said = ("UP Jakarta Smart City", "24 Mei 2025", "2 Jan 2030", "Berlaku", "Lapor", "Kabupaten Sumedang", "Replikasi")
    text = " ".join(words)
    assert [word for word in (*said, region.identity["notice"]["id"]) if word not in text] == []


def test_it_can_be_read_aloud(read, record):
    record()
    page = Page(read())
    assert len(page.all("table")) == len(page.all("caption")) == 2
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.all("th"))
    assert [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)] == ["h1", "h2", "h2"]
    assert len(page.all("main")) == len(page.all("title")) == 1
    named = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs} <= named
    assert {attrs["href"].removeprefix("#") for attrs in page.all("a") if attrs["href"].startswith("#")} <= named


def test_whatever_is_recorded_stays_words(read, record):
    record(
        number=HOSTILE[:100], title=HOSTILE, parties=[{"name": HOSTILE, "role": "giver"}, {"name": "B & C", "role": "partner"}]
    )
    page = Page(read())
    assert [attrs for attrs in page.all("script", "img") if "src" not in attrs or not attrs["src"].startswith("/assets/")] == []
    assert page.words.count(HOSTILE) == 3, "the title, a party, and the number beside the document"
    assert "B & C" in page.words


@pytest.fixture
def others(house):
    """Add regions that a test installation does not have; they go again."""

    def add(count, name):
        with unit_of_work(house.ground) as ctx:
            shown = ctx.session.scalars(select(RegionRow).where(RegionRow.key == "sumedang")).one()
            said = {"timezone": "Asia/Jakarta", "languages": ["id"], "identity": shown.identity, "calendar": shown.calendar}
            said |= {"pack_version": "1", "pack_checksum": "0123456789abcdef" * 4, "areas_checksum": "", "applied_at": utc_now()}
            rows = [RegionRow(key=f"uji-{number:02}", code=f"99.{number:02}", name=name, **said) for number in range(count)]
            ctx.session.add_all(rows)
            ctx.session.flush()
            rooms = ctx.session.scalars(select(RegionModuleRow).where(RegionModuleRow.region_id == shown.id)).all()
            ctx.session.add_all(
                RegionModuleRow(region_id=row.id, module=room.module, enabled=room.enabled, settings=room.settings)
                for row in rows
                for room in rooms
            )
        house.directory.refresh()

    yield add
    with unit_of_work(house.ground) as ctx:
        made = select(RegionRow.id).where(RegionRow.key.startswith("uji-"))
        ctx.session.execute(delete(RegionModuleRow).where(RegionModuleRow.region_id.in_(made)))
        ctx.session.execute(delete(RegionRow).where(RegionRow.key.startswith("uji-")))
    house.directory.refresh()


def test_a_regions_name_stays_words(read, others):
    others(1, HOSTILE)
    page = Page(read())
    assert [attrs for attrs in page.all("script", "img") if "src" not in attrs or not attrs["src"].startswith("/assets/")] == []
    assert HOSTILE in page.words


def test_a_full_page_is_light_and_leads_to_all_the_rest(house, read, record, others):
    others(50, "Kabupaten Kotawaringin Timur")
    numbers = [f"CONTOH/{number:03}/PKS/2025" for number in range(20)]
    for number in numbers:
        record(number=number)
    found, address = [], "?lang=id"
    for _ in range(4):
        answered = read(address)
        assert len(answered.get_data()) < 25_000
        page = Page(answered)
        found += page.words
        following = [attrs["href"] for attrs in page.all("a") if attrs.get("rel") == "next"]
        if not following:
            break
        address = following[-1].partition("#")[0] + "&lang=id"
    assert [region.code for region in house.directory.all() if region.code not in found] == []
    first = Page(read("?lang=id"))
    more = next(attrs["href"] for attrs in first.all("a") if attrs["href"].endswith("#agreements"))
    text = " ".join(first.words + Page(read(more.partition("#")[0])).words)
    assert [number for number in numbers if number not in text] == []


def test_what_is_not_public_or_was_retired_is_not_on_it(read, record, admin, browser):
    record(title="Rahasia", public=False)
    retired = record(title="Ditarik")
    assert admin.delete(f"replication/agreements/{retired['id']}", headers={"If-Match": '"v1"'}).status_code == 204
    for answered in (read(), browser(admin).get(PAGE)):
        text = answered.get_data(as_text=True)
        assert "Rahasia" not in text
        assert "Ditarik" not in text


def test_a_region_may_have_no_public_page(house, admin, anybody, browser):
    path = "modules/replication/settings"
    read = admin.get(path)
    for public in (False, True):
        changed = admin.put(path, {"values": {"public_page": public}}, headers={"If-Match": read.headers["ETag"]})
        assert changed.status_code == 200, changed.get_json()
        house.directory.refresh()
        assert browser().get(PAGE).status_code == (200 if public else 404)
        assert browser(admin).get(PAGE).status_code == 200
        assert anybody.get("replication/regions").status_code == 200
        read = changed
    assert admin.put(path, {"values": {}}, headers={"If-Match": read.headers["ETag"]}).status_code == 200
    house.directory.refresh()
