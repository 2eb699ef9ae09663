"""What follows once a picture has come or gone waits for the storage without a transaction, and ends whatever happens."""

import dataclasses
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.core.errors import DomainError
from backend.data.blobs import FolderBlobStore, blob_key, storage_unavailable
from backend.data.unit_of_work import unit_of_work
from backend.files.models import FileEvidence, FileRow
from backend.files.operations import THUMBNAIL, remove_files
from workers.tasks import carry_due

PICTURE = Path(__file__).parents[2] / "fixtures/pictures/r_canon.jpg"


class Watched(FolderBlobStore):
    """The storage of the house; says what was asked and how many connections to the database were held meanwhile."""

    def __init__(self, house, *, before=lambda: None):
        super().__init__(house.ground.settings.var / "blobs")
        self.house = dataclasses.replace(house, ground=dataclasses.replace(house.ground, blobs=self))
        self.asked, self.before = [], before

    def _note(self, what):
        self.asked.append((what, self.house.ground.engine.pool.checkedout()))
        self.before()

    def get(self, key, /):
        self._note("get")
        return super().get(key)

    def put(self, key, content, content_type, /):
        self._note("put")
        super().put(key, content, content_type)

    def delete(self, key, /):
        self._note("delete")
        super().delete(key)


@pytest.fixture
def region(house):
    return house.directory.find("banda-aceh")


@pytest.fixture
def picture(citizen, work):
    """Upload a picture of which nothing was made yet; return its id."""
    work()
    answer = citizen().post("files", data={"file": (PICTURE.open("rb"), "r.jpg")})
    assert answer.status_code == 201, answer.get_json()
    return UUID(answer.get_json()["id"])


def kept(house, file_id):
    return [ending for ending in ("jpg", THUMBNAIL) if house.ground.blobs.exists(blob_key("banda-aceh", file_id, ending))]


def remove(house, region, file_id):
    with unit_of_work(house.ground, region=region) as ctx:
        assert remove_files(ctx, FileRow.id == file_id) == {"files": 1}


def test_the_thumbnail_is_made_and_the_bytes_are_removed_with_no_connection_held(house, region, picture):
    storage = Watched(house)
    assert carry_due(storage.house, "files.finish") == 1
    assert kept(house, picture) == ["jpg", THUMBNAIL]
    with unit_of_work(house.ground, region=region) as ctx:
        assert ctx.session.get(FileRow, (region.id, picture)).has_thumbnail
        assert ctx.session.scalar(select(FileEvidence.perceptual_hash).where(FileEvidence.id == picture))
    remove(house, region, picture)
    assert carry_due(storage.house, "files.remove_bytes") == 1
    assert kept(house, picture) == []
    assert storage.asked == [("get", 0), ("put", 0), ("delete", 0), ("delete", 0)]


def test_a_picture_that_is_removed_while_its_thumbnail_is_made_leaves_no_thumbnail(house, region, picture):
    def at_the_put():
        if storage.asked[-1][0] == "put":
            remove(house, region, picture)
            carry_due(house, "files.remove_bytes")

    storage = Watched(house, before=at_the_put)
    carry_due(storage.house, "files.finish")
    assert kept(house, picture) == [THUMBNAIL]
    carry_due(house, "files.remove_bytes")
    assert kept(house, picture) == []


def test_bytes_whose_removal_found_the_storage_away_go_when_it_is_back(house, region, picture):
    def away():
        raise storage_unavailable()

    storage = Watched(house, before=away)
    with pytest.raises(DomainError):
        storage.get("banda-aceh/00/x.jpg")
    remove(house, region, picture)
    assert carry_due(storage.house, "files.remove_bytes") == 0
    assert kept(house, picture) == ["jpg"]
    storage.before = lambda: None
    with house.ground.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET next_at = now() WHERE subscriber = 'files.remove_bytes' AND done_at IS NULL"
        )
    assert carry_due(storage.house, "files.remove_bytes") == 1
    assert kept(house, picture) == []
