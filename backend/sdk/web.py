"""For routes and schemas: the door, the wire's schemas, answers."""

from backend.http.blueprint import RoomBlueprint as RoomBlueprint
from backend.http.blueprint import answer as answer
from backend.http.schema import ListQuery as ListQuery
from backend.http.schema import Point as Point
from backend.http.schema import Schema as Schema
from backend.http.schema import not_blank as not_blank
from backend.http.schema import page_of as page_of
