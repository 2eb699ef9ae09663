"""The supervisor of `make run`, whose children read their kill point (`backend.core.fault_points`) from a file as they start."""

import dataclasses
import os
import sys

from backend.core.fault_points import VARIABLE
from backend.core.settings import Settings
from workers.supervisor import Child, our_children, run

KILL_AT = "kill-at"
_SHELL = f'export {VARIABLE}="$(cat "$0" 2>/dev/null)"; exec "$@"'


def armed(settings: Settings) -> list[Child]:
    """Return the processes of Balai, each begun with what the file says at that moment."""
    file = str(settings.var / KILL_AT)
    return [dataclasses.replace(child, argv=["sh", "-c", _SHELL, file, *child.argv]) for child in our_children(settings)]


if __name__ == "__main__":
    sys.exit(run(os.environ, children=armed))
