"""Blobs in a bucket of an S3-compatible storage. Loaded where a bucket is set and nowhere else: boto3 takes 25 MiB a process."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as AwayError

from backend.core.logs import get_logger
from backend.core.settings import BucketSettings, SettingsError
from backend.data.blobs import BlobNotFoundError, is_blob_key, require_blob_key, storage_unavailable

CONNECT_SECONDS, READ_SECONDS, TRIES = 1.5, 4, 2  # twelve seconds at worst: less than the fifteen a handler has
_NOT_THERE = frozenset({"NoSuchKey", "404"})
_log = get_logger(__name__)


@contextmanager
def _storage(key: str = "") -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _NOT_THERE:
            raise BlobNotFoundError(key) from error
        _log.warning("blobs.storage_refuses", code=code)
        raise storage_unavailable() from error
    except BotoCoreError as error:
        _log.warning("blobs.storage_away", error=type(error).__name__)
        raise storage_unavailable() from error


class BucketBlobStore:
    """A BlobStore in a bucket, which nobody but the holder of the credentials may read: objects get no access list."""

    def __init__(self, settings: BucketSettings) -> None:
        """Raise SettingsError for a bucket that is not there or not ours; a storage that is away may come back."""
        self._bucket = settings.name
        self._encryption: dict[str, Any] = {"ServerSideEncryption": settings.encryption} if settings.encryption else {}
        self._client = boto3.Session().client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": TRIES},
                # What other servers than Amazon's understand.
                s3={"addressing_style": "path" if settings.endpoint else "auto"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            reason = {403: "may not be used with these credentials", 404: "is not there"}.get(status, f"answers {status}")
            raise SettingsError(f"BALAI_S3_BUCKET: the bucket {self._bucket} {reason}") from error
        except (HTTPClientError, AwayError) as error:
            _log.warning("blobs.storage_away", error=type(error).__name__)
        except BotoCoreError as error:  # no credentials, a region that is none
            raise SettingsError(f"BALAI_S3_BUCKET: {error}") from error
        self._client.close()  # connections are not to be shared with a child that is forked

    def put(self, key: str, content: bytes, content_type: str, /) -> None:
        """Keep `content`; the storage compares it with its MD5 and answers when it is kept."""
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with _storage():
            self._client.put_object(
                Bucket=self._bucket,
                Key=require_blob_key(key),
                Body=content,
                ContentType=content_type,
                ContentMD5=md5,
                **self._encryption,
            )

    def get(self, key: str, /) -> bytes:
        """Return what is kept. Raises BlobNotFoundError."""
        with _storage(key):
            return self._client.get_object(Bucket=self._bucket, Key=require_blob_key(key))["Body"].read()

    def delete(self, key: str, /) -> None:
        """Forget it; where the bucket keeps versions, its own rules say for how long."""
        with _storage():
            self._client.delete_object(Bucket=self._bucket, Key=require_blob_key(key))

    def exists(self, key: str, /) -> bool:
        """Tell whether something is kept under the key."""
        try:
            with _storage(key):
                self._client.head_object(Bucket=self._bucket, Key=require_blob_key(key))
        except BlobNotFoundError:
            return False
        return True

    def keys(self, region: str = "", /) -> Iterator[str]:
        """Return the key of everything that is kept, of one region if it is named, in their order, which is the storage's own."""
        under = f"{region}/" if region else ""
        with _storage():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=under):
                yield from filter(is_blob_key, (found["Key"] for found in page.get("Contents", ())))

    def leftovers(self, _region: str, /, *, before: datetime, remove: bool = False) -> list[str]:  # noqa: ARG002 - a put is whole, or nothing
        """Return nothing: what breaks off in a bucket was never there."""
        return []
