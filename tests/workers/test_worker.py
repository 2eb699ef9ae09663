"""The worker process that is told to end in the middle of a drain."""

import signal
import time

from tests.running import wait_until


def test_a_worker_that_is_told_to_end_finishes_the_row_in_hand_and_leaves_the_rest_untouched(installation, records, tell):
    with installation.running("clock", "worker") as processes:
        subjects = [tell("sleep 1") for _ in range(20)]
        wait_until(lambda: any(records.row(subject).done_at for subject in subjects))
        began = time.monotonic()
        processes["worker"].send_signal(signal.SIGTERM)
        assert processes["worker"].wait(30) == 0
        assert time.monotonic() - began < 30
    rows = [records.row(subject) for subject in subjects]
    assert all((row.done_at is not None) == bool(records.traces("probe.handled", row.subject)) for row in rows)
    left = [row for row in rows if not row.done_at]
    assert 0 < len(left) < len(rows)
    assert all(row.attempts == 0 and row.due for row in left)
