"""Days on which a region does not work: its country's, computed year by year, and those that its pack adds or takes out."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import holidays


@lru_cache(maxsize=1024)
def national_days(country: str, subdivision: str | None, categories: frozenset[str], year: int) -> frozenset[date]:
    """Return the holidays of one year, of all kinds in `categories` (of those that everybody has, if there is none).

    As the package `holidays` knows them: what goes by the moon is computed for years that no government has settled yet.
    Raises LookupError for a country, subdivision or category it does not know.
    """
    # The package's own object is a dict that fills itself when it is asked, so it must not be shared between threads.
    try:
        days = holidays.country_holidays(country, subdivision, years=year, categories=set(categories) or None)
    except (NotImplementedError, ValueError) as error:
        raise LookupError(str(error)) from error
    return frozenset(days)


@dataclass(frozen=True, kw_only=True)
class Holidays(Container[date]):
    """Ask it with `in`. `own` days are always holidays; `without` are national ones on which the region works."""

    country: str | None = None
    subdivision: str | None = None
    categories: frozenset[str] = frozenset()
    without: frozenset[date] = frozenset()
    own: frozenset[date] = frozenset()

    def __contains__(self, day: object) -> bool:
        """Say whether that date is a holiday here."""
        if not isinstance(day, date) or day in self.own:
            return day in self.own
        if self.country is None or day in self.without:
            return False
        return day in national_days(self.country, self.subdivision, self.categories, day.year)


def read_holidays(calendar: Mapping[str, Any]) -> Holidays:
    """Return the holidays of a region as its pack writes them: `national` by its country, `holidays` with a date each."""
    national = calendar.get("national") or {}
    return Holidays(
        country=national.get("country"),
        subdivision=national.get("subdivision"),
        categories=frozenset(national.get("categories", ())),
        without=frozenset(map(date.fromisoformat, national.get("without", ()))),
        own=frozenset(date.fromisoformat(day["date"]) for day in calendar.get("holidays", ())),
    )
