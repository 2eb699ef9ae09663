"""A pack travels as a tar.gz: the same bytes for the same files, and nothing comes out of one but plain files of a pack."""

import functools
import gzip
import io
import tarfile
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.packs.archives import MAX_MEMBERS, MAX_UNPACKED, read_archive, write_archive
from backend.packs.faults import PackError
from backend.packs.folder import gather, shipped_packs

FILES = {"region.yaml": b"key: contoh\n", "bases/base-contoh/pack.yaml": b"key: base-contoh\n", "areas.geojson": b"x" * 3000}
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)


def member(name: str, content: bytes = b"", **said: object) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for key, value in said.items():
        setattr(made, key, value)
    return made, content


# Without the time of day, or the processes that run the tests would not agree on what they are called.
zipped = functools.partial(gzip.compress, mtime=0)


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for made, content in members:
            archive.addfile(made, io.BytesIO(content))
    return packed.getvalue()


def faults_of(data: bytes) -> list[str]:
    with pytest.raises(PackError) as caught:
        read_archive(data)
    return [f"{fault.file}: {fault.text}" for fault in caught.value.faults]


def only(data: bytes) -> str:
    [fault] = faults_of(data)
    return fault


@settings(deadline=None)
@given(files=st.dictionaries(NAMES.map(str.lower) | NAMES.map(lambda name: f"bases/x/{name.lower()}"), st.binary(), min_size=1))
def test_what_is_written_is_read_and_written_the_same(files):
    files = {path: content for path, content in files.items() if path != "bases"}
    if files:
        packed = write_archive(files, "banda-aceh")
        assert read_archive(packed) == files
        assert write_archive(dict(reversed(files.items())), "banda-aceh") == packed


def test_an_archive_says_nothing_of_who_made_it_and_when():
    packed = write_archive(FILES, "contoh")
    assert packed[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        said = [(one.name, one.mtime, one.uid, one.gid, one.uname, one.mode) for one in archive]
    assert said == [(f"contoh/{path}", 0, 0, 0, "", 0o644) for path in sorted(FILES)]


@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_a_shipped_pack_travels_whole(folder):
    files = gather(folder)
    assert read_archive(write_archive(files, folder.name)) == files


@pytest.mark.parametrize("prefix", ["", "./", "contoh/", "./contoh/"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_an_archive_of_another_program_is_read_with_its_folder_or_without(prefix, form):
    folder = [member(prefix, type=tarfile.DIRTYPE, mode=0o755)] if prefix else []
    files = [member(f"{prefix}{path}", content, mtime=1790000000.5) for path, content in FILES.items()]
    assert read_archive(zipped(tar(*folder, *files, form=form))) == FILES


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/etc/passwd", {}),
        ("../region.yaml", {}),
        ("contoh/../../region.yaml", {}),
        ("contoh/./region.yaml", {}),
        ("contoh//region.yaml", {}),
        ("contoh\\region.yaml", {}),
        ("C:region.yaml", {}),
        (".region.yaml", {}),
        ("contoh/._region.yaml", {}),
        ("region.yaml\n", {}),
        ("région.yaml", {}),
        ("", {}),
        ("../", {"type": tarfile.DIRTYPE}),
        ("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
        ("hard", {"type": tarfile.LNKTYPE, "linkname": "region.yaml"}),
        ("device", {"type": tarfile.CHRTYPE}),
        ("disk", {"type": tarfile.BLKTYPE}),
        ("pipe", {"type": tarfile.FIFOTYPE}),
        ("holes", {"type": tarfile.GNUTYPE_SPARSE}),
        ("multi", {"type": b"M"}),
    ],
)
def test_a_member_that_is_no_plain_file_of_a_pack_is_refused_by_name(name, said):
    fault = only(zipped(tar(member("region.yaml", b"key: contoh\n"), member(name, **said))))
    assert fault.startswith(ascii(name.rstrip("/"))[1:-1] + ": ")


def test_every_fault_is_told_at_once():
    members = [member("../a"), member("link", type=tarfile.SYMTYPE), member("/b"), member("region.yaml", b"x")]
    assert [fault.partition(":")[0] for fault in faults_of(zipped(tar(*members)))] == ["../a", "/b", "link"]


@pytest.mark.parametrize("names", [("a.yaml", "a.yaml"), ("./a.yaml", "a.yaml"), ("a.yaml", "A.yaml"), ("a.yaml", "a.yaml/b")])
def test_two_files_of_one_name_are_refused(names):
    assert "a.yaml" in only(zipped(tar(*(member(name, b"x") for name in names))))


@pytest.mark.parametrize(
    "headers",
    [
        {"path": "other.yaml"},
        {"size": "1"},
        {"linkpath": "x"},
        {"GNU.sparse.major": "1", "GNU.sparse.name": "x"},
        {"hdrcharset": "BINARY"},
    ],
)
def test_a_pax_header_that_says_otherwise_than_the_member_is_refused(headers):
    packed = tar(member("region.yaml", b"key: contoh\n", pax_headers=headers), form=tarfile.PAX_FORMAT)
    assert "extended header" in only(zipped(packed))


@pytest.mark.parametrize(
    "record", [b"0 mtime=1\n", b"11 mtime=1\n0 mtime=1\n", b"9 mtime=1\n", b"99999 mtime=1\n", b"mtime=1\n", b"\n", b"1" * 70_000]
)
def test_a_pax_header_that_is_none_is_refused(record):
    packed = tar(member("header", record, type=tarfile.XHDTYPE), member("region.yaml", b"x"))
    assert "extended header" in only(zipped(packed))


def test_a_pax_header_of_times_and_comments_does_no_harm():
    packed = tar(
        member("pax_global_header", b"19 comment=0123456\n", type=tarfile.XGLTYPE),
        member("header", b"11 mtime=1\n", type=tarfile.XHDTYPE),
        member("region.yaml", b"x"),
    )
    assert read_archive(zipped(packed)) == {"region.yaml": b"x"}


def spoilt(change: Callable[[bytes], bytes]) -> bytes:
    return change(write_archive(FILES, "contoh"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "in the middle"),
        (b"PK\x03\x04", "no gzip"),
        (zipped(b""), "in the middle"),
        (zipped(b"key: contoh\n" * 100), "no tar"),
        (zipped(tar(member("region.yaml", b"x"))[:1024]), "in the middle"),
        (zipped(tar(member("region.yaml", b"x" * 5000))[:2000]), "in the middle"),
        (zipped(tar()), "no file in it"),
        (tar(member("region.yaml", b"x")), "no gzip"),
        (spoilt(lambda packed: packed[:-4]), "in the middle"),
        (spoilt(lambda packed: packed[: len(packed) // 2]), "in the middle"),
        (spoilt(lambda packed: packed[:-8] + b"\0\0\0\0" + packed[-4:]), "no gzip"),
        (spoilt(lambda packed: packed + packed), "follows the end"),
        (spoilt(lambda packed: packed + b"\0"), "follows the end"),
        (zipped(tar(member("a.yaml", b"x")) + tar(member("b.yaml", b"x"))), "follows the end"),
        (zipped(tar(member("a.yaml", b"x")) + bytes(2 * 1024 * 1024)), "follows the end"),
    ],
)
def test_what_is_broken_or_hides_something_is_refused(data, why):
    assert why in only(data)


def test_a_number_of_members_is_enough():
    members = [member(f"{index}.yaml", b"x") for index in range(MAX_MEMBERS)]
    assert len(read_archive(zipped(tar(*members)))) == MAX_MEMBERS
    assert "more than 500 members" in only(zipped(tar(*members, member("more.yaml"))))


def test_a_bomb_is_not_unpacked():
    bomb = zipped(tar(member("areas.geojson", bytes(MAX_UNPACKED + 1))))
    halves = zipped(tar(*(member(f"{index}.yaml", bytes(MAX_UNPACKED // 2 + 1)) for index in range(2))))
    endless = zipped(bytes(4 * MAX_UNPACKED), 9)
    header = member("areas.geojson")[0]
    header.size = 2**40
    for data, why in (
        (bomb, "areas.geojson: the files are more than 64 MiB"),
        (halves, "1.yaml: the files are more than 64 MiB"),
        (endless, "follows the end"),
        (zipped(header.tobuf(tarfile.GNU_FORMAT)), "areas.geojson: the files are more than 64 MiB"),
    ):
        tracemalloc.start()
        assert why in only(data)
        assert tracemalloc.get_traced_memory()[1] < 1.2 * MAX_UNPACKED
        tracemalloc.stop()


@settings(deadline=None)
@given(data=st.data())
def test_an_archive_with_bytes_changed_is_refused_or_read_but_never_breaks(data):
    raw = bytearray(
        tar(member("contoh/region.yaml", b"key: contoh\n"), member("contoh/x.yaml", b"y", mtime=1.5), form=tarfile.PAX_FORMAT)
    )
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, 4095))] = data.draw(st.integers(0, 255))
    for at in range(0, 4096, 512):  # a right checksum lets what was changed be seen
        block = raw[at : at + 512]
        total = sum(block[:148]) + sum(block[156:]) + 8 * 32
        if data.draw(st.booleans()) and any(block):
            raw[at + 148 : at + 156] = f"{total:06o}\0 ".encode()
    with suppress(PackError):
        files = read_archive(zipped(bytes(raw), 1))
        assert all(".." not in path and not path.startswith("/") for path in files)
