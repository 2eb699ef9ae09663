"""The hunt: every place in which an installation keeps anything is searched for words and pictures that must not be there."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import redis
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlalchemy import text

from backend.core.crypto import Keyring
from backend.data.migrating import owner_engine
from backend.files.pictures import perceptual_hash

ALIKE = 8  # of 64 bits: the same picture in another size or quality


@dataclass(frozen=True)
class Find:
    """Something where it must not be."""

    what: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Hunt:
    """What is hunted, by what it is called: words (ids among them), and pictures by their perceptual hashes."""

    owner_url: str
    redis_url: str
    keyring: Keyring
    folders: tuple[Path, ...]  # but for the servers' own data
    words: Mapping[str, str]
    pictures: Mapping[str, str] = field(default_factory=dict)

    def finds(self) -> set[Find]:
        """Search everywhere."""
        kept = [*self._rows(), *self._in_redis(), *self._in_files()]
        return {Find(what, place) for place, content in kept for what in self._in(content)}

    def _in(self, content: bytes) -> Iterator[str]:
        told = content.lower()
        for what, word in self.words.items():
            shapes = [word.lower().encode()]
            with suppress(ValueError):
                shapes += [UUID(word).bytes, UUID(word).hex.encode()]
            if any(shape in told or shape in content for shape in shapes):
                yield what
        if self.pictures and content.startswith(b"\xff\xd8\xff"):
            found = int(perceptual_hash(content), 16)
            yield from (what for what, known in self.pictures.items() if (int(known, 16) ^ found).bit_count() <= ALIKE)

    def _rows(self) -> Iterator[tuple[str, bytes]]:
        engine = owner_engine(self.owner_url)
        with engine.connect() as connection:
            tables = connection.scalars(
                text(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm')"
                    " ORDER BY relname"
                )
            ).all()
            for table in tables:
                for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():  # noqa: S608 - from the catalogue
                    for column, value in row.items():
                        for content in self._opened(value):
                            yield f"{table}.{column}", content
        engine.dispose()

    def _opened(self, value: Any) -> Iterator[bytes]:
        """Yield a value as it can be searched; what the keyring has encrypted is read, whatever place it is bound to."""
        if isinstance(value, bytes):
            yield value
            yield value.hex().encode()
            if value[:1] == b"\x01" and len(value) > 29:
                # GCM is counter mode with a tag; without asking for the tag, the place need not be known.
                key = self.keyring._key("encryption")  # noqa: SLF001 - a thief of the secret derives it too
                yield Cipher(algorithms.AES(key), modes.CTR(value[1:13] + b"\0\0\0\2")).decryptor().update(value[13:-16])
        elif value is not None:
            yield (json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)).encode()

    def _in_redis(self) -> Iterator[tuple[str, bytes]]:
        connection = redis.Redis.from_url(self.redis_url)
        readers = {
            b"string": connection.get,
            b"hash": connection.hgetall,
            b"list": lambda key: connection.lrange(key, 0, -1),
            b"set": connection.smembers,
            b"zset": lambda key: connection.zrange(key, 0, -1, withscores=True),
            b"stream": connection.xrange,
        }
        for key in connection.scan_iter():
            yield "redis key", key
            kind = connection.type(key)
            if kind != b"none":  # gone meanwhile
                for content in _flat(readers[kind](key)):
                    yield f"redis {kind.decode()}", content
                    with suppress(zlib.error):  # as RQ keeps a job's data
                        yield f"redis {kind.decode()}", zlib.decompress(content)
        connection.close()

    def _in_files(self) -> Iterator[tuple[str, bytes]]:
        for folder in self.folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not {"postgres", "valkey"} & set(path.relative_to(folder).parts[:-1]):
                    place = f"file {path.relative_to(folder)}" if path.suffix != ".jpg" else "blob"
                    yield place, str(path).encode()
                    yield place, path.read_bytes()


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _flat(pair)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _flat(inner)
