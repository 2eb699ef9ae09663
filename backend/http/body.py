"""Reading requests: JSON strictly, sizes bounded, NUL refused, unknown query parameters named."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import orjson
from flask import Request, Response, request
from marshmallow import RAISE, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from backend.core.errors import DomainError, FieldError, Kind
from backend.http.schema import told_faults

JSON_BYTES = 1 << 20
FILE_BYTES = 10 * 1000 * 1000
RAW_BYTES = 50 * 1000 * 1000  # of a pack, and of a table
PAGE_BYTES = 30 * 1000 * 1000  # of the form of a page: three photographs
_MOST_FIELDS = 2000  # of a form: werkzeug bounds only those that bring files
_FORM_BYTES = FILE_BYTES + 64 * 1024
_DRAIN_BYTES = 32 << 20
_CHUNK = 1 << 16
_KEPT_QUERIES = 1024


def take_in_the_rest(response: Response) -> Response:
    """Read, within bounds, what nobody has read of the body: a client that is still sending does not read its answer."""
    environ, left = request.environ, _DRAIN_BYTES
    if environ.get("wsgi.input_terminated") and (request.content_length or "HTTP_TRANSFER_ENCODING" in environ):
        with suppress(OSError):
            while left > 0 and (chunk := environ["wsgi.input"].read(min(_CHUNK, left))):
                left -= len(chunk)
    return response


def read_body(*, files: bool, raw: bool = False, form: bool = False) -> None:
    """Read the whole body before anything else is held: a slow client then costs a thread, never a transaction.

    Raises DomainError: 413 over 1 MiB of JSON or plain form, 10 MB of file, 30 MB of a page's form with files, 50 MB of what is
    taken as it is.
    """
    with_files = files or (form and request.mimetype == "multipart/form-data")
    most = PAGE_BYTES if form and with_files else _FORM_BYTES if files else RAW_BYTES if raw else JSON_BYTES
    request.max_content_length = most + 1  # a body without a length ends there as if it were whole
    try:
        if files or form:
            request.files  # noqa: B018 - reading the property parses the form
        else:
            refuse_large(request.get_data(cache=True), most)
    except RequestEntityTooLarge:
        raise DomainError(Kind.TOO_LARGE, "request.too_large") from None
    if form and sum(map(len, request.form.listvalues())) > _MOST_FIELDS:
        raise DomainError(Kind.TOO_LARGE, "request.too_large")


def raw_body(media: Sequence[str]) -> bytes:
    """Return the body as it came. Raises DomainError (400) for one that is of none of these media types."""
    if request.mimetype not in media:
        raise DomainError(Kind.MALFORMED, "request.other_media", params={"media": ", ".join(media)})
    return request.get_data(cache=True)


def _nul_in(value: Any) -> str | None:
    """Return the path of a NUL in what JSON was read as. Without recursion: JSON may be nested deeper than Python calls."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, held = waiting.pop()
        if isinstance(held, str) and "\0" in held:
            return path
        if isinstance(held, dict):
            for key, inner in held.items():
                if "\0" in key:
                    return path or key.replace("\0", "")
                waiting.append((f"{path}.{key}" if path else key, inner))
        elif isinstance(held, list):
            waiting += [(f"{path}.{index}" if path else str(index), inner) for index, inner in enumerate(held)]
    return None


class Parser(FlaskParser):
    """webargs' parser with our reading and our errors."""

    DEFAULT_UNKNOWN_BY_LOCATION: Mapping[str, str | None] = dict.fromkeys(  # type: ignore[assignment] # their dict is mutable
        ("json", "query", "form", "files", "headers"), RAISE
    )

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[tuple[Any, bytes], dict[str, Any]] = {}  # by schema and query: apps ask for the same few

    def parse(self, argmap: Any, req: Request | None = None, *, location: str | None = None, **options: Any) -> Any:
        """Return what the request has in `location`, as the schema reads it: of a query that was read before, a copy."""
        if location != "query":
            return super().parse(argmap, req, location=location, **options)
        asked = (argmap, request.query_string)
        if asked not in self._read:
            if len(self._read) >= _KEPT_QUERIES:
                self._read.clear()
            self._read[asked] = super().parse(argmap, req, location=location, **options)
        return dict(self._read[asked])

    def load_json(self, req: Request, _schema: Any) -> Any:
        """Return the body as JSON. Raises DomainError, 400 for no JSON and 422 for NUL."""
        if req.mimetype not in {"application/json", ""} and not req.mimetype.endswith("+json"):
            raise DomainError(Kind.MALFORMED, "request.not_json")
        try:
            value = orjson.loads(req.get_data(cache=True))
        except orjson.JSONDecodeError as error:
            raise DomainError(Kind.MALFORMED, "request.bad_json", params={"line": error.lineno, "column": error.colno}) from None
        refuse_nul(value)
        return value

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the query. Raises DomainError for NUL and for what is said twice."""
        refuse_nul(req.args.to_dict())
        _refuse_fields("request.repeated", [name for name, values in req.args.lists() if len(values) > 1])
        return super().load_querystring(req, schema)

    def load_files(self, req: Request, schema: Any) -> Any:
        """Return the files. Raises DomainError for what else the form holds: another field, a second file of the name."""
        _refuse_fields("request.not_a_file", [name for name in req.form if name in schema.fields])
        _refuse_fields("request.unknown_field", list(req.form))
        _refuse_fields("request.repeated", [name for name, files in req.files.lists() if len(files) > 1])
        return super().load_files(req, schema)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise the 422 that names each field; the location (`json`, `query`) is not part of the name."""
        trees = error.messages_dict.values() if isinstance(error.messages, dict) else [error.messages]
        faults = [fault for tree in trees for fault in told_faults(tree)]
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)


def _refuse_fields(code: str, names: Sequence[str]) -> None:
    if names:
        raise DomainError(Kind.INVALID, "request.invalid", errors=[FieldError(field=name, code=code) for name in names])


def refuse_nul(value: Any) -> None:
    """Raise the 422 that names where in `value`, as JSON is read, a NUL is."""
    place = _nul_in(value)
    if place is not None:
        _refuse_fields("request.nul", [place])


def refuse_query() -> None:
    """Raise the 422 that names the query parameters of a request that takes none."""
    _refuse_fields("request.unknown_field", list(request.args))


def refuse_large(content: bytes, most: int = FILE_BYTES) -> None:
    """Raise the 413 for what is over its bound (the form around a file may be a little larger than the file)."""
    if len(content) > most:
        raise DomainError(Kind.TOO_LARGE, "request.too_large")
