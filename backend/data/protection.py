"""The two locks the database itself holds: row-level security on tenant tables, and roles that cannot go round it."""

from collections.abc import Mapping
from dataclasses import dataclass

from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

_REGION = "nullif(current_setting('app.region_id', true), '')::bigint"

# A server's log tells with an error the row it was about, and with a slow statement its values. Only a superuser may say so.
_SILENT = ("log_error_verbosity = 'terse'", "log_parameter_max_length = 0", "log_parameter_max_length_on_error = 0")


class RoleError(Exception):
    """The role a process was given cannot be trusted with it, or cannot do what it should; fit for one line."""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The installation's roles, named after its database so that two may share a server."""

    owner: str
    runtime: str
    backup: str


def roles_of(url: str) -> Roles:
    """Return the role names that belong to the database of `url`."""
    name = make_url(url).database or "balai"
    return Roles(owner=f"{name}_owner", runtime=f"{name}_runtime", backup=f"{name}_backup")


def protect_table(op: Operations, table: str) -> None:
    """Force row-level security on a tenant table: seen and written inside `app.region_id` alone, by its owner too."""
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY within_region ON "{table}" USING (region_id = {_REGION}) WITH CHECK (region_id = {_REGION})')


def only_add(op: Operations, table: str) -> None:
    """Let the runtime role add to and read a table, and neither change nor remove what is there."""
    # The role is named after the database, which a migration learns only here.
    op.execute(
        f"DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON {table} FROM %I', current_database() || '_runtime'); END $$"
    )


def set_up_roles(connection: Connection, roles: Roles, *, runtime_password: str) -> None:
    """Make the roles and their rights; harmless when repeated. Raises RoleError when the connection's role may not."""
    rights = connection.execute(text("SELECT rolsuper, rolcreaterole, rolname FROM pg_roles WHERE rolname = current_user")).one()
    if not (rights.rolsuper or rights.rolcreaterole):
        raise RoleError(f"the role {rights.rolname} may not create roles: use one that may for DATABASE_URL")
    quote = connection.dialect.identifier_preparer.quote
    owner, runtime, backup = quote(roles.owner), quote(roles.runtime), quote(roles.backup)
    existing = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    wanted = {
        roles.owner: f"CREATE ROLE {owner} NOLOGIN NOBYPASSRLS",
        roles.runtime: f"CREATE ROLE {runtime} LOGIN NOINHERIT NOBYPASSRLS",
    }
    if rights.rolsuper:
        wanted[roles.backup] = f"CREATE ROLE {backup} NOLOGIN BYPASSRLS"
    for name, statement in wanted.items():
        if name not in existing:
            connection.exec_driver_sql(statement)
    password = runtime_password.replace("'", "''")
    for statement in (
        f"ALTER ROLE {runtime} PASSWORD '{password}'",
        f"ALTER ROLE {runtime} SET statement_timeout = '15s'",
        f"ALTER ROLE {runtime} SET lock_timeout = '5s'",
        f"ALTER ROLE {runtime} SET idle_in_transaction_session_timeout = '60s'",
        *(f"ALTER ROLE {runtime} SET {setting}" for setting in (_SILENT if rights.rolsuper else ())),
        f"GRANT {owner} TO {quote(rights.rolname)}",
        "CREATE EXTENSION IF NOT EXISTS btree_gin",  # numbers beside words in one index
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        f"GRANT USAGE ON SCHEMA public TO {runtime}",
        f"SET ROLE {owner}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {runtime}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {runtime}",
        "RESET ROLE",
    ):
        connection.exec_driver_sql(statement)
    if rights.rolsuper:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {backup}")
        connection.exec_driver_sql(f"GRANT pg_read_all_data TO {backup}")
        # Under row-level security an index serves an operator only if that cannot tell of rows it was not meant to see,
        # in an error say. Matching words to a question cannot; PostgreSQL just does not know.
        connection.exec_driver_sql("ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF")


def refuse_unprotected_tables(connection: Connection, tables: Mapping[str, str]) -> None:
    """Raise RoleError when a tenant table (with its module) stands open: a server must not start on it."""
    open_ones = connection.scalars(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)"
            " AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname"
        ),
        {"tables": list(tables)},
    ).all()
    if open_ones:
        named = ", ".join(f"{table} of {tables[table]}" for table in open_ones)
        raise RoleError(f"no row-level security is forced on {named}: its migration must call protect_table")


def refuse_powerful_role(connection: Connection) -> None:
    """Raise RoleError when the connection's role could see past row-level security: a server must not start with it."""
    row = connection.execute(
        text(
            "SELECT current_user AS name, rolsuper, rolbypassrls,"
            " (SELECT count(*) FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
            "   AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owned FROM pg_roles WHERE rolname = current_user"
        )
    ).one()
    if row.rolsuper or row.rolbypassrls:
        raise RoleError(f"the database role {row.name} bypasses row-level security: use the role `balai db setup` made")
    if row.owned:
        raise RoleError(f"the database role {row.name} owns {row.owned} tables: use the role `balai db setup` made")
