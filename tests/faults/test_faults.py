"""The fault run itself, without a run: plan and reports come from the seed, and a point is where a process dies."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys

import pytest

from backend.core.fault_points import POINTS, VARIABLE
from tests.faults.load import Citizen, tell
from tests.faults.plan import LONG, SHARES, SHORT, VICTIMS, make_plan

FORMS = pytest.mark.parametrize("form", [SHORT, LONG], ids=["short", "long"])


@FORMS
def test_the_same_seed_is_the_same_plan_and_another_is_another(form):
    assert make_plan(7, form) == make_plan(7, form) != make_plan(8, form)


@FORMS
@pytest.mark.parametrize("seed", range(5))
def test_every_victim_and_every_point_is_in_every_plan(form, seed):
    plan = make_plan(seed, form)
    assert {kill.victim for kill in plan.storm} == set(VICTIMS)
    assert set(plan.points) == set(POINTS) == set(SHARES)


def test_the_same_seed_tells_the_same_reports_with_the_same_keys():
    def told(seed):
        citizens = [Citizen("banda-aceh", "+628140000001"), Citizen("sumedang", "+628140000002")]
        known = {"banda-aceh": ["JLN-01"], "sumedang": ["JLN-01", "SMP-01"]}
        return [
            (report.key, report.citizen.phone, report.body, report.photo, report.twice)
            for report in itertools.islice(tell(random.Random(seed), citizens, known), 30)  # noqa: S311 - not for secrets
        ]

    assert told(1) == told(1) != told(2)
    assert len({key for key, *_ in told(1)}) == 30


def test_a_process_dies_at_the_point_that_its_environment_names_and_says_so():
    code = "from backend.core.fault_points import reach; reach('claim'); reach('done')"
    died = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {VARIABLE: "done:1.0"}, capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert json.loads(died.stderr) == {"event": "fault_point.died", "point": "done"}
