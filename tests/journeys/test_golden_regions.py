"""Every shipped region by itself: reports at real places go to the unit expected, in the region's words, under its numbers."""

import re
from dataclasses import dataclass

import pytest

from backend.packs.folder import shipped_packs


@dataclass(frozen=True, kw_only=True)
class Golden:
    """What a region makes of reports: `routes` are (latitude, longitude, category, lowest area, unit), the places being real."""

    phone: str
    language: str
    prefix: str
    waiting: str
    received: str  # the first message, up to the number
    routes: tuple[tuple[float, float, str, str, str], ...]


INDONESIAN = {"phone": "+6281211{:06}", "language": "id", "waiting": "Menunggu", "received": "Aduan "}
GOLDEN = {
    "banda-aceh": Golden(
        **INDONESIAN,
        prefix="BNA",
        routes=(
            (5.5536, 95.3172, "JLN-01", "11.71.01.2001", "pupr"),  # the great mosque: a gampong is no first line
            (5.5600, 95.2870, "DRN-03", "11.71.03.2002", "bpbd"),  # Ulee Lheue
            (5.5700, 95.3690, "ADM-04", "11.71.04.2008", "area-11.71.04"),  # Darussalam: the office of its kecamatan
            (5.5478, 95.3148, "TRB-07", "11.71.01.2003", "satpolpp-wh"),  # the tsunami museum
            (5.5536, 95.3172, "ASN-02", "11.71.01.2001", "inspektorat"),  # sealed
        ),
    ),
    "bandung": Golden(
        **INDONESIAN,
        prefix="BDG",
        routes=(
            (-6.9025, 107.6188, "JLN-01", "32.73.09.1003", "area-32.73.09.1003"),  # Gedung Sate: its kelurahan first
            (-6.9217, 107.6070, "BCN-01", "32.73.11.1004", "damkar"),  # Alun-alun
            (-6.9217, 107.6070, "JLN-06", "32.73.11.1004", "damkar"),  # which is for disasters as well
            (-6.8845, 107.6135, "ADM-04", "32.73.02.1004", "area-32.73.02"),  # Dago
            (-6.9178, 107.6042, "PSR-01", "32.73.05.1004", "pasar"),  # Pasar Baru, by the region's rule
            (-6.9310, 107.7170, "PSR-01", "32.73.25.1002", "disperindag"),  # Cibiru, where the rule does not hold
        ),
    ),
    "dki-jakarta": Golden(
        **INDONESIAN,
        prefix="JKT",
        routes=(
            (-6.1754, 106.8272, "LLN-01", "31.71.01.1001", "area-31.71.01.1001"),  # Monas: as in CRM, the kelurahan first
            (-6.1352, 106.8133, "DRN-04", "31.73.03.1008", "sda"),  # Kota Tua: water has a department of its own
            (-6.2440, 106.7990, "JLN-04", "31.74.07.1001", "pupr"),  # Blok M
            (-6.3024, 106.8951, "LH-03", "31.75.10.1008", "pertamanan"),  # Taman Mini
            (-5.7455, 106.6140, "SMP-01", "31.01.01.1001", "area-31.01.01.1001"),  # Pramuka, an island of the regency inside
            (-6.1105, 106.8800, "ADM-04", "31.72.02.1001", "area-31.72.02"),  # Tanjung Priok
        ),
    ),
    "nairobi": Golden(
        phone="+254712{:06}",
        language="en",
        prefix="NBO",
        waiting="Waiting",
        received="We have your report ",
        routes=(
            (-1.2886, 36.8230, "PotholeRoadDamage", "047.289", "mobility-works"),  # the conference centre, in Starehe
            (-1.3133, 36.7879, "NoWaterSupply", "047.278", "water-sewerage"),  # Kibera
            (-1.2609, 36.8025, "IllegalHawking", "047.274", "area-047.274"),  # Westlands: its office first
            (-1.2762, 36.9130, "IllegalDumping", "047.284", "environment"),  # Kayole
            (-1.2886, 36.8230, "StaffMisconduct", "047.289", "public-service"),  # sealed
        ),
    ),
    "sumedang": Golden(
        **INDONESIAN,
        prefix="SMD",
        routes=(
            (-6.8362, 107.9217, "JLN-01", "32.11.18.1002", "area-32.11.18.1002"),  # a kelurahan of the town
            (-6.9262, 107.7747, "JLN-01", "32.11.15.2002", "putr"),  # Jatinangor, a desa
            (-6.9480, 108.0900, "SMP-01", "32.11.01.2006", "dlhk"),  # Wado
            (-6.8586, 107.9204, "PSR-01", "32.11.17.1002", "upt-pasar"),  # the town market, by the region's rule
            (-6.9262, 107.7747, "PSR-01", "32.11.15.2002", "diskopukmpp"),
            (-6.9262, 107.7747, "ADM-04", "32.11.15.2002", "area-32.11.15"),
        ),
    ),
}


def test_every_shipped_region_is_here():
    assert GOLDEN.keys() == {folder.name for folder in shipped_packs()}


@pytest.mark.parametrize("region", GOLDEN)
def test_reports_go_where_the_region_wants_them_and_the_citizen_is_told_in_its_words(region, client, citizen, staff, work):
    golden = GOLDEN[region]
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = golden.language
    reporter = citizen(region, phone=golden.phone.format(314159))
    made = []
    for lat, lng, category, area, unit in golden.routes:
        location = {"lat": lat, "lng": lng}
        assert reporter.get(f"/v1/regions/locate?lat={lat}&lng={lng}").get_json()["region"]["key"] == region
        got = reporter.post("complaints", {"category": category, "description": "Di sini.", "location": location})
        assert got.status_code == 201, got.get_json()
        complaint = got.get_json()
        assert complaint["number"].startswith(f"{golden.prefix}-")
        assert (complaint["area"]["code"], complaint["status_label"]) == (area, golden.waiting)
        made.append((complaint, unit))
    work()
    for complaint, unit in made:
        seen = reporter.get(f"complaints/{complaint['id']}").get_json()
        assert seen["department"]["key"] == unit, complaint["category"]
        officer = staff("department_officer", unit, region)
        trace = officer.get(f"complaints/{complaint['id']}/routing").get_json()["items"][0]["trace"]
        assert trace[-1]["held"]
        assert trace[-1]["source"].startswith("packs/")
        assert not trace[-1]["text"].startswith("complaints.")
    first = reporter.get("notifications?limit=50").get_json()["items"][-1]["title"]
    assert first.startswith(golden.received)
    assert first.removeprefix(golden.received).startswith(golden.prefix)


def test_nairobi_speaks_swahili_to_whoever_asks_for_it_and_balai_itself_english(client, citizen, work):
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "sw-KE,sw;q=0.9,id;q=0.5,en;q=0.4"
    reporter = citizen("nairobi", phone="+254712271828")
    code = reporter.get("/demo/messages?to=%2B254712271828").get_json()["items"][0]["text"]
    assert re.match(r"\d{6} ni msimbo wako wa kuingia Balai Nairobi\. Utatumika kwa dakika 5\.", code)
    assert reporter.get("/v1/me").get_json()["locale"] == "sw"
    report = {"category": "NoWaterSupply", "description": "Hapa.", "location": {"lat": -1.3133, "lng": 36.7879}}
    complaint = reporter.post("complaints", report).get_json()
    assert complaint["status_label"] == "Inasubiri"
    assert complaint["category_name"] == "Hakuna maji"
    work()
    notices = reporter.get("notifications?limit=50").get_json()["items"]
    number = complaint["number"]
    assert [notice["title"] for notice in reversed(notices)] == [f"Tumepokea ripoti {number}", f"Ripoti {number} imepelekwa"]
    refused = reporter.post("complaints", report | {"category": "Nothing"})
    assert (refused.status_code, refused.headers["Content-Language"]) == (422, "en")
    assert refused.get_json()["errors"][0]["detail"] == "There is no such category in this region."
