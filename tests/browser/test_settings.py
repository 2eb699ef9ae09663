"""An admin sets a region up by forms: a module off and on, a setting wrong and right, its version seen and taken back."""

import pytest

from tests.browser.chromium import LAPTOP

REGION = "bandung"
SETTING = f"/r/{REGION}/settings/modules/command-centre"
FIELD = "#field-v-small_number"


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def admin(tab, staff, request):
    """A tab of the region's admin's, and whether scripts run in it."""
    return tab(staff("regional_admin", region=REGION).token, viewport=LAPTOP, java_script_enabled=request.param), request.param


@pytest.fixture
def versions(staff):
    """Return a function that gives the versions of the region's pack, newest first."""
    person = staff("regional_admin", region=REGION)
    return lambda: person.get("pack/history").get_json()["items"]


def said(page):
    page.locator(".done").wait_for()
    return page


def switch(page, house, *, on):
    page.goto(f"/r/{REGION}/settings")
    form = page.locator('form:has(input[value="service-info"])')
    form.locator("button").click()
    page.fill("#field-why", "Sedang diperiksa.")
    page.click('button[value="apply"]')
    assert ("Menyala" if on else "Mati") in said(page).locator("li.card", has=form).inner_text()
    house.directory.refresh()  # as every process does within seconds


def test_a_module_is_switched_off_and_on(admin, tab, versions, house):
    opened, _ = admin
    public, nobody = f"/r/{REGION}/service-info", tab()
    assert nobody.page.goto(public).status == 200
    switch(opened.page, house, on=False)
    try:
        assert nobody.page.goto(public).status == 404
        nobody.page.goto(f"/r/{REGION}")
        assert nobody.page.locator(f'a[href^="{public}"]').count() == 0
    finally:
        switch(opened.page, house, on=True)
    assert nobody.page.goto(public).status == 200
    assert [version["why"] for version in versions()[:2]] == ["Sedang diperiksa."] * 2
    assert opened.faults == []


def test_a_setting_is_checked_saved_seen_and_taken_back(admin, versions):
    opened, scripts = admin
    page = opened.open(SETTING)
    before = versions()[0]["version"]
    assert page.input_value(FIELD) == ""
    page.fill(FIELD, "12000")
    if scripts:
        page.press(FIELD, "Tab")  # what was typed is checked before anything is sent
        page.locator("#fault-v-small_number:not(:empty)").wait_for()
        assert versions()[0]["version"] == before
    page.click('#part button[value="save"]')
    page.locator(".fault").first.wait_for()
    assert page.input_value(FIELD) == "12000"
    assert page.get_attribute(FIELD, "aria-invalid") == "true"

    page.fill(FIELD, "20")
    page.fill("#field-why", "Rapat 22 November <b>2026</b>")
    page.click('#part button[value="save"]')
    if page.locator('button[value="apply"]').count():
        page.click('button[value="apply"]')
    assert said(page).input_value(FIELD) == "20"
    assert versions()[0]["version"] == before + 1

    page.goto(f"/r/{REGION}/settings/pack")
    assert "Rapat 22 November <b>2026</b>" in page.locator("tbody tr").first.inner_text()
    page.click(f'a[href$="rollback?version={before}"]')
    page.fill("#field-why", "Salah ketik.")
    page.click("button.danger")
    said(page)
    page.goto(SETTING)
    assert page.input_value(FIELD) == ""
    refused = "console: Failed to load resource: the server responded with a status of 422 (UNPROCESSABLE ENTITY)"
    assert set(opened.faults) <= {refused}
