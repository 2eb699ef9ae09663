"""The papers say what is true: links lead somewhere, commands and settings exist, the pack that is written out is a good one."""

import ast
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from backend.app import load_catalogue, load_registry
from backend.cli import balai
from backend.packs.proposing import check_modules
from backend.packs.reading import read_pack
from tests.synthetic_areas import boundaries_for

ROOT = Path(__file__).parents[2]
_OURS = [path for path in (ROOT / "backend").rglob("*.md") if "node_modules" not in path.parts]
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *_OURS])
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
COMMAND = re.compile(r"(?:^|[`/ ])balai((?: [a-z][a-z-]*)+)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"^(?:BALAI_[A-Z0-9_]+|[A-Z]+_URL|HOST|PORT)$")
HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


def named(path):
    return str(path.relative_to(ROOT))


def slug(heading):
    """Return a heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def leads_somewhere(paper, target):
    """Whether a relative link's file is in the project, and has the heading after `#` if one is said."""
    path, _, anchor = target.partition("#")
    aim = (paper.parent / unquote(path)).resolve() if path else paper
    if not aim.exists() or not aim.is_relative_to(ROOT):
        return False
    return not anchor or anchor in map(slug, HEADING.findall(aim.read_text(encoding="utf-8")))


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_relative_link_leads_somewhere(paper):
    targets = LINK.findall(FENCE.sub("", paper.read_text(encoding="utf-8")))
    relative = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in relative if not leads_somewhere(paper, target)] == []


def spoken_of(text):
    """Return the commands after `balai` in code spans and blocks, each as far as small words go."""
    spans = [*FENCE.findall(text), *re.findall(r"`[^`\n]+`", FENCE.sub("", text))]
    return {tuple(found.split()) for span in spans for line in span.splitlines() for found in COMMAND.findall(line)}


def known(words):
    """Whether the words begin with a command of the group; what follows a command are its arguments."""
    at = balai
    for word in words:
        if not isinstance(at, click.Group):
            return True
        if word not in at.commands:
            return False
        at = at.commands[word]
    return True


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_command_that_is_named_exists(paper):
    assert [words for words in sorted(spoken_of(paper.read_text(encoding="utf-8"))) if not known(words)] == []


def test_a_command_that_is_not_there_would_be_found():
    said = spoken_of("Run `balai region fly`, or:\n```sh\n.venv/bin/balai region apply pack/ # balai up\n```\n")
    assert said == {("region", "fly"), ("region", "apply", "pack"), ("up",)}
    assert {words for words in said if not known(words)} == {("region", "fly")}


def settings_read():
    """Return the variables that `backend.core.settings` reads: the first argument of `text`, `number` and `given.get`."""
    tree = ast.parse((ROOT / "backend/core/settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    reading = [call for call in calls if ast.unparse(call.func) in {"text", "number", "given.get"}]
    return {call.args[0].value for call in reading if isinstance(call.args[0], ast.Constant)}


@pytest.mark.parametrize("paper", ["docs/operating.md", "docs/id/mengoperasikan.md"])
def test_the_table_of_settings_has_every_variable_and_no_other(paper):
    rows = [line.split("|")[1] for line in (ROOT / paper).read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {word for row in rows for word in re.findall(r"`([^`]+)`", row) if VARIABLE.match(word)}
    assert settings_read() >= {"DATABASE_URL", "BALAI_SECRET_KEY", "PORT"}
    assert told == settings_read()


@pytest.mark.parametrize("paper", ["docs/writing-a-region-pack.md", "docs/id/menulis-paket-wilayah.md"])
def test_the_pack_that_is_written_out_is_a_good_one(paper, tmp_path):
    text = (ROOT / paper).read_text(encoding="utf-8")
    files = dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert set(files) == {"region.yaml", "departments.yaml", "complaints.yaml", "areas.geojson"}
    folder = tmp_path / "kota-contoh"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    pack = read_pack(folder)
    registry = load_registry()
    check_modules(registry, load_catalogue(registry), pack)
    assert f"{pack.key}: good ({len(pack.areas)} areas, {len(pack.departments)} departments, 0 warnings)" in text
    rule = pack.place("complaints", "rules", "jalan-pasar")
    assert f'"source": "packs/{rule}"' in text


def test_every_decision_is_in_the_list_and_has_its_four_parts():
    folder = ROOT / "docs/adr"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}-[^)]+)\)", index) == pages
    for number, name in enumerate(pages, start=1):
        page = (folder / name).read_text(encoding="utf-8")
        assert page.startswith(f"# {number:04}. ")
        assert [part for part in ("Status: ", "## Context", "## Decision", "## Consequences") if part not in page] == []


def test_the_licence_is_the_one_that_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"]
    assert declared == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("paper", ["README.md", "README.id.md"])
def test_the_pack_in_the_readme_is_what_a_new_region_writes_without_its_comments(paper, tmp_path):
    boundaries = tmp_path / "gampong.geojson"
    boundaries.write_text(boundaries_for("11.05"), encoding="utf-8")
    folder = tmp_path / "aceh-barat"
    text = (ROOT / paper).read_text(encoding="utf-8")
    (said,) = re.findall(r"balai (region new --code 11\.05 .*?)  ", text)
    arguments = said.replace("gampong.geojson", str(boundaries)).replace("--to aceh-barat", f"--to {folder}").split()
    balai.main(arguments, standalone_mode=False)
    written = {path.name: path.read_text(encoding="utf-8").splitlines() for path in folder.glob("*.yaml")}
    plain = {name: "\n".join(line for line in lines if not line.startswith("#")).strip() for name, lines in written.items()}
    shown = dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)\n```", text, re.MULTILINE | re.DOTALL))
    assert shown == {name: content for name, content in plain.items() if content}
    assert sum(map(len, written.values())) <= 60
    assert re.search(r"aceh-barat: good", CliRunner().invoke(balai, ["region", "validate", str(folder)]).output)
