"""What went wrong is logged, and not the words of the person with whom it did."""

import re
import subprocess
import sys
import textwrap

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.running import wait_until

WORD = "kenari7log"
REFUSED = {
    "a key that is there already": "INSERT INTO serials (region_id, name, next) VALUES (1, :word, 1), (1, :word, 1)",
    "a row that lacks a value": "INSERT INTO idempotency_keys (region_id, person, key) VALUES (1, :word, :word)",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_database_logs_an_error_without_the_row(town, kind):
    log = town.folders[1] / "log/postgres.log"
    before = len(log.read_text())
    with town.house.ground.engine.connect() as connection:
        connection.execute(text("SELECT set_config('app.region_id', '1', true)"))
        with pytest.raises(IntegrityError):
            connection.execute(text(REFUSED[kind]), {"word": WORD})
    wait_until(lambda: "ERROR:" in log.read_text()[before:])
    assert WORD not in log.read_text()[before:]


def test_a_process_logs_where_an_error_was_raised_and_not_what_it_says():
    program = """
        import logging
        from backend.core.logs import configure_logs, get_logger
        configure_logs("DEBUG")
        def read(word):
            try:
                return int(word)
            except ValueError as error:
                raise KeyError(word) from error
        try:
            read("kenari7log")
        except KeyError as error:
            get_logger("a").error("request.failed", exc_info=error)
            logging.getLogger("b").exception("failed")
        logging.getLogger("PIL.TiffImagePlugin").debug("tag: Artist - value: kenari7log")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    place = r"KeyError < <string>:\d+ read < <string>:\d+ <module>; because of ValueError < <string>:\d+ read"
    assert len(re.findall(place, done.stderr)) == 2
    assert WORD not in done.stderr
