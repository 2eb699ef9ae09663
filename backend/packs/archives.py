"""A pack as one file to send, a tar.gz: written the same for the same files, read with suspicion.

Whatever a member is called or claims to be, reading touches no disk, unpacks no more than a pack may hold, and stops there.
"""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from backend.packs.faults import Faults, PackError, Place
from backend.packs.folder import MAX_AREAS, Files, gather, with_bases

MAX_MEMBERS, MAX_UNPACKED = 500, MAX_AREAS  # the second in bytes, of all files together
_MAX_HEADER, _MAX_PADDING = 64 * 1024, 1024 * 1024  # bytes: of a pax header, and of zeros after the end
_ARCHIVE = Place("archive", 1)  # where a fault of the whole is
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_LONGEST = 100
_NOT_PLAIN = "this is no path of a pack: no / before it, no .., nothing hidden; letters, digits, - _ . and / alone"
_PAX = re.compile(rb"([0-9]{1,5}) ([^=]+)=")
_HARMLESS = re.compile(r"mtime|atime|ctime|comment|[ug]id|[ug]name|LIBARCHIVE\..*|SCHILY\.xattr\..*")
_KINDS = {
    tarfile.SYMTYPE: "a link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a file with holes",
    tarfile.GNUTYPE_LONGNAME: "a name that is too long",
    tarfile.GNUTYPE_LONGLINK: "a link",
}


def files_at(source: Path) -> dict[str, bytes]:
    """Return the pack of a folder or of an archive, with the bases it extends. Raises PackError as `folder.gather` does."""
    return gather(source) if source.is_dir() else with_bases(read_archive(source.read_bytes()), source.absolute().parent)


def write_archive(files: Files, folder: str) -> bytes:
    """Return the files as a tar.gz under one folder; the same bytes for the same files."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def read_archive(data: bytes) -> dict[str, bytes]:
    """Return the files of a tar.gz by path, without the one folder they may all be in.

    Raises PackError with what is wrong with each member: links, devices, paths that lead outside, names said twice, too
    many or too large ones, and anything that two programs could read differently.
    """
    return _Archive(data).read()


class _Unpacked:
    """What a gzip holds, piece by piece."""

    def __init__(self, data: bytes) -> None:
        self._packed = io.BytesIO(data)
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or those that are left. Raises EOFError and zlib.error for a broken gzip."""
        parts = []
        while size and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed.read(io.DEFAULT_BUFFER_SIZE)
            part = self._inflate.decompress(packed, size)
            if not packed and not part and not self._inflate.eof:
                raise EOFError
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    @property
    def ended(self) -> bool:
        """Whether nothing is left, neither in the gzip nor after it."""
        return self._inflate.eof and not self._inflate.unused_data and not self._packed.read(1)


class _Archive:
    def __init__(self, data: bytes) -> None:
        self._unpacked = _Unpacked(data)
        self._faults = Faults()
        self._left = MAX_UNPACKED
        self._files: dict[str, bytes] = {}
        self._folded: dict[str, str] = {}  # by their names in small letters, for disks that do not tell them apart

    def read(self) -> dict[str, bytes]:
        try:
            for _ in range(MAX_MEMBERS + 1):
                if not self._member():
                    break
            else:
                self._stop(_ARCHIVE, "archive_too_large", f"it has more than {MAX_MEMBERS} members: a pack has few files")
            self._end()
        except zlib.error as error:
            self._stop(_ARCHIVE, "archive_unreadable", f"it is no gzip that can be unpacked ({error}): send a tar.gz")
        except EOFError:
            self._stop(_ARCHIVE, "archive_unreadable", "it ends in the middle: send it anew")
        if not self._files and not self._faults:
            self._note(_ARCHIVE, "archive_empty", "there is no file in it")
        if self._faults:
            raise PackError(self._faults)
        return _without_folder(self._files)

    def _note(self, place: Place, code: str, text: str) -> None:
        self._faults.note(place, code, text)

    def _stop(self, place: Place, code: str, text: str) -> NoReturn:
        self._note(place, code, text)
        raise PackError(self._faults) from None

    def _member(self) -> bool:
        """Read the next member; return whether there was one."""
        header = self._unpacked.read(tarfile.BLOCKSIZE)
        if len(header) < tarfile.BLOCKSIZE:
            raise EOFError
        if not header.strip(tarfile.NUL):
            return False
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            self._stop(_ARCHIVE, "archive_unreadable", "it is no tar: send a tar.gz of the pack's folder")
        name = member.name.removeprefix("./")
        place = Place(ascii(member.name)[1:-1], 1)
        if not 0 <= member.size <= self._left:
            text = f"the files are more than {MAX_UNPACKED // 1024 // 1024} MiB: make them smaller"
            self._stop(place, "archive_too_large", text)
        content = self._unpacked.read(member.size)
        self._unpacked.read(-member.size % tarfile.BLOCKSIZE)
        self._left -= member.size
        if len(content) < member.size:
            raise EOFError
        if member.type in {tarfile.XHDTYPE, tarfile.XGLTYPE}:
            self._check_header(content, place)
        elif member.isdir() and not member.size:
            if name != "." and not (_PLAIN.fullmatch(name) and len(name) <= _LONGEST):
                self._note(place, "archive_member", _NOT_PLAIN)
        elif member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            what = _KINDS.get(member.type, f"of the kind {member.type!r}")
            self._note(place, "archive_member", f"it is {what}: only plain files belong into a pack")
        else:
            self._keep(name, content, place)
        return True

    def _keep(self, name: str, content: bytes, place: Place) -> None:
        before = self._folded.setdefault(name.casefold(), name)
        if not (_PLAIN.fullmatch(name) and len(name) <= _LONGEST):
            self._note(place, "archive_member", _NOT_PLAIN)
        elif name in self._files or before != name:
            self._note(place, "archive_member", f"it is in the archive twice, as {before} before: keep one of the two")
        else:
            self._files[name] = content

    def _check_header(self, content: bytes, place: Place) -> None:
        """Refuse a pax header that says of the next member what its own header does not: another name or size, holes."""
        try:
            harmless = len(content) <= _MAX_HEADER and all(map(_HARMLESS.fullmatch, _pax_names(content)))
        except ValueError:
            harmless = False
        if not harmless:
            text = "its extended header says more than times and owners: pack it anew with tar --format=ustar"
            self._note(place, "archive_member", text)

    def _end(self) -> None:
        """Check that zeros alone follow the end, for what else there is another program would unpack; and that all files fit."""
        rest = self._unpacked.read(_MAX_PADDING)
        if rest.strip(b"\0") or not self._unpacked.ended:
            self._note(_ARCHIVE, "archive_unreadable", "something follows the end: pack it anew, one archive in the file")
        for path in self._files:
            folder = next((str(up) for up in PurePosixPath(path).parents if str(up).casefold() in self._folded), None)
            if folder:
                text = f"{folder} is a file, so nothing can be in it: rename one of the two"
                self._note(Place(path, 1), "archive_member", text)


def _pax_names(content: bytes) -> Iterator[str]:
    """Yield what the records of a pax header are about. Raises ValueError where it is not made of records."""
    at = 0
    while at < len(content):
        record = _PAX.match(content, at)
        end = at + int(record[1]) if record else 0
        if not record or end < record.end() or content[end - 1 : end] != b"\n":
            raise ValueError
        yield record[2].decode("utf-8", "replace")
        at = end


def _without_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    folders = {path.partition("/")[0] for path in files}
    top = f"{next(iter(folders))}/"
    if len(folders) > 1 or not all(path.startswith(top) for path in files):
        return files
    return {path.removeprefix(top): content for path, content in files.items()}
