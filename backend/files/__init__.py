"""Files: pictures as a noun of the ground, taken in, held by rooms, served by signed links."""

from backend.files.declaration import module as module
