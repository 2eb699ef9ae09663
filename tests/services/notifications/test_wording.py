"""How values become words: instants on the region's wall, subjects of one line, an SMS without a subject."""

from zoneinfo import ZoneInfo

import pytest

from services.notifications.domain import one_line, say_instant, words_for

JAKARTA, JAYAPURA, NAIROBI = (ZoneInfo(name) for name in ("Asia/Jakarta", "Asia/Jayapura", "Africa/Nairobi"))


@pytest.mark.parametrize(
    ("instant", "zone", "locale", "said"),
    [
        ("2026-05-12T07:00:00Z", JAKARTA, "id", "12 Mei 2026, 14.00 WIB"),
        ("2026-05-12T07:00:00+00:00", JAKARTA, "en", "12 May 2026, 14:00 WIB"),
        ("2026-12-31T20:30:00Z", JAYAPURA, "id", "1 Januari 2027, 05.30 WIT"),
        ("2026-08-17T10:00:00+07:00", NAIROBI, "en", "17 August 2026, 06:00 EAT"),
    ],
)
def test_an_instant_is_read_on_the_regions_wall(instant, zone, locale, said):
    assert say_instant(instant, zone, locale) == said


@pytest.mark.parametrize(
    ("locales", "said"),
    [
        (("ace", "id", "en"), "17 Agustus 2026, 10.00 WIB"),
        (("sw", "en", "sw"), "17 August 2026, 10:00 WIB"),
        (("sw",), "2026-08-17, 10:00 WIB"),
    ],
)
def test_where_the_months_of_a_language_are_not_known_the_regions_next_one_is_spoken_or_figures(locales, said):
    assert say_instant("2026-08-17T03:00:00Z", JAKARTA, *locales) == said


@pytest.mark.parametrize("text", ["-", "besok", "2026-05-12T07:00:00"])
def test_what_is_no_instant_stays_as_it_is(text):
    assert say_instant(text, JAKARTA, "id") == text


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_kind_of_line_end_is_left_in_a_subject(end):
    assert one_line(f"Laporan{end}Bcc: semua@example.org{end}") == "Laporan Bcc: semua@example.org"


def test_an_sms_has_no_subject_and_says_both():
    assert words_for("sms", "Judul", "Isi") == (None, "Judul\nIsi")
    assert words_for("email", "Judul", "Isi") == words_for("push", "Judul", "Isi") == ("Judul", "Isi")
