"""granian with one correction: `python -m backend.local.web ...` takes granian's own arguments.

A worker of granian begins with the handler of the process that forks it, which swallows a SIGTERM that comes before
the worker has loaded the application and set its own: the end would then wait until the worker is killed.
"""

import os
import signal

from granian.cli import cli

if __name__ == "__main__":
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    cli()
