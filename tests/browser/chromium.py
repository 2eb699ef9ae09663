"""A person's browser, watched: Debian's Chromium, what its console says, what its policy refuses, and whom it asks.

Chromium takes loopback for trustworthy: cookies that are `Secure` and `__Host-` work on http://localhost as they do under https.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response

PLACE = Path(os.environ.get("BALAI_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PHONE, LAPTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
_NPM = Path(__file__).parents[2] / "backend/pages/npm/node_modules"
_AXE = _NPM / "axe-core/axe.min.js"
_WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_GRAVE = {"serious", "critical"}
_POLICY = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`the policy refuses ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));"""

_WIDER = """() => {
    const width = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - width;
    const scrolls = (one) => one !== document.body && (getComputedStyle(one).overflowX !== "visible" || inside(one));
    const inside = (one) => scrolls(one.parentElement);
    const beyond = (one) => one.getBoundingClientRect().right > width + 1 && !inside(one);
    const widest = [...document.body.querySelectorAll("*")].filter((one) => beyond(one) && ![...one.children].some(beyond));
    return over > 0 ? [`${over} px wider than the screen: ` + widest.slice(0, 3).map((one) => one.outerHTML.slice(0, 90))] : [];
}"""


def what_is_missing() -> str | None:
    """Return why no page can be tried in a browser here; None where one can."""
    if not PLACE.exists():
        return f"Chromium is not installed at {PLACE} (Debian: apt install chromium; elsewhere: BALAI_CHROMIUM)"
    if not _AXE.is_file() or not (_NPM / "htmx.org").is_dir():
        return "the pages' scripts are not there (npm ci in backend/pages/npm)"
    return None


class Tab:
    """One tab of a browser of its own. What went wrong in it so far is in `faults`."""

    def __init__(self, chromium: Browser, origin: str, cookies: Mapping[str, str], **options: Any) -> None:
        self.origin = origin
        self.context: BrowserContext = chromium.new_context(
            base_url=origin, **{"locale": "id-ID", "viewport": PHONE, "timezone_id": "Asia/Jakarta", **options}
        )
        self.context.set_default_timeout(15_000)
        if options.get("java_script_enabled", True):
            self.context.add_init_script(_POLICY)
        self.page: Page = self.context.new_page()
        line = self.context.new_cdp_session(self.page)  # Playwright's own way writes a domain, which `__Host-` forbids
        for name, value in cookies.items():
            kept = {"name": name, "value": value, "url": origin, "path": "/", "secure": True, "httpOnly": True, "sameSite": "Lax"}
            assert line.send("Network.setCookie", kept)["success"], name
        self.faults: list[str] = []
        self.answers: list[Response] = []
        self.page.on("console", lambda said: said.type == "error" and self.faults.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.context.on("request", self._hear)
        self.context.on("response", lambda answer: self.answers.append(answer))  # noqa: PLW0108 - it takes no built-in

    def _hear(self, request: Any) -> None:
        there = urlsplit(request.url)
        if f"{there.scheme}://{there.netloc}" != self.origin:
            self.faults.append(f"asked {request.url[:120]}")

    def open(self, address: str, *, status: int = 200) -> Page:
        """Open a page; another status than the one expected is a fault."""
        self.answers.clear()
        got = self.page.goto(address, wait_until="load")
        if got is None or got.status != status:
            self.faults.append(f"{got and got.status} at {address}")
        return self.page

    def overflow(self) -> list[str]:
        """Return by how much the page is wider than its window, and what makes it so."""
        return self.page.evaluate(_WIDER)

    def barriers(self) -> list[str]:
        """Return what axe finds of WCAG 2.2 AA that is serious or critical: rule, and where."""
        self.page.evaluate(_AXE.read_text())
        found = self.page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", list(_WCAG))
        return [
            f"axe {rule['impact']} {rule['id']}: {json.dumps(node['target'])} {(node.get('failureSummary') or '')[:200]}"
            for rule in found["violations"]
            if rule["impact"] in _GRAVE
            for node in rule["nodes"][:3]
        ]

    def weight(self) -> dict[str, int]:
        """Return the bytes, not compressed, of what the last page brought along, by address; citizens' pictures left out."""
        return {got.url: len(got.body()) for got in self.answers if "/files/" not in got.url}

    def close(self) -> None:
        """Close the tab and its browser."""
        self.context.close()
