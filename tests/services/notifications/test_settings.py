"""What a region may say in notifications.yaml, and what it may not."""

from pathlib import Path

import pytest
import yaml
from marshmallow import ValidationError

from backend.core.text import fill
from backend.packs.faults import PackError
from backend.packs.folder import SHIPPED, gather, shipped_packs
from backend.packs.proposing import check_modules
from backend.packs.reading import read_files, read_pack
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


@pytest.mark.parametrize("part", ["title", "body"])
def test_a_text_in_no_language_is_refused(part):
    assert refusal({"templates": [MOVED | {part: {}}]})["templates"][0][part][0].startswith("request.")


def faults_of(house, region, template):
    """Return what is wrong with a shipped region that says one thing more."""
    files = gather(SHIPPED / region)
    said = yaml.safe_load(files.get("notifications.yaml", b"templates: []"))
    said["templates"].append(template)
    files["notifications.yaml"] = yaml.safe_dump(said, allow_unicode=True).encode()
    with pytest.raises(PackError) as refused:
        check_modules(house.registry, house.ground.catalogue, read_files(files))
    return [(fault.code.partition(".")[2], fault.text) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("region", "texts", "missing"),
    [
        ("banda-aceh", {"id": "Ada kabar"}, "en"),
        ("banda-aceh", {"en": "News"}, "id"),
        ("banda-aceh", {"id": "Ada", "en": "  "}, "en"),
        ("nairobi", {"id": "Ada kabar", "en": "News"}, "sw"),
        ("nairobi", {"id": "Ada kabar"}, "en, sw"),
    ],
)
@pytest.mark.parametrize("part", ["title", "body"])
def test_a_text_without_a_language_of_its_region_is_refused_and_says_which(house, part, region, texts, missing):
    spoken = {"id": "Ada kabar", "en": "News", "sw": "Habari"}
    template = {"key": "complaints.extra", "title": spoken, "body": spoken} | {part: texts}
    ((code, text),) = faults_of(house, region, template)
    assert code == "language_missing"
    assert missing in text


def test_a_region_need_not_say_what_nobody_speaks_there(house):
    files = gather(SHIPPED / "nairobi")
    files["notifications.yaml"] += b"  - {key: complaints.extra, title: {en: News, sw: Habari}, body: {en: News, sw: Habari}}\n"
    states, _ = check_modules(house.registry, house.ground.catalogue, read_files(files))
    assert states["notifications"].config.templates["complaints.extra"].title == {"en": "News", "sw": "Habari"}


def test_a_login_code_that_is_not_said_is_refused(house):
    template = {"key": "auth.login_code", "body": {"id": "Rahasia."}}
    ((code, text),) = faults_of(house, "banda-aceh", template)
    assert code == "code_missing"
    assert text.endswith(".body.id: The text with a login code leaves out the code: write the variable code into it.")


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
    said_last = "nairobi" if folder.name == "nairobi" else "base"  # which says each in its own language, too
    assert settings.templates["complaints.received"].source.startswith(f"packs/{said_last}/notifications.yaml:")
    assert all(settings.channels.values())
