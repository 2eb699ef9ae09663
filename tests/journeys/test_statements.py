"""How many SQL statements a request takes: everything but BEGIN and COMMIT, the same for one row and for sixty."""

import pytest
from sqlalchemy import delete, event, insert, select

from backend.core.ids import new_id
from backend.data.events import Delivery
from backend.data.unit_of_work import unit_of_work
from backend.files.operations import UPLOADED
from services.complaints.models import Complaint
from tests.journeys.test_main_job import make, report, upload

MOST = 4  # PROMISES: setting the region and reading the account included
# A ceiling that only goes down: region, account, key taken, complaint, its line, two events with their deliveries, the case
# as it is answered, key answered. A picture adds two: the file held, and the case's file.
MOST_TO_SUBMIT = 6


@pytest.fixture
def count(house):
    """Return a function that makes a request and gives the statements it took."""

    def count(request):
        statements = []

        def hear(_connection, _cursor, statement, *_):
            statements.append(" ".join(statement.split())[:120])

        request()  # what is read once a process and revision is not the request's
        event.listen(house.ground.engine, "before_cursor_execute", hear)
        try:
            answer = request()
        finally:
            event.remove(house.ground.engine, "before_cursor_execute", hear)
        assert answer.status_code in {200, 201}, answer.get_json()
        return statements

    return count


@pytest.fixture
def street(citizen, staff, work, house):
    """One routed complaint of one citizen, and a function that lays many more like it beside, for the time of the test."""
    reporter = citizen()
    first = report(reporter, file_ids=[upload(reporter)])
    work()
    department = reporter.get(f"complaints/{first['id']}").get_json()["department"]["key"]

    def more(number):
        with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
            row = ctx.session.get_one(Complaint, (ctx.region.id, first["id"]))
            kept = {column.key: getattr(row, column.key) for column in Complaint.__table__.c if not column.computed}
            copies = [kept | {"id": (id_ := new_id()), "number": f"BNA-{id_}"} for _ in range(number)]
            laid.extend(copy["id"] for copy in copies)
            ctx.session.execute(insert(Complaint), copies)

    laid = []
    yield reporter, first, staff("department_officer", department), more
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        ctx.session.execute(delete(Complaint).where(Complaint.region_id == ctx.region.id, Complaint.id.in_(laid)))


def test_lists_take_the_same_few_statements_whatever_the_page(street, count, anybody):
    reporter, _, officer, more = street
    lists = {
        "inbox": lambda: officer.get("complaints/inbox?limit=100"),
        "mine": lambda: reporter.get("complaints?mine=true&limit=100"),
        "public": lambda: anybody.get("complaints?limit=100"),
        "search": lambda: officer.get("complaints?limit=100&q=lubang"),
        "map": lambda: anybody.get("complaints/map"),
        "everybody's, for staff": lambda: officer.get("complaints?limit=100"),
        "notifications": lambda: reporter.get("notifications?limit=100"),
    }
    few = {name: count(ask) for name, ask in lists.items()}
    more(59)
    many = {name: count(ask) for name, ask in lists.items()}
    assert len(lists["mine"]().get_json()["items"]) == 60
    assert len(lists["inbox"]().get_json()["items"]) >= 60
    for name, statements in few.items():
        assert len(statements) == len(many[name]) <= MOST, (name, statements, many[name])


def test_a_case_with_a_long_history_takes_no_more_than_a_new_one(street, count):
    reporter, first, officer, _ = street
    asks = [
        lambda: reporter.get(f"complaints/{first['id']}"),
        lambda: reporter.get(f"complaints/{first['id']}/timeline"),
        lambda: officer.get(f"complaints/{first['id']}"),
        lambda: officer.get(f"complaints/{first['id']}/routing"),
    ]
    before = [count(ask) for ask in asks]
    make(officer, first, "accept")
    make(officer, first, "start")
    for number in range(10):
        officer.post(f"complaints/{first['id']}/notes", {"note": f"Catatan {number}"})
    make(officer, first, "submit_evidence", note="Sudah.", file_ids=[upload(officer) for _ in range(3)])
    for statements, ask in zip(before, asks, strict=True):
        assert len(statements) == len(count(ask)) <= MOST, statements


def test_a_submission_takes_no_more_statements_than_it_did(street, count):
    reporter, *_ = street
    body = {"category": "JLN-01", "description": "Lubang.", "location": {"lat": 5.5529, "lng": 95.3192}}
    pictures = [upload(reporter) for _ in range(4)]
    # The lesser of two: one in fifty also takes a block of ticket numbers, in a transaction of its own.
    bare = min((count(lambda: reporter.post("complaints", body)) for _ in range(2)), key=len)
    shown = min((count(lambda: reporter.post("complaints", {**body, "file_ids": [pictures.pop()]})) for _ in range(2)), key=len)
    assert len(bare) <= MOST_TO_SUBMIT, bare
    assert len(shown) <= MOST_TO_SUBMIT + 2, shown


def test_what_a_transaction_tells_leaves_in_one_statement_and_in_its_order(count, house, app):
    subjects = [new_id() for _ in range(20)]

    def tell():
        with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
            for subject in subjects:
                ctx.publish(UPLOADED, subject=subject)
        return app.response_class(status=200)

    statements = count(tell)
    assert len(statements) == 2, statements  # the first says the region
    with unit_of_work(house.ground) as ctx:
        told = ctx.session.scalars(select(Delivery.subject).where(Delivery.subject.in_(subjects)).order_by(Delivery.seq)).all()
    assert told == subjects * 2  # `count` asks twice
