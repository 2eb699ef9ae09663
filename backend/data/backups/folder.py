"""A backup on disk: a folder named by its instant, its manifest, and whether its files are what the manifest says."""

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from backend.data.backups.portrait import Portrait

DUMP, BLOB_LIST, MANIFEST, LATEST = "database.dump", "blobs.sha256", "manifest.json", "latest.json"
BLOBS = "blobs"
_NAME = re.compile(r"\d{8}T\d{6}Z")
_FORMAT = 1


class BackupError(Exception):
    """A backup cannot be made, read or restored; the message is fit for one line."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What was in a backup when it was made. `key_proof` tells the secret key it was made under and says nothing of it."""

    made_at: str  # of the snapshot, ISO 8601 in UTC
    balai: str
    server: int  # PostgreSQL's major version
    heads: Mapping[str, str]  # newest migration by line
    key_proof: str
    blobs: int
    files: Mapping[str, str]  # SHA-256 by name; those of blobs stand in BLOB_LIST, as `sha256sum` writes them
    portrait: Portrait


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: object) -> None:
    """Write beside and rename: a reader sees all of it or what was there before."""
    beside = path.with_suffix(".new")
    beside.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    beside.replace(path)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into a backup's folder."""
    portrait = {"tables": manifest.portrait.tables, "structure": sorted(manifest.portrait.structure)}
    said = {field.name: getattr(manifest, field.name) for field in dataclasses.fields(manifest)}
    write_json(folder / MANIFEST, {"format": _FORMAT, **said, "portrait": portrait})


def read_manifest(folder: Path) -> Manifest:
    """Return a backup's manifest. Raises BackupError when there is none that can be read."""
    try:
        said = orjson.loads((folder / MANIFEST).read_bytes())
        if said.pop("format") != _FORMAT:
            raise BackupError(f"{folder} was made by another version of Balai: use that one's `balai backup`")
        portrait = said.pop("portrait")
        tables = {table: (rows, checksum) for table, (rows, checksum) in portrait["tables"].items()}
        structure = frozenset((kind, on, name, words) for kind, on, name, words in portrait["structure"])
        return Manifest(**said, portrait=Portrait(tables=tables, structure=structure))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{folder} has no {MANIFEST} that can be read: {error}") from error


def list_backups(folder: Path) -> list[Path]:
    """Return the backups in a folder of backups, the newest last."""
    return sorted(path for path in folder.glob("*") if _NAME.fullmatch(path.name)) if folder.is_dir() else []


def newest_backup(folder: Path) -> Path:
    """Return the newest backup. Raises BackupError when there is none."""
    made = list_backups(folder)
    if not made:
        raise BackupError(f"there is no backup in {folder}: `balai backup make` makes one")
    return made[-1]


def listed_blobs(folder: Path) -> Iterator[tuple[str, str]]:
    """Return (key, SHA-256) of every blob in a backup, in the order of the keys."""
    with (folder / BLOB_LIST).open(encoding="ascii") as lines:
        for line in lines:
            sha256, _, path = line.rstrip("\n").partition("  ")
            yield path.removeprefix(f"{BLOBS}/"), sha256


def verify_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Name each file that is missing or is not what it was, a line each. Reads all of them."""
    for name, sha256 in manifest.files.items():
        yield from _fault(folder / name, name, sha256)
    with suppress(FileNotFoundError):  # which has just been named
        for key, sha256 in listed_blobs(folder):
            yield from _fault(folder / BLOBS / key, f"{BLOBS}/{key}", sha256)


def _fault(path: Path, name: str, sha256: str) -> Iterator[str]:
    try:
        if digest(path) != sha256:
            yield f"{name} is not what it was: its SHA-256 differs"
    except FileNotFoundError:
        yield f"{name} is missing"
    except OSError as error:
        yield f"{name} cannot be read: {error.strerror}"
