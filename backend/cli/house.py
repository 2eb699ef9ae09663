"""How a command gets at the house: the same composition as a server's, made when it is first needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from backend.app import create_app
from backend.core.settings import Settings, load_settings
from backend.data.context import Region
from backend.http.house import House


@contextmanager
def open_house(settings: Settings | None = None) -> Iterator[House]:
    """Open the application for a command."""
    app = create_app(settings or load_settings(), connections=2)
    house: House = app.extensions["balai"]
    with app.app_context():
        yield house
    house.ground.engine.dispose()


def region_of(house: House, key: str) -> Region:
    """Return the region of `key`. Raises ValueError naming those there are."""
    region = house.directory.find(key)
    if region is None:
        known = ", ".join(region.key for region in house.directory.all()) or "none yet"
        raise ValueError(f"there is no region {key} (regions: {known})")
    return region
