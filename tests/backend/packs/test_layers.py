"""Layers over a pack: what they may say, what they may not, and what becomes of one when the pack below changes."""

import pytest

from backend.core.errors import DomainError
from backend.packs.faults import PackError
from backend.packs.folder import SHIPPED, gather
from backend.packs.layers import still_said
from backend.packs.reading import read_files, read_pack
from backend.packs.settings import edited, said_now

BASE = {"enabled": True, "groups": [{"key": "a", "name": {"id": "A", "en": "A"}}, {"key": "b", "name": {"id": "B", "en": "B"}}]}


@pytest.fixture(scope="module")
def files():
    return gather(SHIPPED / "banda-aceh")


def changed(files, **values):
    return {**said_now(files, "complaints"), **values}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"remove": True}, id="a name that takes the file out"),
        pytest.param({"groups": [{"key": "a"}, {"key": "a", "name": {"id": "Lain"}}]}, id="a key twice"),
        pytest.param({"groups": [{"key": "a", "remove": True}]}, id="an item that says remove"),
        pytest.param({"groups": [{"key": "a", "before": "b"}, {"key": "b"}]}, id="an item that says before"),
        pytest.param({"text": "\ud800"}, id="half a character"),
    ],
)
def test_what_a_layer_cannot_say_exactly_is_refused(files, values):
    with pytest.raises(DomainError) as refused:
        edited(files, "complaints", changed(files, **values))
    assert refused.value.errors[0].code == "regions.pack_unwritable"


def test_what_is_nested_too_deep_is_refused_however_deep(files):
    deep = {}
    for _ in range(5000):
        deep = {"deeper": deep}
    with pytest.raises(DomainError):
        edited(files, "complaints", changed(files, deep=deep))


def test_a_key_that_is_no_text_is_no_key(files):
    odd = edited(files, "complaints", changed(files, reasons=[{"key": ["x"]}]))
    assert read_files(odd).modules["complaints"]["reasons"] == [{"key": ["x"]}]  # for the room to refuse


def test_what_a_layer_changed_is_dropped_where_it_is_gone_below_and_the_rest_stays():
    layer = {"groups": [{"key": "a", "name": {"id": "Lain"}}, {"key": "b", "remove": True}, {"key": "c", "before": "a"}], "x": 1}
    still, gone = still_said(layer, BASE, {**BASE, "groups": []})
    assert still == {"groups": [{"key": "c"}], "x": 1}
    assert gone == ["groups.a", "groups.b"]
    assert still_said(layer, BASE, BASE) == (layer, [])


def test_a_table_lies_over_the_yaml_of_its_file_whatever_their_names(files):
    head, holidays = b"# own\n", b"key,date,name.id,name.en,kind\nuji,2027-05-05,Uji,Test,local\n"
    own = {**files, "calendar.yaml": head, "calendar.holidays.csv": holidays}
    assert "uji" in [day["key"] for day in read_files(own).calendar["holidays"]]
    doubled = {**own, "calendar.yaml": b"holidays:\n  - {key: lain, date: 2027-05-06, name: {id: Lain, en: Other}}\n"}
    with pytest.raises(PackError) as refused:
        read_files(doubled)
    assert [fault.code for fault in refused.value.faults] == ["packs.said_twice"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("complaints.yaml", b"replace: 5\n", "packs.other_shape"),
        ("successors.yaml", b"departments:\n  - {key: x, successor: [a]}\n", "packs.malformed"),
        ("complaints.yaml", b"groups:\n  - {key: jalan, before: [a]}\n", "packs.nothing_before"),
        ("areas.csv", b'code,name\n"[""x""]",Nama\n', "packs.area_unknown"),
        ("service_info.yaml", b'"\\u0000": x\n', "packs.unfit_character"),
    ],
)
def test_odd_files_are_refused_and_named(files, name, content, code):
    with pytest.raises(PackError) as refused:
        read_files({**files, name: content})
    assert code in {fault.code for fault in refused.value.faults}


def test_a_code_of_another_region_is_refused(tmp_path, files):
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    head = (tmp_path / "region.yaml").read_text()
    (tmp_path / "region.yaml").write_text(head.replace('"11.71"', '"11.72"'))
    with pytest.raises(PackError) as refused:
        read_pack(tmp_path)
    assert "packs.code_elsewhere" in {fault.code for fault in refused.value.faults}


def test_a_head_of_many_megabytes_is_not_read_through(files):
    with pytest.raises(PackError) as refused:
        read_files({**files, "region.yaml": b"key: banda-aceh\n" + b"- x\n" * 2_000_000})
    assert "packs.too_large" in {fault.code for fault in refused.value.faults}


def test_faults_beyond_what_anybody_reads_are_left_out(files):
    many = b"departments:\n" + b"  - {nonsense: 1}\n" * 5000
    with pytest.raises(PackError) as refused:
        read_files({**files, "departments.yaml": many})
    assert len(refused.value.faults) <= 500
