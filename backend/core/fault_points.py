"""Named points at which a fault run may end the process, as a power cut would: `BALAI_KILL_AT=after-commit:0.01`.

Its last line in its log says where. Without that variable `reach` does nothing. `balai doctor` refuses a production that has it.
"""

import os
import random
import signal

VARIABLE = "BALAI_KILL_AT"
POINTS = ("before-commit", "after-commit", "ring", "claim", "call", "done")

_point, _, _share = os.environ.get(VARIABLE, "").partition(":")
_probability = float(_share or 1)
_chance = random.SystemRandom()


def reach(point: str) -> None:
    """Pass `point`, or die there: one of `POINTS`."""
    if point == _point and _chance.random() < _probability:
        os.write(2, f'{{"event": "fault_point.died", "point": "{point}"}}\n'.encode())
        os.kill(os.getpid(), signal.SIGKILL)
