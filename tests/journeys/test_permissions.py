"""The matrix: every route of the URL map, for everybody, in their own region, in the other one and in none."""

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from backend.accounts import queries as accounts_queries
from backend.accounts.routes import me
from backend.accounts.tokens import RefreshToken, write_password_token
from backend.core.clock import utc_now
from backend.data.context import ANONYMOUS
from backend.data.statements import Prepared
from backend.files import routes as files_routes
from backend.http import blueprint
from services.complaints.domain import visibility
from services.complaints.queries import cases, lists, pins, shaping, viewers
from services.notifications import operations as inbox
from services.notifications.models import Notification
from tests.journeys.cast import AWAY, HOME, the_cast
from tests.journeys.judging import ROWS, Asked, ask, judge, leaks, send
from tests.journeys.permissions import ADMINS, KNOWS, NO_TOKEN, PUBLIC, READS, TARGETS, WORKERS
from tests.journeys.test_main_job import make, report
from tests.people import Person

KINDS = tuple(KNOWS)


@pytest.fixture
def cast(app, house, client, citizen, work):
    return the_cast(app, house, client, citizen, work)


def test_every_route_has_a_row_and_every_row_a_route(app):
    routes = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert routes - set(ROWS) == set(), "routes that nobody has written into permissions.py"
    assert set(ROWS) - routes == set(), "rows of routes that are no longer there"
    assert set(TARGETS) <= set(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_only_those_it_is_for_get_through(cast, row):
    faults = judge(cast, row)
    assert not faults, "\n".join(faults)


def test_lists_find_nothing_by_words_that_one_may_not_read(cast):
    faults = []
    for member in cast.members:
        token = cast.token(member)
        for world in cast.worlds.values():
            for kind in KINDS:
                made = world.complaints[kind]
                word = next(canary.text for canary in world.canaries if canary.what.startswith(f"the text of {kind} "))
                asked = {
                    "q": (word, READS),
                    "q ": (made["number"], KNOWS),
                    "category": (made["category"], KNOWS),
                    "since": ("2020-01-01T00:00:00Z", KNOWS),
                    "status": ("in_progress" if kind == "published" else "accepted", KNOWS),
                }
                for name, (value, reach) in asked.items():
                    row = ("GET", f"/v1/regions/{world.region}/complaints")
                    query = {name.strip(): value, "limit": "200"}
                    status, told = send(cast, row, Asked(values={}, query=query), token)
                    found, may = made["id"] in told, member.is_one_of(reach[kind], region=world.region)
                    # The unit's auditors and custodians read some words by which they cannot search.
                    if status != 200 or (found and not may) or (may and not found and name != "q"):
                        faults.append(f"{member}, {world.region}, {kind} by {name}: {'found' if found else 'not found'}")
                    faults.extend(f"{member}, {name}={value}: reads {what}" for what in leaks(cast, member, told))
    assert not faults, "\n".join(faults)


def test_an_inbox_counts_what_it_shows_and_nothing_else(cast):
    for name, member in cast.worlds[HOME].members.items():
        if not member.is_one_of(ROWS["GET", "/v1/regions/<region>/complaints/inbox"], region=HOME):
            continue
        person, shown, cursor = cast.person(member), 0, ""
        while cursor is not None:
            page = person.get(f"complaints/inbox?limit=200{cursor and f'&cursor={cursor}'}").get_json()
            assert not leaks(cast, member, str(page)), name
            shown, cursor = shown + len(page["items"]), page["next_cursor"]
        assert page["counts"]["all"] == shown, name


def test_a_reporters_code_opens_the_reporters_sight_of_one_case_and_of_nothing_else(cast):
    world, nobody = cast.worlds[HOME], cast.members[-1]
    for kind, made in world.complaints.items():
        row = ("GET", f"/v1/regions/{HOME}/complaints/by-number/{made['number']}")
        words = ("the number of", "the text of", "a note on", "a later note on", "the picture of")
        mine = {f"{what} {kind} in {HOME}" for what in words}
        without = 200 if KNOWS[kind] is PUBLIC else 404
        another = next(code for name, code in world.codes.items() if name != kind)
        for code, right, may in ((world.codes[kind], 200, mine), (another, without, set()), ("0" * 13, without, set())):
            status, told = send(cast, row, Asked(values={}, query={"code": code}), None)
            assert status == right, kind
            assert set(leaks(cast, nobody, told)) <= may, kind


def test_a_public_report_that_was_merged_tells_nothing_of_the_private_one(cast):
    world = cast.worlds[HOME]
    reporter, triage = (cast.person(world.members[name]) for name in ("reporter", "triage"))
    made = report(reporter)
    assert make(triage, made, "merge", cluster=world.complaints["private"]["id"])["status"] == "merged"
    faults = []
    for member in cast.members:
        token = cast.token(member)
        for path in (f"complaints/{made['id']}", f"complaints/{made['id']}/timeline", f"complaints/by-number/{made['number']}"):
            status, told = send(cast, ("GET", f"/v1/regions/{HOME}/{path}"), Asked(values={}), token)
            assert status == 200
            faults += [f"{member} at {path}: reads {what}" for what in leaks(cast, member, told)]
    assert not faults, "\n".join(faults)


@pytest.fixture
def bad_tokens(app, house, cast, recwarn):
    """Return what is no access token, by what is wrong with it; that HS512 would like a longer key is heard and let go."""
    key, admin = app.config["JWT_SECRET_KEY"], cast.worlds[HOME].members["platform_admin"]
    good = cast.token(admin)
    claims = jwt.decode(good, key, algorithms=["HS256"], audience="balai")
    person = jwt.decode(cast.token(cast.worlds[HOME].members["citizen"]), key, algorithms=["HS256"], audience="balai")
    ended = cast.token(admin)
    assert Person(cast.client, token=ended).post("/v1/auth/logout").status_code == 204
    session = cast.session_id(admin)
    refresh = RefreshToken(region=None, session_id=session, generation=1).write(house.ground.keyring)
    soon = utc_now() + timedelta(days=1)
    return {
        "a refresh token": refresh,
        "a password token": write_password_token(house.ground.keyring, admin.account_id, None, expires_at=soon),
        "one signed by nobody": jwt.encode(claims, None, algorithm="none"),
        "one signed with another key": jwt.encode(claims, "another key of thirty-two bytes or more", algorithm="HS256"),
        "one signed in another way": jwt.encode(claims, key, algorithm="HS512"),
        "one that was changed": good[:-6] + ("aaaaaa" if not good.endswith("aaaaaa") else "bbbbbb"),
        "an expired one": jwt.encode(claims | {"exp": int(utc_now().timestamp()) - 1}, key, algorithm="HS256"),
        "one that never expires": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, algorithm="HS256"),
        "one of another issuer": jwt.encode(claims | {"iss": "somebody"}, key, algorithm="HS256"),
        "one for another audience": jwt.encode(claims | {"aud": "somebody"}, key, algorithm="HS256"),
        "one of another type": jwt.encode(claims | {"type": "refresh"}, key, algorithm="HS256"),
        "a citizen's that says staff": jwt.encode(claims | {"sub": person["sub"], "sid": person["sid"]}, key, algorithm="HS256"),
        "one of an ended session": ended,
    }


def test_nothing_but_an_access_token_is_one(cast, bad_tokens):
    faults = []
    for row in ROWS:
        if row in NO_TOKEN or not row[1].startswith(("/v1", "/demo")):
            continue
        asked = ask(cast, row, cast.worlds[HOME], next(iter(TARGETS.get(row, KINDS))), cast.members[-1])
        faults += [
            f"{what} at {row}: {status}"
            for what, token in bad_tokens.items()
            if (status := send(cast, row, asked, token)[0]) != 401
        ]
    assert not faults, "\n".join(faults)


def test_nothing_but_a_refresh_token_gets_new_ones(cast, house, bad_tokens):
    citizen = cast.worlds[HOME].members["citizen"]
    moved = RefreshToken(region=AWAY, session_id=cast.session_id(citizen), generation=1).write(house.ground.keyring)
    wrong = {k: v for k, v in bad_tokens.items() if k != "a refresh token"}
    wrong |= {"an access token": cast.token(citizen), "a citizen's for the other region": moved}
    for what, token in wrong.items():
        assert Person(cast.client).post("/v1/auth/refresh", {"refresh_token": token}).status_code == 401, what
    assert Person(cast.client).post("/v1/auth/refresh", {"refresh_token": bad_tokens["a refresh token"]}).status_code == 200


# That the matrix can fail: one guard is taken away at a time, and the judge must name who got in.
_R = "/v1/regions/<region>"
_ONE = f"{_R}/complaints/<uuid:complaint_id>"
_WITHOUT_REGION = Prepared(
    accounts_queries._STAFF.sql.replace("m.region_id = %(region)s AND", "%(region)s::bigint IS NOT NULL AND")  # noqa: SLF001 - a guard
)


def _without_secrecy(sent):
    sql = sent.sql.replace("AND confidentiality = 'open' AND visibility = 'public'", "")
    assert sql != sent.sql
    return Prepared(sql)


_BARED = {
    "a permission with one role too many": (
        lambda patch, house: patch.setitem(
            house.registry.permissions,
            "service_info.edit",
            replace(house.registry.permissions["service_info.edit"], roles=ADMINS | {"leader"}),
        ),
        ("POST", f"{_R}/service-info/contacts"),
        "leader, banda-aceh",
    ),
    "a permission with one role too few": (
        lambda patch, house: patch.setitem(
            house.registry.permissions,
            "complaints.see_routing",
            replace(house.registry.permissions["complaints.see_routing"], roles=WORKERS),
        ),
        ("GET", f"{_ONE}/routing"),
        "auditor, banda-aceh, open: 403 where it is allowed",
    ),
    "permissions not asked at all": (
        lambda patch, house: patch.setattr(blueprint, "_permit", lambda *_: None),
        ("GET", f"{_R}/staff"),
        "citizen, banda-aceh",
    ),
    "a case found by those who may not know of it": (
        lambda patch, house: patch.setattr(cases, "sight", lambda *_: visibility.OUTLINE),
        ("GET", _ONE),
        "anonymous, banda-aceh, sealed",
    ),
    "a list of those one may not know of": (
        lambda patch, house: patch.setattr(lists, "may_know", lambda _ctx: "true"),
        ("GET", f"{_R}/complaints"),
        "other.department_head, banda-aceh, it: reads the number of sealed in banda-aceh",
    ),
    "a list that takes everything for open": (
        lambda patch, house: patch.setattr(lists, "OPEN", "true"),
        ("GET", f"{_R}/complaints"),
        "leader, banda-aceh, it: reads the number of sealed in banda-aceh",
    ),
    "a map of everything": (
        lambda patch, house: patch.setattr(pins, "_PINS", {level: _without_secrecy(sent) for level, sent in pins._PINS.items()}),  # noqa: SLF001
        ("GET", f"{_R}/complaints/map"),
        "anonymous, banda-aceh, it: reads the number of sealed in banda-aceh",
    ),
    "a list that shows everything": (
        lambda patch, house: patch.setattr(shaping, "sights", lambda _ctx: lambda _row: visibility.EVERYTHING),
        ("GET", f"{_R}/complaints"),
        "reads the text of open in banda-aceh",
    ),
    "a case that shows everything": (
        lambda patch, house: patch.setattr(cases, "sight", lambda *_: visibility.EVERYTHING),
        ("GET", f"{_ONE}/timeline"),
        "citizen, banda-aceh, published: reads an internal note on published",
    ),
    "sealed as what is not": (
        lambda patch, house: patch.setattr(viewers, "_SEALED", "false"),
        ("GET", f"{_R}/complaints"),
        "triage, banda-aceh, it: reads the number of sealed in banda-aceh",
    ),
    "the region of a citizen's token not compared": (
        lambda patch, house: patch.setattr(
            blueprint, "_actor", lambda _route, house, ctx, claims: house.load_actor(ctx, claims) if claims else ANONYMOUS
        ),
        ("GET", f"{_R}/complaints/categories"),
        "citizen, sumedang",
    ),
    "the region of a duty not compared": (
        lambda patch, house: patch.setattr(accounts_queries, "_STAFF", _WITHOUT_REGION),
        ("GET", f"{_R}/modules"),
        "regional_admin, sumedang",
    ),
    "a link whose signature nobody checks": (
        lambda patch, house: patch.setattr(files_routes, "check_link", lambda *_, **__: None),
        ("GET", f"{_R}/files/<uuid:file_id>/<any(full, thumbnail):variant>"),
        "forged: 200 where only [404] is right",
    ),
    "an inbox of everybody": (
        lambda patch, house: patch.setattr(inbox, "own", lambda _ctx: (Notification.id.is_not(None),)),
        ("POST", f"{_R}/notifications/<uuid:notification_id>/read"),
        "citizen, banda-aceh, the reporter's: 200",
    ),
    "sessions of everybody": (
        lambda patch, house: patch.setattr(me, "end_own_session", lambda *_: None),
        ("DELETE", "/v1/me/sessions/<uuid:session_id>"),
        "leader, banda-aceh, the reporter's: 204",
    ),
}


def test_a_route_without_a_row_and_a_row_without_a_route_are_red(app, monkeypatch):
    monkeypatch.delitem(ROWS, ("GET", f"{_R}/staff"))
    with pytest.raises(AssertionError, match="nobody has written"):
        test_every_route_has_a_row_and_every_row_a_route(app)
    monkeypatch.undo()
    monkeypatch.setitem(ROWS, ("GET", f"{_R}/attic"), PUBLIC)
    with pytest.raises(AssertionError, match="no longer there"):
        test_every_route_has_a_row_and_every_row_a_route(app)


@pytest.mark.parametrize("bared", _BARED)
def test_the_matrix_turns_red_without_a_guard(cast, house, monkeypatch, bared):
    take_away, row, named = _BARED[bared]
    take_away(monkeypatch, house)
    faults = judge(cast, row)
    assert any(named in fault for fault in faults), "\n".join(faults) or "nothing was found"
