"""Alert rules ask for what is measured, each has a runbook, and what runbooks and units name is there."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from backend.cli import balai
from backend.core.metrics import COUNTED
from backend.core.settings import load_settings
from backend.http.metrics import ASKED
from tests.architecture.test_papers import FENCE, ROOT
from workers.supervisor import our_children

RULES = yaml.safe_load((ROOT / "deploy/prometheus/balai.rules.yml").read_text(encoding="utf-8"))
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
RUNBOOKS = sorted(path for path in (ROOT / "docs/runbooks").glob("*.md") if path.name != "README.md")
IN_INDONESIAN = ROOT / "docs/id/buku-tindakan.md"
UNITS = sorted(path.name for path in (ROOT / "deploy/systemd").glob("balai*.*") if path.is_file())
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def measured():
    """Return the name of every sample, with the labels it has."""
    families = [metric.describe()[0] for metric in COUNTED]
    labels = {metric.describe()[0].name: set(metric._labelnames) for metric in COUNTED}  # noqa: SLF001 - it tells them no other way
    counted = {family.name + suffix: labels[family.name] | {"le"} for family in families for suffix in SUFFIXES[family.type]}
    return counted | {name: set(names) for name, (_, names) in ASKED.items()}


def asked_for(expression):
    """Return the names of samples in an expression."""
    return set(re.findall(r"\bbalai_\w+", expression))


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_asks_for_what_is_measured_and_says_what_to_do(alert):
    rule = ALERTS[alert]
    known = measured()
    assert asked_for(rule["expr"]) <= set(known)
    for name, said in re.findall(r"(balai_\w+)\{([^}]*)\}", rule["expr"]):
        assert set(re.findall(r"(\w+)\s*[=!]", said)) <= known[name]
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["ringkasan"]
    labels = set().union(*(known[name] for name in asked_for(rule["expr"])))
    assert set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) <= labels
    assert f"`{alert}`" in (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")


def test_a_metric_that_is_not_there_would_be_found():
    assert asked_for('rate(balai_requests_total{status="500"}[5m]) > balai_wishes') - set(measured()) == {"balai_wishes"}


def test_every_runbook_has_its_alerts_and_both_lists_have_every_alert():
    assert {f"docs/runbooks/{path.name}" for path in RUNBOOKS} == {rule["annotations"]["runbook"] for rule in ALERTS.values()}
    rows = re.findall(r"^\| (.+?) \| (\w+) \| \[.+?\]\((.+?)\)", (ROOT / "docs/runbooks/README.md").read_text(), re.MULTILINE)
    told = {name: (severity, f"docs/runbooks/{page}") for names, severity, page in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == {name: (rule["labels"]["severity"], rule["annotations"]["runbook"]) for name, rule in ALERTS.items()}
    headings = re.findall(r"^## (.+)$", IN_INDONESIAN.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for heading in headings for name in heading.split(", ")} == set(ALERTS)


def commands_in(text):
    """Return the words of each `balai ...` in code spans and blocks, to the end of the span or line."""
    spans = [*FENCE.findall(text), *re.findall(r"`[^`\n]+`", FENCE.sub("", text))]
    lines = [line for span in spans for line in span.replace("\\\n", " ").strip("`").splitlines()]
    return [shlex.split(found, comments=True) for line in lines for found in re.findall(r"(?:^|/)(balai [a-z].*)", line.strip())]


def faults(words):
    """Return what of a command is not there: a subcommand, an option, or an argument too many."""
    at, words = balai, words[1:]
    while isinstance(at, click.Group):
        if not words or words[0] not in at.commands:
            return words[:1] or ["a subcommand"]
        at, words = at.commands[words[0]], words[1:]
    try:
        at.make_context(at.name, list(words), resilient_parsing=False)
    except click.UsageError as error:
        return [] if isinstance(error, click.MissingParameter) else [error.format_message()]
    return []


@pytest.mark.parametrize("page", [*RUNBOOKS, ROOT / "docs/runbooks/README.md", IN_INDONESIAN], ids=lambda path: path.stem)
def test_every_command_of_a_runbook_can_be_given(page):
    assert [(words, wrong) for words in commands_in(page.read_text(encoding="utf-8")) if (wrong := faults(words))] == []


def test_a_command_that_cannot_be_given_would_be_found():
    block = "```sh\nx/bin/balai doctor --production # all\n```\n"
    text = f"`balai outbox purge`, `balai outbox replay --now`, `balai outbox show one`\n{block}"
    said = commands_in(text)
    assert said[0] == ["balai", "doctor", "--production"]
    assert [bool(faults(words)) for words in said] == [False, True, True, True]


def test_the_units_that_runbooks_name_are_there():
    for page in [*RUNBOOKS, IN_INDONESIAN, ROOT / "docs/operating.md", ROOT / "docs/id/mengoperasikan.md"]:
        for unit in re.findall(r"\bbalai-[a-z]+(?:@[0-9]?)?(?:\.[a-z]+)?", page.read_text(encoding="utf-8")):
            name, _, kind = unit.partition(".")
            assert f"{re.sub('@.*', '@', name)}.{kind or 'service'}" in UNITS, (page.name, unit)


def test_what_production_starts_is_what_the_supervisor_starts(environ):
    """systemd joins the lines and takes `$$` for `$`; a shell does the rest, with the settings that the units say."""
    words = {"HOST": "127.0.0.1", "PORT": "8000", "BALAI_WEB_PROCESSES": "2", "BALAI_WEB_THREADS": "3"}
    for child in our_children(load_settings(environ)):
        unit = (ROOT / f"deploy/systemd/balai-{child.name}{'@' if child.name == 'worker' else ''}.service").read_text()
        (line,) = re.findall(r"^ExecStart=((?:.*\\\n)*.*)$", unit, re.MULTILINE)
        said = (
            line.replace("\\\n", " ")
            .replace("$$", "$")
            .replace("/opt/balai/.venv/bin/python", "echo")
            .replace("exec echo", "echo")
        )
        done = subprocess.run(["sh", "-c", said], env=os.environ | words, capture_output=True, text=True, check=True)
        assert done.stdout.split() == list(child.argv[1:])


def test_the_example_of_settings_names_none_that_there_is_not_and_holds_no_secret():
    lines = [line for line in (ROOT / "deploy/balai.env.example").read_text().splitlines() if not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    known = Path(ROOT / "docs/operating.md").read_text()
    assert [name for name in given if f"`{name}`" not in known] == []
    assert not any(given[name] for name in given if "SECRET" in name or name.endswith("_URL"))
