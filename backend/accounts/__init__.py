"""Accounts: citizens of one region, staff of the platform, their sessions; who a citizen is stands in a vault of its own.

Words: account (an id that acts), identity (who it is, in the vault), duty or membership (a staff account's role in a region),
session (a device that is signed in), code (the one-time code that proves a telephone number).
"""

from backend.accounts.declaration import module as module
from backend.accounts.operations import create_staff as create_staff
from backend.accounts.people import Accounts as Accounts
from backend.accounts.queries import load_actor as load_actor
from backend.accounts.routes.demo import blueprint as demo_blueprint

__all__ = ["Accounts", "create_staff", "demo_blueprint", "load_actor", "module"]
