"""The two locks that the database itself holds, read from its catalogue and tried from the runtime role's side."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from backend.app import create_app
from backend.core.errors import DomainError, not_found
from backend.core.ids import new_id
from backend.core.settings import load_settings, with_driver
from backend.data.db import Base
from backend.data.migrating import lines, migrate, owner_engine
from backend.data.protection import RoleError, roles_of, set_up_roles
from backend.data.unit_of_work import unit_of_work
from tests.journeys.cast import POINTS
from tests.journeys.test_main_job import upload

# Outside the regions, on purpose: table, and why (the model's own word). Whoever adds one has it reviewed here.
PLATFORM = {
    "regions": "resolved once at the edge of every request, before any region is known",
    "areas": "area geometry: finds which region holds a point",
    "region_modules": "module state: read by every process when a region's revision moves",
    "deliveries": "ids only: the engine house looks for due rows of every region in one statement",
    "schedule_slots": "names and numbers only: the clock's own notebook",
    "audit_pending": "ids only: the sealer finds the regions that have something to link",
    "staff_accounts": "staff accounts serve several regions and are found by the blind index of their e-mail; no citizen's data",
    "staff_totp": "belongs to a staff account, not to a region",
    "staff_sessions": "ids only: a staff session belongs to no region",
    "login_failures": "counts by blind index, before any account or region is known",
    "demo_messages": "the demo's made-up people; in production nothing is written here",
}
NO_MODEL = {"alembic_version"}  # Alembic's own
# Policies beside `within_region`: a staff account reads its own duties in every region.
MORE_POLICIES = {("memberships", "own_memberships", "r")}
READ_ONLY = {"audit_entries", "audit_seals", "pack_files", "pack_versions"}
REGION = "(region_id = (NULLIF(current_setting('app.region_id'::text, true), ''::text))::bigint)"
DENIED = "42501"
REQUESTS = 2000


@pytest.fixture(scope="module")
def admin(environ):
    """A connection that row-level security does not bind, for counting what there is."""
    engine = owner_engine(load_settings(environ).owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def runtime(house):
    """An engine of the runtime role with a small pool."""
    engine = create_engine(house.ground.settings.database_url, pool_size=4, max_overflow=0)
    yield engine
    engine.dispose()


@pytest.fixture
def lived_in(admin, citizen, work):
    """Both regions have something in (nearly) every table."""
    if not admin.scalar(text("SELECT count(DISTINCT region_id) > 1 FROM complaints")):
        for region, point in POINTS.items():
            reporter = citizen(region)
            body = {"category": "JLN-01", "description": "Lubang.", "location": point, "file_ids": [upload(reporter)]}
            made = reporter.post("complaints", body)
            assert made.status_code == 201, made.get_json()
            citizen(region).post(f"complaints/{made.get_json()['id']}/support")
        work()


def tenant_tables():
    return sorted(name for name in Base.metadata.tables if name not in PLATFORM)


def in_catalogue(admin, statement, **params):
    return admin.execute(text(statement), params).all()


def test_every_table_is_a_tenants_or_on_the_reviewed_list(admin):
    found = in_catalogue(
        admin,
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS locked,"
        " (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        "  WHERE i.indrelid = c.oid AND i.indisprimary) AS first"
        " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f')",
    )
    assert {row.relname for row in found} == {*tenant_tables(), *PLATFORM, *NO_MODEL}
    for row in found:
        if row.relname in PLATFORM or row.relname in NO_MODEL:
            assert not row.locked, f"{row.relname} is on the list of tables without a lock and has one"
        else:
            assert row.locked, f"row-level security is not forced on {row.relname}"
            assert row.first == "region_id", f"the primary key of {row.relname} does not begin with region_id"


def test_the_reviewed_list_says_what_the_models_say():
    said = {mapper.local_table.name: mapper.class_.platform for mapper in Base.registry.mappers if mapper.class_.platform}
    assert said == PLATFORM


def test_every_policy_keeps_reading_and_writing_in_the_region(admin):
    policies = in_catalogue(
        admin,
        "SELECT c.relname, p.polname, p.polcmd::text AS cmd, p.polpermissive, p.polroles,"
        " pg_get_expr(p.polqual, c.oid) AS reads, pg_get_expr(p.polwithcheck, c.oid) AS writes"
        " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid",
    )
    whole = [policy for policy in policies if policy.polname == "within_region"]
    assert sorted(policy.relname for policy in whole) == tenant_tables()
    for policy in whole:
        assert (policy.cmd, policy.reads, policy.writes, policy.polroles) == ("*", REGION, REGION, [0]), policy.relname
    assert {(policy.relname, policy.polname, policy.cmd) for policy in policies if policy not in whole} == MORE_POLICIES


def test_foreign_keys_between_tenant_tables_carry_the_region(admin):
    keys = in_catalogue(
        admin,
        "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent, conname,"
        " EXISTS (SELECT 1 FROM unnest(conkey, confkey) AS k(own, their)"
        "  JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.own AND a.attname = 'region_id'"
        "  JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = k.their AND b.attname = 'region_id') AS carried"
        " FROM pg_constraint WHERE contype = 'f'",
    )
    tenants = set(tenant_tables())
    inside = [key for key in keys if key.child in tenants and key.parent in tenants]
    assert len(inside) > 5
    assert [key.conname for key in inside if not key.carried] == []
    # From the platform into a region nothing points, and from a region only at who and where.
    assert [key.conname for key in keys if key.child not in tenants and key.parent in tenants] == []
    assert {key.parent for key in keys if key.child in tenants and key.parent not in tenants} <= {"regions", "staff_accounts"}


def test_unique_constraints_of_tenant_tables_carry_the_region(admin):
    indexes = in_catalogue(
        admin,
        "SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS owner,"
        " array_agg(a.attname::text) AS columns FROM pg_index i"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::smallint[])"
        " JOIN pg_class c ON c.oid = i.indrelid WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace GROUP BY 1, 2",
    )
    tenants = set(tenant_tables())
    assert [index.name for index in indexes if index.owner in tenants and "region_id" not in index.columns] == []


def test_the_runtime_role_owns_nothing_and_bypasses_nothing(admin, environ):
    role = roles_of(load_settings(environ).owner_url).runtime
    attributes = in_catalogue(
        admin,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
        " EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid) AS belongs,"
        " EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid) AS owns_tables,"
        " EXISTS (SELECT 1 FROM pg_proc p WHERE p.proowner = r.oid) AS owns_functions,"
        " has_schema_privilege(r.oid, 'public', 'CREATE') AS creates FROM pg_roles r WHERE rolname = :role",
        role=role,
    )
    assert [tuple(row) for row in attributes] == [(False,) * 9]
    rights = in_catalogue(
        admin,
        "SELECT c.relname, array_agg(p) FILTER (WHERE has_table_privilege(:role, c.oid, p)) AS held"
        " FROM pg_class c, unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER', 'UPDATE', 'DELETE']) AS p"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY 1",
        role=role,
    )
    for row in rights:
        allowed = set() if row.relname in READ_ONLY else {"UPDATE", "DELETE"}
        assert set(row.held or ()) <= allowed, row.relname


def test_nothing_in_the_schema_goes_round_the_lock(admin):
    assert (
        in_catalogue(
            admin, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f')"
        )
        == []
    )
    extensions = "SELECT objid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND deptype = 'e'"
    ours = f"SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND oid NOT IN ({extensions})"  # noqa: S608
    assert in_catalogue(admin, ours) == []
    assert sorted(in_catalogue(admin, "SELECT extname FROM pg_extension")) == [("btree_gin",), ("plpgsql",)]
    assert in_catalogue(admin, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []
    assert (
        in_catalogue(
            admin,
            "SELECT rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
            " WHERE c.relnamespace = 'public'::regnamespace",
        )
        == []
    )


def test_the_migrations_make_what_the_models_say(admin):
    context = MigrationContext.configure(admin, opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(
    ("harm", "seen_by"),
    [
        ("ALTER TABLE complaints NO FORCE ROW LEVEL SECURITY", test_every_table_is_a_tenants_or_on_the_reviewed_list),
        ("ALTER TABLE files DISABLE ROW LEVEL SECURITY", test_every_table_is_a_tenants_or_on_the_reviewed_list),
        ("CREATE TABLE strays (id bigint PRIMARY KEY)", test_every_table_is_a_tenants_or_on_the_reviewed_list),
        ("DROP POLICY within_region ON citizens", test_every_policy_keeps_reading_and_writing_in_the_region),
        ("CREATE POLICY more ON events USING (true)", test_every_policy_keeps_reading_and_writing_in_the_region),
        (
            "CREATE UNIQUE INDEX stray ON notifications_inbox (event_id, account_id)",
            test_unique_constraints_of_tenant_tables_carry_the_region,
        ),
        ("CREATE VIEW everything AS SELECT * FROM complaints", test_nothing_in_the_schema_goes_round_the_lock),
        (
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM complaints'",
            test_nothing_in_the_schema_goes_round_the_lock,
        ),
        ("ALTER TABLE complaints ADD COLUMN stray text", test_the_migrations_make_what_the_models_say),
    ],
)
def test_the_catalogue_is_really_looked_at(environ, lived_in, harm, seen_by):
    engine = owner_engine(load_settings(environ).owner_url)
    with engine.connect() as connection:  # never committed
        connection.execute(text(harm))
        with pytest.raises(AssertionError):
            seen_by(connection)
    engine.dispose()


def rows_by_region(connection, table):
    return dict(connection.execute(text(f'SELECT region_id, count(*) FROM "{table}" GROUP BY 1')).all())  # noqa: S608 - the name is the model's


def enter(connection, region_id):
    connection.execute(text("SELECT set_config('app.region_id', :region, true)"), {"region": str(region_id)})


def test_without_a_region_there_is_nothing_to_see_change_or_remove(admin, runtime, lived_in):
    filled = 0
    for table in tenant_tables():
        there = rows_by_region(admin, table)
        filled += len(there) > 1
        with runtime.begin() as connection:
            assert rows_by_region(connection, table) == {}, table
            if table not in READ_ONLY:
                assert connection.execute(text(f'UPDATE "{table}" SET region_id = region_id')).rowcount == 0, table  # noqa: S608
                assert connection.execute(text(f'DELETE FROM "{table}"')).rowcount == 0, table  # noqa: S608
        for region_id, count in there.items():
            with runtime.begin() as connection:
                enter(connection, region_id)
                assert rows_by_region(connection, table) == {region_id: count}, table
    assert filled > len(tenant_tables()) * 0.7, "too little lies in the tables for this to mean something"


@pytest.mark.parametrize("table", tenant_tables())
def test_no_row_is_written_into_another_region(admin, runtime, lived_in, table):
    here, elsewhere = admin.scalars(text("SELECT id FROM regions ORDER BY id LIMIT 2"))
    statements = [f'INSERT INTO "{table}" (region_id) VALUES (:other)']  # noqa: S608 - the name is the model's
    if here in rows_by_region(admin, table):
        statements.append(f'UPDATE "{table}" SET region_id = :other')  # noqa: S608 - as above
    for statement in statements:
        with runtime.connect() as connection:
            enter(connection, here)
            with pytest.raises(ProgrammingError) as refused:
                connection.execute(text(statement), {"other": elsewhere})
        assert refused.value.orig.sqlstate == DENIED, statement


def test_a_start_with_a_powerful_role_is_refused_in_one_line(environ):
    owner_url = load_settings(environ).owner_url
    with pytest.raises(RoleError) as refused:
        create_app(load_settings({**environ, "BALAI_RUNTIME_URL": owner_url}))
    assert str(refused.value).count("\n") == 0
    assert "bypasses row-level security" in str(refused.value)


def test_a_start_with_the_owner_of_the_tables_is_refused_too(admin, environ):
    settings = load_settings(environ)
    owner = roles_of(settings.owner_url).owner
    name = make_url(settings.owner_url).database
    admin.exec_driver_sql(f"CREATE ROLE {name}_climber LOGIN PASSWORD 'x' IN ROLE {owner}")
    url = make_url(settings.owner_url).set(username=f"{name}_climber", password="x").render_as_string(hide_password=False)
    try:
        with pytest.raises(RoleError, match="owns"):
            create_app(load_settings({**environ, "BALAI_RUNTIME_URL": url}))
    finally:
        admin.exec_driver_sql(f"DROP ROLE {name}_climber")


def test_two_regions_at_once_over_one_pool_never_see_each_other(app, house, lived_in):
    regions = [house.directory.find(key) for key in POINTS]
    prefixes = {"banda-aceh": "BNA-", "sumedang": "SMD-"}

    def ask(turn):
        region = regions[turn % 7 % 2]
        if turn % 2:
            answer = app.test_client().get(f"/v1/regions/{region.key}/complaints")
            return [item for item in answer.get_json()["items"] if not item["number"].startswith(prefixes[region.key])]
        with suppress(DomainError), unit_of_work(house.ground, region=region) as ctx:
            seen = set(ctx.session.scalars(text("SELECT region_id FROM complaints")))  # no WHERE: the lock alone
            if turn % 10 == 0:
                raise not_found()  # and its transaction is rolled back
        return seen ^ {region.id}

    with ThreadPoolExecutor(8) as threads:
        wrong = [rows for rows in threads.map(ask, range(REQUESTS)) if rows]
    assert wrong == []
    assert house.ground.engine.pool.checkedout() == 0


def test_no_region_stays_behind_in_the_pool(house, lived_in):
    engine = house.ground.engine
    for region in house.directory.all():
        with unit_of_work(house.ground, region=region, staff_id=new_id()):
            pass
        with pytest.raises(LookupError), unit_of_work(house.ground, region=region):
            raise LookupError
    with ExitStack() as held:
        for _ in range(engine.pool.checkedin()):
            connection = held.enter_context(engine.connect())
            said = connection.execute(
                text("SELECT current_setting('app.region_id', true), current_setting('app.staff_id', true)")
            ).one()
            assert set(said) <= {None, ""}
            assert connection.scalar(text("SELECT count(*) FROM complaints")) == 0


@pytest.fixture
def empty(addresses, admin):
    """The address of an empty database with its roles."""
    name = f"balai_empty_{new_id().hex[:12]}"
    admin.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(with_driver(addresses["admin_url"])).set(database=name).render_as_string(hide_password=False)
    engine = owner_engine(url)
    with engine.begin() as connection:
        set_up_roles(connection, roles_of(url), runtime_password="x")
    yield url
    engine.dispose()
    admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    for role in (roles_of(url).runtime, roles_of(url).owner, roles_of(url).backup):
        admin.exec_driver_sql(f"DROP ROLE IF EXISTS {role}")


def columns_of(connection):
    return {
        tuple(row)
        for row in connection.execute(
            text(
                "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0"
                " AND NOT attisdropped WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            )
        )
    }


def tables_in(columns):
    return {table for table, _ in columns}


def test_the_newest_migration_goes_down_and_up_again(empty):
    migrate(empty, {})
    config = lines({})["balai"]
    engine = owner_engine(empty)

    def walk(step, to):
        with engine.connect() as connection:
            connection.exec_driver_sql(f'SET ROLE "{roles_of(empty).owner}"')
            connection.commit()
            config.attributes["connection"] = connection
            step(config, to)
            connection.commit()
            return columns_of(connection)

    whole = walk(command.upgrade, "heads")
    assert tables_in(whole) == {*Base.metadata.tables, *NO_MODEL}
    assert walk(command.downgrade, "-1") <= whole  # the newest may bring indexes alone
    assert walk(command.upgrade, "heads") == whole
    assert tables_in(walk(command.downgrade, "base")) == NO_MODEL
    assert walk(command.upgrade, "heads") == whole
    engine.dispose()
