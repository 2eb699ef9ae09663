"""The room's settings over the API, as a regional admin edits them."""


def test_a_template_with_a_fault_is_refused_at_its_place_in_the_admins_language_and_nothing_changes(town, citizen):
    admin = town.staff("regional_admin")
    path = "/v1/regions/banda-aceh/modules/notifications/settings"
    before = town.request("GET", path, admin.token)
    wrong = {"templates": [{"key": "complaints.moved", "title": {"id": "{phone}"}, "body": {"id": "x", "en": "y"}}]}
    headers = {"If-Match": before.headers["ETag"], "Accept-Language": "en"}
    answer = town.request("PUT", path, admin.token, json={"values": wrong}, headers=headers)
    assert answer.status_code == 422
    assert {fault["field"]: fault["detail"] for fault in answer.json["errors"]} == {
        "values.templates.0.title.id": "A template does not know these variables: phone."
    }
    assert town.request("GET", path, admin.token).json == before.json
    town.tell("citizen", citizen)
    assert town.inbox(citizen)[0]["title"] == "Laporan BNA-2611-000042-7: Diproses"


def test_another_template_speaks_from_the_next_notice_on(town, citizen):
    admin = town.staff("regional_admin")
    path = "/v1/regions/banda-aceh/modules/notifications/settings"
    headers = {"If-Match": town.request("GET", path, admin.token).headers["ETag"]}
    texts = {"id": "Kabar {number}", "en": "News of {number}"}
    values = {"templates": [{"key": "complaints.moved", "title": texts, "body": texts}]}
    assert town.request("PUT", path, admin.token, json={"values": values}, headers=headers).status_code == 200
    town.house.directory.refresh()
    town.tell("citizen", citizen)
    assert town.inbox(citizen)[0]["title"] == "Kabar BNA-2611-000042-7"
