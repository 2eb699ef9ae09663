"""A refusal as the API promises it: its status and code, the fields it names, words in both languages, and nothing stored."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, TextClause, inspect, text

_UNFILLED = re.compile(r"\{[a-z_]+\}")


@dataclass
class Refusals:
    """Sends, in each language, what must be refused, and looks that nothing came of it."""

    owner: Engine
    blobs: Path

    @functools.cached_property
    def _counts(self) -> TextClause:
        # Every table there is, so that none is forgotten.
        names = inspect(self.owner).get_table_names()
        return text(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names))  # noqa: S608 - of tables

    def stored(self) -> dict[str, int]:
        """Return how many rows each table has, and how many blobs there are."""
        with self.owner.connect() as connection:
            rows = dict(connection.execute(self._counts).all())
        return rows | {"blobs": sum(path.is_file() for path in self.blobs.rglob("*"))}

    @contextmanager
    def nothing_stored(self) -> Iterator[None]:
        """Hold what is sent inside to storing nothing at all."""
        before = self.stored()
        yield
        after = self.stored()
        assert after == before, {name: (before.get(name), after[name]) for name in after if after[name] != before.get(name)}

    def __call__(
        self,
        ask: Callable[..., Any],
        path: str,
        json: Any = None,
        *,
        status: int = 422,
        code: str = "request.invalid",
        fields: Mapping[str, str] | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Return the problem in English. `fields` are all it names, with their codes; `data` may be a function that makes it."""
        problems = {}
        with self.nothing_stored():
            for language in ("id", "en"):
                sent = {"data": data() if callable(data) else data} if data is not None else {}
                sent |= {"json": json} if json is not None else {}
                got = ask(path, headers={**(headers or {}), "Accept-Language": language}, **sent, **options)
                problem = got.get_json()
                assert got.status_code == status, problem
                assert got.mimetype == "application/problem+json"
                assert got.headers["Content-Language"] == language
                assert got.headers["X-Request-Id"]
                assert (problem["status"], problem["code"]) == (status, code)
                assert {"type", "title", "detail", "instance"} <= set(problem)
                told = [(fault["field"], fault["code"]) for fault in problem.get("errors", [])]
                assert dict(told) == dict(fields or {}), told
                assert len(told) == len(dict(told)), told
                problems[language] = problem
        indonesian, english = (list(_words(problem)) for problem in problems.values())
        for pair in zip(indonesian, english, strict=True):
            assert pair[0] != pair[1], pair
            assert not any(_UNFILLED.search(words) for words in pair), pair
        return problems["en"]


def _words(problem: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads; a code that stands in for its missing text is the same in both languages."""
    yield from (problem["title"], problem["detail"])
    yield from (fault["detail"] for fault in problem.get("errors", []))
