"""One application for each process of the engine house, safe to inherit through a fork."""

import functools
import os

from flask import Flask
from sqlalchemy.orm import configure_mappers

from backend.app import create_app
from backend.core.settings import load_settings
from backend.http.house import House

_CONNECTIONS = 2


@functools.cache
def application() -> Flask:
    """Return the process's application, made once; a forked child gets its parent's with connections of its own."""
    app = create_app(load_settings(), connections=_CONNECTIONS)
    configure_mappers()
    house: House = app.extensions["balai"]
    os.register_at_fork(after_in_child=lambda: house.ground.engine.dispose(close=False))
    return app


def house_of(app: Flask) -> House:
    """Return the application's house."""
    house: House = app.extensions["balai"]
    return house
