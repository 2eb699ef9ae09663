"""Those who report while the house falls and rises: with keys, on lines that break, again and again until they are heard."""

import contextlib
import http.client
import io
import itertools
import json
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from PIL import Image

from tests.places import shipped_places
from tests.running import wait_until

CLIENTS = 16
PATIENCE_SECONDS = 120  # after which a client gives up, and the report counts as refused
_ANSWER_SECONDS = 20
_FORESEEN = {201, 409, 429, 503}  # of a submission: accepted, its first try still under way, too many, not now


@dataclass
class Line:
    """One client's connection, made anew when it breaks."""

    port: int
    connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, key: str | None = None, form: str = ""
    ) -> tuple[int, Mapping[str, str], Any]:
        """Return status, headers and JSON of the answer. Raises OSError or HTTPException when none came."""
        headers = {"Content-Type": form or "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kept = self.connection is not None
        try:
            answer, read = self._answer(method, path, content, headers)
        except ConnectionError:
            if not kept:
                raise
            answer, read = self._answer(method, path, content, headers)  # cut since the last answer: as every client, once anew
        return (
            answer.status,
            answer.headers,
            json.loads(read) if read and "json" in (answer.headers["Content-Type"] or "") else read,
        )

    def _answer(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[Any, bytes]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise


def persistently(
    line: Line, method: str, path: str, body: Any = None, *, wanted: Sequence[int] = (200, 201, 202), **more: Any
) -> Any:
    """Ask until the answer is one that is wanted, and return it. Fails after a while."""
    until, status, answer = time.monotonic() + PATIENCE_SECONDS, 0, None
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, _, answer = line.ask(method, path, body, **more)
            if status in wanted:
                return answer
        time.sleep(0.2)
    raise AssertionError(f"{method} {path}: {status} {answer}")


@dataclass
class Citizen:
    """Somebody with an account. Their token is renewed when they look back at the end."""

    region: str
    phone: str
    token: str = ""
    refresh_token: str = ""

    def sign_in(self, line: Line) -> None:
        """Sign in by the code that was sent."""
        asked = persistently(line, "POST", "/v1/auth/otp", {"phone": self.phone, "region": self.region, "purpose": "login"})
        path = f"/demo/messages?to={quote(self.phone)}"
        (sent, *_) = wait_until(lambda: persistently(line, "GET", path)["items"], PATIENCE_SECONDS)
        code = re.search(r"(?<!\d)\d{6}(?!\d)", sent["text"])
        assert code, sent
        tokens = persistently(line, "POST", "/v1/auth/otp/verify", {"request_id": asked["request_id"], "code": code[0]})
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    def renew(self, line: Line) -> None:
        """Get a fresh token."""
        tokens = persistently(line, "POST", "/v1/auth/refresh", {"refresh_token": self.refresh_token})
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]


@dataclass
class Try:
    """One sending: when, how long it took, and the status that came back, 0 for none, with the code of a refusal."""

    at: float
    seconds: float
    status: int
    code: str


@dataclass
class Report:
    """What one citizen wants to report. `id` and `number` are those of the answer that accepted it."""

    citizen: Citizen
    key: str
    body: dict[str, Any]
    photo: bool
    twice: bool
    tries: list[Try] = field(default_factory=list)
    accepted_at: float | None = None
    id: str = ""
    number: str = ""

    @property
    def path(self) -> str:
        return f"/v1/regions/{self.citizen.region}/complaints"


def settle(line: Line, rng: random.Random, *, regions: Sequence[str], each: int) -> list[Citizen]:
    """Sign citizens of each region in."""
    citizens = [Citizen(region, f"+62814{rng.randrange(10**7):07}") for region in regions for _ in range(each)]
    for citizen in citizens:
        citizen.sign_in(line)
    return citizens


def categories(line: Line, region: str) -> list[str]:
    """Return the categories in which one can simply report, and everybody may be told."""
    items = persistently(line, "GET", f"/v1/regions/{region}/complaints/categories")["items"]
    return [item["code"] for item in items if not item["photo_required"] and item["confidentiality"] == "open"]


def tell(rng: random.Random, citizens: Sequence[Citizen], known: Mapping[str, Sequence[str]]) -> Iterator[Report]:
    """Return reports without end: the same for the same seed."""
    places = {region: list(itertools.islice(_places(rng, region), 40)) for region in known}
    for number in itertools.count(1):
        citizen = rng.choice(citizens)
        body = {
            "category": rng.choice(known[citizen.region]),
            "description": f"Laporan ke-{number}: jalan rusak di depan sini.",
            "location": rng.choice(places[citizen.region]),
        }
        if rng.random() < 0.7:
            body["id"] = str(_uuid(rng))
        yield Report(citizen, str(_uuid(rng)), body, photo=rng.random() < 0.08, twice=rng.random() < 0.1)


def _uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def _places(rng: random.Random, region: str) -> Iterator[dict[str, float]]:
    places = shipped_places(region)
    while True:
        place = {"lat": places.inside["lat"] + rng.uniform(-0.05, 0.05), "lng": places.inside["lng"] + rng.uniform(-0.05, 0.05)}
        if places.holding(place):
            yield place


def picture(report: Report) -> tuple[bytes, str]:
    """Return a small picture as a form, another for each report."""
    content = io.BytesIO()
    shade = uuid.UUID(report.key).bytes
    Image.new("RGB", (320, 240), (shade[0], shade[1], shade[2])).save(content, "JPEG")
    edge = f"edge{report.key}"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="foto.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + content.getvalue() + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


@dataclass
class Load:
    """Clients that send `reports` at `rate` a second in all, each until it is accepted, and begin none while `held` is set.

    `statuses` counts what they were answered.
    """

    port: int
    reports: Iterator[Report]
    rate: float
    sent: list[Report] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held, self._lock, self._ending = threading.Event(), threading.Lock(), threading.Event()
        self._next_at = time.monotonic()
        self._clients = [threading.Thread(target=self._serve, name=f"client-{n}") for n in range(CLIENTS)]

    @property
    def accepted(self) -> list[Report]:
        """The reports that were accepted so far."""
        return [report for report in list(self.sent) if report.accepted_at is not None]

    def start(self) -> None:
        """Begin."""
        for client in self._clients:
            client.start()

    def stop(self) -> None:
        """Begin no new report; those under way are sent until they are accepted."""
        self._ending.set()

    def join(self) -> None:
        """Wait until every report under way was accepted, or given up."""
        for client in self._clients:
            client.join()

    def _next(self) -> Report | None:
        with self._lock:
            at = self._next_at = max(self._next_at + 1 / self.rate, time.monotonic() - 1)
            while at > time.monotonic() or self.held.is_set():
                if self._ending.wait(max(0.01, at - time.monotonic())):
                    return None
            if self._ending.is_set():
                return None
            report = next(self.reports)
            self.sent.append(report)
            return report

    def _serve(self) -> None:
        line = Line(self.port)
        while report := self._next():
            try:
                self.see_through(line, report)
            except Exception as error:  # noqa: BLE001 - told at the end; a client that ends in silence would be missed
                self.faults.append(f"{report.key}: {type(error).__name__} {error}")

    def see_through(self, line: Line, report: Report) -> None:
        """Send a report until it is accepted; some are sent once more then, and must be answered the same."""
        if report.photo:
            content, form = picture(report)
            path = f"/v1/regions/{report.citizen.region}/files"
            kept = self._until_created(line, report, path, content, kind="photo", form=form)
            report.body["file_ids"] = [kept["id"]]
        got = self._until_created(line, report, report.path, report.body)
        report.id, report.number = got["id"], got["number"]
        report.accepted_at = time.monotonic()
        if report.twice:
            again = self._until_created(line, report, report.path, report.body)
            if (again["id"], again["number"]) != (report.id, report.number):
                self.faults.append(f"{report.key}: sent again, another answer")

    def _until_created(self, line: Line, report: Report, path: str, body: Any, *, kind: str = "", form: str = "") -> Any:
        until, wait = time.monotonic() + PATIENCE_SECONDS, 0.1
        while time.monotonic() < until:
            began, status, headers, answer = time.monotonic(), 0, {}, None
            with contextlib.suppress(OSError, http.client.HTTPException):
                key = f"{report.key}{kind}"
                status, headers, answer = line.ask("POST", path, body, token=report.citizen.token, key=key, form=form)
            self.statuses[status] += 1
            if not kind:
                code = answer.get("code", "") if isinstance(answer, dict) else ""
                report.tries.append(Try(began, time.monotonic() - began, status, code))
            if status == 201:
                return answer
            if status and status not in _FORESEEN:
                self.faults.append(f"{report.key}: {status} {answer}")
            time.sleep(min(2.0, float(headers.get("Retry-After", wait))))
            wait = min(1.0, wait * 2)
        raise TimeoutError(f"not accepted within {PATIENCE_SECONDS} s, the last answer was {status} {answer}")
