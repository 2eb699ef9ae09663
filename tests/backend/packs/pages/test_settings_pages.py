"""An admin reads and changes a region by forms, without a script: each change is a version, and nothing typed is lost."""

import io
import re

import pytest

from tests.forms import Forms

CATEGORY = "settings/modules/complaints?at=categories/JLN-01"
PREFIX = "settings/modules/complaints"


def page(got, status=200):
    assert got.status_code == status, got.get_data(as_text=True)[:3000]
    return got.get_data(as_text=True)


def form(got, action):
    return Forms(page(got)).to(action)


def history(admin):
    rows = re.findall(r'<tr><th scope="row">(\d+)', page(admin.get("settings/pack")))
    return [int(row) for row in rows]


def test_every_page_opens(admin):
    for path in (
        "settings",
        "settings/tables",
        "settings/pack",
        "settings/pack/diff",
        "settings/pack/rollback",
        "settings/tables/areas",
    ):
        assert "<h1>" in page(admin.get(path)), path
    for module in ("complaints", "service-info", "notifications", "replication", "departments"):
        assert "<h1>" in page(admin.get(f"settings/modules/{module}")), module
    assert page(admin.get("settings/modules/complaints?at=workflow/moves/assign"))
    assert admin.get("settings/modules/complaints?at=nowhere").status_code == 404
    assert admin.get("settings/modules/atlantis").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "settings/modules/complaints",
        "settings/modules/complaints?at=workflow",
        "settings/modules/complaints?at=workflow/moves/assign",
        "settings/modules/complaints?at=categories/JLN-01",
        "settings/modules/notifications",
        "settings/modules/service-info?at=services",
    ],
)
def test_a_form_saved_as_it_was_opened_makes_no_version(admin, path):
    shown = page(admin.get(path))
    if 'id="part"' in shown:
        said = Forms(shown).to(path.partition("?")[0])
        assert admin.post(path, said).status_code == 303
    assert history(admin) == [1]


def test_a_change_is_a_version_with_who_and_why(admin):
    said = form(admin.get(CATEGORY), PREFIX)
    said["v.name.id"], said["why"] = ["Jalan berlubang besar"], ["Rapat 12/2026"]
    got = admin.post(CATEGORY, said)
    assert got.status_code == 303
    assert history(admin) == [2, 1]
    told = page(admin.get("settings/pack"))
    assert "Rapat 12/2026" in told
    assert "Jalan berlubang besar" in page(admin.get(CATEGORY))
    assert "Jalan berlubang besar" in page(admin.get("settings/pack/diff"))
    assert "Rapat 12/2026" in page(admin.get("settings"))


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(admin):
    said = form(admin.get(CATEGORY), PREFIX)
    said["v.group"], said["v.response_hours"], said["v.name.id"] = ["tidak-ada"], ["dua"], ["Nama baru"]
    told = page(admin.post(CATEGORY, said), 422)
    assert 'href="#field-v-response_hours"' in told
    assert re.search(r'id="fault-v-response_hours">[^<]+', told)
    assert 'value="dua"' in told
    assert 'value="Nama baru"' in told
    said["v.response_hours"] = ["24"]
    told = page(admin.post(CATEGORY, said), 422)
    assert re.search(r'id="fault-v-group">[^<]+', told)
    assert history(admin) == [1]


def test_a_check_says_as_one_types_what_saving_would_say(admin):
    said = form(admin.get(CATEGORY), PREFIX)
    assert re.search(r'id="fault-v-group"[^>]*></p>', page(admin.post(CATEGORY.replace("?", "/check?"), said)))
    said["v.group"] = ["tidak-ada"]
    told = page(admin.post(CATEGORY.replace("?", "/check?"), said))
    assert re.search(r'id="fault-v-group"[^>]*>[^<]+</p>', told)
    assert "<html" not in told
    assert history(admin) == [1]


def test_a_fault_that_only_the_whole_pack_shows_is_at_its_field_too(admin):
    said = form(admin.get(CATEGORY), PREFIX)
    said["v.departments"] = ["TIDAKADA"]
    for path, status in ((CATEGORY.replace("?", "/check?"), 200), (CATEGORY, 422)):
        assert "TIDAKADA" in page(admin.post(path, said), status)


def test_the_second_of_two_admins_is_told_and_keeps_what_was_typed(admin, other_admin):
    first, second = form(admin.get(CATEGORY), PREFIX), form(other_admin.get(CATEGORY), PREFIX)
    first["v.name.id"], second["v.name.id"] = ["Dari yang pertama"], ["Dari yang kedua"]
    assert admin.post(CATEGORY, first).status_code == 303
    told = page(other_admin.post(CATEGORY, second), 412)
    assert "Dari yang pertama" in told
    assert 'value="Dari yang kedua"' in told
    again = Forms(told).to(PREFIX)
    assert other_admin.post(CATEGORY, again).status_code == 303
    assert "Dari yang kedua" in page(admin.get(CATEGORY))


def test_who_adds_a_row_meanwhile_is_told_too(admin, other_admin):
    item = "settings/modules/service-info?at=services/ktp-el"
    first, second = form(admin.get(item), "service-info"), form(other_admin.get(item), "service-info")
    first["v.name.id"] = ["Dari yang pertama"]
    assert admin.post(item, first).status_code == 303
    more = Forms(page(other_admin.post(item, second | {"do": ["add v.requirements"]}))).to("service-info")
    fewer = Forms(page(other_admin.post(item, more | {"do": ["remove v.requirements.0"]}))).to("service-info")
    assert "Dari yang pertama" in page(other_admin.post(item, fewer), 412)


def test_who_changes_another_item_meanwhile_hinders_nobody(admin, other_admin):
    one, other = form(admin.get(CATEGORY), PREFIX), form(other_admin.get(CATEGORY.replace("01", "02")), PREFIX)
    one["v.name.id"], other["v.name.id"] = ["Satu"], ["Dua"]
    assert admin.post(CATEGORY, one).status_code == 303
    assert other_admin.post(CATEGORY.replace("01", "02"), other).status_code == 303
    assert "Satu" in page(admin.get(CATEGORY))


def test_an_item_is_added_moved_and_taken_out(admin):
    path = "settings/modules/complaints?at=reasons"
    said = form(admin.get(f"{path}&new=1"), PREFIX)
    said |= {"v.key": ["uji_coba"], "v.label.id": ["Hanya uji coba"], "v.label.en": ["A trial"], "position": ["1"]}
    assert admin.post(f"{path}&new=1", said).status_code == 303
    listed = page(admin.get(path))
    assert listed.index("uji_coba") < listed.index("</tr>", listed.index("<tbody>"))
    assert "sudah ada" in page(admin.post(f"{path}&new=1", said), 422)
    item = f"{path}/uji_coba"
    told = page(admin.post(item, form(admin.get(item), PREFIX) | {"do": ["drop"]}))
    assert "uji_coba" in page(admin.get(path))
    assert admin.post(item, Forms(told).to(PREFIX) | {"do": ["apply"]}).status_code == 303
    assert "uji_coba" not in page(admin.get(path))


def test_rows_are_added_and_removed_without_a_script(admin):
    path = "settings/modules/service-info?at=services"
    key = re.search(r"at=services%2F([a-z0-9_-]+)", page(admin.get(path)))[1]
    item = f"{path}/{key}"
    said = form(admin.get(item), "service-info")
    rows = sum(bool(re.fullmatch(r"v\.requirements\.\d+", name)) for name in said)
    said["v.summary.id"] = ["Belum disimpan"]
    told = page(admin.post(item, said | {"do": ["add v.requirements"]}))
    more = Forms(told).to("service-info")
    assert f"v.requirements.{rows}" in more
    assert more["v.summary.id"] == ["Belum disimpan"]
    more[f"v.requirements.{rows}.id"] = ["Syarat baru"]
    fewer = Forms(page(admin.post(item, more | {"do": ["remove v.requirements.0"]}))).to("service-info")
    assert fewer[f"v.requirements.{rows - 1}.id"] == ["Syarat baru"]
    assert admin.post(item, fewer).status_code == 303
    assert "Syarat baru" in page(admin.get(item))


def test_what_a_change_does_to_open_reports_is_shown_before(admin, region, citizen):
    person = citizen(region)
    spot = {"lat": 5.5529, "lng": 95.3192}
    body = {"category": "JLN-02", "description": "Jalan rusak di depan pasar", "location": spot}
    sent = person.post("complaints", body)
    assert sent.status_code == 201, sent.get_json()
    item = CATEGORY.replace("01", "02")
    told = page(admin.post(item, form(admin.get(item), PREFIX) | {"do": ["drop"]}))
    assert history(admin) == [1]
    assert 'aria-labelledby="effects"' in told


def test_a_module_is_switched_once_what_it_does_was_seen(admin):
    told = page(admin.post("settings/switch", {"module": "replication", "enabled": "false"}))
    assert history(admin) == [1]
    assert "Matikan" in told
    said = Forms(told).to("settings/switch") | {"do": ["apply"], "why": ["Belum ada perjanjian"]}
    assert admin.post("settings/switch", said).status_code == 303
    assert history(admin) == [2, 1]
    assert "Belum ada perjanjian" in page(admin.get("settings"))
    assert admin.post("settings/switch", {"module": "atlantis", "enabled": "true"}).status_code == 404


def test_departments_are_edited_as_everything_else(admin):
    path = "settings/tables/departments"
    listed = page(admin.get(path))
    key = re.search(r"at=departments%2F([a-z0-9-]+)", listed)[1]
    item = f"settings/modules/departments?at=departments/{key}"
    said = form(admin.get(item), "departments")
    assert said["v.key"] == [key]
    said["v.name"], said["v.email"] = ["Dinas Uji"], ["bukan surel"]
    assert re.search(r'id="fault-v-email">[^<]+', page(admin.post(item, said), 422))
    said["v.email"] = ["dinas@contoh.go.id"]
    assert admin.post(item, said).status_code == 303
    assert "Dinas Uji" in page(admin.get(path))
    assert "Dinas Uji" in page(admin.get(f"{path}?q=dinas uji"))
    assert "Dinas Uji" not in page(admin.get(f"{path}?q=tidakada"))


def test_a_department_with_open_reports_goes_once_somebody_takes_over(admin, region, citizen, work):
    path = "settings/tables/departments"
    old = re.search(r"at=departments%2F([a-z0-9-]+)", page(admin.get(path + '?q="PUPR"')))[1]
    spot = {"lat": 5.5529, "lng": 95.3192}
    sent = citizen(region).post("complaints", {"category": "JLN-04", "description": "Jembatan rusak berat", "location": spot})
    assert sent.status_code == 201, sent.get_json()
    work()
    text = admin.get(f"{path}/file").data.decode("utf-8-sig").replace(f"\n{old},", "\ndinas-uji,")
    file = {"file": (io.BytesIO(text.encode()), "units.csv")}
    asked = Forms(page(admin.post(f"{path}/file", file, content_type="multipart/form-data"))).to("pack/apply")
    assert admin.post("settings/pack/apply", asked).status_code == 409
    assert admin.post("settings/pack/apply", asked | {f"successor.{old}": ["dinas-uji"]}).status_code == 303
    assert f"departments%2F{old}" not in page(admin.get(path))


def test_areas_get_other_names_and_the_second_admin_is_told(admin, other_admin):
    path = "settings/tables/areas"
    mine, theirs = form(admin.get(path), "tables/areas?"), form(other_admin.get(path), "tables/areas?")
    code = next(name for name in mine if name.startswith("name.") and name.count(".") > 3)
    mine[code], theirs[code] = ["Gampong Satu"], ["Gampong Dua"]
    assert admin.post(path, mine).status_code == 303
    told = page(other_admin.post(path, theirs), 422)
    assert "Gampong Satu" in told
    assert 'value="Gampong Dua"' in told
    assert history(admin) == [2, 1]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_table_goes_out_and_in_after_a_look(admin, suffix):
    path = "settings/tables/departments/file"
    got = admin.get(f"{path}?format={suffix}")
    assert got.status_code == 200
    same = {"file": (io.BytesIO(got.data), f"units.{suffix}")}
    assert "Tidak ada yang berubah" in page(admin.post(path, same, content_type="multipart/form-data"))
    if suffix == "xlsx":
        return
    text = got.data.decode("utf-8-sig")
    name = text.splitlines()[1].split(",")[1]
    other = {"file": (io.BytesIO(text.replace(name, "Badan Uji", 1).encode()), "units.csv")}
    told = page(admin.post(path, other, content_type="multipart/form-data"))
    assert "Badan Uji" in told
    assert history(admin) == [1]
    assert admin.post("settings/pack/apply", Forms(told).to("pack/apply")).status_code == 303
    assert "Badan Uji" in page(admin.get("settings/tables/departments"))


def test_a_faulty_table_is_refused_by_row(admin):
    path = "settings/tables/departments/file"
    bad = {"file": (io.BytesIO(b"key,name,types[]\na,A,PUPR\na,B,PUPR\n"), "x.csv")}
    told = page(admin.post(path, bad, content_type="multipart/form-data"), 422)
    assert "departments.csv:3" in told
    assert page(admin.post(path, {}, content_type="multipart/form-data"), 422)
    odd = {"file": (io.BytesIO(b"x"), "x.pdf")}
    assert "CSV" in page(admin.post(path, odd, content_type="multipart/form-data"), 422)


def test_a_pack_goes_out_in_and_back(admin, other_admin):
    whole = admin.get("settings/pack/file")
    assert whole.mimetype == "application/gzip"
    said = form(admin.get(CATEGORY), PREFIX)
    said["v.name.id"] = ["Versi dua"]
    assert admin.post(CATEGORY, said).status_code == 303
    up = {"file": (io.BytesIO(whole.data), "pack.tar.gz"), "drop_edits": "true"}
    told = page(admin.post("settings/pack/file", up, content_type="multipart/form-data"))
    assert "Versi dua" in told
    apply = Forms(told).to("pack/apply")
    back = form(admin.get("settings/pack/rollback?version=1"), "rollback")
    assert other_admin.post("settings/pack/rollback?version=1", back).status_code == 303
    assert admin.post("settings/pack/apply", apply).status_code == 409
    assert admin.post("settings/pack/rollback?version=1", back).status_code == 409
    assert "Versi dua" not in page(admin.get(CATEGORY))
    assert history(admin) == [3, 2, 1]


def test_a_pack_that_is_none_is_refused_with_its_faults(admin):
    up = {"file": (io.BytesIO(b"no archive"), "pack.tar.gz")}
    assert 'id="pack-faults"' in page(admin.post("settings/pack/file", up, content_type="multipart/form-data"), 422)


def test_what_somebody_wrote_into_the_settings_is_text(admin):
    said = form(admin.get(CATEGORY), PREFIX)
    said["v.name.id"], said["why"] = ["<script>alert(1)</script>"], ['"><img src=x onerror=alert(1)>']
    assert admin.post(CATEGORY, said).status_code == 303
    for path in (CATEGORY, "settings/pack", "settings/pack/diff", "settings", "settings/tables/complaints.categories"):
        told = page(admin.get(path))
        assert "<script>alert" not in told
        assert "<img src=x" not in told
