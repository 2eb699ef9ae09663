"""What the region's admins change in this room, over HTTP, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from backend.data.audit import AuditEntry


def wire(item: dict) -> dict:
    """Return an item of a pack as the API takes it."""
    where = {"location": {"lat": item["lat"], "lng": item["lng"]}} if "lat" in item else {}
    return {name: value for name, value in item.items() if name not in {"lat", "lng"}} | where


def form(item: dict) -> dict:
    return {name: value for name, value in wire(item).items() if name != "key"}


def faults(answered) -> dict[str, str]:
    assert answered.status_code == 422, answered.json
    return {fault["field"]: fault["code"] for fault in answered.json["errors"]}


@pytest.mark.parametrize("kind", ["services", "contacts", "places", "articles"])
@pytest.mark.parametrize("role", ["regional_admin", "platform_admin"])
def test_an_item_is_added_replaced_and_taken_away(town, pack, kind, role):
    [item] = pack[kind]
    made = town.call("POST", f"/{kind}", role=role, json=wire(item))
    assert made.status_code == 201, made.json
    assert made.headers["Location"] == f"/v1/regions/banda-aceh/service-info/{kind}/{item['key']}"
    read = town.call("GET", f"/{kind}/{item['key']}?all_languages=true")
    assert read.json == made.json
    assert wire(item).items() <= read.json.items()
    assert read.headers["ETag"] == made.headers["ETag"] == '"v1"'

    back = {name: value for name, value in read.json.items() if name != "key"} | {"source": "Dinas, by telephone"}
    edit = {"role": role, "headers": {"If-Match": '"v1"'}}
    replaced = town.call("PUT", f"/{kind}/{item['key']}", json=back, **edit)
    assert replaced.status_code == 200, replaced.json
    assert replaced.json["source"] == "Dinas, by telephone"
    assert replaced.headers["ETag"] == '"v2"'
    assert town.call("PUT", f"/{kind}/{item['key']}", json=back, **edit).status_code == 412
    assert town.call("DELETE", f"/{kind}/{item['key']}", **edit).status_code == 412

    read = town.call("GET", f"/{kind}/{item['key']}")
    gone = town.call("DELETE", f"/{kind}/{item['key']}", role=role, headers={"If-Match": read.headers["ETag"]})
    assert gone.status_code == 204
    assert town.call("GET", f"/{kind}/{item['key']}").status_code == 404
    assert town.call("GET", f"/{kind}").json["items"] == []
    with town.unit() as ctx:
        told = ctx.session.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id)).all()
    name = kind.removesuffix("s")
    assert told == [(f"service_info.{name}_{what}", item["key"]) for what in ("created", "replaced", "retired")]


@pytest.mark.parametrize("kind", ["services", "contacts", "places", "articles"])
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ({}, 401),
        ({"role": "triage"}, 403),
        ({"role": "department_head"}, 403),
        ({"role": "regional_admin", "home": "sumedang"}, 403),
    ],
)
def test_nobody_else_edits(town, pack, kind, who, status):
    town.apply(**pack)
    [item] = pack[kind]
    edit = {**who, "headers": {"If-Match": '"v1"'}}
    assert town.call("POST", f"/{kind}", json=wire(item | {"key": "new"}), **edit).status_code == status
    assert town.call("PUT", f"/{kind}/{item['key']}", json=form(item), **edit).status_code == status
    assert town.call("DELETE", f"/{kind}/{item['key']}", **edit).status_code == status
    assert town.call("GET", f"/{kind}/{item['key']}?all_languages=true").headers["ETag"] == '"v1"'


@pytest.mark.parametrize("match", [None, "", "*", "v1", '"1"', '"v1', '"v1", "v2"', '"v99999999999999999999"'])
def test_an_edit_says_what_it_edits(town, contact, match):
    town.apply(contacts=[contact])
    headers = {} if match is None else {"If-Match": match}
    for method, body in (("PUT", {"json": form(contact)}), ("DELETE", {})):
        answered = town.call(method, "/contacts/ambulans", role="regional_admin", headers=headers, **body)
        assert (answered.status_code, answered.json["code"]) == (412, "request.if_match_needed")


def test_of_two_edits_at_once_one_is_told_that_it_came_late(town, contact):
    town.apply(contacts=[contact])

    def edit(number: int) -> int:
        body = form(contact) | {"position": number}
        headers = {"If-Match": '"v1"'}
        return town.call("PUT", "/contacts/ambulans", role="regional_admin", json=body, headers=headers).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(edit, range(4))) == [200, 412, 412, 412]


def test_a_key_in_use_is_a_conflict_and_a_retired_one_is_free_again(town, contact):
    add = {"role": "regional_admin", "json": contact}
    assert town.call("POST", "/contacts", **add).status_code == 201
    again = town.call("POST", "/contacts", **add)
    assert (again.status_code, again.json["code"]) == (409, "service_info.key_taken")
    assert "ambulans" in again.json["detail"]
    town.call("DELETE", "/contacts/ambulans", role="regional_admin", headers={"If-Match": '"v1"'})
    revived = town.call("POST", "/contacts", **add)
    assert (revived.status_code, revived.headers["ETag"]) == (201, '"v3"')


def test_the_same_key_in_another_region_is_another_item(town, contact):
    for region in ("banda-aceh", "sumedang"):
        assert town.call("POST", "/contacts", role="regional_admin", region=region, json=contact).status_code == 201


def test_a_form_sent_twice_with_one_idempotency_key_makes_one_item(town, contact):
    admin = town.sign_in("regional_admin")
    headers = {"Idempotency-Key": "one", **admin}
    first, second = (town.call("POST", "/contacts", json=contact, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["ETag"] == first.headers["ETag"]


def test_every_fault_of_a_form_is_named(town, service):
    wrong = service | {"cost": {"amount": "much"}, "name": {"id": "x" * 201}, "time": {}, "author": "me"}
    assert faults(town.call("POST", "/services", role="regional_admin", json=wrong)) == {
        "cost.amount": "request.not_whole_number",
        "cost.currency": "request.required",
        "name.id": "request.wrong_length",
        "time.working_days": "request.required",
        "author": "request.unknown_field",
    }


def test_the_key_of_an_item_is_not_edited(town, contact):
    town.apply(contacts=[contact])
    answered = town.call("PUT", "/contacts/ambulans", role="regional_admin", json=contact, headers={"If-Match": '"v1"'})
    assert faults(answered) == {"key": "request.unknown_field"}


def test_a_service_is_of_a_department_that_the_region_has(town, service):
    answered = town.call("POST", "/services", role="regional_admin", json=service | {"department_type": "PUPR"})
    assert faults(answered) == {"department_type": "service_info.no_department"}


def test_texts_are_needed_in_the_first_language_of_the_region(town, service):
    wrong = service | {"name": {"en": "Birth certificate"}, "requirements": [{"en": "Notice of birth"}]}
    assert faults(town.call("POST", "/services", role="regional_admin", json=wrong)) == {
        "name.id": "service_info.language_missing",
        "requirements.0.id": "service_info.language_missing",
    }


@pytest.mark.parametrize("phone", ["119", "0651-22323", "+62 811-6700-112", "1500771"])
def test_a_number_that_can_be_called_is_taken(town, contact, phone):
    assert town.call("POST", "/contacts", role="regional_admin", json=contact | {"phone": phone}).status_code == 201


@pytest.mark.parametrize("phone", ["+254 999", "0811", "+999 123456"])
def test_a_number_that_cannot_be_called_in_the_region_is_refused(town, contact, phone):
    answered = town.call("POST", "/contacts", role="regional_admin", json=contact | {"phone": phone})
    assert faults(answered) == {"phone": "service_info.no_phone"}


METRE = 1 / 111_195  # in degrees of latitude


@pytest.mark.parametrize(
    ("lat", "lng", "code"),
    [
        (5.55, 95.30, None),
        (5.50 - 240 * METRE, 95.30, None),
        (5.50 - 260 * METRE, 95.30, "service_info.outside"),
        (-6.85, 107.90, "service_info.outside"),
        (0, 0, "location.no_fix"),
        (95.30, 5.55, "request.out_of_range"),
    ],
)
def test_a_place_lies_in_the_region_or_just_outside(town, place, lat, lng, code):
    answered = town.call("POST", "/places", role="regional_admin", json=wire(place | {"lat": lat, "lng": lng}))
    if code is None:
        assert answered.status_code == 201
    else:
        [(field, found)] = faults(answered).items()
        assert (field.partition(".")[0], found) == ("location", code)
        assert town.call("GET", "/places").json["items"] == []


def test_emoji_and_markup_stay_as_they_are(town, article):
    body = {"id": "<b>Gratis</b> 🎉 \u202eabc; DROP TABLE articles; --"}
    assert town.call("POST", "/articles", role="regional_admin", json=article | {"body": body}).status_code == 201
    assert town.call("GET", "/articles/rekam-ktp").json["body"] == body["id"]
