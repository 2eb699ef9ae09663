"""For how long the answer to an Idempotency-Key is kept."""

from datetime import timedelta

from sqlalchemy import select

from backend.data.unit_of_work import unit_of_work
from backend.http.idempotency import KEPT, IdempotencyKey


def test_a_key_is_forgotten_by_the_clock_when_its_time_is_over_and_not_before(house):
    region = house.directory.find("banda-aceh")
    with unit_of_work(house.ground, region=region) as ctx:
        for key, age in (("young", KEPT - timedelta(minutes=1)), ("old", KEPT + timedelta(minutes=1))):
            row = {"region_id": region.id, "person": "nobody", "key": key, "fingerprint": b"", "created_at": ctx.now() - age}
            ctx.session.add(IdempotencyKey(**row))
    (schedule,) = (found for _, found in house.registry.schedules if found.name == "regions.forget_old_keys")
    with unit_of_work(house.ground, region=region) as ctx:
        schedule.run(ctx)
    with unit_of_work(house.ground, region=region) as ctx:
        kept = ctx.session.scalars(select(IdempotencyKey.key).where(IdempotencyKey.person == "nobody")).all()
    assert kept == ["young"]
