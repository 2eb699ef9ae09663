"""The figures as SQL: the facts of complaints out of their history, the sums that follow from them, and what these say today.

Everything is a difference: what a complaint adds to the sums now, less what it added when it was last counted. So nothing is
counted twice, in whatever order events come; and what goes by days (late from, in the last 30 days until) is added and taken away
at those days beforehand, so that a figure is one sum of all rows up to today, and the past of it a single row.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select

from backend.sdk.checks import open_deliveries
from backend.sdk.data import Prepared
from backend.sdk.domain import Context
from services.complaints.domain.categories import Confidentiality
from services.complaints.domain.figures import WINDOW_DAYS, rules_of
from services.complaints.models import NEVER, CountedComplaint, Recount
from services.complaints.queries.cases import settings_of
from services.complaints.queries.former import former_words

TALLIERS = ("complaints.tally", "complaints.tally_moved")  # of what was submitted, and of what was moved
ALWAYS = date.min
DAYS_COMPARED = 92  # of each day's own figures
BY = {"department": "department", "area": "area_code", "category": "category"}  # dimensions, and the column of each
FACTS = tuple(column.name for column in CountedComplaint.__table__.columns)

_STATES = """
    states AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(states)s::jsonb) AS s
            (key text, open bool, held bool, asking bool, resting bool, done bool))"""
# A step is a line that leads from one state to another. The response counts from the last time that the reporter brought a
# finished case back to its beginning, as its clock does; what is resolved is no longer so when it is worked on again.
_FACTS = f"""
    asked AS MATERIALIZED (
        SELECT region_id, id, state, department, area_code, category, submitted_at, response_due_at, due_at, next_due_at
        FROM complaints
        WHERE region_id = %(region)s AND {{which}} AND confidentiality <> '{Confidentiality.SEALED}'),
    steps AS (
        SELECT m.complaint_id, m.at, m.role,
            coalesce(f.asking, false) AND NOT coalesce(t.asking, false) AND m.role NOT IN ('reporter', 'system') AS answers,
            coalesce(f.resting, false) AND coalesce(t.asking, false) AND m.role = 'reporter' AS restarts,
            coalesce(f.held, false) AND coalesce(t.done, false) AS finishes,
            coalesce(f.done, false) AND coalesce(t.held, false) AS reopens
        FROM asked c JOIN complaints_moves m ON m.region_id = c.region_id AND m.complaint_id = c.id
        LEFT JOIN states f ON f.key = m.from_state LEFT JOIN states t ON t.key = m.to_state
        WHERE m.region_id = %(region)s AND m.from_state <> m.to_state),
    told AS (
        SELECT complaint_id, array_agg(at) FILTER (WHERE answers) AS answered, max(at) FILTER (WHERE restarts) AS restarted_at,
            min(at) FILTER (WHERE finishes) AS first_at, max(at) FILTER (WHERE finishes) AS finished_at,
            max(at) FILTER (WHERE reopens) AS reopened_at
        FROM steps WHERE answers OR restarts OR finishes OR reopens GROUP BY complaint_id),
    known AS (
        SELECT c.*, coalesce(s.open, true) AS open, coalesce(s.held, false) AS held, told.first_at, told.reopened_at,
            (SELECT min(at) FROM unnest(told.answered) AS at WHERE at > coalesce(told.restarted_at, '-infinity')) AS responded_at,
            CASE WHEN s.done AND finished_at > coalesce(reopened_at, '-infinity') THEN finished_at END AS resolved_at
        FROM asked c LEFT JOIN states s ON s.key = c.state LEFT JOIN told ON told.complaint_id = c.id),
    facts AS (
        SELECT region_id, id AS complaint_id, coalesce(department, '') AS department, coalesce(area_code, '') AS area_code,
            category, state, open, CASE WHEN open AND held AND next_due_at < '{NEVER.isoformat()}' THEN next_due_at END AS due_at,
            (submitted_at AT TIME ZONE %(zone)s)::date AS received_on, (responded_at AT TIME ZONE %(zone)s)::date AS responded_on,
            responded_at <= response_due_at AS responded_in_time, (resolved_at AT TIME ZONE %(zone)s)::date AS resolved_on,
            resolved_at <= due_at AS completed_in_time,
            floor(extract(epoch FROM resolved_at - submitted_at) / 60)::bigint AS minutes,
            (first_at AT TIME ZONE %(zone)s)::date AS first_resolved_on, reopened_at IS NOT NULL AS reopened
        FROM known)"""  # noqa: S608 - our own words, as everywhere below
# What facts add to the sums, `sign` telling whether they come or go. What is `standing` stays until it is taken away; the rest
# is a day's own and, by dimension, goes out of the sum when the window has passed over it.
_ENTRIES = f"""
    entries AS (
        SELECT d.dimension, e.measure, d.key,
            sum(f.sign * w.sign * e.value)::bigint AS value, sum(f.sign * w.sign * e.n)::bigint AS n,
            CASE WHEN d.dimension <> 'day' AND w.day <= %(today)s THEN '{ALWAYS}' ELSE w.day END AS from_day
        FROM {{signed}} f
        CROSS JOIN LATERAL (VALUES
            ('open', true, '{ALWAYS}'::date, f.open, 1, 0),
            ('late', true, (f.due_at AT TIME ZONE %(zone)s)::date + 1, f.due_at IS NOT NULL, 1, 0),
            ('received', false, f.received_on, true, 1, 0),
            ('response', false, f.responded_on, f.responded_in_time IS NOT NULL, f.responded_in_time::int, 1),
            ('resolved', false, f.resolved_on, f.resolved_on IS NOT NULL, f.minutes, 1),
            ('completion', false, f.resolved_on, f.completed_in_time IS NOT NULL, f.completed_in_time::int, 1),
            ('reopened', false, f.first_resolved_on, f.first_resolved_on IS NOT NULL, f.reopened::int, 1)
        ) AS e (measure, standing, day, counts, value, n)
        CROSS JOIN LATERAL (VALUES
            ('day', '', NOT e.standing), ('all', '', e.standing), ('state', f.state, e.measure = 'open'),
            ('department', f.department, true), ('area', f.area_code, true), ('category', f.category, true)
        ) AS d (dimension, key, counts)
        CROSS JOIN LATERAL (VALUES
            (1, e.day, true), (-1, e.day + {WINDOW_DAYS}, d.dimension <> 'day' AND NOT e.standing)
        ) AS w (sign, day, counts)
        WHERE e.counts AND d.counts AND w.counts
        GROUP BY 1, 2, 3, 6 HAVING sum(f.sign * w.sign * e.value) <> 0 OR sum(f.sign * w.sign * e.n) <> 0)"""  # noqa: S608
_DIFFERING = f"""
    old AS (SELECT * FROM complaints_counted WHERE region_id = %(region)s AND {{counted}}),
    changed AS (
        SELECT facts.* FROM facts LEFT JOIN old USING (region_id, complaint_id)
        WHERE old.complaint_id IS NULL OR ({", ".join(f"facts.{name}" for name in FACTS)})
            IS DISTINCT FROM ({", ".join(f"old.{name}" for name in FACTS)})),
    gone AS (SELECT old.* FROM old LEFT JOIN facts USING (region_id, complaint_id) WHERE facts.complaint_id IS NULL)"""  # noqa: S608
_NAMES = ", ".join(FACTS)
_PUT = "ON CONFLICT (region_id, dimension, measure, from_day, key) DO UPDATE SET"
TALLY = Prepared(f"""
    WITH {_STATES}, {_FACTS.format(which="id = ANY(%(ids)s)")}, {_DIFFERING.format(counted="complaint_id = ANY(%(ids)s)")},
    signed AS (
        SELECT 1 AS sign, {_NAMES} FROM changed UNION ALL SELECT -1, {_NAMES} FROM gone
        UNION ALL SELECT -1, {", ".join(f"old.{name}" for name in FACTS)} FROM old JOIN changed USING (region_id, complaint_id)),
    {_ENTRIES.format(signed="signed")},
    added AS (
        INSERT INTO complaints_tallies AS t (region_id, dimension, measure, from_day, key, value, n)
        SELECT %(region)s, dimension, measure, from_day, key, value, n FROM entries ORDER BY 2, 3, 4, 5
        {_PUT} value = t.value + excluded.value, n = t.n + excluded.n),
    kept AS (
        INSERT INTO complaints_counted ({_NAMES}) SELECT {_NAMES} FROM changed
        ON CONFLICT (region_id, complaint_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in FACTS[2:])}),
    dropped AS (DELETE FROM complaints_counted c USING gone WHERE c.region_id = %(region)s AND c.complaint_id = gone.complaint_id)
    SELECT complaint_id FROM changed UNION ALL SELECT complaint_id FROM gone""")  # noqa: S608
_OFF = f"""
    WITH {_STATES}, {_FACTS.format(which="true")}, {_DIFFERING.format(counted="true")}
    SELECT complaint_id FROM changed UNION ALL SELECT complaint_id FROM gone"""  # noqa: S608
_SHOWN = """(
        SELECT 1 AS sign, * FROM complaints_counted
        WHERE region_id = %(region)s
            AND (open OR greatest(received_on, responded_on, resolved_on, first_resolved_on) > %(since)s))"""
# The sums that are shown, beside those that what was counted adds up to.
_SUMS = f"""
    WITH {_ENTRIES.format(signed=_SHOWN)},
    kept AS (
        SELECT dimension, measure, key, value, n, from_day FROM (
            SELECT dimension, measure, key, sum(value)::bigint AS value, sum(n)::bigint AS n,
                CASE WHEN dimension <> 'day' AND from_day <= %(today)s THEN '{ALWAYS}' ELSE from_day END AS from_day
            FROM complaints_tallies WHERE region_id = %(region)s GROUP BY 1, 2, 3, 6) t
        WHERE value <> 0 OR n <> 0)
    SELECT dimension, measure, from_day, key, coalesce(kept.value, 0) AS value, coalesce(kept.n, 0) AS n,
        coalesce(entries.value, 0) AS right_value, coalesce(entries.n, 0) AS right_n
    FROM kept FULL JOIN entries USING (dimension, measure, from_day, key)
    WHERE (kept.value, kept.n) IS DISTINCT FROM (entries.value, entries.n) AND (dimension <> 'day' OR from_day > %(since)s)
    ORDER BY 1, 2, 3, 4"""  # noqa: S608
FOLD = Prepared(f"""
    WITH past AS (
        DELETE FROM complaints_tallies WHERE region_id = %(region)s AND dimension <> 'day'
            AND from_day > '{ALWAYS}' AND from_day <= %(today)s RETURNING *)
    INSERT INTO complaints_tallies AS t (region_id, dimension, measure, from_day, key, value, n)
    SELECT region_id, dimension, measure, '{ALWAYS}', key, sum(value), sum(n) FROM past GROUP BY 1, 2, 3, 5 ORDER BY 2, 3, 5
    {_PUT} value = t.value + excluded.value, n = t.n + excluded.n RETURNING true""")  # noqa: S608
SET_RIGHT = Prepared(f"""
    WITH off AS ({_SUMS})
    INSERT INTO complaints_tallies AS t (region_id, dimension, measure, from_day, key, value, n)
    SELECT %(region)s, dimension, measure, from_day, key, right_value, right_n FROM off
    {_PUT} value = excluded.value, n = excluded.n RETURNING true""")  # noqa: S608
_SUMS_OFF, _FACTS_OFF = Prepared(_SUMS), Prepared(_OFF)


def asked_of(ctx: Context) -> dict[str, Any]:
    """Return what the statements here ask for: the region, its zone, its day, and what its states mean."""
    today = local_day(ctx)
    rules = rules_of(settings_of(ctx).workflow, former_words(ctx).final_states)
    return {
        "region": ctx.region.id,
        "zone": ctx.region.timezone,
        "today": today,
        "since": today - timedelta(days=DAYS_COMPARED),
        "states": orjson.dumps(rules).decode(),
    }


def local_day(ctx: Context, at: datetime | None = None) -> date:
    """Return the region's day at an instant, else now."""
    return (at or ctx.now()).astimezone(ctx.region.zone).date()


def sums_off(ctx: Context) -> list[str]:
    """Return by name the sums that are not what was counted adds up to."""
    return [
        f"{row.measure} by {row.dimension} {row.key or '-'} from {'always' if row.from_day == ALWAYS else row.from_day}:"
        f" {row.value} of {row.n}, and should be {row.right_value} of {row.right_n}"
        for row in _SUMS_OFF.all(ctx.session, **asked_of(ctx))
    ]


def not_under_way(ctx: Context, ids: Iterable[Any]) -> list[Any]:
    """Return the complaints, of these, that no event is on its way to have counted anew."""
    under_way: set[Any] = set()
    for subscriber in TALLIERS:
        under_way |= set(ctx.session.scalars(select(open_deliveries(ctx, subscriber).c.subject)))
    return [each for each in ids if each not in under_way]


def facts_off(ctx: Context) -> list[Any]:
    """Return the ids of the complaints that were counted otherwise than their history says, all of them being compared."""
    return not_under_way(ctx, [row.complaint_id for row in _FACTS_OFF.all(ctx.session, **asked_of(ctx))])


def find_recount(ctx: Context) -> Recount | None:
    """Return how far the comparison with the history is; None where it never began."""
    return ctx.session.get(Recount, ctx.region.id)
