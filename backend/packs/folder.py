"""A pack as files: paths relative to its folder, and their bytes. Gathered from a folder with the bases it extends."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from backend.packs.faults import Faults, PackError, Place
from backend.packs.schemas import REGION_KEY
from backend.packs.yaml_text import read_yaml

Files = Mapping[str, bytes]
SHIPPED = Path(__file__).parent / "shipped"
REGION, BASE, BASES = "region.yaml", "pack.yaml", "bases"
EDITED = ".edited.yaml"  # a layer that Balai writes: what admins changed while the system ran
SIGNATURE = "SIGNATURE"
LONGEST_KEY = 40
MAX_YAML, MAX_AREAS = 2 * 1024 * 1024, 64 * 1024 * 1024  # bytes, unpacked


def shipped_packs() -> list[Path]:
    """Return the folders of the region packs that come with Balai."""
    return sorted(head.parent for head in SHIPPED.glob(f"*/{REGION}"))


def gather(folder: Path, faults: Faults | None = None) -> dict[str, bytes]:
    """Return the files of a pack's folder and, under `bases/`, of every base it extends.

    A base is looked for in the folder's own `bases/`, then beside the folder, then among the shipped ones.
    Raises PackError for a folder that is no region's pack, and for what is no plain file unless `faults` collects it.
    """
    return with_bases(read_folder(folder, faults), folder.absolute().parent)


def read_folder(folder: Path, faults: Faults | None = None) -> dict[str, bytes]:
    """Return the files of a pack's folder and nothing else. Raises PackError as `gather` does."""
    folder = folder.absolute()
    collected = faults is not None
    faults = Faults() if faults is None else faults
    files = dict(_read(folder, "", faults))
    if not (folder / REGION).is_file():
        other = (folder / BASE).is_file()
        why = "this is a base pack, to be extended by a region's" if other else f"there is no {REGION} in {folder}"
        faults.note(Place(f"{folder.name}/{REGION}", 1), "no_pack", f"{why}: name the folder of a region pack")
        raise PackError(faults)
    if faults and not collected:
        raise PackError(faults)
    return files


def with_bases(files: Files, *beside: Path) -> dict[str, bytes]:
    """Return `files` with the bases that are missing from it, out of the folders `beside` and then the shipped ones."""
    faults = Faults()
    found = dict(files)
    asked = _extended(found, REGION)
    while asked:
        name = asked.pop(0)
        if f"{BASES}/{name}/{BASE}" not in found:
            home = next((up / name for up in (*beside, SHIPPED) if (up / name / BASE).is_file()), None)
            if home is None:
                continue  # told by the reader, with its line
            read = dict(_read(home, f"{BASES}/{name}/", faults))
            found |= read
            asked += _extended(found, f"{BASES}/{name}/{BASE}")
    if faults:
        raise PackError(faults)
    return found


def edited_layers(files: Files) -> dict[str, bytes]:
    """Return the layers that Balai wrote for admins."""
    return {path: content for path, content in files.items() if path.endswith(EDITED) and "/" not in path}


def _extended(files: Files, head: str) -> list[str]:
    said = read_yaml(files.get(head, b"")[:MAX_YAML].decode("utf-8", "replace"), head, Faults())
    return [name for name in said.texts("extends") if re.fullmatch(REGION_KEY, name) and len(name) <= LONGEST_KEY]


def _read(folder: Path, prefix: str, faults: Faults) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        place = Place(f"{folder.name}/{path.name}", 1)
        if path.name.startswith("."):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            faults.note(place, "unknown_file", f"{path.name} does not belong into this pack: only plain files do, no links")
        elif path.is_dir() and path.name == BASES and not prefix:
            for base in sorted(path.iterdir()):
                yield from _read(base, f"{BASES}/{base.name}/", faults)
        elif path.is_dir():
            faults.note(place, "unknown_file", f"{path.name} does not belong into this pack: the only folder of one is {BASES}")
        elif path.stat().st_size > MAX_AREAS:
            faults.note(place, "too_large", f"more than {MAX_AREAS // 1024 // 1024} MiB: split or simplify it")
        else:
            yield f"{prefix}{path.name}", path.read_bytes()
