"""Guests in a running house: they come in by the common door, differ by region, and leave nothing broken when they go."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

from backend.app import create_app
from backend.core.settings import load_settings
from backend.data.protection import RoleError
from backend.packs.folder import shipped_packs
from tests.people import Person
from tests.running import wait_until

HERE = Path(__file__).parent
AT_ONCE = 25  # requests, each with a connection of its own: both web processes answer some of them


@pytest.fixture(scope="module")
def officer(staff, plain):
    """Return a function that signs in an officer of some department of a region."""

    def of(region):
        query = "SELECT d.key FROM departments d JOIN regions r ON r.id = d.region_id WHERE r.key = :region ORDER BY d.key"
        return staff("department_officer", region, plain.sql(query, region=region)[0].key)

    return of


@pytest.fixture
def on(staff):
    """Return a function that switches a module on or off in a region, over the API."""

    def switch(module, region, *, enabled=True):
        got = staff("regional_admin", region).put(f"modules/{module}", {"enabled": enabled})
        assert got.status_code == 200, got.data

    return switch


@pytest.fixture
def follow(staff):
    """Return a function that sets the goods that a region follows."""

    def follow(region, *goods):
        set_up(staff("regional_admin", region), "market-prices", goods=list(goods))

    return follow


def set_up(admin, module, **values):
    etag = admin.get(f"modules/{module}/settings").headers["ETag"]
    got = admin.put(f"modules/{module}/settings", {"values": values}, headers={"If-Match": etag})
    assert got.status_code == 200, got.data


def everywhere(ask, wanted, within=5.0):
    """Fail unless soon every answer is the wanted one, from whichever process."""
    began = time.monotonic()
    wait_until(lambda: all(ask() == wanted for _ in range(AT_ONCE)), within + 3, often=0.1)
    assert time.monotonic() - began < within + 1  # the last round of asking takes its time


def posted(officer, goods, rupiah=14_500):
    return officer.post("market-prices", {"goods": goods, "rupiah": rupiah}).status_code


def shown(web, region):
    return Person(web, region=region).get("market-prices")


def test_an_installed_guest_has_its_tables_its_migrations_and_its_place_in_the_list(guests, plain):
    listed = guests.balai("module", "list").stdout.splitlines()
    assert "market_prices\t1.0\tnowhere" in listed
    assert guests.balai("db", "status").returncode == 0
    protected = (
        "SELECT relrowsecurity AND relforcerowsecurity AS locked FROM pg_class WHERE relname IN ('market_prices', 'price_watch')"
    )
    assert [row.locked for row in plain.sql(protected)] == [True, True]
    tables = plain.sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'alembic_version%' ORDER BY 1")
    assert [row.tablename for row in tables] == [
        "alembic_version",
        "alembic_version_market_prices",
        "alembic_version_price_watch",
    ]


def test_a_guest_serves_a_region_once_it_is_enabled_there_and_no_other(guests, web):
    assert shown(web, "banda-aceh").get_json()["code"] == "modules.off"
    assert guests.balai("module", "enable", "banda-aceh", "market_prices").returncode == 0
    everywhere(lambda: shown(web, "banda-aceh").status_code, 200)
    assert shown(web, "sumedang").get_json()["code"] == "modules.off"


def test_regions_follow_different_goods_and_see_their_own_prices_alone(web, on, follow, officer):
    for region in ("banda-aceh", "sumedang"):
        on("market-prices", region)
    follow("banda-aceh", "beras", "tongkol")
    follow("sumedang", "beras", "tahu")
    everywhere(lambda: posted(officer("banda-aceh"), "tongkol", 32_000), 201)
    everywhere(lambda: posted(officer("sumedang"), "tahu", 900), 201)
    refused = officer("sumedang").post("market-prices", {"goods": "tongkol", "rupiah": 32_000})
    assert refused.status_code == 422
    assert refused.get_json()["errors"] == [
        {"field": "goods", "code": "market_prices.not_followed", "detail": "tongkol tidak dipantau di wilayah ini."}
    ]
    assert {price["goods"] for price in shown(web, "banda-aceh").get_json()["items"]} == {"tongkol"}
    assert {price["goods"] for price in shown(web, "sumedang").get_json()["items"]} == {"tahu"}
    assert Person(web).post("market-prices", {"goods": "beras", "rupiah": 1}).status_code == 401
    assert officer("banda-aceh").post("/v1/regions/sumedang/market-prices", {"goods": "beras", "rupiah": 1}).status_code == 403


def test_off_and_on_again_is_followed_by_every_process_within_five_seconds(web, on, staff):
    on("market-prices", "banda-aceh")
    everywhere(lambda: shown(web, "banda-aceh").status_code, 200)
    on("market-prices", "banda-aceh", enabled=False)
    everywhere(lambda: shown(web, "banda-aceh").status_code, 404)
    assert shown(web, "banda-aceh").get_json()["code"] == "modules.off"
    modules = staff("regional_admin", "banda-aceh").get("modules").get_json()["items"]
    assert {module["name"]: module["enabled"] for module in modules}["market_prices"] is False
    on("market-prices", "banda-aceh")
    everywhere(lambda: shown(web, "banda-aceh").status_code, 200)


def test_settings_are_followed_by_every_process_within_five_seconds_and_refused_by_their_schema(on, follow, officer, staff):
    on("market-prices", "sumedang")
    follow("sumedang", "beras")
    everywhere(lambda: posted(officer("sumedang"), "kopi"), 422)
    follow("sumedang", "beras", "kopi")
    everywhere(lambda: posted(officer("sumedang"), "kopi"), 201)
    admin = staff("regional_admin", "sumedang")
    etag = admin.get("modules/market-prices/settings").headers["ETag"]
    refused = admin.put("modules/market-prices/settings", {"values": {"goods": "beras"}}, headers={"If-Match": etag})
    assert [fault["field"] for fault in refused.get_json()["errors"]] == ["values.goods"]


@pytest.fixture
def board():
    """The province's price board: takes each key once, and is out of order at first."""
    taken, tries = {}, []

    class Board(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            tries.append(self.headers["Idempotency-Key"])
            if len(tries) > 1:
                taken[self.headers["Idempotency-Key"]] = said
            self.send_response(201 if len(tries) > 1 else 503)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Board) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/prices", taken, tries
        server.shutdown()


def sign_in(web):
    phone, anybody = f"+62814{uuid.uuid4().int % 10_000_000:07}", Person(web)
    asked = anybody.post("/v1/auth/otp", {"phone": phone, "region": "banda-aceh", "purpose": "login"}).get_json()
    (sent,) = wait_until(lambda: anybody.get(f"/demo/messages?to=%2B{phone[1:]}").get_json()["items"])
    code = re.search(r"(?<!\d)\d{6}(?!\d)", sent["text"])[0]
    got = anybody.post("/v1/auth/otp/verify", {"request_id": asked["request_id"], "code": code})
    return Person(web, token=got.get_json()["access_token"])


@pytest.fixture
def watched(on, follow, staff, board):
    """Banda Aceh with both guests on, and what its board was told."""
    address, taken, tries = board
    on("market-prices", "banda-aceh")
    follow("banda-aceh", "beras")
    set_up(staff("regional_admin", "banda-aceh"), "price-watch", board_url=address)
    on("price-watch", "banda-aceh")
    return taken, tries


def test_a_guest_that_lacks_a_setting_is_not_switched_on(guests, staff):
    refused = guests.balai("module", "enable", "sumedang", "price_watch")
    assert refused.returncode == 1
    assert "(modules.settings_needed)\nvalues.board_url: This field is required.\n" in refused.stderr
    got = staff("regional_admin", "sumedang").put("modules/price-watch", {"enabled": True})
    assert got.status_code == 409
    assert [fault["field"] for fault in got.get_json()["errors"]] == ["values.board_url"]


def test_settings_that_no_longer_fit_put_one_module_out_and_no_other(plain, web, on, staff):
    on("market-prices", "sumedang")
    change = "UPDATE region_modules SET settings = CAST(:settings AS jsonb) WHERE module = 'market_prices'"
    touch = "UPDATE regions SET revision = revision + 1"
    kept = plain.sql("SELECT settings::text FROM region_modules WHERE module = 'market_prices' ORDER BY region_id")
    plain.sql(touch, change, settings='{"goods": 7}')
    everywhere(lambda: shown(web, "sumedang").status_code, 404)
    assert Person(web, region="sumedang").get("service-info/services").status_code == 200
    plain.sql(touch, change, settings=kept[0].settings)
    everywhere(lambda: shown(web, "sumedang").status_code, 200)


def test_one_guest_hears_another_tells_a_citizen_and_calls_the_outside_once(guests, web, officer, watched):
    taken, tries = watched
    citizen = sign_in(web)
    everywhere(lambda: citizen.put("price-watch", {"goods": "beras", "rupiah": 13_000}).status_code, 200)
    assert posted(officer("banda-aceh"), "beras", 13_500) == 201
    assert posted(officer("banda-aceh"), "beras", 12_900) == 201
    told = wait_until(lambda: citizen.get("notifications").get_json()["items"])
    assert [(item["link"]["module"]) for item in told] == ["price_watch"]
    wait_until(lambda: len(taken) == 2)
    assert sorted(price["rupiah"] for price in taken.values()) == [12_900, 13_500]
    assert len(tries) == 3
    assert len(set(tries)) == 2
    wait_until(lambda: len(guests.sql("SELECT 1 FROM audit_entries WHERE action = 'price_watch.reported'")) == 2)


def test_a_house_does_not_start_on_a_table_that_nobody_protected(plain):
    plain.sql("ALTER TABLE notifications_inbox NO FORCE ROW LEVEL SECURITY")
    with pytest.raises(RoleError, match=r"forced on notifications_inbox of notifications: its migration must call protect_table"):
        create_app(load_settings(plain.environ))
    plain.sql("ALTER TABLE notifications_inbox FORCE ROW LEVEL SECURITY")


def test_the_guests_own_tests_hold_where_they_are_installed(site, tmp_path):
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            tmp_path,
            "-c",
            os.devnull,
            HERE / "own_tests",
        ],
        env=os.environ | {"PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_guest_that_is_taken_away_again_leaves_the_house_whole(plain, guests):
    migrated = plain.balai("db", "migrate")
    assert migrated.returncode == 0
    assert [line.split(":")[0] for line in migrated.stdout.splitlines()] == ["balai"]
    listed = plain.balai("module", "list")
    assert listed.returncode == 0
    assert "market_prices" not in listed.stdout
    assert f"complaints\t1.0\t{', '.join(folder.name for folder in shipped_packs())}\n" in listed.stdout
