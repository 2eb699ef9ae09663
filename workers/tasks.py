"""The one job: drain what is due, some rows of a region at a time, marked done in the transaction that carries them."""

import dataclasses
import faulthandler
import itertools
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rq.timeouts import UnixSignalDeathPenalty

from backend.core.fault_points import reach
from backend.core.logs import bind, get_logger
from backend.core.metrics import CARRIED
from backend.data.context import Context, Region
from backend.data.deliveries import Claim, claim, due_subscribers, give_back, mark_done, mark_failed, take_in_hand
from backend.data.events import Event
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.modules.contract import OutsideHandler, Subscription
from workers.bootstrap import application, house_of

ROWS_A_TURN = 100
ROWS_TOGETHER = 25
ROWS_A_CLAIM = 2 * ROWS_TOGETHER
SECONDS_TOGETHER = 0.25
SECONDS_A_TURN = 2
SECONDS_A_JOB = 10
LINGER_SECONDS = 1.0
_PAUSE_SECONDS = 0.05
SECONDS_A_ROW = 12
REGIONS_MAY_BE_OLD_SECONDS = 2.0
_log = get_logger(__name__)


class TakenOverError(Exception):
    """The row's lease ran out and another worker has it: what was done here is rolled back."""


class TogetherError(Exception):
    """`row` failed among others, for its `__cause__`, and took their work with it; None where it cannot be told which."""

    def __init__(self, row: Claim | None = None) -> None:
        super().__init__(row)
        self.row = row


def drain() -> None:
    """Carry what is due with this process's application; the job's entry."""
    carry_all(house_of(application()))


def sweep(house: House) -> list[str]:
    """Return the subscribers that have due rows, the most urgent first, those of a module that was removed left out."""
    with unit_of_work(house.ground, may_be_repeated=True) as ctx:
        return due_subscribers(ctx.session, house.registry.subscriptions)


def carry_all(house: House) -> None:
    """Carry what is due, a turn at a time; after each the most urgent is looked for anew.

    A fresh process pays for its first statements, so it lingers: what is due within a second of the last is carried warm.
    """
    until = time.monotonic() + SECONDS_A_JOB
    idle_until = time.monotonic() + LINGER_SECONDS
    while time.monotonic() < min(until, idle_until):
        due = sweep(house)
        for subscriber in due:
            if carry_due(house, subscriber) or time.monotonic() > until:
                break
        if due:
            idle_until = time.monotonic() + LINGER_SECONDS
        else:
            time.sleep(_PAUSE_SECONDS)


def carry_due(house: House, subscriber: str) -> int:
    """Carry due rows of `subscriber`, at most `ROWS_A_TURN` and for about `SECONDS_A_TURN`; return how many were done."""
    known = house.registry.subscriptions.get(subscriber)
    if known is None:
        _log.warning("drain.unknown_subscriber", subscriber=subscriber)
        return 0
    house.directory.refresh(older_than=REGIONS_MAY_BE_OLD_SECONDS)
    done = handled = turns = 0
    until = time.monotonic() + SECONDS_A_TURN
    while handled < ROWS_A_TURN and time.monotonic() < until:
        with unit_of_work(house.ground, may_be_repeated=True) as ctx:
            held = claim(ctx.session, subscriber, most=ROWS_A_CLAIM, failed_first=turns % 2 == 1)
        turns += 1
        if not held:
            break
        reach("claim")
        waiting = deque(held)
        while waiting:
            if len(waiting) < len(held) and time.monotonic() > until:
                with unit_of_work(house.ground, may_be_repeated=True) as ctx:
                    give_back(ctx.session, waiting)
                break
            together = [waiting.popleft() for _ in range(_alike(waiting))]
            well, rest = _carry(house, known[1], together)
            waiting.extendleft(reversed(rest))
            done += well
            handled += len(together) - len(rest)
    return done


def _alike(waiting: Iterable[Claim]) -> int:
    """Return how many rows at the head are of one region, at most as many as are carried together."""
    _, rows = next(itertools.groupby(waiting, key=lambda row: row.region_id))
    return min(ROWS_TOGETHER, len(list(rows)))


def _carry(house: House, subscription: Subscription, held: Sequence[Claim]) -> tuple[int, Sequence[Claim]]:
    """Carry rows of one region in one transaction, or where that fails the first of them in its own.

    Return how many were done, and those that are left: a transaction does not grow long.
    """
    bind(subscriber=subscription.subscriber)
    began = time.monotonic()
    try:
        if held[0].attempt > subscription.max_attempts:
            return _give_up(house, subscription, held[0], "its process died in every attempt"), held[1:]
        region = house.directory.by_id(held[0].region_id)
        with _patience():
            carry = _outside if subscription.outside else _together if subscription.together else _inside
            done, rest = carry(house, subscription, region, held)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed attempt of its row, and of no other
        alone = error.row if isinstance(error, TogetherError) else None
        if alone and isinstance(error.__cause__, TimeoutError):  # it has had its time, they have not
            return _give_up(house, subscription, alone, _place(error.__cause__)), [row for row in held if row != alone]
        if len(held) > 1:
            each = [_carry(house, subscription, [row])[0] for row in held]
            return sum(each), ()
        return _give_up(house, subscription, held[0], _place(error)), ()
    if done:
        CARRIED.labels(subscription.subscriber, "done").inc(done)
        _log.info("deliveries.done", first=held[0].seq, rows=done, ms=round((time.monotonic() - began) * 1000))
    return done, rest


@contextmanager
def _patience() -> Iterator[None]:
    """Interrupt a handler that hangs; one that hangs in C, deaf to signals, ends with its process."""
    faulthandler.dump_traceback_later(SECONDS_A_ROW + 4, exit=True)
    try:
        with UnixSignalDeathPenalty(SECONDS_A_ROW, TimeoutError):
            yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _give_up(house: House, subscription: Subscription, held: Claim, fault: str) -> int:
    with unit_of_work(house.ground) as ctx:
        dead = mark_failed(ctx.session, held, fault=fault, max_attempts=subscription.max_attempts)
    CARRIED.labels(subscription.subscriber, "dead" if dead else "failed").inc()
    _log.warning("delivery.failed", delivery=held.seq, attempt=held.attempt, fault=fault, dead=dead)
    return 0


def _in_time(rows: Mapping[Claim, Event]) -> Iterator[tuple[Claim, Event]]:
    until = time.monotonic() + SECONDS_TOGETHER
    for number, row in enumerate(rows.items()):
        if number and time.monotonic() > until:
            return
        yield row


def _inside(house: House, subscription: Subscription, region: Region, held: Sequence[Claim]) -> tuple[int, Sequence[Claim]]:
    done = []
    with unit_of_work(house.ground, region=region, locale=region.languages[0]) as ctx:
        in_hand = take_in_hand(ctx.session, region.id, held)
        for row, event in _in_time(in_hand):
            try:
                subscription.handler(_bound(ctx, event, subscription), event)  # type: ignore[operator,arg-type] # told apart
            except Exception as error:
                if len(in_hand) == 1:
                    raise
                raise TogetherError(row) from error  # nor may a refusal that is remembered commit its neighbours' work undone
            done.append(row)
        mark_done(ctx.session, done)
        reach("done")
    return len(done), list(in_hand)[len(done) :]


def _together(house: House, subscription: Subscription, region: Region, held: Sequence[Claim]) -> tuple[int, Sequence[Claim]]:
    with unit_of_work(house.ground, region=region, locale=region.languages[0]) as ctx:
        in_hand = take_in_hand(ctx.session, region.id, held)
        if in_hand:
            events = list(in_hand.values())
            try:
                subscription.handler(_bound(ctx, events[0], subscription), events)  # type: ignore[operator,arg-type] # as above
            except Exception as error:
                if len(events) == 1:
                    raise
                raise TogetherError from error
        mark_done(ctx.session, list(in_hand))
        reach("done")
    return len(in_hand), ()


def _outside(house: House, subscription: Subscription, region: Region, held: Sequence[Claim]) -> tuple[int, Sequence[Claim]]:
    handler: OutsideHandler = subscription.handler  # type: ignore[assignment] # as above
    with unit_of_work(house.ground, region=region, locale=region.languages[0]) as ctx:
        in_hand = take_in_hand(ctx.session, region.id, held)
        prepared = {row: handler.prepare(_bound(ctx, event, subscription), event) for row, event in in_hand.items()}
    called = [_called(house, subscription, region, taken, prepared[taken[0]]) for taken in _in_time(in_hand)]
    return sum(called), list(in_hand)[len(called) :]


def _called(house: House, subscription: Subscription, region: Region, in_hand: tuple[Claim, Event], prepared: Any) -> bool:
    """Call the outside for one row and record it, so that a death repeats one call at most; return whether it is done."""
    handler: OutsideHandler = subscription.handler  # type: ignore[assignment] # as above
    held, event = in_hand
    try:
        answer = None if prepared is None else handler.call(prepared, key=f"{held.region_id}-{held.seq}")
        reach("call")
        with unit_of_work(house.ground, region=region, locale=region.languages[0], request_id=event.request_id) as ctx:
            if prepared is not None:
                handler.record(ctx, event, prepared, answer)
            _settle(ctx, held)
    except TakenOverError:
        CARRIED.labels(subscription.subscriber, "taken_over").inc()
        _log.warning("delivery.taken_over", delivery=held.seq, attempt=held.attempt)
        return False
    except Exception as error:  # noqa: BLE001 - as in _carry
        _give_up(house, subscription, held, _place(error))
        return False
    return True


def _settle(ctx: Context, held: Claim) -> None:
    if not mark_done(ctx.session, [held]):
        raise TakenOverError


def _bound(ctx: Context, event: Event, subscription: Subscription) -> Context:
    bind(request_id=event.request_id, subscriber=subscription.subscriber, region=ctx.region.key)
    return dataclasses.replace(ctx, request_id=event.request_id)


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
