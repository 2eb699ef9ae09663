"""How packs, plans and versions are told on a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from backend.packs.faults import Fault

_NAMED = 6
_VALUES = 3
_WIDTH = 60


def change_lines(changes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line a change: `complaints: 12 categories renamed (JLN-01 Jalan berlubang, ...)`."""
    for change in changes:
        what = change["what"] or ("value" if change["count"] == 1 else "values")
        named = [" ".join(filter(None, (item["key"], item.get("name")))) for item in change["items"][:_NAMED]]
        more = f", and {change['count'] - _NAMED} more" if change["count"] > _NAMED else ""
        yield f"{change['section']}: {change['count']} {what} {change['kind']} ({', '.join(named)}{more})"
        for item in change["items"][:_NAMED]:
            fields = list(item.get("fields", {}).items())
            for path, (before, after) in fields[:_VALUES]:
                yield f"    {item['key']}{'.' if path else ''}{path}: {_short(before)} -> {_short(after)}"
            if len(fields) > _VALUES:
                yield f"    {item['key']}: and {len(fields) - _VALUES} more"


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def conflict_lines(conflicts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each place where a word of the region stands on what has changed below it."""
    for one in conflicts:
        yield (
            f"{one['place']}: {one['path']} stays {_short(one['stays'])}, though below it changes from {_short(one['was'])}"
            f" to {_short(one['becomes'])}"
        )


def warning_lines(warnings: Iterable[Fault]) -> Iterator[str]:
    """Yield a line a warning."""
    return (f"{warning.file}:{warning.line}: warning: {warning.text}" for warning in warnings)


def plan_lines(plan: Mapping[str, Any], *, key: str) -> Iterator[str]:
    """Yield a plan, as `plans.told` gives it, grouped as a person thinks."""
    if not plan["changed"]:
        yield f"{key}: nothing would change (version {plan['version']})"
        return
    yield f"{key}: from version {plan['version']} to {plan['version'] + 1}" if plan["version"] else f"{key}: a new region"
    if plan["version"]:
        yield from (f"  {line}" for line in change_lines(plan["changes"]))
    for title, lines in (
        ("what it does", [f"{'BLOCKS: ' if effect['blocks'] else ''}{effect['text']}" for effect in plan["effects"]]),
        ("what stays, and should be looked at", list(conflict_lines(plan["conflicts"]))),
        ("warnings", [f"{warning['file']}:{warning['line']}: {warning['detail']}" for warning in plan["warnings"]]),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines)
    for effect in plan["effects"]:
        for detail in effect["details"][:_NAMED]:
            yield "    " + ", ".join(f"{name} {value}" for name, value in detail.items())
