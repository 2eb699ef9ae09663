"""The documents on writing a module say what the guests do: each block of code stands in the guests' files."""

import dataclasses
import re
from pathlib import Path

import pytest

from backend.cli import balai
from backend.modules.contract import ServiceModule

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = ("writing-a-module.md", "id/menulis-modul.md")


def blocks(name):
    return BLOCK.findall((DOCS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_block_of_code_stands_in_the_guests_files(name):
    found = blocks(name)
    assert len(found) > 10
    for language, path, code in found:
        assert language == "console" or code in (HERE / path).read_text(encoding="utf-8"), (path, code)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_one(name):
    commands = [words.split() for _, _, code in blocks(name) for words in re.findall(r"^\$ \S*balai (.*)$", code, re.MULTILINE)]
    assert commands
    for group, command, *_ in commands:
        assert command in balai.commands[group].commands


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_contract_is_explained(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    assert [field.name for field in dataclasses.fields(ServiceModule) if f"`{field.name}`" not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    page = DOCS / name
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_both_languages_show_the_same_code():
    assert [block for block in blocks(NAMES[0]) if block[0] != "console"] == [b for b in blocks(NAMES[1]) if b[0] != "console"]
