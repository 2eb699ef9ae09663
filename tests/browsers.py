"""A browser without scripts, for tests of pages: it keeps cookies and sends forms of its own."""

from uuid import UUID

from flask import Flask
from flask_jwt_extended import decode_token

from backend.http.auth import PAGE_COOKIE, make_page_token
from backend.pages.forms import CSRF_HEADER, VISITOR_COOKIE

HOST = "localhost"


class Browser:
    """One person's browser; signed in where a staff account's access token is given."""

    def __init__(self, app: Flask, token: str | None = None, *, region: str = "banda-aceh") -> None:
        self.client = app.test_client()
        self.root = f"/r/{region}"
        keyring, whose = app.extensions["balai"].ground.keyring, "visitor-of-a-test"
        self.client.set_cookie(VISITOR_COOKIE, whose, domain=HOST, secure=True)
        if token:
            with app.app_context():
                claims = decode_token(token)
                cookie = make_page_token(account_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]))
            whose = claims["sid"]
            self.client.set_cookie(PAGE_COOKIE, cookie, domain=HOST, secure=True)
        self._csrf = keyring.sign("page-form", whose)

    def open(self, path: str, **options):
        """Ask for a page, or send a form with the token that its page had."""
        path = path if path.startswith("/") else f"{self.root}/{path}".rstrip("/")
        return self.client.open(path, headers={CSRF_HEADER: self._csrf, **options.pop("headers", {})}, **options)

    def get(self, path: str, **options):
        """Ask for a page: an address within the region, or a whole path."""
        return self.open(path, method="GET", **options)

    def post(self, path: str, form: dict | None = None, **options):
        """Send a form."""
        return self.open(path, method="POST", data=form or {}, **options)
