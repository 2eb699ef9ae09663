"""For operations and queries: the Context, the errors, and the values they work with."""

from backend.core.errors import DomainError as DomainError
from backend.core.errors import FieldError as FieldError
from backend.core.errors import Kind as Kind
from backend.core.errors import invalid as invalid
from backend.core.errors import not_found as not_found
from backend.core.ids import new_id as new_id
from backend.core.logs import get_logger as get_logger
from backend.core.text import fill as fill
from backend.core.text import in_language as in_language
from backend.data.channels import Message as Message
from backend.data.context import Actor as Actor
from backend.data.context import Contact as Contact
from backend.data.context import Context as Context
from backend.data.context import Duty as Duty
from backend.data.context import Region as Region
from backend.data.context import StaffContact as StaffContact
from backend.data.notices import request_notice as request_notice
from backend.data.personal import KeptFile as KeptFile
from backend.data.personal import erase_rows as erase_rows
from backend.departments.queries import bound_types as bound_types
from backend.departments.queries import department_book as department_book
from backend.files.operations import hold_files as hold_files
from backend.files.queries import shown_files as shown_files
from backend.http.idempotency import forget_answers as forget_answers
