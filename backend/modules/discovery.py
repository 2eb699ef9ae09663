"""What is loaded by name: the rooms of `services/`, the guests of the entry point group `balai.modules`, the blob store."""

import importlib
import pkgutil
from importlib.metadata import entry_points

from backend.core.settings import Settings
from backend.data.blobs import BlobStore, FolderBlobStore
from backend.modules.contract import ServiceModule

GROUP = "balai.modules"


class DiscoveryError(Exception):
    """A module could not be loaded; the message says which and why."""


def _taken_from(where: str, found: object) -> ServiceModule:
    if not isinstance(found, ServiceModule):
        raise DiscoveryError(f"{where}: {type(found).__name__} is not a ServiceModule")
    return found


def bundled_modules() -> list[ServiceModule]:
    """Return the rooms of `services/`, by name. Raises DiscoveryError for a folder without a `module`."""
    found = []
    for room in pkgutil.iter_modules(importlib.import_module("services").__path__):
        where = f"services.{room.name}.module"
        try:
            found.append(_taken_from(where, importlib.import_module(where).module))
        except (ImportError, AttributeError) as error:
            raise DiscoveryError(f"{where}: {error}") from error
    return found


def guest_modules() -> list[ServiceModule]:
    """Return the installed guests, by name. Raises DiscoveryError, naming the package, for one that does not load."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        where = f"{point.dist.name if point.dist else '?'} ({point.value})"
        try:
            loaded = point.load()
        except Exception as error:
            raise DiscoveryError(f"{where}: {type(error).__name__}: {error}") from error
        found.append(_taken_from(where, loaded))
    return found


def blob_store(settings: Settings) -> BlobStore:
    """Return where this installation keeps pictures. Raises SettingsError for a bucket that is not there.

    By name, so that a process without a bucket does not carry what speaks to one.
    """
    if settings.bucket is None:
        return FolderBlobStore(settings.var / "blobs")
    store: BlobStore = importlib.import_module("backend.data.buckets").BucketBlobStore(settings.bucket)
    return store
