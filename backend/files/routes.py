"""Routes of files: one way in, and signed links out."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest.fields import Upload
from marshmallow import fields, validate
from werkzeug.datastructures import FileStorage

from backend.core.errors import not_found
from backend.data.blobs import BlobNotFoundError, blob_key
from backend.data.context import Context
from backend.files.links import check_link, file_url
from backend.files.operations import THUMBNAIL, keep_picture
from backend.http.blueprint import REGION, RoomBlueprint
from backend.http.body import FILE_BYTES, refuse_large
from backend.http.schema import Schema

UPLOAD = "files.upload"
blueprint = RoomBlueprint("files", mount=f"{REGION}/files", doc="Pictures, re-encoded before the answer")


class FileIn(Schema):
    """A picture: JPEG, PNG, WEBP or HEIC of at most 10 MB."""

    file = Upload(required=True)


class FileOut(Schema):
    """A picture that was taken in."""

    id = fields.UUID(required=True)
    content_type = fields.String(required=True, metadata={"examples": ["image/jpeg"]})
    width = fields.Integer(required=True, metadata={"examples": [1600]})
    height = fields.Integer(required=True, metadata={"examples": [1200]})
    url = fields.String(required=True)


class LinkQuery(Schema):
    """What a signed link carries."""

    expires = fields.Integer(required=True, validate=validate.Range(0, 1 << 40), metadata={"examples": [1795300000]})
    signature = fields.String(required=True, validate=validate.Length(1, 100), metadata={"examples": ["Jm0vFq3d"]})


@blueprint.endpoint("POST", "", permission=UPLOAD, form=FileIn, out=FileOut, status=201, idempotency="accepted", limit="upload")
def upload(ctx: Context, form: dict[str, FileStorage]) -> dict[str, Any]:
    """Take in a picture; it is re-encoded without metadata, and what comes back is what will be served."""
    content = form["file"].stream.read(FILE_BYTES + 1)
    refuse_large(content)
    row = keep_picture(ctx, content)
    return {
        "id": row.id,
        "content_type": row.content_type,
        "width": row.width,
        "height": row.height,
        "url": file_url(ctx, row.id),
    }


@blueprint.endpoint("GET", "/<uuid:file_id>/<any(full, thumbnail):variant>", public=True, query=LinkQuery, media="image/jpeg")
def serve(ctx: Context, query: dict[str, Any], file_id: UUID, variant: str) -> Response:
    """Serve a picture to whoever holds its signed link; a thumbnail not made yet is the picture itself."""
    check_link(ctx, file_id, variant, expires=query["expires"], signature=query["signature"])
    wanted = [blob_key(ctx.region.key, file_id)]
    if variant == "thumbnail":
        wanted.insert(0, blob_key(ctx.region.key, file_id, THUMBNAIL))
    for key in wanted:
        try:
            content = ctx.ground.blobs.get(key)
        except BlobNotFoundError:
            continue
        headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "default-src 'none'"}
        return Response(content, content_type="image/jpeg", headers=headers)
    raise not_found("files.link_expired")
