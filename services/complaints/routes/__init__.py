"""Routes of complaints: what citizens use, and what staff use."""

from services.complaints.routes.door import blueprint as blueprint
