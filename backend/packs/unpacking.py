"""Text out of a file of a pack: unpacked where it is packed, bounded, UTF-8."""

import gzip
import io
import zlib

from backend.packs.faults import Faults, Place


def text_of(content: bytes, place: Place, limit: int, faults: Faults) -> str:
    """Return the text of a file, whose name ends in `.gz` where it is packed; nothing, and a fault, where it cannot be read.

    `limit` is of bytes, unpacked.
    """
    try:
        if place.file.endswith(".gz"):
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(limit + 1)
        if len(content) > limit:
            faults.note(place, "too_large", f"more than {limit // 1024 // 1024} MiB: split or simplify it")
            return ""
        return content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        faults.note(place, "unreadable", f"cannot be read: {error}")
    except UnicodeDecodeError as error:
        faults.note(place, "unreadable", f"is not UTF-8 (byte {error.start}): save it as UTF-8")
    return ""


def packed(text: str) -> bytes:
    """Return a text packed by gzip, the same bytes for the same text."""
    return gzip.compress(text.encode(), mtime=0)
