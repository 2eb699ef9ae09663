"""Forms: that they are our own (CSRF), how they are read, and how they come back with what was typed."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import g, request
from marshmallow import Schema, ValidationError
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from backend.core.crypto import Keyring
from backend.core.errors import DomainError, Kind
from backend.http.auth import read_page_claims
from backend.http.body import refuse_nul
from backend.http.schema import told_faults

CSRF_FIELD, CSRF_HEADER = "_csrf", "X-CSRF-Token"
VISITOR_COOKIE = "__Host-visitor"  # of those who are not signed in: what their forms are bound to
OUR_OWN = {CSRF_FIELD, "lang", "said"}
_BYTES = 16
_PURPOSE = "page-form"


def csrf_token(keyring: Keyring) -> str:
    """Return what a form of this browser has to bring along: bound to its session, else to a number that only it knows."""
    claims = read_page_claims()
    if claims is not None:
        return keyring.sign(_PURPOSE, claims["sid"])
    visitor: str = g.get("visitor") or request.cookies.get(VISITOR_COOKIE, "")
    if not visitor:
        visitor = g.visitor = secrets.token_urlsafe(_BYTES)
    return keyring.sign(_PURPOSE, visitor)


def refuse_foreign_form(keyring: Keyring) -> None:
    """Raise the 403 for a form that is not from a page of ours (OWASP: a token bound to the session, and the origin).

    A page that was opened before its reader signed in, in another tab perhaps, is still one of ours.
    """
    origin = request.headers.get("Origin", "null")
    ours = origin in {"null", f"https://{request.host}", f"http://{request.host}"}
    given = request.form.get(CSRF_FIELD) or request.headers.get(CSRF_HEADER, "")
    whose = [str((read_page_claims() or {}).get("sid", "")), request.cookies.get(VISITOR_COOKIE, "")]
    if not ours or not any(each and keyring.verify_signature(given, _PURPOSE, each) for each in whose):
        raise DomainError(Kind.FORBIDDEN, "pages.form_expired")


def _without_ours(given: MultiDict[str, str], *, blanks: bool) -> MultiDict[str, str]:
    return MultiDict(
        [(name, value) for name, value in given.items(multi=True) if name not in OUR_OWN and (blanks or value.strip())]
    )


def _read(schema: type[Schema], given: MultiDict[str, str]) -> dict[str, Any]:
    refuse_nul(given.to_dict(flat=False))
    loaded = schema()
    try:
        read: dict[str, Any] = loaded.load(MultiDictProxy(given, loaded))
    except ValidationError as error:
        raise DomainError(Kind.INVALID, "request.invalid", errors=told_faults(error.messages)) from None
    return read


def read_form(schema: type[Schema]) -> dict[str, Any]:
    """Return the form as the schema reads it; a field left blank is not there. Raises DomainError (422) naming each field."""
    return _read(schema, _without_ours(request.form, blanks=False))


def read_query(schema: type[Schema]) -> dict[str, Any]:
    """Return the query as the schema reads it. Raises as above.

    What is left blank, as a search form sends it, is not there; nor is what other sites hang on to a link.
    """
    known = {field.data_key or name for name, field in schema().fields.items()}
    asked = _without_ours(request.args, blanks=False)
    return _read(schema, MultiDict([(name, value) for name, value in asked.items(multi=True) if name in known]))


def typed(name: str, otherwise: Any = "") -> Any:
    """Return what was typed into a field of the form that came back, else `otherwise`."""
    return request.form.get(name, otherwise) if g.get("page_problem") else otherwise


def typed_all(name: str, otherwise: Any = ()) -> Any:
    """Return every value of a field of the form that came back, else `otherwise`."""
    return request.form.getlist(name) if g.get("page_problem") else otherwise


def faults_by_field(told: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the faults of a problem document by their field, in the reader's language."""
    return {fault["field"]: fault["detail"] for fault in (told or {}).get("errors", ())}
