"""For `module.py`: what a room declares."""

from backend.data.events import Event as Event
from backend.data.events import EventType as EventType
from backend.data.notices import LOGIN_CODE as LOGIN_CODE
from backend.data.notices import NOTICE_REQUESTED as NOTICE_REQUESTED
from backend.http.blueprint import RoomBlueprint as RoomBlueprint
from backend.http.schema import Schema as Schema
from backend.modules.contract import WORDED as WORDED
from backend.modules.contract import ExtensionPoint as ExtensionPoint
from backend.modules.contract import OutsideHandler as OutsideHandler
from backend.modules.contract import Permission as Permission
from backend.modules.contract import RegionTexts as RegionTexts
from backend.modules.contract import Schedule as Schedule
from backend.modules.contract import ServiceModule as ServiceModule
from backend.modules.contract import Subscription as Subscription
