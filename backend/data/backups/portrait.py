"""The portrait of a database: each table's rows as a count and a checksum, and every lock, right and constraint as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from backend.data.protection import Roles

Part = tuple[str, str, str, str]  # kind, on what, name, definition

# So that a row is the same text on every server. An error, not fewer rows, where a policy would hide some.
_AS_TEXT = (
    "SET LOCAL row_security = off",
    "SET LOCAL search_path = pg_catalog",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL statement_timeout = 0",
)
_OURS = """
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"""
_TABLES = text(f"SELECT format('%I.%I', n.nspname, c.relname) {_OURS} AND c.relkind = 'r' ORDER BY 1")
# A sum does not mind the order, and a row that is there twice does not cancel itself out.
_ROWS = "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint), 0) FROM ONLY {table} t"
_STRUCTURE = text(rf"""
    WITH who AS MATERIALIZED (
        SELECT oid, CASE rolname WHEN :owner THEN '<owner>' WHEN :runtime THEN '<runtime>' WHEN :backup THEN '<backup>'
                    ELSE rolname END AS name FROM pg_roles UNION ALL SELECT 0, 'PUBLIC'),
    ours AS MATERIALIZED (
        SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'S')),
    rights AS (
        SELECT o.name, a.grantee, a.privilege_type AS right FROM ours o CROSS JOIN aclexplode(coalesce(
            o.relacl, acldefault(CASE o.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, o.relowner))) a
        UNION ALL SELECT o.name, a.grantee, format('%s (%I)', a.privilege_type, k.attname)
        FROM ours o JOIN pg_attribute k ON k.attrelid = o.oid CROSS JOIN aclexplode(k.attacl) a)
    SELECT 'relation', o.name, '', format('%s owned by %s', o.relkind, w.name) FROM ours o JOIN who w ON w.oid = o.relowner
    UNION ALL SELECT 'row-level security', name, '', 'enabled ' || relrowsecurity || ', forced ' || relforcerowsecurity
        FROM ours WHERE relkind IN ('r', 'p')
    UNION ALL SELECT 'policy', o.name, p.polname, format('%s permissive %s to %s using %s check %s', p.polcmd, p.polpermissive,
            array(SELECT w.name FROM who w WHERE w.oid = ANY (p.polroles) ORDER BY 1),
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        FROM ours o JOIN pg_policy p ON p.polrelid = o.oid
    UNION ALL SELECT 'right', r.name, w.name, string_agg(r.right, ', ' ORDER BY r.right)
        FROM rights r JOIN who w ON w.oid = r.grantee GROUP BY 2, 3
    UNION ALL SELECT 'column', o.name, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
            nullif(format('identity %s', a.attidentity), 'identity '))
        FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE o.relkind IN ('r', 'p')
    UNION ALL SELECT 'constraint', o.name, k.conname,
            pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' not validated' END
        FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid AND k.contype <> 'n'
    UNION ALL SELECT 'index', o.name, x.indexrelid::regclass::text,
            pg_get_indexdef(x.indexrelid) || CASE WHEN x.indisvalid THEN '' ELSE ' not valid' END
        FROM ours o JOIN pg_index x ON x.indrelid = o.oid
    UNION ALL SELECT 'trigger', o.name, t.tgname, format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled)
        FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
    UNION ALL SELECT 'view', o.name, '', pg_get_viewdef(o.oid) FROM ours o WHERE o.relkind IN ('v', 'm')
    UNION ALL SELECT 'extension', '', extname, '' FROM pg_extension
    UNION ALL SELECT 'function', n.nspname, p.oid::regprocedure::text, pg_get_functiondef(p.oid)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prokind IN ('f', 'p')
            AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')""")  # noqa: S608 - nothing in it comes from outside


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """What is in a database: by table (rows, checksum), and the parts of its structure, roles named by what they are for."""

    tables: Mapping[str, tuple[int, str]]
    structure: frozenset[Part]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(rows for rows, _ in self.tables.values())


def take_portrait(connection: Connection, roles: Roles) -> Portrait:
    """Describe the database in the connection's transaction. Raises ProgrammingError where a policy would hide rows."""
    for setting in _AS_TEXT:
        connection.exec_driver_sql(setting)
    tables = {}
    for table in connection.scalars(_TABLES).all():
        rows, checksum = connection.exec_driver_sql(_ROWS.format(table=table)).one()
        tables[table] = (rows, str(checksum))
    parts = connection.execute(_STRUCTURE, {"owner": roles.owner, "runtime": roles.runtime, "backup": roles.backup})
    return Portrait(tables=tables, structure=frozenset((kind, on, name, said or "") for kind, on, name, said in parts))


def differences(told: Portrait, found: Portrait) -> Iterator[str]:
    """Name every table and every part of the structure in which `found` is not as `told`, a line each."""
    for table in sorted(told.tables.keys() | found.tables.keys()):
        yield from _of_table(table, told.tables.get(table), found.tables.get(table))
    known = {part[:3]: part[3] for part in told.structure}
    there = {part[:3]: part[3] for part in found.structure}
    for part in sorted(known.keys() | there.keys()):
        kind, on, name = part
        what = f"{kind} {name} of {on}".replace(f"{kind}  of", f"{kind} of").removesuffix(" of ")
        if part not in there:
            yield f"{what} is missing"
        elif part not in known:
            yield f"{what} was not there"
        elif known[part] != there[part]:
            yield f"{what} is {there[part]!r}, was {known[part]!r}"


def _of_table(table: str, told: Sequence[object] | None, found: Sequence[object] | None) -> Iterator[str]:
    if told is None or found is None:
        return  # its relation is named as a part of the structure
    if told[0] != found[0]:
        yield f"table {table} has {found[0]} rows, had {told[0]}"
    elif told != found:
        yield f"table {table} has other rows than it had (checksum {found[1]}, was {told[1]})"
