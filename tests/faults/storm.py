"""The run itself: load comes in all the while, and one thing after another befalls the house."""

import asyncio
import contextlib
import itertools
import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
from sqlalchemy.exc import DBAPIError

from tests.faults.load import Line, Load, Report, persistently
from tests.faults.plan import IN_THE_WORKER, SHARES, Form, Kill, Plan
from tests.faults.poison import SUBSCRIBER
from tests.faults.system import OURS, PATIENCE_SECONDS, System
from tests.running import wait_until

_OPEN = "SELECT count(*) FROM deliveries WHERE done_at IS NULL AND dead_at IS NULL AND subscriber <> :poison"
_TOLD_BEFORE = "EXISTS (SELECT 1 FROM events e WHERE e.id = event_id AND e.occurred_at < :now)"
_MOST_OPEN = 200  # deliveries, beyond which the clients hold back: what a machine bears, whatever it is busy with
_NEIGHBOURS = 10
_POINT_SECONDS = 60.0
_REGION = "banda-aceh"


@dataclass
class Seen:
    """What the run has measured on its way; times are of the monotonic clock."""

    returns: dict[str, list[float]] = field(default_factory=dict)  # by victim: seconds until its successor serves
    away: tuple[float, float] = (0.0, 0.0)
    after_away_seconds: float = 0.0
    neighbours: dict[str, float] = field(default_factory=dict)  # by poison: seconds until its last neighbour was done
    in_flight: int = 0
    broken: list[str] = field(default_factory=list)
    web_end_seconds: float = 0.0
    worker_end_seconds: float = 0.0
    row_in_hand: Any = None
    drained_seconds: float = 0.0


@dataclass
class Storm:
    """Does what the plan says. `say` tells each step as it comes."""

    system: System
    load: Load
    form: Form
    plan: Plan
    say: Callable[[str], None]
    seen: Seen = field(default_factory=Seen)

    def kill(self, planned: Kill) -> None:
        """Kill somebody, and see how soon they are back."""
        time.sleep(planned.pause)
        death = self.system.kill(planned.victim, choice=planned.choice)
        back = self.system.await_return(death)
        self.seen.returns.setdefault(planned.victim, []).append(back)
        self.say(f"killed {planned.victim} ({death.pid}); back after {back:.1f} s")

    def pass_point(self, point: str) -> None:
        """Let web, worker and clock die at a point, again and again."""
        before = self.system.deaths_at_points()[point]
        self.system.arm(["worker"] if point in IN_THE_WORKER else OURS, point, SHARES[point])
        until = time.monotonic() + _POINT_SECONDS
        while self.system.deaths_at_points()[point] - before < self.form.at_each_point and time.monotonic() < until:
            time.sleep(0.1)
        self.say(f"died {self.system.deaths_at_points()[point] - before} times {point}")

    def wipe_valkey(self) -> None:
        """Take all that Valkey holds: once while it runs, once by a restart without its data."""
        self._valkey().flushall()
        time.sleep(2)
        shutil.rmtree(self.system.var / "valkey" / "data" / "appendonlydir")
        self.system.await_return(self.system.kill("valkey"))
        self.say("Valkey was wiped, and restarted without its data")

    def _valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.system.installation.environ["REDIS_URL"])

    def take_valkey_away(self) -> None:
        """Let Valkey be away for a while, by killing it and hiding its folder: it cannot start."""
        data = self.system.var / "valkey" / "data"
        hidden = data.with_name("hidden")
        self.load.rate = _MOST_OPEN / 4 / self.form.away_seconds  # two deliveries each wait: some come all the while
        wait_until(self._half_free, PATIENCE_SECONDS, often=0.2)
        self.system.kill("valkey", first=lambda: data.rename(hidden))
        began = time.monotonic()
        wait_until(lambda: not self._valkey_answers())
        time.sleep(self.form.away_seconds)
        hidden.rename(data)
        wait_until(self._valkey_answers, PATIENCE_SECONDS)
        self.seen.away = began, time.monotonic()
        self.load.rate = self.form.rate
        (now,) = self.system.sql("SELECT now() AS now")
        self._drained(f"{_OPEN} AND {_TOLD_BEFORE}", now=now.now)
        self.seen.after_away_seconds = time.monotonic() - self.seen.away[1]
        self.say(f"Valkey was away; what had waited was done {self.seen.after_away_seconds:.1f} s after its return")

    def _half_free(self) -> bool:
        """Whether clients report, and half of what may be open is still to be had."""
        return not self.load.held.is_set() and self.system.sql(_OPEN, poison=SUBSCRIBER)[0].count <= _MOST_OPEN / 2

    def _valkey_answers(self) -> bool:
        with contextlib.suppress(redis.RedisError, OSError):
            return bool(self._valkey().ping())
        return False

    def crash_database(self) -> None:
        """Shut PostgreSQL down at once, as a crash does; it comes back by recovery."""
        back = self.system.await_return(self.system.kill("postmaster", signal.SIGQUIT))
        self.say(f"PostgreSQL was shut down at once; back after {back:.1f} s")

    def give_poison(self, how: str) -> None:
        """Give the engine house a poison with neighbours behind it, and wait until they are done."""
        self._await_done(self.dose("well"))  # the worker is there: a poison is no kill
        subjects = self.dose(how, *["well"] * _NEIGHBOURS)
        self._await_done(subjects[1:])
        query = (
            "SELECT max(extract(epoch FROM d.done_at - e.occurred_at)) AS seconds FROM deliveries d JOIN events e"
            " ON e.id = d.event_id WHERE d.subject = ANY(:subjects)"
        )
        self.seen.neighbours[how] = float(self.system.sql(query, subjects=subjects[1:])[0].seconds)
        self.say(f"poison that is to {how}: its neighbours were done after {self.seen.neighbours[how]:.1f} s")
        if how == "hang" and how != self.form.poisons[-1]:  # two that hang would be one poison for the other's neighbours
            self.await_death(subjects[0])

    def _await_done(self, subjects: Sequence[str]) -> None:
        query = "SELECT count(*) AS open FROM deliveries WHERE subject = ANY(:subjects) AND done_at IS NULL"
        wait_until(lambda: not self.system.sql(query, subjects=subjects)[0].open, PATIENCE_SECONDS, often=0.2)

    def await_death(self, subject: str) -> None:
        """Wait until the poison is in the dead letters."""
        query = "SELECT 1 FROM deliveries WHERE subject = :subject AND dead_at IS NOT NULL"
        wait_until(lambda: self.system.sql(query, subject=subject), PATIENCE_SECONDS, often=0.2)

    def dose(self, *hows: str) -> list[str]:
        """Tell what handlers are to do; return the subjects."""
        key = f"dose-{time.monotonic_ns()}"
        path = f"/v1/regions/{_REGION}/poison"
        return list(persistently(Line(self.system.port), "POST", path, {"hows": hows}, key=key)["subjects"])

    def poison(self) -> None:
        """Give the poisons one after another, while the door is under attack."""
        failed: list[BaseException] = []

        def give_all() -> None:
            try:
                for how in self.form.poisons:
                    self.give_poison(how)
            except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
                failed.append(error)

        giving = threading.Thread(target=give_all, name="poison")
        giving.start()
        for planned in self.plan.at_the_door:
            self.kill(planned)
        giving.join()
        if failed:
            raise failed[0]

    def end_web(self) -> None:
        """Ask web to end while requests are in flight: each must have its whole answer."""
        reports = [next(self.load.reports) for _ in range(self.form.in_flight)]
        for report in reports:
            report.photo = False
        asked = time.monotonic()

        def end() -> None:
            nonlocal asked
            asked = time.monotonic()
            self.system.kill("web", signal.SIGTERM)

        answers = asyncio.run(_send_at_once(self.system.port, reports, end))
        death = self.system.deaths.pop()  # asked, not killed
        self.system.await_return(death)
        self.seen.web_end_seconds = max((answer.at for answer in answers), default=asked) - asked
        self.seen.in_flight += len(answers)
        self.seen.broken += [answer.fault for answer in answers if answer.fault]
        self.say(f"web was asked to end with {len(answers)} requests in flight; {len(self.seen.broken)} broke")
        self.load.sent += reports
        line = Line(self.system.port)
        for report in reports:
            self.load.see_through(line, report)

    def end_worker(self) -> None:
        """Ask the worker to end while it has a row in hand: the row is finished first."""
        (subject,) = self.dose("sleep 4")
        query = "SELECT attempts, done_at FROM deliveries WHERE subject = :subject"
        wait_until(lambda: self.system.sql(query, subject=subject)[0].attempts, PATIENCE_SECONDS)
        time.sleep(0.5)
        death = self.system.kill("worker", signal.SIGTERM)
        self.system.deaths.pop()
        wait_until(lambda: self.system.child("worker") != death.pid, PATIENCE_SECONDS)
        self.seen.worker_end_seconds = time.monotonic() - death.at
        wait_until(lambda: self.system.sql(query, subject=subject)[0].done_at, PATIENCE_SECONDS)
        self.seen.row_in_hand = self.system.sql(query, subject=subject)[0].attempts
        self.say(f"the worker was asked to end with a row in hand, which took {self.seen.row_in_hand} attempt")

    def enough(self) -> None:
        """Go on killing until enough were killed, and let the load go on until enough was accepted."""
        began = self.load.sent[0].tries[0].at
        more = itertools.cycle(self.plan.storm)
        while len(self.system.deaths) < self.form.kills - 1:
            self.kill(next(more))
        while len(self.load.accepted) < self.form.accepted or time.monotonic() - began < self.form.least_seconds:
            time.sleep(0.2)

    def end(self) -> None:
        """Kill the last; see how soon nothing is left to be done."""
        time.sleep(self.plan.last.pause)
        death = self.system.kill(self.plan.last.victim, choice=self.plan.last.choice)
        self.load.stop()
        self.load.join()
        self._drained(_OPEN)
        self.seen.drained_seconds = time.monotonic() - death.at
        self.say(f"killed {death.victim} as the last; all was done {self.seen.drained_seconds:.1f} s later")

    def _drained(self, query: str, **values: Any) -> None:
        wait_until(lambda: not self.system.sql(query, poison=SUBSCRIBER, **values)[0].count, 4 * PATIENCE_SECONDS, often=0.2)

    def hold_back(self, ended: threading.Event) -> None:
        """Let the clients wait while much is open, until the run has ended."""
        while not ended.wait(1):
            with contextlib.suppress(DBAPIError):
                many = self.system.installation.sql(_OPEN, poison=SUBSCRIBER)[0].count > _MOST_OPEN
                (self.load.held.set if many else self.load.held.clear)()

    def run(self) -> None:
        """Do all of it, under load."""
        ended = threading.Event()
        holding = threading.Thread(target=self.hold_back, args=[ended], name="holding")
        holding.start()
        self.load.start()
        try:
            self._do()
        finally:
            ended.set()
            holding.join()
            self.load.held.clear()
            self.load.stop()
            self.load.join()

    def _do(self) -> None:
        for planned in self.plan.storm:
            self.kill(planned)
        for point in self.plan.points:
            self.pass_point(point)
        self.system.arm(OURS)
        self.wipe_valkey()
        self.take_valkey_away()
        self.crash_database()
        self.end_web()
        self.end_worker()
        self.poison()
        self.enough()
        self.end()


@dataclass(frozen=True)
class _Answered:
    at: float
    fault: str


async def _send_at_once(port: int, reports: Sequence[Report], then: Callable[[], None]) -> list[_Answered]:
    """Send each report on a connection of its own, all at once, and do `then` while they are in flight."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in reports]
    for (_, writer), report in zip(lines, reports, strict=True):
        content = json.dumps(report.body).encode()
        head = (
            f"POST {report.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {report.citizen.token}\r\nIdempotency-Key: {report.key}\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + content)
    await asyncio.gather(*(writer.drain() for _, writer in lines))
    await asyncio.sleep(0.05)
    await asyncio.get_running_loop().run_in_executor(None, then)
    return await asyncio.gather(*(_answer(reader) for reader, _ in lines))


async def _answer(reader: asyncio.StreamReader) -> _Answered:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    except (OSError, EOFError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
        return _Answered(time.monotonic(), type(error).__name__)
    status = int(head.split()[1])
    return _Answered(time.monotonic(), "" if status in {201, 503} else f"status {status}")
