"""What everybody reads of services, numbers, places and news, without a script and in their language."""

import re

import pytest

from tests.bench.measures import counted

HOSTILE = "<script>alert(1)</script>{{ 7 * 7 }}"


@pytest.fixture
def anyone(browser):
    return browser()


@pytest.fixture
def add(staff):
    """Return a function by which the region's admin adds an item over the API."""

    def add(plural, **said):
        said = {"source": "https://example.org/a?b=1&c=2", "checked_on": "2026-11-02", **said}
        made = staff("regional_admin").post(f"service-info/{plural}", said)
        assert made.status_code == 201, made.get_json()

    return add


@pytest.fixture
def service(add):
    add(
        "services",
        key="uji-layanan",
        name={"id": "Izin Uji Coba", "en": "Trial permit"},
        department_type="PUPR",
        summary={"id": "Untuk mencoba.", "en": "For a trial."},
        requirements=[{"id": "Surat permohonan", "en": "A letter"}, {"id": HOSTILE}],
        cost={"amount": 1_250_000, "currency": "IDR"},
        time={"working_days": 7},
        position=0,
    )


def test_the_first_page_begins_with_whom_to_call_in_an_emergency(anyone, text):
    page = text(anyone.get("service-info"))
    assert page.index("Keadaan darurat") < page.index('href="tel:') < page.index("Daftar layanan")
    assert all(re.fullmatch(r"\+?[0-9]+", number) for number in re.findall(r'href="tel:([^"]*)"', page))
    assert "In an emergency" in text(anyone.get("service-info?lang=en"))


def test_a_service_tells_what_it_asks_costs_and_takes_and_who_gives_it(anyone, service, text):
    page = text(anyone.get("service-info/services/uji-layanan"))
    for word in ("Izin Uji Coba", "Surat permohonan", "IDR 1.250.000", "7 hari kerja", "Dinas Pekerjaan Umum", "2 Nov 2026"):
        assert word in page, word
    assert "belum diverifikasi" in page
    assert 'href="https://example.org/a?b=1&c=2"' in page
    english = text(anyone.get("service-info/services/uji-layanan?lang=en"))
    for word in ("Trial permit", "A letter", "IDR 1,250,000", "7 working days"):
        assert word in english, word
    assert anyone.get("service-info/services/tidak-ada").status_code == 404


def test_services_are_found_by_a_word_and_paged(anyone, add, service, text):
    assert "Izin Uji Coba" in text(anyone.get("service-info/services?q=uji+coba"))
    assert "Izin Uji" not in text(anyone.get("service-info/services?q=zzzzzz"))
    plain = {"department_type": "PUPR", "requirements": [], "cost": {"amount": 0, "currency": "IDR"}}
    for number in range(21):
        said = {"name": {"id": f"Layanan penuh {number}"}, "summary": {"id": "Penuh."}, "time": {"working_days": 0}}
        add("services", key=f"uji-penuh-{number}", **said, **plain)
    page, seen = text(anyone.get("service-info/services?q=penuh")), set()
    while True:
        seen |= set(re.findall(r"Layanan penuh \d+", page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        page = text(anyone.get(following[1]))
    assert len(seen) == 21
    assert "Gratis" in page


def test_places_are_found_around_an_area_without_a_script_and_near_a_point(anyone, text):
    page = text(anyone.get("service-info/places"))
    areas = dict(re.findall(r'<option value="([0-9.]+)">([^<]+)</option>', page))
    baiturrahman = next(code for code, name in areas.items() if name == "Baiturrahman")
    found = text(anyone.get(f"service-info/places?area={baiturrahman}"))
    assert "Kantor Camat Baiturrahman" in found
    assert "RSUD Meuraxa" not in found
    near = text(anyone.get("service-info/places?near=5.5222,95.3160"))
    assert near.index("RSUD Meuraxa") < near.index("Balai Kota")
    assert re.search(r"RSUD Meuraxa.{0,60}\b1\d meter", near, re.DOTALL)
    assert "RSUD Meuraxa" not in text(anyone.get("service-info/places?kind=town_hall&area="))
    assert anyone.get("service-info/places?area=99.99").status_code == 404
    assert anyone.get("service-info/places?near=here").status_code == 422


def test_an_article_is_words_and_is_there_from_its_day_on(anyone, admin, add, text):
    add("articles", key="uji-nanti", title={"id": "Nanti"}, body={"id": HOSTILE}, published_on="2999-01-01")
    add("articles", key="uji-kini", title={"id": HOSTILE[:60]}, body={"id": HOSTILE}, published_on="2026-01-01")
    assert anyone.get("service-info/articles/uji-nanti").status_code == 404
    assert "Nanti" not in text(anyone.get("service-info/articles"))
    assert admin.get("service-info/articles/uji-nanti").status_code == 200
    for path in ("service-info/articles/uji-kini", "service-info/articles", "service-info"):
        page = anyone.get(path).get_data(as_text=True)
        assert "<script>alert" not in page, path
        assert "49" not in re.findall(r"alert\(1\)[^<]*?(49)", page), path


def test_whoever_may_edit_is_led_to_the_form_and_nobody_else(anyone, admin, service, text):
    form = "/r/banda-aceh/service-info/edit/services/uji-layanan"
    assert form in text(admin.get("service-info/services/uji-layanan"))
    assert form not in text(anyone.get("service-info/services/uji-layanan"))


def test_lists_are_as_many_statements_however_long_they_are(house, anyone, add):
    counts = []
    for number in range(2):
        for path in ("service-info", "service-info/contacts", "service-info/places", "service-info/services"):
            anyone.get(path)
            with counted(house) as statements:
                anyone.get(path)
            counts.append((number, path, len(statements)))
        for more in range(4):
            add("contacts", key=f"uji-{number}-{more}", name={"id": f"Nomor {more}"}, phone="119", kind="emergency")
    assert [each[1:] for each in counts if each[0] == 0] == [each[1:] for each in counts if each[0] == 1]
