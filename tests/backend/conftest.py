"""A storage that speaks S3 over real HTTP, and a bucket in it."""

import os
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from backend.core.ids import new_id
from backend.core.settings import BucketSettings
from backend.data.buckets import BucketBlobStore


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    """The address of the storage."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket_settings(storage: str, credentials: None) -> BucketSettings:
    """An empty bucket."""
    name = f"balai-{new_id()}"
    boto3.client("s3", endpoint_url=storage, region_name="us-east-1").create_bucket(Bucket=name)
    return BucketSettings(name=name, endpoint=storage, region="us-east-1", encryption="AES256")


@pytest.fixture
def bucket(bucket_settings: BucketSettings) -> BucketBlobStore:
    return BucketBlobStore(bucket_settings)
