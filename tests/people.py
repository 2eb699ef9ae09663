"""People as tests see them: somebody who sends requests, perhaps signed in, usually in a region."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass(frozen=True)
class Person:
    """Sends requests as somebody; `path`s that do not begin with `/` are in their region."""

    client: FlaskClient
    token: str | None = None
    region: str = "banda-aceh"
    phone: str | None = None
    email: str | None = None
    tokens: dict[str, Any] = field(default_factory=dict)

    def send(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        url = path if path.startswith("/") else f"/v1/regions/{self.region}/{path}"
        if json is not None:
            options["json"] = json
        return self.client.open(url, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        headers = {"Idempotency-Key": str(uuid.uuid4()), **options.pop("headers", {})}
        return self.send("POST", path, json, headers=headers, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.send("PUT", path, json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.send("PATCH", path, json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.send("DELETE", path, **options)
