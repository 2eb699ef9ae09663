"""A real Chromium before the application of this run, served on loopback; without one every test here is skipped, and says so."""

import threading

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from backend.http.auth import PAGE_COOKIE
from tests.browser.chromium import ARGUMENTS, PLACE, Tab, what_is_missing
from tests.browsers import HOST, Browser
from tests.journeys.cast import the_cast


@pytest.fixture(scope="module")
def chromium():
    """Chromium, for one file of tests: what drives it keeps an event loop, which others in this process would stumble over."""
    missing = what_is_missing()
    if missing:
        pytest.skip(missing)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PLACE, args=list(ARGUMENTS))
        yield browser
        browser.close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args, **_kwargs):
        """Say nothing: what failed is in the tab's faults."""


@pytest.fixture(scope="module")
def origin(app):
    """Where the application answers browsers."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{HOST}:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def tab(app, chromium, origin):
    """Return a function that opens a tab, of the staff account whose access token is given or of nobody in particular."""
    opened = []

    def open_tab(token=None, **options):
        cookie = Browser(app, token).client.get_cookie(PAGE_COOKIE, HOST) if token else None
        opened.append(Tab(chromium, origin, {PAGE_COOKIE: cookie.value} if cookie else {}, **options))
        return opened[-1]

    yield open_tab
    for one in opened:
        one.close()


@pytest.fixture
def cast(app, house, client, citizen, work):
    """Everybody and everything that the matrix of permissions is tried with."""
    return the_cast(app, house, client, citizen, work)
