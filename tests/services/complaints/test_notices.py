"""What people are told of a case: whose it is and until when, and of a sealed case its number alone."""

PLACE = {"lat": 5.5529, "lng": 95.3192}


def report(person, category):
    body = {"category": category, "description": "Jalan berlubang.", "location": PLACE}
    got = person.post("complaints", body)
    assert got.status_code == 201, got.get_json()
    return got.get_json()


def told(person):
    """Return what the person was told, the oldest first."""
    return [item["body"] for item in reversed(person.get("notifications").get_json()["items"])]


def test_a_reporter_is_told_which_department_has_the_report_and_until_when(citizen, staff, work):
    reporter, officer = citizen(), staff("department_officer", "pupr")
    complaint = report(reporter, "JLN-01")
    work()
    assert told(reporter)[-1] == f"Aduan {complaint['number']} diteruskan ke Dinas Pekerjaan Umum dan Penataan Ruang."
    assert officer.post(f"complaints/{complaint['id']}/moves", {"move": "accept"}).status_code == 200
    work()
    assert told(reporter)[-1].startswith("Dinas Pekerjaan Umum dan Penataan Ruang menerima aduan")
    assert told(reporter)[-1].rstrip(".").endswith("WIB")


def test_a_department_is_told_until_when_it_has_to_answer(citizen, staff, work):
    officer = staff("department_officer", "dishub")
    complaint = report(citizen(), "PJU-02")
    work()
    told_of = next(text for text in told(officer) if complaint["number"] in text)
    assert told_of.startswith("Dinas Perhubungan menerima aduan")
    assert told_of.rstrip(".").endswith("WIB")


def test_of_a_sealed_case_nobody_is_told_more_than_its_number(citizen, staff, work):
    reporter, custodian = citizen(), staff("department_head", "inspektorat")
    complaint = report(reporter, "ASN-02")
    work()
    for person in (reporter, custodian):
        texts = {text for text in told(person) if complaint["number"] in text}
        assert texts == {f"Ada perkembangan pada {complaint['number']}."}
