"""Pictures that are none, too large, cut, disguised or somebody else's; and links that were tampered with."""

import io
import re
import struct
import uuid
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import ExifTags, Image

from tests.journeys.test_bad_places import at

GPS = {1: "N", 2: (5.0, 33.0, 10.44), 3: "E", 4: (95.0, 19.0, 9.12), 29: "2026:11:02"}


def photo(size=(640, 480), kind="JPEG", **options):
    content = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(content, kind, **options)
    return content.getvalue()


def with_gps():
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "RAHASIA"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(GPS)
    return photo(exif=exif)


def form(content, name="foto.jpg", field="file"):
    """Return a function that makes the form anew each time: a stream is read once."""
    return lambda: {field: (io.BytesIO(content), name)}


def upload(person, content, name="foto.jpg"):
    got = person.post("files", data=form(content, name)())
    assert got.status_code == 201, got.get_json()
    return got.get_json()


def png_of(side):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side // 8 + 1)) for _ in range(side)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BOMB = png_of(13_000)
GOOD = photo()


def test_a_20_kb_png_of_169_megapixels_is_refused_with_what_may_be(reporter, refused):
    assert len(BOMB) < 25_000
    problem = refused(reporter.post, "files", data=form(BOMB, "kecil.png"), fields={"file": "files.too_many_pixels"})
    assert re.search(r"at most [1-9]\d megapixels", problem["errors"][0]["detail"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "files.not_a_picture"),
        (b"Jalan berlubang di depan pasar.", "files.not_a_picture"),
        (b"<html><script>alert(1)</script></html>", "files.not_a_picture"),
        (b"<?php system($_GET['c']);", "files.not_a_picture"),
        (b"MZ\x90\x00" + bytes(500), "files.not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "files.unsupported_format"),
        (b"%PDF-1.7\n", "files.unsupported_format"),
        (photo(kind="GIF"), "files.unsupported_format"),
        (photo(kind="TIFF"), "files.unsupported_format"),
        (GOOD[: len(GOOD) // 2], "files.broken_picture"),
        (GOOD[:300], "files.broken_picture"),
        (photo(kind="PNG")[:-2000], "files.broken_picture"),
        (photo(kind="WEBP")[:-2000], "files.broken_picture"),
        (GOOD[:2] + bytes(5000), "files.not_a_picture"),
    ],
    ids=[
        "empty",
        "text",
        "html",
        "php",
        "program",
        "svg",
        "pdf",
        "gif",
        "tiff",
        "half",
        "head",
        "cut png",
        "cut webp",
        "two bytes",
    ],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(reporter, refused, content, code):
    refused(reporter.post, "files", data=form(content), fields={"file": code})
    refused(reporter.post, "files", data=form(content, "../../etc/passwd.png"), fields={"file": code})


def test_a_form_without_the_one_file_names_what_is_wrong(reporter, refused):
    required, unknown, repeated = "request.required", "request.unknown_field", "request.repeated"
    multipart = {"content_type": "multipart/form-data"}
    refused(reporter.post, "files", fields={"file": required}, **multipart)
    refused(reporter.post, "files", data=form(GOOD, field="foto"), fields={"file": required, "foto": unknown})
    refused(reporter.post, "files", data=lambda: {"file": [form(GOOD)()["file"] for _ in range(2)]}, fields={"file": repeated})
    refused(reporter.post, "files", data=lambda: form(GOOD)() | {"judul": "Jalan"}, fields={"judul": unknown})
    refused(reporter.post, "files", data={"file": "bukan berkas"}, fields={"file": "request.not_a_file"}, **multipart)
    refused(reporter.post, "files", json={"file": "bukan berkas"}, fields={"file": required})
    refused(reporter.post, "files", data=b"--x\r\nbukan formulir", content_type="multipart/form-data", fields={"file": required})
    refused(reporter.post, "files", data=b"--x\r\n", content_type="multipart/form-data; boundary=x", fields={"file": required})


def test_eleven_megabytes_are_refused_and_a_file_of_ten_is_looked_at(reporter, refused):
    for size in (10_000_001, 11_000_000):
        refused(reporter.post, "files", data=form(GOOD + bytes(size - len(GOOD))), status=413, code="request.too_large")
    upload(reporter, GOOD + bytes(10_000_000 - len(GOOD)))


def test_nobody_uploads_without_an_account_or_in_the_other_region(anybody, reporter, refused, region, elsewhere):
    refused(anybody.post, f"/v1/regions/{region}/files", data=form(GOOD), status=401, code="auth.needed")
    refused(reporter.post, f"/v1/regions/{elsewhere}/files", data=form(GOOD), status=403, code="auth.other_region")


def test_what_a_picture_carries_besides_its_pixels_is_gone_in_what_is_served(reporter, anybody):
    for content in (with_gps(), GOOD + b"PK\x03\x04RAHASIA<?php echo 'RAHASIA'; ?>", photo(kind="PNG") + b"RAHASIA"):
        assert b"RAHASIA" in content
        served = anybody.get(upload(reporter, content, name="RAHASIA.php")["url"])
        assert served.status_code == 200
        assert served.headers["Content-Type"] == "image/jpeg"
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert b"RAHASIA" not in served.data
        picture = Image.open(io.BytesIO(served.data))
        assert picture.size == (640, 480)
        assert not picture.getexif()
        assert not picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert "exif" not in picture.info


def test_a_thumbnail_is_the_picture_itself_until_the_worker_has_made_it(reporter, anybody, work, places):
    file_id = upload(reporter, photo((1200, 900)))["id"]
    complaint = reporter.post("complaints", at(places.inside, file_ids=[file_id])).get_json()
    thumbnail = complaint["files"][0]["thumbnail_url"]
    assert Image.open(io.BytesIO(anybody.get(thumbnail).data)).size == (1200, 900)
    work()
    assert Image.open(io.BytesIO(anybody.get(thumbnail).data)).size == (400, 300)
    assert Image.open(io.BytesIO(anybody.get(complaint["files"][0]["url"]).data)).size == (1200, 900)


def test_a_link_that_was_altered_or_has_expired_leads_to_nothing(*, reporter, anybody, refused, house, region, elsewhere):
    url = upload(reporter, GOOD)["url"]
    other = upload(reporter, GOOD)["id"]
    path, query = urlsplit(url).path, {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    file_id, signature, expires = path.split("/")[-2], query["signature"], int(query["expires"])

    def gone(path, **changes):
        refused(anybody.get, path, query_string=query | changes, status=404, code="files.link_expired")

    assert anybody.get(url).status_code == 200
    gone(path, signature="A" + signature[1:] if signature[0] != "A" else "B" + signature[1:])
    gone(path, signature="ségnatur")
    gone(path, expires=expires + 1)
    gone(path, expires=1 << 40)
    gone(path.replace(file_id, other))
    gone(path.replace("full", "thumbnail"))
    gone(path.replace(region, elsewhere))
    gone(path.replace(file_id, str(uuid.uuid4())))
    past = expires - 10 * 3600
    gone(path, expires=past, signature=house.ground.keyring.sign("file-link", region, uuid.UUID(file_id), "full", past))
    refused(anybody.get, path, fields=dict.fromkeys(("expires", "signature"), "request.required"))
    refused(anybody.get, path, query_string=query | {"expires": "besok"}, fields={"expires": "request.not_whole_number"})
    refused(anybody.get, path, query_string=query | {"expires": "9" * 100}, fields={"expires": "request.out_of_range"})
    refused(anybody.get, path.replace("full", "asli"), query_string=query, status=404, code="status.404")


def test_a_file_that_is_not_the_reporters_to_give_is_refused_by_its_place_in_the_list(
    *, reporter, citizen, staff, refused, elsewhere, places, places_elsewhere
):
    mine = upload(reporter, GOOD)["id"]
    others = upload(citizen(reporter.region), GOOD)["id"]
    officers = upload(staff("triage", region=reporter.region), GOOD)["id"]
    foreign = upload(citizen(elsewhere), GOOD)["id"]
    body = at(places.inside, file_ids=[mine, others, officers, foreign, str(uuid.uuid4())])
    refused(reporter.post, "complaints", body, fields={f"file_ids.{place}": "files.unknown" for place in (1, 2, 3, 4)})
    refused(reporter.post, "complaints", at(places.inside, file_ids=[mine, mine]), fields={"file_ids.1": "files.unknown"})
    six = [upload(reporter, GOOD)["id"] for _ in range(6)]
    refused(reporter.post, "complaints", at(places.inside, file_ids=six), fields={"file_ids": "request.too_long"})
    first = reporter.post("complaints", at(places.inside, file_ids=[mine]))
    assert [file["id"] for file in first.get_json()["files"]] == [mine]
    refused(reporter.post, "complaints", at(places.inside, file_ids=[mine]), fields={"file_ids.0": "files.unknown"})
    assert citizen(elsewhere).post("complaints", at(places_elsewhere.inside, file_ids=[mine])).status_code == 422
