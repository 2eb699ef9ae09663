"""Stylesheets and scripts: under their checksum for ever, and pages that do without what this machine lacks."""

import re

import pytest

from backend.cli.doctor import examine
from backend.pages import assets

LINKED = re.compile(r'(?:href|src)="(/assets/[^"]+)"')


@pytest.fixture
def without_npm(monkeypatch, tmp_path):
    """A machine on which `npm ci` never ran."""
    monkeypatch.setattr(assets, "_NPM", tmp_path)
    assets._assets.cache_clear()  # noqa: SLF001 - read once a process
    yield
    monkeypatch.undo()
    assets._assets.cache_clear()  # noqa: SLF001 - as above


def test_what_a_page_links_is_there_and_may_be_kept_for_ever(browser):
    linked = LINKED.findall(browser().get("").get_data(as_text=True))
    assert any(address.endswith("/frame.css") for address in linked)
    for address in linked:
        got = browser().get(address)
        assert got.status_code == 200, address
        assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.mimetype in {"text/css", "text/javascript", "image/svg+xml"}


@pytest.mark.parametrize("wrong", ["0" * 12, "..", "%2e%2e"])
def test_another_checksum_is_not_there(browser, wrong):
    assert browser().get(f"/assets/{wrong}/frame.css").status_code == 404


@pytest.mark.parametrize("name", ["assets.py", "..%2fframe.py", "frame", "package.json", "htmx.min.js"])
def test_nothing_else_of_the_folder_is_served(browser, name):
    checksum = assets.asset("frame.css").split("/")[2]
    assert browser().get(f"/assets/{checksum}/{name}").status_code == 404


def test_without_node_pages_work_and_the_doctor_says_what_is_missing(without_npm, browser, staff, environ):
    assert assets.missing_assets() == list(assets.FETCHED)
    assert assets.asset("htmx.js") == ""
    for person in (browser(), browser(staff("department_officer", "pupr"))):
        page = person.get("")
        assert page.status_code == 200
        linked = LINKED.findall(page.get_data(as_text=True))
        assert {address.rpartition("/")[2] for address in linked}.isdisjoint(assets.FETCHED)
        assert 'src=""' not in page.get_data(as_text=True)
    told = [finding.text for finding in examine(environ) if finding.what == "pages"]
    assert len(told) == 1
    assert "htmx.js" in told[0]
    assert "npm ci" in told[0]


def test_an_asset_nobody_knows_is_a_programmers_fault():
    with pytest.raises(KeyError):
        assets.asset("nothing.css")
