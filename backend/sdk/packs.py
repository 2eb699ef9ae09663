"""For what packs do to a room: the proposal it is asked about, what it answers, and who follows what has ended."""

from backend.data.context import Area as Area
from backend.departments.queries import DepartmentBook as DepartmentBook
from backend.departments.queries import DepartmentView as DepartmentView
from backend.departments.succession import EndedUnits as EndedUnits
from backend.departments.succession import ended_units as ended_units
from backend.departments.succession import unit_name as unit_name
from backend.modules.contract import PACKED as PACKED
from backend.modules.proposals import Effect as Effect
from backend.modules.proposals import PackFinding as PackFinding
from backend.modules.proposals import PackRules as PackRules
from backend.modules.proposals import Proposal as Proposal
from backend.modules.proposals import Side as Side
from backend.modules.proposals import Unit as Unit
from backend.modules.succession import heirs_in as heirs_in
