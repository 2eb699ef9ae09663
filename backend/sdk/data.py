"""For models and queries: base classes of tables, the event type, cursors, boxes on the map."""

from backend.core.geo import EARTH_RADIUS_M as EARTH_RADIUS_M
from backend.core.geo import bounding_box as bounding_box
from backend.core.paging import decode_cursor as decode_cursor
from backend.core.paging import encode_cursor as encode_cursor
from backend.data.db import Base as Base
from backend.data.db import Json as Json
from backend.data.db import RegionScoped as RegionScoped
from backend.data.db import within_region as within_region
from backend.data.events import EventType as EventType
from backend.data.protection import protect_table as protect_table
