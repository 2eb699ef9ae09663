"""What officers do in a browser: the inbox, the case, every move with what it needs, evidence, triage, validation."""

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from backend.data.unit_of_work import unit_of_work
from backend.files.models import FileRow
from tests.journeys.test_main_job import make, picture, report, upload


@pytest.fixture
def routed(citizen, work):
    """A routed complaint with a photograph, and the key of its department."""
    reporter = citizen()
    made = report(reporter, file_ids=[upload(reporter)], description="Lubang <script>alert(1)</script> & 'air'.")
    work()
    return made | {"reporter": reporter, "unit": reporter.get(f"complaints/{made['id']}").get_json()["department"]["key"]}


@pytest.fixture
def officer(staff, routed):
    return staff("department_officer", routed["unit"])


@pytest.fixture
def count(house):
    """Return a function that gives how many statements a request takes when what is kept has been read."""

    def count(ask):
        heard = []

        def note(*said):
            heard.append(said[2])

        ask()
        event.listen(house.ground.engine, "before_cursor_execute", note)
        try:
            assert ask().status_code == 200
        finally:
            event.remove(house.ground.engine, "before_cursor_execute", note)
        return len(heard)

    return count


def case_of(made, more=""):
    return f"complaints/{made['id']}{more}"


def version_in(page):
    return re.search(r'name="version" value="(\d+)"', page)[1]


def do(browser, made, move, query="", **form):
    """Open the form of a move and send it filled in, as a person does."""
    page = browser.get(case_of(made, f"?move={move}{query}"))
    assert f'name="move" value="{move}"' in page.text, page.text
    files = form.pop("photos", [])
    sent = {"move": move, "version": version_in(page.text), **form, "photos": [(content, name) for content, name in files]}
    return browser.post(case_of(made, f"/moves?move={move}{query}"), sent, content_type="multipart/form-data")


def done(browser, made, move, **form):
    """Make a move and return the page that one is led to."""
    answer = do(browser, made, move, **form)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.location)
    assert page.status_code == 200
    return unescape(page.text)


def state(made):
    return made["reporter"].get(case_of(made)).get_json()["status"]


def test_a_report_goes_all_the_way_on_pages(browser, routed, officer, staff):
    page, judge = browser(officer), browser(staff("validator"))
    assert "Terima: sudah dicatat. Status sekarang: Diterima." in done(page, routed, "accept", note="Kami periksa hari ini.")
    done(page, routed, "start")
    done(page, routed, "submit_evidence", note="Sudah ditambal.", photos=[(picture(), "satu.jpg"), (picture(), "dua.jpg")])
    seen = unescape(judge.get(case_of(routed)).text)
    assert seen.count('alt="Foto bukti 2"') == 2  # beside the reporter's, and in the history
    assert 'alt="Foto pelapor 1"' in seen
    assert "Sahkan: sudah dicatat" in done(judge, routed, "validate", checked=["work", "place", "fresh"])
    assert state(routed) == "resolved"
    lines = routed["reporter"].get(case_of(routed, "/timeline")).get_json()["items"]
    assert [(line["move"], line["note"], len(line["files"])) for line in lines[2:]] == [
        ("accept", "Kami periksa hari ini.", 0),
        ("start", None, 0),
        ("submit_evidence", "Sudah ditambal.", 2),
        ("validate", None, 0),
    ]


def test_a_case_tells_what_was_reported_as_plain_text_and_why_it_is_here(browser, routed, officer):
    got = browser(officer).get(case_of(routed))
    assert "Lubang &lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;air&#39;." in got.text
    assert "<script>" not in got.text
    page = unescape(got.text)
    assert routed["number"] in page
    assert "packs/" in page
    assert 'href="geo:5.5529,95.3192"' in page
    assert "Batas tanggapan" in page
    assert "penyaluran otomatis" in page
    assert routed["reporter"].phone not in page


def test_a_form_has_the_fields_of_its_move_alone(browser, routed, officer, staff):
    page = browser(officer).get(case_of(routed, "?move=accept")).text
    assert 'name="note"' in page
    assert f'value="{officer_id(officer)}"' in page  # colleagues may be given the work
    assert all(f'name="{field}"' not in page for field in ("department", "reason", "cluster", "authority", "photos"))
    page = browser(staff("triage")).get(case_of(routed, "?move=reject")).text
    assert re.search(r'<select id="field-reason" name="reason" required>', page)
    assert re.search(r'<textarea id="field-note"[^>]* required', page)
    assert browser(officer).get(case_of(routed, "?move=validate")).text.count("<form") == 2  # leaving, and the note


def officer_id(person):
    return person.get("/v1/me").get_json()["id"]


def test_a_refused_photograph_is_named_and_nothing_typed_is_lost(browser, routed, officer, house):
    page = browser(officer)
    done(page, routed, "accept")
    done(page, routed, "start")

    def kept():
        with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
            return ctx.session.scalar(select(func.count()).select_from(FileRow).where(FileRow.region_id == ctx.region.id))

    before = kept()
    large = (io.BytesIO(b"\xff\xd8" + bytes(10_000_000)), "besar.jpg")
    photos = [
        (picture(), "jalan.jpg"),
        (io.BytesIO(b"%PDF-1.7 bukan foto"), "surat.pdf"),
        (io.BytesIO(b"apa"), "b<i>.jpg"),
        large,
    ]
    got = do(page, routed, "submit_evidence", note="Sudah ditambal pagi tadi.", photos=photos)
    assert got.status_code == 422
    assert "Foto ke-2 (surat.pdf) tidak diterima: Jenis gambar ini tidak diterima" in got.text
    assert "Foto ke-3 (b&lt;i&gt;.jpg) tidak diterima: Ini bukan gambar." in got.text
    assert "Foto ke-4 (besar.jpg) tidak diterima: Lebih dari 10 MB." in got.text
    assert "Foto ke-1" not in got.text
    assert ">Sudah ditambal pagi tadi.</textarea>" in got.text
    assert kept() == before
    got = do(page, routed, "submit_evidence", note="Sudah ditambal pagi tadi.")
    assert got.status_code == 422
    assert 'id="fault-file_ids"' in got.text
    assert state(routed) == "in_progress"


def test_who_comes_second_is_told_and_keeps_what_was_typed(browser, routed, officer):
    page = browser(officer)
    old = version_in(page.get(case_of(routed, "?move=ask_information")).text)
    make(officer, routed, "accept")
    sent = {"move": "ask_information", "version": old, "note": "Di sisi jalan yang mana?"}
    got = page.post(case_of(routed, "/moves?move=ask_information"), sent)
    assert got.status_code == 412
    assert ">Di sisi jalan yang mana?</textarea>" in got.text
    assert int(version_in(got.text)) == int(old) + 1
    assert state(routed) == "accepted"
    got = page.post(case_of(routed, "/moves?move=accept"), {"move": "accept", "version": version_in(got.text)})
    assert got.status_code == 409
    assert "Langkah ini tidak dapat dilakukan sekarang." in got.text


def test_triage_goes_from_one_to_the_next(browser, lay, staff):
    now = datetime.now(UTC) + timedelta(days=400)  # after everything else that waits
    changes = [{"department": None, "state": "submitted", "next_due_at": now + timedelta(hours=n)} for n in range(3)]
    first, second, third = ({"id": each} for each in lay(changes))
    desk = browser(staff("triage"))
    seen = desk.get(case_of(first, "?desk=triage"))
    assert f"/complaints/{second['id']}?desk=triage" in seen.text
    answer = do(desk, first, "assign", "&desk=triage", department="pupr", note="Jalan kota.", then="next")
    assert answer.location.endswith(f"/complaints/{second['id']}?desk=triage&said=saved")
    missing = do(desk, second, "assign", "&desk=triage", department="pupr", then="next")
    assert missing.status_code == 422
    assert 'id="fault-reason"' in missing.text
    assert '<option value="pupr" selected>' in missing.text
    answer = do(desk, second, "reject", "&desk=triage", reason="not_a_complaint", note="Ini pujian.", then="next")
    assert answer.location.endswith(f"/complaints/{third['id']}?desk=triage&said=saved")
    seen = desk.get(answer.location).text
    assert "Laporan berikutnya" not in seen
    answer = do(desk, third, "publish", "&desk=triage")
    assert "Terbitkan isi: sudah dicatat" in desk.get(answer.location).text


def test_what_was_not_published_waits_at_a_desk_of_its_own(browser, routed, staff):
    desk = browser(staff("triage"))
    asked = f"complaints/inbox?desk=publication&q={routed['number']}"
    assert case_of(routed) in desk.get(asked).text
    done(desk, routed, "publish")
    assert case_of(routed) not in desk.get(asked).text
    assert browser(staff("validator")).get(asked).text.count('<li class="panel') == 0


def test_a_report_is_merged_by_the_number_of_the_other(browser, routed, citizen, staff, work):
    other = report(citizen())
    work()
    desk = browser(staff("triage"))
    got = do(desk, routed, "merge", cluster="BNA-0000-000000-X")
    assert got.status_code == 422
    assert "Laporan ini tidak ditemukan." in got.text
    got = do(desk, routed, "merge", cluster=routed["number"])
    assert "Laporan tidak dapat digabung ke sini." in got.text
    seen = done(desk, routed, "merge", cluster=f" {other['number'].lower()} ")
    assert case_of(other) in seen
    assert state(routed) == "merged"


def test_nobody_judges_their_own_work_and_a_judge_says_what_was_looked_at(browser, routed, officer, staff):
    page = browser(officer)
    done(page, routed, "accept")
    done(page, routed, "start")
    done(page, routed, "submit_evidence", note="Beres.", photos=[(picture(), "a.jpg")])
    of_the_unit = browser(staff("validator", routed["unit"])).get(case_of(routed)).text
    assert "jadi petugas lain yang memeriksanya" in of_the_unit
    assert "move=validate" not in of_the_unit
    judge = browser(staff("validator"))
    assert "jadi petugas lain yang memeriksanya" not in judge.get(case_of(routed)).text
    got = do(judge, routed, "validate", checked=["work", "fresh"])
    assert got.status_code == 422
    assert "Periksa dan tandai semuanya lebih dahulu." in got.text
    assert got.text.count(" checked>") == 2
    assert "Tolak tindak lanjut: sudah dicatat" in done(judge, routed, "refuse_follow_up", note="Masih berlubang.")
    assert "Masih berlubang." in page.get(case_of(routed)).text


def test_an_internal_note_is_for_colleagues(browser, routed, officer):
    page, word = browser(officer), f"kata{uuid4().hex}"
    answer = page.post(case_of(routed, "/notes"), {"internal_note": word})
    assert word in page.get(answer.location).text
    assert word not in routed["reporter"].get(case_of(routed, "/timeline")).text
    got = page.post(case_of(routed, "/notes"), {"internal_note": "  "})
    assert got.status_code == 422
    assert 'id="fault-internal_note"' in got.text


def test_work_is_given_to_a_colleague_by_name_and_leaves_with_the_department(browser, routed, staff):
    head, colleague = browser(staff("department_head", routed["unit"])), staff("field_officer", routed["unit"])
    done(head, routed, "accept", assignee=officer_id(colleague))
    name = colleague.get("/v1/me").get_json()["name"]
    assert name in head.get(case_of(routed)).text
    assert case_of(routed) in browser(colleague).get(f"complaints/inbox?mine=true&q={routed['number']}").text
    elsewhere = "perkim"
    answer = do(head, routed, "reassign", department=elsewhere, note="Bukan jalan, tetapi pipa bocor.")
    assert head.get(answer.location).status_code == 200
    assert name not in head.get(case_of(routed)).text  # of another unit one learns no names
    assert "Bukan jalan" not in head.get(case_of(routed)).text


def test_who_hands_a_private_case_out_of_sight_is_back_at_the_inbox(browser, citizen, staff, work):
    reporter = citizen()
    made = report(reporter, visibility="private", file_ids=[upload(reporter)]) | {"reporter": reporter}
    work()
    unit = reporter.get(case_of(made)).get_json()["department"]["key"]
    head = browser(staff("department_head", unit))
    answer = do(head, made, "reassign", department="perkim", note="Bukan kami.")
    assert answer.location.endswith("/complaints/inbox?said=saved")
    assert head.get(answer.location).status_code == 200
    assert head.get(case_of(made)).status_code == 404


def test_the_inbox_says_what_is_late_and_what_is_whose(browser, lay, staff):
    now = datetime.now(UTC)
    hours = (-50, 5, 60)
    changes = [{"department": "pdam", "state": "accepted", "next_due_at": now + timedelta(hours=each)} for each in hours]
    laid = lay([*changes, {"department": "dishub", "state": "accepted"}])
    officer = staff("department_officer", "pdam")
    page = unescape(browser(officer).get("complaints/inbox?status=accepted&limit=100").text)
    assert [page.index(each) for each in laid[:3]] == sorted(page.index(each) for each in laid[:3])
    assert laid[3] not in page
    items = {each: page[page.index(each) : page.index("</li>", page.index(each))] for each in laid[:3]}
    assert "Terlambat, tenggat 2 hari yang lalu" in items[laid[0]]
    assert re.search(r"Segera: [45] jam lagi", items[laid[1]])
    assert "Tenggat 2 hari lagi" in items[laid[2]]
    counts = officer.get("complaints/inbox").get_json()["counts"]
    assert f"Semua ({counts['all']})" in page
    assert f"{counts['late']} terlambat" in page


def test_the_inbox_goes_on_by_cursor_and_keeps_what_it_is_narrowed_to(browser, lay, staff):
    now = datetime.now(UTC)
    laid = lay([{"department": "pdam", "state": "accepted", "next_due_at": now + timedelta(hours=n)} for n in range(5)])
    lay([{"department": "pdam", "state": "in_progress"}])
    desk, path, seen = browser(staff("department_officer", "pdam")), "complaints/inbox?status=accepted&limit=2", []
    while path:
        page = unescape(desk.get(path).text)
        seen += re.findall(r'id="case-([^"]+)" href="[^"]*\?status=accepted"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following and f"{following[1]}&limit=2"
    assert seen == laid
    assert desk.get("complaints/inbox?cursor=nonsense").status_code == 422


def test_the_list_alone_is_asked_for_anew(browser, routed, officer):
    page = browser(officer)
    whole = page.get("complaints/inbox").text
    part = page.get("complaints/inbox", headers={"HX-Request": "true"}).text
    assert part.startswith('<div id="waiting"')
    assert part.strip() in whole
    assert 'hx-trigger="every 60s"' in part


def test_what_is_not_ones_own_to_know_is_not_there(browser, citizen, routed, staff, work):
    reporter = citizen()
    private = report(reporter, visibility="private", file_ids=[upload(reporter)])
    work()
    stranger = browser(staff("department_officer", "pdam"))
    assert stranger.get(case_of(private)).status_code == 404
    assert stranger.get(f"complaints/{uuid4()}").status_code == 404
    assert stranger.post(case_of(private, "/moves"), {"move": "accept", "version": "1"}).status_code == 404
    assert browser(staff("triage", region="sumedang")).get(f"/r/sumedang/complaints/{routed['id']}").status_code == 404
    seen = stranger.get(case_of(routed)).text  # open: place and state for everybody, not the words
    assert "Lubang" not in seen
    assert "<img" not in seen
    assert "Isi laporan ini tidak untuk peran Anda." in seen
    nobody = browser().get(case_of(routed))
    assert nobody.status_code == 303
    assert "/sign-in?next=" in nobody.location


def test_pages_of_the_work_speak_english_too(browser, routed, officer):
    page = unescape(browser(officer).get(case_of(routed, "?move=accept&lang=en")).text)
    assert "What to do" in page
    assert "Response due" in page
    assert "reported" in page.casefold()
    assert "complaints." not in re.sub(r"packs/\S+", "", page)


def test_no_page_takes_more_statements_for_more_rows(browser, count, lay, routed, officer):
    page = browser(officer)
    inbox, case = (lambda: page.get("complaints/inbox")), (lambda: page.get(case_of(routed, "?move=accept")))
    before = count(inbox), count(case)
    lay([{"department": routed["unit"], "state": "accepted"} for _ in range(30)])
    for number in range(8):
        officer.post(case_of(routed, "/notes"), {"note": f"Catatan {number}"})
    assert (count(inbox), count(case)) == before
    assert before[0] <= 5, before  # region, account, list, counts, areas
    assert before[1] <= 7, before  # region, account, case, colleagues, why here, the map, what comes next
