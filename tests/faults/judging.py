"""What the run says of each promise: every accepted report is read back over HTTP, and the records are counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.bench.report import Verdict
from tests.faults.load import Citizen, Line, Load, Report, persistently
from tests.faults.plan import Form
from tests.faults.poison import ANTIDOTE, SUBSCRIBER
from tests.faults.storm import Seen
from tests.faults.system import System
from tests.running import wait_until

DRAINED_SECONDS = NEIGHBOUR_SECONDS = RETURN_SECONDS = END_SECONDS = 30
_READERS = 4


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that a judge needs."""

    system: System
    load: Load
    seen: Seen
    form: Form
    letters: Sequence[EmailMessage]

    def count(self, query: str, **values: Any) -> int:
        """Return what a `SELECT count(*) AS n` says."""
        return int(self.system.sql(query, **values)[0].n)


def judge(run: Run) -> list[Verdict]:
    """Return a verdict for each promise."""
    return [*_run_itself(run), *_reports(run), *_notices(run), *_letters(run), *_recovery(run), *_poison(run), *_records(run)]


def _none(promise: str, wrong: Sequence[str] | int, of: int | str = "") -> Verdict:
    """Return the verdict of a promise that is kept when there is none of something; the first few are named."""
    number = wrong if isinstance(wrong, int) else len(wrong)
    named = "" if isinstance(wrong, int) or not wrong else ": " + "; ".join(wrong[:3])
    return Verdict(promise=promise, figure=f"{number}{f' of {of}' if of else ''}{named}", wanted="0", met=number == 0)


def _within(promise: str, seconds: float, limit: float) -> Verdict:
    return Verdict(promise=promise, figure=f"{seconds:.1f} s", wanted=f"<= {limit:.0f} s", met=seconds <= limit)


def _at_least(promise: str, number: int, least: int, more: str = "") -> Verdict:
    return Verdict(promise=promise, figure=f"{number}{more}", wanted=f">= {least}", met=number >= least)


def _run_itself(run: Run) -> Iterator[Verdict]:
    victims = Counter(death.victim for death in run.system.deaths)
    yield _at_least(
        "killed by process id",
        sum(victims.values()),
        run.form.kills,
        f" ({', '.join(f'{n} {v}' for v, n in sorted(victims.items()))})",
    )
    points = run.system.deaths_at_points()
    told = ", ".join(f"{number} {point}" for point, number in sorted(points.items()))
    yield _at_least("died at each named point", min(points.values()), 1, f" at least ({told})")
    yield _at_least("accepted reports", len(run.load.accepted), run.form.accepted)
    yield _none("answers that are no answer to a good request, 500 among them", run.load.faults, sum(run.load.statuses.values()))


def _reports(run: Run) -> Iterator[Verdict]:
    accepted, citizens = run.load.accepted, {id(report.citizen): report.citizen for report in run.load.sent}
    line = Line(run.system.port)
    for citizen in citizens.values():
        citizen.renew(line)
    with ThreadPoolExecutor(_READERS) as readers:
        lost = [fault for fault in readers.map(lambda report: _read_back(run.system.port, report), accepted) if fault]
        listed = list(readers.map(lambda citizen: _listed(run.system.port, citizen), citizens.values()))
    yield _none("accepted reports lost, each read back over HTTP", lost, len(accepted))
    own = Counter(id(report.citizen) for report in accepted)
    too_many = sum(len(ids) - own[place] for place, ids in zip(citizens, listed, strict=True))
    ids = Counter(report.id for report in accepted)
    numbers = Counter((report.citizen.region, report.number) for report in accepted)
    doubled = [f"{name} {times} times" for name, times in (ids + numbers).items() if times > 1]
    wished = [report.key for report in accepted if report.body.get("id", report.id) != report.id]
    yield _none("doubled: reports in the citizens' own lists beyond those accepted", max(0, too_many), len(accepted))
    yield _none("doubled: an id or a number given to two keys, or another id than the client made", [*doubled, *wished])
    unrouted = run.system.sql(
        "SELECT c.number, count(r.id) AS times FROM complaints c LEFT JOIN complaints_routings r"
        " ON r.region_id = c.region_id AND r.complaint_id = c.id GROUP BY c.region_id, c.id HAVING count(r.id) <> 1"
    )
    yield _none("reports unrouted, or routed twice", [f"{row.number} {row.times} times" for row in unrouted], len(accepted))


def _read_back(port: int, report: Report) -> str:
    """Return what is wrong with an accepted report as its reporter sees it; nothing if it is as it was sent."""
    line = Line(port)
    got = persistently(line, "GET", f"{report.path}/{report.id}", token=report.citizen.token, wanted=(200, 404))
    line.connection.close() if line.connection else None
    if got.get("number") != report.number or got["description"] != report.body["description"]:
        return f"{report.number}: {got.get('number', got.get('code'))}"
    if len(got["files"]) != report.photo:
        return f"{report.number}: {len(got['files'])} files"
    return ""


def _listed(port: int, citizen: Citizen) -> list[str]:
    """Return the ids in a citizen's own list."""
    line, ids, cursor = Line(port), [], ""
    while cursor is not None:
        path = f"/v1/regions/{citizen.region}/complaints?mine=true&limit=100{f'&cursor={cursor}' if cursor else ''}"
        page = persistently(line, "GET", path, token=citizen.token)
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    return ids


def _notices(run: Run) -> Iterator[Verdict]:
    citizens = {id(report.citizen): report.citizen for report in run.load.sent}
    with ThreadPoolExecutor(_READERS) as readers:
        seen = sum(readers.map(lambda citizen: _inbox(run.system.port, citizen), citizens.values()), Counter())
    accepted = {report.id for report in run.load.accepted}
    received = {link: times for (link, template), times in seen.items() if template == "complaints.received"}
    yield _none("reporters not told that their report was received", len(accepted - received.keys()), len(accepted))
    doubled = [f"{link} {template} {times} times" for (link, template), times in seen.items() if times > 1]
    yield _none("doubled notices in citizens' inboxes", doubled, sum(seen.values()))
    sent = run.system.sql(
        "SELECT n.event_id, n.account_id, d.channel, count(*) AS times FROM notifications_dispatches d"
        " JOIN notifications_inbox n ON n.region_id = d.region_id AND n.id = d.notification_id"
        " GROUP BY n.event_id, n.account_id, d.channel"
    )
    doubled = [f"{row.event_id} {row.channel} {row.times} times" for row in sent if row.times > 1]
    yield _none("doubled messages of one event to one person by one channel", doubled, len(sent))
    missing = run.count(
        "SELECT count(*) AS n FROM notifications_inbox n WHERE NOT EXISTS (SELECT 1 FROM notifications_dispatches d"
        " WHERE d.region_id = n.region_id AND d.notification_id = n.id AND d.state = 'sent')"
    )
    yield _none("notices that never left", missing, len(sent))


def _inbox(port: int, citizen: Citizen) -> Counter[tuple[str, str]]:
    """Count a citizen's notices by what they are about and what they say."""
    line, seen, cursor = Line(port), Counter[tuple[str, str]](), ""
    while cursor is not None:
        path = f"/v1/regions/{citizen.region}/notifications?limit=100{f'&cursor={cursor}' if cursor else ''}"
        page = persistently(line, "GET", path, token=citizen.token)
        seen.update((item["link"]["id"], item["template"]) for item in page["items"])
        cursor = page["next_cursor"]
    return seen


def _letters(run: Run) -> Iterator[Verdict]:
    kept = Counter(str(letter["Message-ID"]) for letter in run.letters)
    said = Counter(
        (str(letter["To"]), str(letter["Subject"])) for letter in {str(each["Message-ID"]): each for each in run.letters}.values()
    )
    recorded = {
        row.provider_id for row in run.system.sql("SELECT provider_id FROM notifications_dispatches WHERE channel = 'email'")
    }
    yield _none("e-mails recorded as sent that never came", len(recorded - kept.keys()), len(recorded))
    yield _none("e-mails that came and are not recorded", len(kept.keys() - recorded), len(kept))
    doubled = [f"{to} {subject} {times} times" for (to, subject), times in said.items() if times > 1]
    yield _none("e-mails of one report to one officer under two Message-IDs", doubled, len(said))
    again = sum(kept.values()) - len(kept)
    yield Verdict(
        promise="e-mails that came again, at least once with a stable id",
        figure=f"{again} of {len(kept)}: killed between the server's 250 and our commit",
        wanted="the same Message-ID",
        met=True if said.total() == len(said) else None,
    )


def _recovery(run: Run) -> Iterator[Verdict]:
    seen = run.seen
    began, ended = seen.away
    tries = [one for report in run.load.sent for one in report.tries if began <= one.at and one.at + one.seconds <= ended]
    slowest = max((one.seconds for one in tries), default=0)
    refused = [f"{one.status} {one.code} after {one.seconds:.1f} s" for one in tries if one.status != 201]
    yield _none("submissions not answered 201 while Valkey was away", refused, len(tries))
    yield _at_least(f"submissions while it was away for {ended - began:.0f} s", len(tries), 20, f", the slowest {slowest:.1f} s")
    yield _within("what had waited for Valkey was done after its return", seen.after_away_seconds, RETURN_SECONDS)
    yield _within("everything was done after the last kill", seen.drained_seconds, DRAINED_SECONDS)
    yield _none("SIGTERM to web: requests in flight that broke", seen.broken, seen.in_flight)
    yield _within("SIGTERM to web: the last of them had its answer", seen.web_end_seconds, END_SECONDS)
    yield _within("SIGTERM to the worker: it ended, and another came", seen.worker_end_seconds, END_SECONDS)
    yield _none("SIGTERM to the worker: the row in hand was begun again", int(seen.row_in_hand != 1))


def _poison(run: Run) -> Iterator[Verdict]:
    for how, seconds in run.seen.neighbours.items():
        yield _within(f"poison that is to {how}: its neighbours were done", seconds, NEIGHBOUR_SECONDS)
    query = (
        "SELECT e.payload ->> 'how' AS how, d.dead_at, d.done_at, d.seq FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.subscriber = :poison AND e.payload ->> 'how' = ANY(:hows)"
    )
    asked = {"poison": SUBSCRIBER, "hows": list(run.form.poisons)}
    wait_until(lambda: all(row.dead_at for row in run.system.sql(query, **asked)), 180, often=0.5)
    rows = run.system.sql(query, **asked)
    told = run.system.installation.balai("outbox", "status")
    listed = sum(f"dead {row.seq}\t" in told.stdout for row in rows)
    yield _at_least("poisons in the dead letters, named by `balai outbox status`", listed, len(run.form.poisons))
    Path(run.system.environ[ANTIDOTE]).touch()
    run.system.installation.balai("outbox", "replay", "--subscriber", SUBSCRIBER)
    wait_until(lambda: all(row.done_at for row in run.system.sql(query, **asked)), 60, often=0.5)
    yield _at_least("poisons that were done when they were replayed", len(rows), len(run.form.poisons))
    twice = run.system.sql(
        "SELECT details ->> 'event' AS event FROM audit_entries WHERE action = 'poison.handled' GROUP BY 1 HAVING count(*) > 1"
    )
    yield _none("neighbours or poisons whose effect is there twice", [row.event for row in twice])


def _records(run: Run) -> Iterator[Verdict]:
    wait_until(lambda: not run.count("SELECT count(*) AS n FROM audit_pending"), 30)
    chain = run.system.installation.balai("audit", "verify")
    yield _none("faults in the audit chains", chain.stderr.splitlines(), run.count("SELECT count(*) AS n FROM audit_entries"))
    rows = {str(row.id) for row in run.system.sql("SELECT id FROM files")}
    left = {path.name.partition(".")[0] for path in (run.system.var / "blobs").glob("*/*/*.jpg")} - rows
    yield Verdict(
        promise="pictures whose upload was killed before its commit",
        figure=f"{len(left)} of {len(left) + len(rows)}: swept by `balai reconcile --repair` when they are an hour old",
        wanted="known",
        met=True,
    )
    found = run.system.installation.balai("reconcile")
    yield _none(
        "differences that `balai reconcile` finds",
        [*found.stdout.splitlines(), *found.stderr.splitlines()] if found.returncode else 0,
    )
