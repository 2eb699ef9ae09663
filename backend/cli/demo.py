"""`balai demo`: the main job, played over HTTP against the running system, on a bad network, told as a story."""

import http.client
import io
import json
import re
import secrets
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click
import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from PIL import Image, ImageDraw

from backend.accounts.contacts import read_phone
from backend.core.settings import load_settings

CAMERA = (3840, 2880)  # 11 megapixels
_WAIT_SECONDS = 30
_GPS_IFD, _EXIF_IFD = 0x8825, 0x8769
_WORDS = {
    "id": {"report": "Di depan sini, sudah seminggu. 🕳️", "proof": "Sudah dikerjakan.", "thanks": "Cepat!"},
    "en": {"report": "Just here, for a week now. 🕳️", "proof": "It is done.", "thanks": "That was quick!"},
}


class DemoError(ValueError):
    """The story did not go as it should; the message says where."""


def camera_picture(lat: float, lng: float, *, mended: bool) -> bytes:
    """Return a JPEG as a phone's camera makes it, with the time and place of its taking in its EXIF."""
    image = Image.effect_noise(CAMERA, 60).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 1400, CAMERA[0], CAMERA[1]), fill=(96, 96, 100))
    draw.ellipse((1500, 1900, 2300, 2300), fill=(70, 70, 74) if mended else (40, 32, 26))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Balai", "Demo camera"
    exif.get_ifd(_EXIF_IFD)[0x9003] = time.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(_GPS_IFD).update({1: "S" if lat < 0 else "N", 2: _degrees(lat), 3: "W" if lng < 0 else "E", 4: _degrees(lng)})
    content = io.BytesIO()
    image.save(content, "JPEG", quality=82, exif=exif)
    return content.getvalue()


def mobile_number(country: str) -> str:
    """Return a mobile number as that country has them; another each time, so that nobody has reported from it."""
    example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    if example is None:
        raise DemoError(f"nobody knows what a mobile number of {country} looks like")
    pattern = phonenumbers.format_number(example, PhoneNumberFormat.E164)
    while True:
        number = f"{pattern[:-6]}{secrets.randbelow(10**6):06}"
        if read_phone(number, country=country):
            return number


def _degrees(value: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(abs(value) * 3600, 60)
    degrees, minutes = divmod(minutes, 60)
    return degrees, minutes, round(seconds, 3)


@dataclass
class Phone:
    """Somebody's device: sends requests to the running system, and can be told to lose its network on the way."""

    base_url: str
    region: str
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def _path(self, path: str) -> str:
        return path if path.startswith("/") else f"/v1/regions/{self.region}/{path}"

    def _connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self.base_url)
        return http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port or 80, timeout=_WAIT_SECONDS)

    def _headers(self, key: str | None, content_type: str) -> dict[str, str]:
        headers = {"Content-Type": content_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Send a request and return the answer's JSON, or its bytes. Raises DemoError for a refusal."""
        connection = self._connect()
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, self._path(path), content, self._headers(key, content_type))
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise DemoError(f"{method} {path}: {response.status} {answer[:500].decode(errors='replace')}")
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return json.loads(answer) if is_json and answer else answer

    def lose(self, path: str, body: bytes, *, key: str, content_type: str, after: float) -> None:
        """Send a POST and lose the network when the part `after` of its body is out; the answer never arrives."""
        connection = self._connect()
        connection.putrequest("POST", self._path(path))
        for name, value in (self._headers(key, content_type) | {"Content-Length": str(len(body))}).items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(body[: int(len(body) * after)])
        if connection.sock is not None:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    def sign_in(self, number: str) -> None:
        """Sign in as a citizen, with the code that was sent to `number`."""
        asked = self.ask("POST", "/v1/auth/otp", {"phone": number, "region": self.region, "purpose": "login"})
        sent = _until(lambda: self.ask("GET", f"/demo/messages?to={quote(number)}")["items"], "a code")
        code = re.search(r"(?<!\d)\d{6}(?!\d)", sent[0]["text"])
        if code is None:
            raise DemoError("the message holds no code")
        answer = self.ask("POST", "/v1/auth/otp/verify", {"request_id": asked["request_id"], "code": code[0]})
        self.token = answer["access_token"]


def _until(ask: Any, what: str) -> Any:
    end = time.monotonic() + _WAIT_SECONDS
    while not (found := ask()):
        if time.monotonic() > end:
            raise DemoError(f"{what} did not come within {_WAIT_SECONDS} s: does the worker run?")
        time.sleep(0.05)
    return found


def _form(content: bytes) -> tuple[bytes, str]:
    edge = secrets.token_hex(16)
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="foto.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + content + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


class Story:
    """The main job, step by step, each with the time since the beginning."""

    def __init__(self, written: Mapping[str, Any], region: str) -> None:
        self._written, self._region = written, region
        self._began = time.monotonic()
        self.citizen = self._phone()
        self._dress: Mapping[str, Any] = {}

    def _phone(self) -> Phone:
        return Phone(self._written["base_url"], self._region)

    def say(self, text: str) -> None:
        """Tell a line."""
        click.echo(f"{time.monotonic() - self._began:6.2f} s  {text}")

    def play(self) -> None:
        """Play the whole. Raises DemoError where it goes wrong."""
        self._dress = self.citizen.ask("GET", f"/v1/regions/{self._region}")
        number = mobile_number(self._dress["phone_country"])
        self.citizen.sign_in(number)
        self.say(f"a citizen of {self._region} has signed in by the code sent to {number[:6]}...")
        place = self.citizen.ask("GET", "service-info/places")["items"][0]
        at = place["location"]
        photo = self.upload(self.citizen, camera_picture(at["lat"], at["lng"], mended=False), cut=True)
        complaint = self.report(at, photo)
        department = self.follow_routing(complaint)
        self.follow_up(complaint, department, at)
        self.finish(complaint)

    def words(self, about: str) -> str:
        """Return what somebody writes, in the region's language if the story is written in it."""
        return _WORDS.get(self._dress["languages"][0], _WORDS["en"])[about]

    def category(self) -> Mapping[str, Any]:
        """Return the first category that anybody may read of, with a place and a photo. Raises DemoError without one."""
        for category in self.citizen.ask("GET", "complaints/categories")["items"]:
            open_to_all = (category["visibility"], category["confidentiality"]) == ("public", "open")
            if open_to_all and category["photo_required"] and category["location_required"] and not category["emergency"]:
                return category  # type: ignore[no-any-return] # what came over the wire
        raise DemoError(f"{self._region} has no open category with a photo and a place")

    def upload(self, phone: Phone, content: bytes, *, cut: bool = False) -> str:
        """Upload a picture, the first time over a network that breaks in the middle; return its id."""
        body, form = _form(content)
        key = str(uuid.uuid4())
        with Image.open(io.BytesIO(content)) as image:
            megapixels, has_gps = image.width * image.height / 1e6, bool(image.getexif().get_ifd(_GPS_IFD))
        if cut:
            phone.lose("files", body, key=key, content_type=form, after=0.5)
            self.say(f"their photo of {megapixels:.0f} megapixels ({len(content) / 1e6:.1f} MB) broke off in the middle")
        kept = phone.ask("POST", "files", body, key=key, content_type=form)
        with Image.open(io.BytesIO(phone.ask("GET", kept["url"]))) as served:
            if has_gps and served.getexif():
                raise DemoError("the picture is served with its EXIF")
            size = f"{served.width} x {served.height}"
        self.say(f"photo sent {'again ' if cut else ''}with GPS in its EXIF; served as {size} without any metadata")
        return str(kept["id"])

    def report(self, at: Mapping[str, float], photo: str) -> Mapping[str, Any]:
        """Submit the report; the first answer is lost, the second try with the same key is the same report."""
        category = self.category()
        body = {
            "id": str(uuid.uuid4()),
            "category": category["code"],
            "description": f"{category['name']}. {self.words('report')}",
            "location": at,
            "file_ids": [photo],
        }
        key = str(uuid.uuid4())
        self.citizen.lose("complaints", json.dumps(body).encode(), key=key, content_type="application/json", after=1.0)
        self.say("the report was sent, and the network was gone before the answer came")
        complaint: Mapping[str, Any] = self.citizen.ask("POST", "complaints", body, key=key)
        mine = self.citizen.ask("GET", "complaints?mine=true")["items"]
        if [item["id"] for item in mine] != [complaint["id"]]:
            raise DemoError(f"{len(mine)} reports instead of one")
        self.say(f"sent again: one report, {complaint['number']} in {complaint['area']['name']}, due {complaint['due_at']}")
        return complaint

    def follow_routing(self, complaint: Mapping[str, Any]) -> str:
        """Wait until the report has its department; tell why it went there."""
        path = f"complaints/{complaint['id']}"
        department = _until(lambda: self.citizen.ask("GET", path)["department"], "a department")
        self.say(f"routed to {department['name']}")
        officer = self.sign_in_staff("department_officer", department["key"])
        for step in officer.ask("GET", f"{path}/routing")["items"][0]["trace"]:
            self.say(f"  {'=>' if step['held'] else '  '} {step['text']}  [{step['source'] or 'place'}]")
        return str(department["key"])

    def sign_in_staff(self, role: str, department: str | None = None) -> Phone:
        """Sign one of the demo's staff in."""
        wanted = (self._region, role, department)
        account = next(
            (each for each in self._written["staff"] if (each["region"], each["role"], each["department"]) == wanted), None
        )
        if account is None:
            raise DemoError(f"demo.json has no {role} of {department or self._region}")
        phone = self._phone()
        login = {"email": account["email"], "password": account["password"]}
        phone.token = phone.ask("POST", "/v1/auth/login", login)["access_token"]
        return phone

    def move(self, phone: Phone, complaint: Mapping[str, Any], who: str, move: str, **more: Any) -> None:
        """Make a move and tell what it led to."""
        body = {"move": move, **more}
        after = phone.ask("POST", f"complaints/{complaint['id']}/moves", body, key=str(uuid.uuid4()))
        self.say(f"{who}: {move} -> {after['status_label']}")

    def follow_up(self, complaint: Mapping[str, Any], department: str, at: Mapping[str, float]) -> None:
        """Let the department work and prove it, and a validator of another unit confirm."""
        officer = self.sign_in_staff("department_officer", department)
        inbox = officer.ask("GET", "complaints/inbox?limit=200")
        if not inbox["counts"]["all"]:
            raise DemoError("the officer's inbox is empty")
        self.say(f"the officer's inbox: {inbox['counts']['all']} waiting, {inbox['counts']['late']} late")
        self.move(officer, complaint, "officer", "accept")
        self.move(officer, complaint, "officer", "start")
        proof = self.upload(officer, camera_picture(at["lat"], at["lng"], mended=True))
        self.move(officer, complaint, "officer", "submit_evidence", note=self.words("proof"), file_ids=[proof])
        self.move(self.sign_in_staff("validator"), complaint, "validator", "validate")

    def finish(self, complaint: Mapping[str, Any]) -> None:
        """Let the citizen confirm and rate; tell what they were told on the way."""
        self.move(self.citizen, complaint, "citizen", "confirm")
        path = f"complaints/{complaint['id']}"
        rated = self.citizen.ask("POST", f"{path}/rating", {"score": 5, "comment": self.words("thanks")}, key=str(uuid.uuid4()))
        self.say(f"citizen: rated {rated['rating']} of 5")
        lines = self.citizen.ask("GET", f"{path}/timeline")["items"]

        def told() -> list[Any] | None:
            items: list[Any] = self.citizen.ask("GET", "notifications?limit=50")["items"]
            return items if len(items) >= len(lines) else None

        for notice in reversed(_until(told, "a notice of each step")):
            self.say(f"  told at {notice['created_at'][11:19]}: {notice['title']}")
        self.say(f"done: {' > '.join(line['move'] for line in lines)}")


@click.command()
@click.option("--region", default="banda-aceh", show_default=True)
def demo(region: str) -> None:
    """Play the main job against what `make run` runs, and print the story."""
    path = Path(load_settings().var) / "demo.json"
    if not path.exists():
        raise DemoError(f"{path} is not there: start `make run` first")
    written = json.loads(path.read_text(encoding="utf-8"))
    try:
        Story(written, region).play()
    except OSError as error:
        raise DemoError(f"{written['base_url']} does not answer ({error}): does `make run` run?") from error


COMMANDS = (demo,)
