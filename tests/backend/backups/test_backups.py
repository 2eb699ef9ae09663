"""A backup holds every region's rows and pictures, comes back as it was, and whatever differs is named."""

import json
import shutil
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from backend.app import load_registry
from backend.cli.house import open_house
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.backups.folder import BackupError, listed_blobs, newest_backup, read_manifest, verify_files
from backend.data.backups.making import make_backup
from backend.data.backups.programs import running
from backend.data.backups.restoring import examine, make_database, restore_blobs, restore_database, scratch_database
from backend.data.blobs import FolderBlobStore, blob_key
from backend.data.migrating import owner_engine
from backend.data.protection import RoleError
from backend.packs.folder import shipped_packs
from tests.backend.backups.conftest import PEOPLE, PICTURES, settle_in

REGIONS = len(shipped_packs())


def on_server(sql, database, installation):
    """Execute a statement on a database as the superuser; return what it found."""
    url = make_url(installation.environ["BALAI_OWNER_URL"]).set(database=database)
    with owner_engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        found = connection.execute(text(sql))
        return found.all() if found.returns_rows else []


def drills_left(installation):
    names = "SELECT datname AS name FROM pg_database UNION SELECT rolname FROM pg_roles"
    return [name for (name,) in on_server(names, "postgres", installation) if "_drill" in name]


def test_the_command_makes_what_the_drill_finds_good_and_leaves_nothing_behind(installation, backup):
    ran = installation.balai("backup", "drill")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "BAD" not in ran.stdout
    assert f"{backup}\n" in ran.stdout
    assert drills_left(installation) == []
    assert installation.balai("backup", "verify").returncode == 0


def test_a_backup_holds_the_rows_of_every_region_though_the_owner_would_see_none(installation, backup):
    tables = read_manifest(backup).portrait.tables
    assert tables["public.citizens"][0] == tables["public.vault_identities"][0] == REGIONS * PEOPLE
    assert tables["public.audit_entries"][0] >= REGIONS * PEOPLE
    assert tables["public.files"][0] == REGIONS * PICTURES
    owner = make_url(installation.environ["BALAI_OWNER_URL"]).database + "_owner"
    with owner_engine(installation.environ["BALAI_OWNER_URL"]).connect() as connection:
        connection.exec_driver_sql(f'SET ROLE "{owner}"')
        assert connection.scalar(text("SELECT count(*) FROM citizens")) == 0


def test_a_role_that_does_not_see_every_row_is_refused(installation, owner_url, keyring, programs, tmp_path):
    database = make_url(owner_url).database
    on_server(f"ALTER ROLE {database}_owner LOGIN", database, installation)
    url = make_url(owner_url).set(username=f"{database}_owner").render_as_string(hide_password=False)
    blobs = FolderBlobStore(tmp_path / "none")
    try:
        with pytest.raises(RoleError, match="does not see every row"):
            make_backup(tmp_path / "b", url=url, programs=programs, blobs=blobs, keyring=keyring, heads={})
    finally:
        on_server(f"ALTER ROLE {database}_owner NOLOGIN", database, installation)
    assert not [path for path in (tmp_path / "b").iterdir() if path.name[0].isdigit()]


def test_a_dump_by_a_role_to_which_rows_were_hidden_does_not_pass_the_drill(
    *, installation, damaged, owner_url, programs, drilled
):
    words = ("--format=custom", "--enable-row-security", f"--role={make_url(owner_url).database}_owner")
    with running(programs.pg_dump, owner_url, *words, f"--file={damaged / 'database.dump'}"):
        pass
    named = drilled(damaged)
    assert "database.dump is not what it was: its SHA-256 differs" in named
    assert f"table public.citizens has 0 rows, had {REGIONS * PEOPLE}" in named
    assert not [fault for fault in named if "public.regions" in fault]


def test_the_backup_role_can_make_one_with_an_address_of_its_own(installation, owner_url, tmp_path):
    database = make_url(owner_url).database
    on_server(f"ALTER ROLE {database}_backup LOGIN", database, installation)
    url = make_url(owner_url).set(username=f"{database}_backup").render_as_string(hide_password=False)
    try:
        made = installation.balai("backup", "make", "--to", str(tmp_path), BALAI_OWNER_URL=url)
    finally:
        on_server(f"ALTER ROLE {database}_backup NOLOGIN", database, installation)
    assert made.returncode == 0, made.stderr
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert read_manifest(folder).portrait.tables["public.citizens"][0] == REGIONS * PEOPLE


DAMAGE = {
    "UPDATE citizens SET locale = 'en' WHERE id = (SELECT min(id::text)::uuid FROM citizens)": (
        "table public.citizens has other rows than it had"
    ),
    "DELETE FROM audit_entries WHERE id = (SELECT min(id::text)::uuid FROM audit_entries)": "table public.audit_entries has",
    "DROP POLICY within_region ON citizens": "policy within_region of public.citizens is missing",
    "DROP POLICY within_region ON files; CREATE POLICY within_region ON files USING (true)": (
        "files_drill_runtime sees rows of public.files with no region set"
    ),
    "ALTER TABLE otp_requests NO FORCE ROW LEVEL SECURITY": "no row-level security is forced on otp_requests of accounts",
    "ALTER TABLE otp_requests DISABLE ROW LEVEL SECURITY": "row-level security of public.otp_requests is",
    "GRANT UPDATE ON audit_entries TO {runtime}": "right <runtime> of public.audit_entries is",
    "REVOKE INSERT ON citizens FROM {runtime}": "right <runtime> of public.citizens is",
    "ALTER TABLE files OWNER TO {runtime}": "relation of public.files is 'r owned by <runtime>'",
    "DROP INDEX ix_files_loose": "index public.ix_files_loose of public.files is missing",
    "ALTER TABLE vault_identities DROP CONSTRAINT uq_vault_identities_region_id_phone_index": (
        "constraint uq_vault_identities_region_id_phone_index of public.vault_identities is missing"
    ),
    "ALTER TABLE files ALTER size DROP NOT NULL": "column size of public.files is 'bigint', was 'bigint not null'",
    "CREATE TABLE more (id int)": "relation of public.more was not there",
    "ALTER ROLE {runtime} BYPASSRLS": "bypasses row-level security",
}


def test_each_damage_to_a_restored_database_is_named(installation, backup, owner_url, programs):
    manifest, tenant_tables = read_manifest(backup), load_registry().tenant_tables

    def faults(scratch):
        return [fault for step in examine(scratch, manifest, tenant_tables) for fault in step.faults]

    with scratch_database(owner_url) as scratch:
        restore_database(backup, manifest, scratch, programs=programs, runtime_password="of no use")
        runtime = f"{make_url(scratch).database}_runtime"
        assert faults(scratch) == []
        for damage, named in DAMAGE.items():
            with owner_engine(scratch).begin() as connection:
                connection.exec_driver_sql(damage.format(runtime=runtime))
            assert [fault for fault in faults(scratch) if named.replace("files_drill_runtime", runtime) in fault], damage


def test_a_missing_picture_a_flipped_byte_and_another_key_are_named(installation, damaged, drilled):
    (first, _), (second, _), *_ = listed_blobs(damaged)
    (damaged / "blobs" / first).unlink()
    flip(damaged / "blobs" / second)
    assert list(verify_files(damaged, read_manifest(damaged))) == [
        f"blobs/{first} is missing",
        f"blobs/{second} is not what it was: its SHA-256 differs",
    ]
    assert drilled(damaged)[0] == f"blobs/{first} is missing"
    other = installation.balai("backup", "drill", str(damaged), BALAI_SECRET_KEY="A" * 43)
    assert other.returncode == 1
    assert "BALAI_SECRET_KEY is not the one that the backup was made under" in other.stderr


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()  # it may be linked from elsewhere
    path.write_bytes(content)


def test_a_flipped_byte_in_the_dump_is_named_and_nothing_is_restored_from_it(installation, damaged):
    flip(damaged / "database.dump")
    named = "database.dump is not what it was: its SHA-256 differs"
    assert list(verify_files(damaged, read_manifest(damaged))) == [named]
    drilled = installation.balai("backup", "drill", str(damaged))
    assert (drilled.returncode, "BAD" in drilled.stdout) == (1, True)
    assert named in drilled.stderr
    assert drills_left(installation) == []
    restored = installation.balai("backup", "restore", str(damaged), "--to-database", "never")
    assert (restored.returncode, restored.stderr) == (1, f"{named}\n")
    assert on_server("SELECT 1 FROM pg_database WHERE datname = 'never'", "postgres", installation) == []


def test_a_restore_fills_an_empty_database_of_another_name_and_puts_missing_pictures_back(installation, backup):
    store = Path(installation.environ["BALAI_VAR"]) / "blobs"
    (key, _), *_ = listed_blobs(backup)
    before = (store / key).read_bytes()
    (store / key).unlink()
    ran = installation.balai("backup", "restore", backup.name, "--to-database", "kept_again")
    assert ran.returncode == 0, ran.stderr
    assert "1 blobs put back" in ran.stdout
    assert (store / key).read_bytes() == before
    with pytest.raises(BackupError, match=r"kept_again holds [0-9]+ tables: a restore overwrites nothing"):
        make_database(installation.environ["BALAI_OWNER_URL"], "kept_again")
    # Balai runs on it, in the role of its own that servers use.
    owner = make_url(installation.environ["BALAI_OWNER_URL"]).set(database="kept_again").render_as_string(hide_password=False)
    runtime = make_url(owner).set(username="kept_again_runtime").render_as_string(hide_password=False)
    listed = installation.balai("region", "list", BALAI_OWNER_URL=owner, BALAI_RUNTIME_URL=runtime)
    assert listed.stdout.startswith("banda-aceh"), listed.stderr


def test_pictures_of_the_backup_before_are_linked_old_ones_go_and_the_newest_is_told(installation, backup, tmp_path):
    later = shutil.copytree(backup, tmp_path / "20200101T000000Z")
    shutil.copytree(backup, tmp_path / "20190101T000000Z")
    made = installation.balai("backup", "make", "--to", str(tmp_path), "--keep", "2")
    assert made.returncode == 0, made.stderr
    newest = Path(made.stdout.partition(":")[0])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [later.name, newest.name]
    for key, _ in listed_blobs(newest):
        assert (newest / "blobs" / key).samefile(later / "blobs" / key)
    assert list(listed_blobs(newest)) == list(listed_blobs(backup))
    told = json.loads((tmp_path / "latest.json").read_text())
    assert told["backup"] == newest.name
    assert told["rows"] == read_manifest(newest).portrait.rows
    assert list(verify_files(newest, read_manifest(newest))) == []


def test_pictures_in_a_bucket_are_in_the_backup_and_come_back(*, owner_url, keyring, programs, bucket, tmp_path):
    keys = sorted(blob_key("banda-aceh", new_id()) for _ in range(20))
    for number, key in enumerate(keys):
        bucket.put(key, b"picture %d" % number, "image/jpeg")
    rest = {"url": owner_url, "programs": programs, "keyring": keyring, "heads": {}, "blobs": bucket}
    made = make_backup(tmp_path, **rest)
    assert [key for key, _ in listed_blobs(made)] == keys
    for key in keys[:3]:
        bucket.delete(key)
    assert restore_blobs(made, bucket) == 3
    assert [bucket.get(key) for key in keys] == [b"picture %d" % number for number in range(20)]


def test_a_backup_that_fails_half_way_is_none_and_the_next_one_clears_it_away(
    installation, owner_url, keyring, programs, tmp_path
):
    class Breaking(FolderBlobStore):
        def get(self, key, /):
            raise OSError("the disk of the pictures is gone")

    blobs = Path(installation.environ["BALAI_VAR"]) / "blobs"
    rest = {"url": owner_url, "programs": programs, "keyring": keyring, "heads": {}}
    with pytest.raises(OSError, match="is gone"):
        make_backup(tmp_path, blobs=Breaking(blobs), **rest)
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == []
    made = make_backup(tmp_path, blobs=FolderBlobStore(blobs), **rest)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", made.name, "latest.json"]


def test_what_is_written_while_a_backup_is_made_is_in_it_whole_or_not_at_all(
    *, installation, owner_url, programs, keyring, drilled, tmp_path
):
    begun, done = Event(), Event()

    def people_come():
        with open_house(load_settings(installation.environ)) as house:
            while not done.is_set():
                settle_in(house, people=5, pictures=0)
                begun.set()

    coming = Thread(target=people_come)
    coming.start()
    try:
        assert begun.wait(30)
        blobs = FolderBlobStore(Path(installation.environ["BALAI_VAR"]) / "blobs")
        made = make_backup(tmp_path, url=owner_url, programs=programs, blobs=blobs, keyring=keyring, heads={})
    finally:
        done.set()
        coming.join()
    assert drilled(made) == []
    with owner_engine(owner_url).connect() as connection:
        now = connection.scalar(text("SELECT count(*) FROM citizens"))
    assert read_manifest(made).portrait.tables["public.citizens"][0] < now, "nobody came meanwhile"


def test_a_manifest_that_cannot_be_read_is_said(damaged, tmp_path):
    (damaged / "manifest.json").write_text('{"format": 7}')
    with pytest.raises(BackupError, match="another version of Balai"):
        read_manifest(damaged)
    for said in ('{"format": 1, "portrait": {}}', "{", "[]"):
        (damaged / "manifest.json").write_text(said)
        with pytest.raises(BackupError, match=r"no manifest\.json that can be read"):
            read_manifest(damaged)
    with pytest.raises(BackupError, match="`balai backup make` makes one"):
        newest_backup(tmp_path / "nothing")
