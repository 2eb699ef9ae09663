"""For figures and alarms: what a room contributes to the command centre, and how all of them are read."""

from backend.data.oversight import told_up_to as told_up_to
from backend.http.indicated import list_alarms as list_alarms
from backend.http.indicated import list_indicators as list_indicators
from backend.http.indicated import read_indicators as read_indicators
from backend.modules.indicators import ALARMED as ALARMED
from backend.modules.indicators import INDICATED as INDICATED
from backend.modules.indicators import Alarm as Alarm
from backend.modules.indicators import AlarmSource as AlarmSource
from backend.modules.indicators import Asked as Asked
from backend.modules.indicators import Day as Day
from backend.modules.indicators import Indicator as Indicator
from backend.modules.indicators import IndicatorSet as IndicatorSet
from backend.modules.indicators import Part as Part
from backend.modules.indicators import Period as Period
from backend.modules.indicators import Reading as Reading
from backend.modules.indicators import Severity as Severity
from backend.modules.indicators import Unit as Unit
