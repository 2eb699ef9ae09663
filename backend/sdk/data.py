"""For models and queries: base classes of tables, the event type, cursors, boxes on the map."""

from backend.core.geo import EARTH_RADIUS_M as EARTH_RADIUS_M
from backend.core.geo import Box as Box
from backend.core.geo import bounding_box as bounding_box
from backend.core.geo import distance_m as distance_m
from backend.core.paging import decode_cursor as decode_cursor
from backend.core.paging import encode_cursor as encode_cursor
from backend.core.personal import Holding as Holding
from backend.core.personal import personal as personal
from backend.core.personal import plain as plain
from backend.core.personal import pseudonym as pseudonym
from backend.core.personal import secret as secret
from backend.core.personal import specific as specific
from backend.data.db import Base as Base
from backend.data.db import Json as Json
from backend.data.db import RegionScoped as RegionScoped
from backend.data.db import within_region as within_region
from backend.data.events import EventType as EventType
from backend.data.protection import protect_table as protect_table
from backend.data.statements import Prepared as Prepared
from backend.data.statements import add_row as add_row
from backend.data.statements import as_json as as_json
from backend.data.statements import filling as filling
from backend.data.statements import savepoint as savepoint
