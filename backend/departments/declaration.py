"""What departments declare."""

from backend.departments.models import Department
from backend.departments.routes import blueprint
from backend.modules.contract import ServiceModule

module = ServiceModule(
    name="departments",
    version="1.0",
    title={"id": "Perangkat daerah", "en": "Departments"},
    blueprints=[blueprint],
    models=[Department],
    always_on=True,
)
