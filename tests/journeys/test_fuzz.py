"""Whatever is sent to any route: never a broken answer, and only such answers as the published document says."""

import uuid

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from backend.accounts import create_staff
from backend.accounts.models import Citizen
from backend.accounts.operations.sessions import open_session
from backend.accounts.vault import keep_identity
from backend.app import create_app
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.http.auth import make_access_token
from backend.http.languages import is_page
from backend.testing.installation import make_installation
from tests.journeys.test_bad_files import GOOD, upload
from tests.journeys.test_bad_places import at
from tests.people import Person
from tests.places import shipped_places
from workers.clock import sweep
from workers.tasks import carry_due

EXAMPLES = 4  # for each route, person and mode
REGION = "banda-aceh"
HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.ignored_auth,
]
BOUNDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
WITHOUT_A_TOKEN = {
    *("auth_ask_for_code", "auth_verify_code", "auth_log_in", "auth_set_password", "auth_refresh"),
    *("complaints_submit_as_guest", "complaints_move_by_code"),
}
ENDS_ITSELF = {"auth_log_out", "me_end_my_sessions", "me_end_my_session"}
LEAD_AWAY = {"modules_put_module": {"module": "tidak-ada"}}  # what is fuzzed stays switched on


@pytest.fixture(scope="module")
def app(addresses, tmp_path_factory):
    """An installation of its own: what is sent here is not for the other tests to find."""
    name = f"balai_fuzz_{uuid.uuid4().hex[:8]}"
    app = create_app(load_settings(make_installation(addresses, name=name, var=tmp_path_factory.mktemp("fuzz"))), connections=5)
    yield app
    app.extensions["balai"].ground.engine.dispose()


def sign_in(app, role):
    house = app.extensions["balai"]
    with unit_of_work(house.ground, region=house.directory.find(REGION)) as ctx, app.app_context():
        if role == "citizen":
            account_id, kind, region = uuid.uuid4(), "citizen", REGION
            ctx.session.add(Citizen(region_id=ctx.region.id, id=account_id, status="active", locale="id", created_at=ctx.now()))
            ctx.session.flush()
            keep_identity(ctx, account_id, f"+62812{uuid.uuid4().int % 10**8:08}")
        else:
            email, password = f"{role}@contoh.test", "kata sandi yang panjang"
            account_id, kind, region = create_staff(ctx, email=email, password=password, name=role, role=role), "staff", None
        session_id = open_session(ctx, account_id, kind=kind, device="uji").session_id
        token = make_access_token(account_id=account_id, kind=kind, session_id=session_id, region=region)
    return Person(app.test_client(), token=token, region=REGION)


@pytest.fixture(scope="module")
def known(app):
    """Paths that lead somewhere: a complaint, a file and what a region has."""
    person = sign_in(app, "citizen")
    place = shipped_places(REGION).inside
    complaint = person.post("complaints", at(place, file_ids=[upload(person, GOOD)["id"]])).get_json()
    person.post("complaints", at(place, category="ADM-01"))
    house = app.extensions["balai"]
    while due := sweep(house):
        for subscriber in due:
            carry_due(house, subscriber)
    paths = {
        "complaint_id": complaint["id"],
        "code": "11.71.01",
        "number": complaint["number"],
        "variant": "full",
        "key": "ktp-el-baru",
    }
    return person, paths | {"module": "service-info", "file_id": complaint["files"][0]["id"], "region": REGION}


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/openapi.json").get_json()


def test_the_document_is_valid_openapi_3_1_and_has_every_route(app, document):
    assert list(OPENAPI_31_VALIDATOR.iter_errors(document)) == []
    beside = ("/docs", "/assets")
    rules = {rule.rule for rule in app.url_map.iter_rules() if not (rule.rule.startswith(beside) or is_page(rule.rule))}
    served = rules - {"/openapi.json"}
    assert len(document["paths"]) == len(served)
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for name, operation in path.items()
        if name != "parameters"
    ]
    assert len(set(ids)) == len(ids)


def texts(document, place, schema):
    """Yield each text in a schema, with its place."""
    if "$ref" in schema:
        yield from texts(document, place, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for name, part in schema.get("properties", {}).items():
        yield from texts(document, f"{place}.{name}", part)
    if "items" in schema:
        yield from texts(document, f"{place}[]", schema["items"])
    if "string" in schema.get("type", ()):
        yield place, schema


def test_every_text_that_a_client_sends_has_an_example(document):
    sent = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = operation if method == "parameters" else operation.get("parameters", [])
            for parameter in parameters:
                sent += texts(document, f"{method} {path} {parameter.get('name')}", parameter.get("schema", {}))
            if method != "parameters":
                for media in operation.get("requestBody", {}).get("content", {}).values():
                    sent += texts(document, f"{method} {path}", media["schema"])
    assert len(sent) > 100
    assert [place for place, text in sent if not {"examples", "enum", "format"} & set(text)] == []


def test_errors_and_headers_of_every_route_are_documented(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters" or path.startswith("/health"):
                continue
            told = set(operation["responses"])
            assert {"401", "422", "503", "default"} <= told, (method, path)
            assert "security" in operation or operation["operationId"] in WITHOUT_A_TOKEN, (method, path)
            if "requestBody" in operation:
                assert operation["requestBody"]["required"]
                assert {"400", "413"} <= told
    submit = document["paths"]["/v1/regions/{region}/complaints"]["post"]
    assert {"400", "401", "403", "404", "409", "413", "422", "429"} <= set(submit["responses"])
    assert {"$ref": "#/components/parameters/IdempotencyKey_required"} in submit["parameters"]
    move = document["paths"]["/v1/regions/{region}/complaints/{complaint_id}/moves"]["post"]
    assert {"$ref": "#/components/parameters/IfMatch_accepted"} in move["parameters"]
    assert "412" in move["responses"]


def strict(schema):
    """Return the schema without what would let any status pass, and without the pattern that takes seconds to make texts of."""
    schema.config.generation.with_security_parameters = False
    refusals = schema.config.checks.negative_data_rejection
    refusals.expected_statuses = [*refusals.expected_statuses, "412"]
    for operations in schema.raw_schema["paths"].values():
        for name, operation in operations.items():
            if name != "parameters":
                operation["responses"].pop("default", None)
    for described in schema.raw_schema["components"]["schemas"].values():
        for part in described.get("properties", {}).values():
            if "(?=" in part.get("pattern", ""):
                del part["pattern"]
    return schema


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("role", ["citizen", "regional_admin"])
def test_whatever_is_sent_is_answered_as_the_document_says(app, known, role, mode):
    person, paths = known
    if role != "citizen":
        person = sign_in(app, role)
    faults = []
    schema = strict(schemathesis.openapi.from_wsgi("/openapi.json", app))
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if name in ENDS_ITSELF:
            continue
        held = paths | LEAD_AWAY.get(name, {})
        fixed = {each.name: held[each.name] for each in operation.path_parameters if each.name in held}

        @BOUNDS
        @given(case=operation.as_strategy(GenerationMode(mode), path_parameters=fixed))
        def send(case):
            case.call_and_validate(headers={"Authorization": f"Bearer {person.token}"}, checks=HELD)

        try:
            send()
        except BaseExceptionGroup as group:
            faults += [f"{operation.label}: {fault}" for fault in group.exceptions]
        except Unsatisfiable:
            pass  # nothing can be said wrong to a route that takes nothing
    assert not faults, "\n\n".join(faults)
    assert person.get("/v1/me").status_code == 200
