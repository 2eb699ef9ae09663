"""The bench over all regions of the country, tried over four. No timing is judged here."""

import os

import pytest
import shapely
from rich.console import Console
from sqlalchemy import text

from tests.bench import many_regions
from tests.bench.many_regions import Extent, measure_regions
from tests.bench.report import judge_regions

TINY = Extent(regions=4, complaints=600, people=12, told=60, boots=1, rounds=1, seconds=0.3, warm_each=1, after_seconds=0.5)


@pytest.mark.skipif(os.environ.get("REGIONS", "0") in {"", "0"}, reason="a minute and a half long: REGIONS=1 tries it")
def test_a_tiny_run_measures_both_sides_and_says_what_is_promised(tmp_path, monkeypatch):
    seen = []

    def look(house, **options):
        made(house, **options)
        with house.ground.engine.connect() as connection:
            drawn = connection.execute(text("SELECT code, name, boundary FROM areas WHERE lowest AND code LIKE '11.01.%'")).all()
        seen.append((house.directory.all(), drawn))

    made = many_regions.make_regions
    monkeypatch.setattr(many_regions, "make_regions", look)
    figures = measure_regions(TINY, tmp_path, Console(quiet=True).print, seed=1)
    assert [side["regions"] for side in figures.values()] == [2, 4]
    for side in figures.values():
        assert side["inboxes"] > 4
        assert set(side["memory_mib"]) == {"postgres", "valkey", "web", "worker", "clock"}
        for path in ("submit", "inbox"):
            assert side[path]["requests"] >= 32
            assert side[path]["faults"] == {}
    ((regions, drawn),) = seen
    assert [region.code for region in regions if region.key.startswith("r-")] == ["11.01", "11.02"]
    prefixes = {region.modules["complaints"].config.number_prefix for region in regions}
    assert len(prefixes) == 4
    assert len(drawn) == 260  # the desa that the nation's codes name in Aceh Selatan
    assert all(area.name.endswith(" (synthetic)") for area in drawn)
    outline, parts = many_regions.outlines()["11.01"], shapely.from_wkb([area.boundary for area in drawn])
    assert shapely.union_all(parts).symmetric_difference(outline).area < 1e-9
    verdicts = {verdict.promise.partition(": ")[2]: verdict for verdict in judge_regions(figures)}
    assert set(verdicts) == {"boot", "memory of the whole", "submit", "inbox"}
    figures["all"]["boot_s"] = 2 * figures["two"]["boot_s"]
    assert next(judge_regions(figures)).word == "not met"
