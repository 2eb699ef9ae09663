"""Applications for tests that need an installation of their own, and what the engine house does for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask import Flask

from backend.app import create_app
from backend.core.settings import load_settings
from backend.http.house import House
from workers.clock import sweep
from workers.tasks import carry_due


@contextmanager
def application(environ: Mapping[str, str], *, connections: int) -> Iterator[Flask]:
    """Yield the application of an installation, and close its connections in the end."""
    app = create_app(load_settings(environ), connections=connections)
    yield app
    app.extensions["balai"].ground.engine.dispose()


def carry_all_that_is_due(house: House) -> None:
    """Do what the engine house does, in this process, until nothing is due."""
    while due := sweep(house):
        for subscriber in due:
            carry_due(house, subscriber)
