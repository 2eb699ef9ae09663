"""The one job: drain what is due, one unit of work a row, marked done in the same transaction."""

import dataclasses
import faulthandler
import time
import traceback
from pathlib import Path

from rq.timeouts import UnixSignalDeathPenalty

from backend.core.fault_points import reach
from backend.core.logs import bind, get_logger
from backend.data.context import Context, Region
from backend.data.deliveries import Claim, claim, due_subscribers, give_back, mark_done, mark_failed, take_in_hand
from backend.data.events import Event
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.modules.contract import Subscription
from workers.bootstrap import application, house_of

ROWS_A_TURN = 100
ROWS_A_CLAIM = 50
SECONDS_A_TURN = 2
SECONDS_A_JOB = 10
LINGER_SECONDS = 1.0
_PAUSE_SECONDS = 0.05
SECONDS_A_ROW = 15
REGIONS_MAY_BE_OLD_SECONDS = 2.0
_log = get_logger(__name__)


class TakenOverError(Exception):
    """The row's lease ran out and another worker has it: what was done here is rolled back."""


def drain() -> None:
    """Carry what is due with this process's application; the job's entry."""
    carry_all(house_of(application()))


def sweep(house: House) -> list[str]:
    """Return the subscribers that have due rows, the most urgent first, those of a module that was removed left out."""
    with unit_of_work(house.ground, may_be_repeated=True) as ctx:
        return [subscriber for subscriber in due_subscribers(ctx.session) if subscriber in house.registry.subscriptions]


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
        for number, row in enumerate(held):
            if number and time.monotonic() > until:
                with unit_of_work(house.ground, may_be_repeated=True) as ctx:
                    give_back(ctx.session, held[number:])
                break
            done += _carry(house, known[1], row)
            handled += 1
    return done


def _carry(house: House, subscription: Subscription, held: Claim) -> bool:
    bind(subscriber=subscription.subscriber)
    began = time.monotonic()
    try:
        region = house.directory.by_id(held.region_id)
        if held.attempt > subscription.max_attempts:
            return _give_up(house, subscription, held, "its process died in every attempt")
        # A handler that hangs is interrupted; one that hangs in C, deaf to signals, ends with its process.
        faulthandler.dump_traceback_later(SECONDS_A_ROW + 5, exit=True)
        with UnixSignalDeathPenalty(SECONDS_A_ROW, TimeoutError):
            done = (_outside if subscription.outside else _inside)(house, subscription, region, held)
    except TakenOverError:
        _log.warning("delivery.taken_over", delivery=held.seq, attempt=held.attempt)
        return False
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed attempt of its row, and of no other
        return _give_up(house, subscription, held, _place(error))
    finally:
        faulthandler.cancel_dump_traceback_later()
    if done:
        _log.info("delivery.done", delivery=held.seq, attempt=held.attempt, ms=round((time.monotonic() - began) * 1000))
    return done


def _give_up(house: House, subscription: Subscription, held: Claim, fault: str) -> bool:
    with unit_of_work(house.ground) as ctx:
        dead = mark_failed(ctx.session, held, fault=fault, max_attempts=subscription.max_attempts)
    _log.warning("delivery.failed", delivery=held.seq, attempt=held.attempt, fault=fault, dead=dead)
    return False


def _inside(house: House, subscription: Subscription, region: Region, held: Claim) -> bool:
    with unit_of_work(house.ground, region=region, locale=region.languages[0]) as ctx:
        event = take_in_hand(ctx.session, held)
        if event is None:
            return False
        subscription.handler(_bound(ctx, event, subscription), event)  # type: ignore[operator] # `outside` told them apart
        if not mark_done(ctx.session, held):
            raise TakenOverError
        reach("done")
    return True


def _outside(house: House, subscription: Subscription, region: Region, held: Claim) -> bool:
    handler = subscription.handler
    with unit_of_work(house.ground, region=region, locale=region.languages[0]) as ctx:
        event = take_in_hand(ctx.session, held)
        if event is None:
            return False
        prepared = handler.prepare(_bound(ctx, event, subscription), event)  # type: ignore[union-attr] # as above
    answer = None if prepared is None else handler.call(prepared, key=f"{held.region_id}-{held.seq}")  # type: ignore[union-attr]
    reach("call")
    with unit_of_work(house.ground, region=region, locale=region.languages[0], request_id=event.request_id) as ctx:
        if prepared is not None:
            handler.record(ctx, event, prepared, answer)  # type: ignore[union-attr] # as above
        if not mark_done(ctx.session, held):
            raise TakenOverError
    return True


def _bound(ctx: Context, event: Event, subscription: Subscription) -> Context:
    bind(request_id=event.request_id, subscriber=subscription.subscriber, region=ctx.region.key)
    return dataclasses.replace(ctx, request_id=event.request_id)


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
