"""For `balai reconcile`: what a room says must agree, and what it may ask of the ground's records for it."""

from backend.accounts.people import reachable_people as reachable_people
from backend.data.checks import SETTLED as SETTLED
from backend.data.checks import Check as Check
from backend.data.checks import rows_of as rows_of
from backend.data.reconciling import events_told as events_told
from backend.data.reconciling import open_deliveries as open_deliveries
from backend.data.reconciling import serials_given as serials_given
from backend.data.reconciling import told_since as told_since
from backend.files.queries import files_held as files_held
from backend.modules.contract import RECONCILED as RECONCILED
