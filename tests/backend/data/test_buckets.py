"""A bucket that is missing, closed, slow or away: said at the start, and 503 afterwards; and what it costs who has none."""

import dataclasses
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import boto3
import pytest
from moto.server import ThreadedMotoServer

from backend.app import create_app
from backend.core.errors import DomainError, Kind
from backend.core.ids import new_id
from backend.core.settings import BucketSettings, SettingsError, load_settings
from backend.data.blobs import blob_key
from backend.data.buckets import TRIES, BucketBlobStore
from tests.people import Person
from tests.running import free_port

PICTURE = Path(__file__).parents[2] / "fixtures/pictures/r_canon.jpg"
KEY = blob_key("banda-aceh", new_id())


def test_what_is_kept_is_encrypted_by_the_storage_typed_and_nobody_elses(bucket, bucket_settings):
    bucket.put(KEY, b"picture", "image/jpeg")
    plain = boto3.client("s3", endpoint_url=bucket_settings.endpoint, region_name="us-east-1")
    kept = plain.head_object(Bucket=bucket_settings.name, Key=KEY)
    assert (kept["ContentType"], kept["ServerSideEncryption"]) == ("image/jpeg", "AES256")
    grants = plain.get_object_acl(Bucket=bucket_settings.name, Key=KEY)["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]


def test_what_another_program_keeps_in_the_bucket_is_none_of_ours(bucket, bucket_settings):
    bucket.put(KEY, b"picture", "image/jpeg")
    plain = boto3.client("s3", endpoint_url=bucket_settings.endpoint, region_name="us-east-1")
    plain.put_object(Bucket=bucket_settings.name, Key="notes/readme.txt", Body=b"x")
    assert list(bucket.keys()) == [KEY]


def test_more_keys_than_a_page_holds_are_all_listed(bucket, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "7")
    keys = sorted(blob_key("banda-aceh", new_id()) for _ in range(20))
    for key in keys:
        bucket.put(key, b"x", "image/jpeg")
    assert list(bucket.keys()) == keys


def test_a_bucket_that_is_not_there_or_without_credentials_stops_the_start(bucket_settings, monkeypatch, tmp_path):
    with pytest.raises(SettingsError, match="BALAI_S3_BUCKET: the bucket no-such-bucket is not there"):
        BucketBlobStore(dataclasses.replace(bucket_settings, name="no-such-bucket"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SettingsError, match="Unable to locate credentials"):
        BucketBlobStore(bucket_settings)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"BALAI_S3_ENCRYPTION": "rot13"}, "BALAI_S3_ENCRYPTION is 'rot13': use AES256 or aws:kms"),
        ({"BALAI_S3_ENDPOINT": "minio:9000"}, "BALAI_S3_ENDPOINT is 'minio:9000'"),
    ],
)
def test_a_setting_that_is_wrong_is_named(environ, said, named):
    with pytest.raises(SettingsError, match=named):
        load_settings(environ | {"BALAI_S3_BUCKET": "balai"} | said)


@contextmanager
def silent_storage() -> Iterator[tuple[str, list[socket.socket]]]:
    """A storage that takes every connection and never says a word."""
    heard: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    heard.append(server.accept()[0])
                except OSError:
                    return

        Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)
        for connection in heard:
            connection.close()


def test_a_storage_that_says_nothing_is_given_up_after_few_tries_in_bounded_time(credentials, monkeypatch):
    monkeypatch.setattr("backend.data.buckets.READ_SECONDS", 0.3)
    with silent_storage() as (endpoint, heard):
        store = BucketBlobStore(BucketSettings(name="balai", endpoint=endpoint, region="us-east-1", encryption=None))
        asks = (
            lambda: store.put(KEY, b"x", "image/jpeg"),
            lambda: store.get(KEY),
            lambda: list(store.keys()),
        )
        for ask in asks:
            before, began = len(heard), time.monotonic()
            with pytest.raises(DomainError) as refused:
                ask()
            assert (refused.value.kind, refused.value.code) == (Kind.UNAVAILABLE, "files.storage_unavailable")
            assert time.monotonic() - began < 4
            assert len(heard) - before == TRIES


def test_people_are_told_503_while_the_storage_is_away_and_served_when_it_is_back(environ, citizen, credentials):
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    token = citizen().token
    # Away already when the process starts: it starts all the same.
    app = create_app(
        load_settings(environ | {"BALAI_S3_BUCKET": "balai", "BALAI_S3_ENDPOINT": endpoint, "BALAI_S3_REGION": "us-east-1"})
    )
    person = Person(app.test_client(), token=token, region="banda-aceh")

    def upload():
        return person.post("files", data={"file": (PICTURE.open("rb"), "r.jpg")})

    refused = upload()
    assert (refused.status_code, refused.get_json()["code"]) == (503, "files.storage_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    server = ThreadedMotoServer(port=int(port), verbose=False)
    server.start()
    try:
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="balai")
        taken = upload()
        assert taken.status_code == 201
        assert person.get(taken.get_json()["url"]).status_code == 200
    finally:
        server.stop()
    assert person.get(taken.get_json()["url"]).status_code == 503
    app.extensions["balai"].ground.engine.dispose()


LOADED = """
import sys
from backend.app import create_app
from backend.core.settings import load_settings
create_app(load_settings())
print(sorted({name.partition('.')[0] for name in sys.modules} & {'boto3', 'botocore', 's3transfer', 'moto'}))
"""


def test_a_process_without_a_bucket_does_not_carry_what_speaks_to_one(environ):
    ran = subprocess.run([sys.executable, "-c", LOADED], env=os.environ | environ, capture_output=True, text=True, check=False)
    assert ran.stdout == "[]\n", ran.stderr
