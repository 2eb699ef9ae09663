"""The hunt can fail: what is laid into each kind of place is found there."""

import io
import zlib
from pathlib import Path

import pytest
import redis
from PIL import Image

from backend.core.ids import new_id
from backend.files.pictures import make_thumbnail, perceptual_hash, take_picture
from tests.backend.personal.conftest import photo
from tests.backend.personal.hunting import Find, Hunt

WORD = "kenari7burung"
ACCOUNT = str(new_id())


@pytest.fixture(scope="module")
def picture():
    return take_picture(photo()).content


@pytest.fixture(scope="module")
def hunt(town, picture):
    environ = town.installation.environ
    return Hunt(
        owner_url=environ["BALAI_OWNER_URL"],
        redis_url=environ["REDIS_URL"],
        keyring=town.house.ground.keyring,
        folders=town.folders,
        words={"word": WORD, "account": ACCOUNT},
        pictures={"picture": perceptual_hash(picture)},
    )


ROWS = {
    "text": ("audit_entries.action", "'x KENARI7burung'", "word"),
    "an id": ("audit_entries.actor_id", f"'{ACCOUNT}'", "account"),
    "JSON": ("audit_entries.details", """'{"a": [{"b": "kenari7burung"}]}'""", "word"),
    "the name of a member": ("events.payload", """'{"kenari7burung": 1}'""", "word"),
    "a delivery's fault": ("deliveries.fault", "'ValueError: kenari7burung'", "word"),
    "words for the search": ("complaints.words", "to_tsvector('indonesian', 'Kenari7burung terbang')", "word"),
    "bytes": ("audit_seals.hash", "'kenari7burung'::bytea", "word"),
    "a ciphertext": ("vault_identities.name_enc", ":sealed", "word"),
}


@pytest.mark.parametrize("kind", ROWS)
def test_what_stands_in_a_row_is_found(town, hunt, kind):
    place, value, what = ROWS[kind]
    table, column = place.split(".")
    values = {"sealed": town.house.ground.keyring.encrypt(f"a {WORD}", bound_to="whatever")} if value == ":sealed" else {}
    # A table of its own with the same column: nothing of the installation is touched.
    town.installation.sql(f"CREATE TABLE hunted AS SELECT {column} FROM {table} LIMIT 0")  # noqa: S608 - as below
    try:
        town.installation.sql(f"INSERT INTO hunted VALUES ({value})", **values)  # noqa: S608 - from above
        assert hunt.finds() == {Find(what, f"hunted.{column}")}
    finally:
        town.installation.sql("DROP TABLE hunted")
    assert hunt.finds() == set()


REDIS = {
    "key": lambda r: r.set(f"limits/{ACCOUNT}/submit", 1, ex=60),
    "string": lambda r: r.set("k", f"x{WORD}"),
    "hash": lambda r: r.hset("k", "data", zlib.compress(WORD.encode())),
    "list": lambda r: r.rpush("k", WORD),
    "set": lambda r: r.sadd("k", WORD),
    "zset": lambda r: r.zadd("k", {WORD: 1}),
    "stream": lambda r: r.xadd("k", {"said": WORD}),
}


@pytest.mark.parametrize("kind", REDIS)
def test_what_stands_in_redis_is_found(town, hunt, kind):
    connection = redis.Redis.from_url(town.installation.environ["REDIS_URL"])
    REDIS[kind](connection)
    try:
        assert {find.place for find in hunt.finds()} == {f"redis {kind}"}
    finally:
        connection.delete("k", f"limits/{ACCOUNT}/submit")
    assert hunt.finds() == set()


def smaller(content):
    made = io.BytesIO()
    Image.open(io.BytesIO(content)).resize((320, 240)).save(made, "JPEG", quality=60)
    return made.getvalue()


FILES = {
    "a log of the web server": ("var/web.log", lambda _: WORD.encode(), "word"),
    "the log of PostgreSQL": ("servers/log/postgres.log", lambda _: f"DETAIL: ({WORD})".encode(), "word"),
    "any other file": ("var/left/over.json", lambda _: WORD.upper().encode(), "word"),
    "the name of a file": (f"var/{WORD}.txt", lambda _: b"-", "word"),
    "a picture": ("var/blobs/banda-aceh/aa/a.jpg", lambda picture: picture, "picture"),
    "its thumbnail": ("var/blobs/banda-aceh/aa/a.thumb.jpg", make_thumbnail, "picture"),
    "the picture anew and smaller": ("var/blobs/banda-aceh/aa/b.jpg", smaller, "picture"),
}


@pytest.mark.parametrize("kind", FILES)
def test_what_lies_in_a_file_is_found(town, hunt, picture, kind):
    name, make, what = FILES[kind]
    path = town.folders[0].parent / Path(name)
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(make(picture))
    try:
        assert {find.what for find in hunt.finds()} == {what}
    finally:
        path.unlink() if before is None else path.write_bytes(before)
    assert hunt.finds() == set()


def test_another_picture_is_not_taken_for_it(town, hunt):
    path = town.folders[0] / "blobs/other.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(take_picture(photo()).content)
    assert hunt.finds() == set()
    path.unlink()
