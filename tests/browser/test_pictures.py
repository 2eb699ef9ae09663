"""The pictures of the README, of pages as people have them before them. `WRITE=1` puts them into `docs/pictures`."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from backend.data.unit_of_work import unit_of_work
from services.complaints.operations.recounting import begin_recount
from tests.browser.chromium import LAPTOP
from tests.journeys.test_main_job import make, report

REGION, UNIT = "bandung", "pupr"
PHONE = {"width": 390, "height": 844}
MOST_BYTES = 150_000
_FOLDER = Path(__file__).parents[2] / ("docs/pictures" if os.environ.get("WRITE") else "var/screenshots")
_COLOURS = 128
_REPORTED = (
    ("JLN-01", "Lubang besar di depan pasar, sudah seminggu dan makin dalam setiap kali hujan.", (-6.9147, 107.6098)),
    ("PJU-01", "Tiga lampu jalan mati berderet, gelap sekali di malam hari.", (-6.9032, 107.6186)),
    ("SMP-01", "Sampah di tempat penampungan sudah meluap ke jalan.", (-6.9261, 107.5930)),
    ("DRN-01", "Saluran tersumbat, air menggenang sampai ke teras rumah.", (-6.9402, 107.6254)),
    ("LLN-04", "Lampu lalu lintas mati di simpang empat.", (-6.8951, 107.6010)),
    ("LH-02", "Dahan pohon mahoni sudah condong ke kabel listrik.", (-6.9183, 107.6512)),
    ("JLN-02", "Jalan bergelombang di tikungan, sepeda motor sering oleng.", (-6.9325, 107.5741)),
    ("JLN-03", "Penutup trotoar hilang di depan sekolah.", (-6.9501, 107.6620)),
)


def road(*, mended):
    """Return a drawing of a road with a hole, or with the place where it was."""
    shown = Image.new("RGB", (800, 600), "#8b8f94")
    draw = ImageDraw.Draw(shown)
    draw.rectangle((0, 0, 800, 170), fill="#a9c8e0")
    draw.polygon(((0, 600), (260, 170), (540, 170), (800, 600)), fill="#55595e")
    for top in range(190, 600, 90):
        draw.line((400, top, 400, top + 45), fill="#e8d44d", width=6 + top // 60)
    draw.ellipse(
        (250, 380, 470, 480), fill="#3f4246" if mended else "#241c15", outline="#4a4d51" if mended else "#6b5a45", width=8
    )
    content = io.BytesIO()
    shown.save(content, "JPEG", quality=85)
    content.seek(0)
    return content


@pytest.fixture
def reported(house, work, citizen, staff):
    """Reports of a few people, one of them in hand and one resolved; the one in hand, and its officer."""

    def photo(person, *, mended=False):
        got = person.post("files", data={"file": (road(mended=mended), "foto.jpg")}, content_type="multipart/form-data")
        return got.get_json()["id"]

    made, triage, reporter = [], staff("triage", region=REGION), citizen(REGION)
    for category, words, (lat, lng) in _REPORTED:
        files = [photo(reporter)] if category in {"JLN-01", "JLN-02"} else []
        made.append(report(reporter, category, description=words, location={"lat": lat, "lng": lng}, file_ids=files))
    work()
    for complaint in made:
        make(triage, complaint, "publish")
        if complaint["category"].startswith(("JLN", "DRN")):
            make(triage, complaint, "reassign", department=UNIT, note="Di luar kemampuan kelurahan.")
    officer = staff("department_officer", UNIT, region=REGION)
    for complaint in (made[0], made[3], made[6]):
        make(officer, complaint, "accept")
        make(officer, complaint, "start", note="Regu berangkat besok pagi.")
    make(officer, made[6], "submit_evidence", note="Sudah diratakan.", file_ids=[photo(officer, mended=True)])
    make(staff("validator", region=REGION), made[6], "validate")
    work()
    with unit_of_work(house.ground, region=house.directory.find(REGION)) as ctx:
        begin_recount(ctx)
    work()
    return made[0], officer


def test_pages_are_as_the_readme_shows_them(tab, staff, reported, tmp_path):
    complaint, officer = reported
    admin, leader = (staff(role, region=REGION) for role in ("regional_admin", "leader"))
    pages = {
        "inbox": (officer, "complaints/inbox", PHONE),
        "case": (officer, f"complaints/{complaint['id']}?move=submit_evidence", {"width": 1280, "height": 1000}),
        "settings": (admin, "settings/modules/complaints?at=categories/JLN-01", LAPTOP),
        "open-reports": (None, "complaints", LAPTOP),
        "command-centre": (leader, "command-centre?map=complaints.received", {"width": 1280, "height": 1280}),
    }
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (person, path, size) in pages.items():
        opened = tab(person.token if person else None, viewport=size)
        opened.open(f"/r/{REGION}/{path}").wait_for_load_state("networkidle")
        assert opened.faults == [], name
        opened.page.screenshot(path=tmp_path / "whole.png", animations="disabled")
        few = Image.open(tmp_path / "whole.png").convert("RGB").quantize(_COLOURS)
        few.save(_FOLDER / f"{name}.png", optimize=True)
        assert 10_000 < (_FOLDER / f"{name}.png").stat().st_size < MOST_BYTES, name
