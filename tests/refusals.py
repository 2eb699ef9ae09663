"""A refusal as the API promises it: its status and code, the fields it names, words in both languages, and nothing stored."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

# One statement for every table there is, so that none is forgotten.
_COUNTS = text(
    "SELECT c.relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', c.relname), false, true, '')))[1]"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'"
)
_UNFILLED = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True)
class Refusals:
    """Sends, in each language, what must be refused, and looks that nothing came of it."""

    owner: Engine
    blobs: Path

    def stored(self) -> dict[str, int]:
        """Return how many rows each table has, and how many blobs there are."""
        with self.owner.connect() as connection:
            rows = {name: int(count) for name, count in connection.execute(_COUNTS)}
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
        """Return the problem in English. `fields` are all that it names, with their codes; `data` may be a function that makes it."""
        problems = {}
        with self.nothing_stored():
            for language in ("id", "en"):
                sent = {"data": data() if callable(data) else data} if data is not None else {}
                got = ask(path, json, headers={**(headers or {}), "Accept-Language": language}, **sent, **options)
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
    yield from itertools.chain(fault["detail"] for fault in problem.get("errors", []))
