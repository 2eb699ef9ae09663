"""The web server, ended while it is still starting."""

import os
import subprocess
import sys
import time

import pytest


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_a_web_server_that_is_still_loading_the_application_ends_at_once(tmp_path, moment):
    (tmp_path / "slow.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(30)\n")
    options = ["--interface", "wsgi", "--uds", str(tmp_path / "s"), "--workers-kill-timeout", "20"]
    argv = [sys.executable, "-m", "backend.local.web", *options, "slow:app"]
    environ = os.environ | {"PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ) as process:
        while "loading" not in process.stdout.readline():
            pass
        time.sleep(moment)
        began = time.monotonic()
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert time.monotonic() - began < 5
