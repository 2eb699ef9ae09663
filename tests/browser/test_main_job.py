"""The main job, played through the pages: by people with a keyboard, a phone, and once without scripts."""

import pytest

from tests.browser.chromium import LAPTOP, PHONE
from tests.conftest import PASSWORD
from tests.journeys.cast import HOME
from tests.journeys.test_main_job import picture, report, upload

WORDS = "Jalan berlubang di depan pasar, sudah seminggu."


@pytest.fixture
def sign_in(tab):
    """Return a function that signs somebody in by the form, with the keyboard alone, and stays on the page they wanted."""

    def sign_in(person, wanted, **options):
        opened = tab(**options)
        page = opened.open(f"/r/{HOME}/{wanted}")
        assert "/sign-in?next=" in page.url
        type_into(page, "field-email", person.email)
        type_into(page, "field-password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/r/{HOME}/{wanted}")
        return opened

    return sign_in


def tab_to(page, wanted):
    """Press Tab until the element of that id has the focus; whatever has it must be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == wanted:
            return
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", page.evaluate("document.activeElement.outerHTML")
    pytest.fail(f"no way by Tab to {wanted}")


def type_into(page, field, text):
    tab_to(page, field)
    page.keyboard.type(text)


def make_move(opened, key, *, note=None, choose=None, photo=None):
    """Make a move by its form: open it, fill it in, send it; the page then says that it is done."""
    page = opened.page
    tab_to(page, f"move-{key}")
    page.keyboard.press("Enter")
    form = page.locator(f'#moves form:has(input[name="move"][value="{key}"])')
    form.wait_for()
    for name, value in (choose or {}).items():
        form.locator(f'[name="{name}"]').select_option(value)
    for box in form.locator('[name="checked"]').all():
        box.check()
    if photo:
        form.locator("#field-photos").set_input_files([{"name": "bukti.jpg", "mimeType": "image/jpeg", "buffer": photo}])
    if note:
        form.locator('[name="note"]').fill(note)
    form.locator("button").first.click()
    page.locator(".done").wait_for()


@pytest.fixture
def reported(citizen, work):
    """A report of a citizen's, routed to its department, and the citizen."""
    reporter = citizen()
    made = report(reporter, description=WORDS, file_ids=[upload(reporter)])
    work()
    return made, reporter


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_report_goes_all_the_way_through_the_pages(sign_in, tab, staff, reported, scripts):
    made, reporter = reported
    case, options = f"complaints/{made['id']}", {"java_script_enabled": scripts}

    triage = sign_in(staff("triage"), case, viewport=LAPTOP, **options)
    make_move(triage, "publish")
    make_move(triage, "reassign", choose={"department": "dlhk3"}, note="Ada tumpukan sampah di lubangnya.")
    assert "Dinas Lingkungan Hidup" in triage.page.inner_text("#facts ~ dl")

    officer = sign_in(staff("department_officer", "dlhk3"), case, viewport=PHONE, **options)
    assert WORDS in officer.page.inner_text("main")
    make_move(officer, "accept")
    make_move(officer, "start")
    make_move(officer, "submit_evidence", note="Sudah dibersihkan dan ditambal.", photo=picture().read())

    validator = sign_in(staff("validator"), case, **options)
    assert validator.page.locator(".thumbs img").count() >= 2, "the report's picture beside the evidence"
    make_move(validator, "validate")

    anybody = tab(**options)
    page = anybody.open(f"/r/{HOME}/complaints/track")
    type_into(page, "field-number", made["number"].lower())
    type_into(page, "field-code", made["tracking_code"])
    page.keyboard.press("Enter")
    page.locator(".timeline").wait_for()
    assert "Sudah dibersihkan dan ditambal." in page.inner_text(".timeline")
    page.locator('form:has(input[value="confirm"]) button').click()
    page.locator(".done").wait_for()
    assert reporter.get(f"complaints/{made['id']}").get_json()["status"] == "closed"
    assert [fault for opened in (triage, officer, validator, anybody) for fault in opened.faults] == []


@pytest.fixture
def unit(reported):
    """The department that the report was routed to."""
    made, reporter = reported
    return reporter.get(f"complaints/{made['id']}").get_json()["department"]["key"]


def test_what_somebody_else_did_meanwhile_is_told_and_nothing_typed_is_lost(sign_in, staff, reported, unit):
    made, _ = reported
    opened = sign_in(staff("department_officer", unit), f"complaints/{made['id']}?move=ask_information")
    got = staff("department_officer", unit, number=2).post(f"complaints/{made['id']}/moves", {"move": "accept"})
    assert got.status_code == 200
    opened.page.locator('#moves [name="note"]').fill("Di sebelah mana persisnya?")
    opened.page.locator("#moves form button").first.click()
    opened.page.locator(".fault").wait_for()
    assert opened.page.input_value('#moves [name="note"]') == "Di sebelah mana persisnya?"
    assert opened.faults == ["console: Failed to load resource: the server responded with a status of 412 (PRECONDITION FAILED)"]


def test_an_inbox_refreshes_itself_and_keeps_its_filter(sign_in, staff, reported, unit, work):
    made, reporter = reported
    opened = sign_in(staff("department_officer", unit), f"complaints/inbox?q={made['number']}")
    page = opened.page
    opened.context.clock.install()
    page.reload()
    listed = page.locator("#waiting li a")
    assert listed.count() == 1
    assert reporter.post(f"complaints/{made['id']}/moves", {"move": "withdraw"}).status_code == 200
    report(reporter)
    work()
    page.clock.run_for(61_000)
    listed.first.wait_for(state="detached")
    assert page.url.endswith(f"?q={made['number']}")
    assert opened.faults == []
