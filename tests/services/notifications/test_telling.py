"""From a room's request that somebody be told, to the inbox and out of the house."""

import pytest

from backend.sdk.domain import request_notice
from services.notifications.module import module


def test_a_citizen_finds_the_notice_in_the_inbox_and_it_leaves_by_push(town, citizen):
    subject = town.tell("citizen", citizen)
    (item,) = town.inbox(citizen)
    assert item["title"] == "Laporan BNA-2611-000042-7: Diproses"
    assert item["body"] == "Laporan Anda di SALAM kini Diproses, Kota Banda Aceh. Batas waktu: 25 November 2026, 16.00 WIB."
    assert item["link"] == {"module": "complaints", "id": str(subject)}
    assert item["read_at"] is None
    (message,) = town.left(citizen.address)
    assert (message["channel"], message["subject"], message["text"]) == ("push", item["title"], item["body"])
    (dispatch,) = town.as_owner("SELECT channel, state, provider_id FROM notifications_dispatches")
    assert (dispatch.channel, dispatch.state) == ("push", "sent")
    assert dispatch.provider_id


def test_each_person_reads_their_own_language(town):
    english = town.citizen(locale="en")
    town.tell("citizen", english)
    (item,) = town.inbox(english)
    assert item["title"] == "Report BNA-2611-000042-7: In progress"
    assert item["body"] == "Your report in SALAM is now In progress, Kota Banda Aceh. Due: 25 November 2026, 16:00 WIB."


def test_a_department_is_told_at_every_officer_and_head_by_mail_and_nobody_else_is(town):
    head = town.staff("department_head", "dishub")
    officer = town.staff("department_officer", "dishub", locale="en")
    others = [
        town.staff("field_officer", "dishub"),
        town.staff("department_officer", "bpbd"),
        town.staff("triage"),
        town.staff("department_officer", "dishub", region="sumedang"),
    ]
    town.tell("department", "dishub")
    assert [item["title"] for item in town.inbox(head)] == ["Laporan BNA-2611-000042-7: Diproses"]
    assert [item["title"] for item in town.inbox(officer)] == ["Report BNA-2611-000042-7: In progress"]
    assert [town.inbox(other) for other in others] == [[]] * 4
    assert sorted(letter["To"] for letter in town.office.letters) == sorted([head.address, officer.address])
    (letter,) = town.office.letters_to(officer.address)
    assert letter["From"] == "balai@example.go.id"
    assert letter["Subject"] == "Report BNA-2611-000042-7: In progress"
    assert letter.get_content().startswith("Your report in SALAM is now In progress")


def test_one_staff_account_can_be_told_alone(town):
    told, other = town.staff("validator"), town.staff("validator")
    town.tell("staff", told)
    assert (len(town.inbox(told)), town.inbox(other)) == (1, [])
    assert [letter["To"] for letter in town.office.letters] == [told.address]


def test_a_notice_delivered_again_is_told_once(town, citizen):
    town.tell("citizen", citizen)
    town.as_owner("UPDATE deliveries SET done_at = NULL, next_at = now() WHERE subscriber ^@ 'notifications.'")
    town.carry()
    town.carry()
    assert town.as_owner("SELECT count(*) FROM deliveries WHERE done_at IS NULL")[0][0] == 0
    assert len(town.inbox(citizen)) == 1
    assert len(town.left(citizen.address)) == 1
    assert town.as_owner("SELECT count(*) FROM notifications_dispatches")[0][0] == 1


def test_two_notices_about_one_thing_are_two_and_the_later_is_on_top(town, citizen):
    subject = town.ask("citizen", citizen)
    town.ask("citizen", citizen, subject=subject, params={"number": "BNA-2611-000042-7", "status": "Selesai"})
    town.carry()
    town.carry()
    assert [item["title"][-8:] for item in town.inbox(citizen)] == [" Selesai", "Diproses"]


def ask_and_fail(town, person):
    with town.unit() as ctx:
        recipient = str(person.id)
        request_notice(ctx, template="x", audience="citizen", recipient=recipient, subject=person.id, params={}, link=None)
        raise ZeroDivisionError


def test_what_is_rolled_back_tells_nobody(town, citizen):
    with pytest.raises(ZeroDivisionError):
        ask_and_fail(town, citizen)
    town.carry()
    assert town.inbox(citizen) == []


def test_a_key_without_a_template_says_something_neutral_and_leaves_a_warning(town, citizen, caplog):
    with caplog.at_level("WARNING"):
        town.tell("citizen", citizen, template="complaints.unheard_of")
    (item,) = town.inbox(citizen)
    assert item["title"] == "Ada kabar baru di SALAM"
    assert item["body"] == "Ada kabar baru untuk Anda. Buka SALAM untuk membacanya."
    assert any("notifications.no_template" in str(record.msg) for record in caplog.records)


def test_a_variable_that_the_notice_does_not_fill_is_a_dash(town, citizen):
    town.tell("citizen", citizen, params={"number": 7})
    (item,) = town.inbox(citizen)
    assert item["title"] == "Laporan 7: -"
    assert "Batas waktu: -." in item["body"]


PARAMS_WITH_TRICKS = {"number": "{region}", "status": "{0.__class__}", "region": "elsewhere", "app_name": "elsewhere"}


def test_no_value_can_stand_for_the_regions_own_name_or_become_a_variable_itself(town, citizen):
    town.tell("citizen", citizen, params=PARAMS_WITH_TRICKS)
    (item,) = town.inbox(citizen)
    assert item["title"] == "Laporan {region}: {0.__class__}"
    assert "di SALAM kini {0.__class__}, Kota Banda Aceh" in item["body"]


def test_a_line_end_in_a_value_adds_no_header_to_the_mail(town):
    officer = town.staff("validator")
    town.tell("staff", officer, params={"number": "1\r\nBcc: semua@example.org\r\n\r\nHalo", "status": "x\u2028y"})
    (letter,) = town.office.letters_to(officer.address)
    assert letter["Subject"] == "Laporan 1 Bcc: semua@example.org Halo: x y"
    assert letter["Bcc"] is None
    assert "\n" not in town.inbox(officer)[0]["title"]


def test_mail_that_is_refused_for_now_is_tried_again_and_arrives_once(town):
    officer = town.staff("validator")
    town.office.refusals[officer.address] = [451]
    town.tell("staff", officer)
    assert town.office.letters == []
    assert town.as_owner("SELECT state FROM notifications_dispatches") == []
    town.as_owner("UPDATE deliveries SET next_at = now() WHERE done_at IS NULL")
    town.carry()
    town.carry()
    assert len(town.office.letters_to(officer.address)) == 1
    assert [row.state for row in town.as_owner("SELECT state FROM notifications_dispatches")] == ["sent"]


def test_mail_that_is_refused_for_good_is_written_down_and_not_tried_again(town):
    officer = town.staff("validator")
    town.office.refusals[officer.address] = [550]
    town.tell("staff", officer)
    assert [tuple(row) for row in town.as_owner("SELECT state, provider_id FROM notifications_dispatches")] == [("failed", None)]
    assert town.as_owner("SELECT 1 FROM deliveries WHERE done_at IS NULL") == []
    assert len(town.inbox(officer)) == 1


def test_one_persons_dead_mailbox_does_not_hold_up_the_others(town):
    dead, alive = town.staff("department_head", "dishub"), town.staff("department_head", "dishub")
    town.office.refusals[dead.address] = [451] * 9
    town.tell("department", "dishub")
    assert len(town.office.letters_to(alive.address)) == 1
    assert len(town.inbox(dead)) == 1


def test_a_region_chooses_the_ways_out_and_none_leaves_the_inbox(town, citizen):
    town.configure(channels={"citizen": []})
    town.tell("citizen", citizen)
    town.configure(channels={"citizen": ["push", "sms"]})
    town.tell("citizen", citizen)
    assert len(town.inbox(citizen)) == 2
    messages = town.request("GET", "/demo/messages", query_string={"to": citizen.address}).json["items"]
    assert sorted(message["channel"] for message in messages if "BNA-" in message["text"] or message["subject"]) == [
        "push",
        "sms",
    ]


def test_somebody_without_an_address_for_the_channel_has_the_inbox_alone(town, citizen):
    town.configure(channels={"citizen": ["email"]})
    town.tell("citizen", citizen)
    assert len(town.inbox(citizen)) == 1
    assert town.office.letters == []
    assert town.as_owner("SELECT 1 FROM deliveries WHERE done_at IS NULL") == []


def test_where_the_room_is_switched_off_nobody_is_told(town, citizen):
    town.configure(enabled=False)
    town.tell("citizen", citizen)
    assert town.call(citizen, "GET").json["code"] == "modules.off"
    assert town.as_owner("SELECT 1 FROM notifications_inbox") == []
    assert town.as_owner("SELECT 1 FROM deliveries WHERE done_at IS NULL") == []


def test_a_person_erased_before_the_message_leaves_is_not_written_to(town, citizen):
    town.ask("citizen", citizen)
    town.carry_one("notifications.take")
    with town.unit() as ctx:
        for room in town.house.registry.modules.values():
            if room.erase_personal_data:
                room.erase_personal_data(ctx, citizen.id)
    town.carry()
    assert town.left(citizen.address) == []
    assert town.as_owner("SELECT 1 FROM deliveries WHERE done_at IS NULL") == []
    town.tell("citizen", citizen)
    assert town.as_owner("SELECT 1 FROM notifications_inbox") == []


def test_personal_data_is_exported_whole_and_erased_with_its_dispatches(town, citizen):
    other = town.citizen()
    for person in (citizen, citizen, other):
        town.tell("citizen", person)
    with town.unit() as ctx:
        exported = module.export_personal_data(ctx, citizen.id)
    assert [item["id"] for item in exported["notifications"]] == sorted(item["id"] for item in exported["notifications"])
    assert {str(item["id"]) for item in exported["notifications"]} == {item["id"] for item in town.inbox(citizen)}
    with town.unit() as ctx:
        module.erase_personal_data(ctx, citizen.id)
    assert [row.account_id for row in town.as_owner("SELECT account_id FROM notifications_inbox")] == [other.id]
    assert len(town.as_owner("SELECT 1 FROM notifications_dispatches")) == 1


def test_a_region_words_the_login_code_itself_and_no_longer_while_the_room_is_off(town):
    said = {"id": "Kode {app_name}: {code}, {minutes} menit", "en": "{app_name} code: {code}, {minutes} minutes"}
    login_code = {"key": "auth.login_code", "title": said, "body": said}

    def say(locale):
        with town.unit() as ctx:
            return town.house.registry.say(ctx, "auth.login_code", {"code": "012345", "minutes": 5}, locale)

    assert say("id") is None
    town.configure(templates=[login_code])
    assert (say("id"), say("en")) == ("Kode SALAM: 012345, 5 menit", "SALAM code: 012345, 5 minutes")
    assert say("sw") == say("id")
    town.configure(templates=[login_code], enabled=False)
    assert say("id") is None
