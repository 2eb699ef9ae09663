"""Departments: the units (OPD, area offices, outside bodies) that take complaints, and the types bound to them."""

from backend.departments.declaration import module as module
