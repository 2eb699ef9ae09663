"""The house's own source, read once: every Python file with its text and its tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSE = ("backend", "services", "workers", "migrations")


@dataclass(frozen=True)
class Source:
    """One file; `name` is its path from the checkout."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python reads it."""
        return ast.parse(self.text)

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call with the dotted name of what is called, its last part alone where the rest is an expression."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield dotted(node.func), node


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of a name or an attribute."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def read(path: str) -> Source:
    """Return one file, by its path from the checkout."""
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


def sources(*folders: str) -> list[Source]:
    """Return the files of these folders, of the whole house if none is named."""
    paths = (path for folder in folders or HOUSE for path in sorted((ROOT / folder).rglob("*.py")))
    return [read(str(path.relative_to(ROOT))) for path in paths]
