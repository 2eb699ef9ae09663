"""What a region may say in notifications.yaml, and what it may not."""

from pathlib import Path

import pytest
import yaml
from marshmallow import ValidationError

from backend.core.text import fill
from backend.packs.reading import read_pack, shipped_packs
from services.notifications import module as room
from services.notifications.config import NotificationsSettings
from services.notifications.domain import VARIABLES

MOVED = {
    "key": "complaints.moved",
    "title": {"id": "Laporan {number}: {status}", "en": "Report {number}: {status}"},
    "body": {"id": "Laporan Anda kini {status}.", "en": "Your report is now {status}."},
}


def refusal(settings):
    with pytest.raises(ValidationError) as refused:
        NotificationsSettings().load(settings)
    return refused.value.messages


def test_a_region_without_a_file_tells_citizens_by_push_and_staff_by_mail():
    settings = NotificationsSettings().load({})
    assert settings.templates == {}
    assert settings.channels == {"citizen": ("push",), "staff": ("email",), "department": ("email",)}


def test_a_template_is_found_by_its_key_and_remembers_where_it_was_said():
    settings = NotificationsSettings().load({"templates": [MOVED | {"source": "packs/sumedang/notifications.yaml:3"}]})
    template = settings.templates["complaints.moved"]
    assert template.title["en"] == "Report {number}: {status}"
    assert template.source == "packs/sumedang/notifications.yaml:3"


def test_a_template_may_speak_more_languages_than_it_must():
    texts = MOVED["body"] | {"ace": "Laporan Droeneuh ka {status}."}
    settings = NotificationsSettings().load({"templates": [MOVED | {"body": texts}]})
    assert settings.templates["complaints.moved"].body["ace"] == "Laporan Droeneuh ka {status}."


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_of_the_closed_set_is_accepted(name):
    said = f"{{{name}}}"
    template = MOVED | {"body": {"id": said, "en": said}}
    assert NotificationsSettings().load({"templates": [template]}).templates["complaints.moved"].body["id"] == said


@pytest.mark.parametrize("name", ["phone", "citizen_name", "description", "numbers"])
def test_a_variable_outside_the_closed_set_is_refused_by_name_and_place(name):
    template = MOVED | {"body": MOVED["body"] | {"en": f"Dear {{{name}}}, {{number}} has moved."}}
    assert refusal({"templates": [template]}) == {
        "templates": {0: {"body": {"en": {"value": [f"notifications.unknown_variable|names={name}"]}}}}
    }


@pytest.mark.parametrize("text", ["{0.__class__}", "{number.__class__}", "{}", "{number!r}", "{NUMBER}", "{{"])
def test_what_only_looks_like_a_variable_is_text_and_stays_text(text):
    template = MOVED | {"body": {"id": text, "en": text}}
    said = NotificationsSettings().load({"templates": [template]}).templates["complaints.moved"].body["en"]
    assert fill(said, dict.fromkeys(VARIABLES, "filled")) == text


@pytest.mark.parametrize(
    ("texts", "missing"), [({"id": "Ada kabar"}, "en"), ({"en": "News"}, "id"), ({"id": "Ada", "en": "  "}, "en"), ({}, "id, en")]
)
@pytest.mark.parametrize("part", ["title", "body"])
def test_a_text_without_one_of_the_two_languages_is_refused_and_says_which(part, texts, missing):
    faults = refusal({"templates": [MOVED | {part: texts}]})["templates"][0][part]
    assert f"notifications.language_missing|languages={missing}" in faults


def test_two_templates_of_one_key_are_refused():
    assert refusal({"templates": [MOVED, MOVED]}) == {"templates": ["notifications.doubled|keys=complaints.moved"]}


def test_a_channel_that_nobody_has_is_refused():
    assert refusal({"channels": {"citizen": ["push", "pigeon"]}})["channels"]["citizen"][1][0].startswith("request.not_one_of")


def test_a_channel_named_twice_sends_once_and_an_empty_list_leaves_the_inbox_alone():
    channels = NotificationsSettings().load({"channels": {"citizen": ["push", "push"], "staff": []}}).channels
    assert channels == {"citizen": ("push",), "staff": (), "department": ("email",)}


@pytest.mark.parametrize("settings", [{"template": []}, {"channels": {"citizens": []}}, {"templates": [MOVED | {"html": ""}]}])
def test_an_unknown_field_is_refused(settings):
    assert "request.unknown_field" in str(refusal(settings))


@pytest.mark.parametrize("key", ["", "Complaints", "complaints moved", "complaints.moved\n", "k" * 81])
def test_a_key_that_is_none_is_refused(key):
    assert refusal({"templates": [MOVED | {"key": key}]}) == {"templates": {0: {"key": ["request.wrong_form"]}}}


def test_both_languages_of_the_room_say_the_same_things():
    folder = Path(room.__file__).parent / "locale"
    indonesian, english = (yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in ("id", "en"))
    assert indonesian.keys() == english.keys()


@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_what_the_shipped_packs_say_is_accepted_and_cites_its_file(folder):
    said = {name: value for name, value in read_pack(folder).modules["notifications"].items() if name != "enabled"}
    settings = NotificationsSettings().load(said)
    assert settings.templates["complaints.received"].source.startswith("packs/base-indonesia/notifications.yaml:")
    assert all(settings.channels.values())
