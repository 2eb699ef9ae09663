"""What changes accounts: codes, sign-in, sessions, staff, and what a person does with their own account."""

from backend.accounts.operations.staff import create_staff as create_staff
