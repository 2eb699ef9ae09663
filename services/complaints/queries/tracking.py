"""Following one report by its number: what anybody may know, or what the reporter's code opens."""

from backend.sdk.domain import Context, not_found
from services.complaints.domain.numbers import recognised
from services.complaints.queries.cases import Case, find_case, settings_of
from services.complaints.queries.codes import knows_code


def get_tracked(ctx: Context, number: str, code: str | None) -> Case:
    """Return the case of a number: as its reporter sees it for whoever has the reporter's code, else as the actor does.

    Raises the 404 for what is no number, and for a case that the actor may not know.
    """
    numbers = recognised(number, settings_of(ctx).number_format)
    if not numbers:
        raise not_found()
    found = find_case(ctx, numbers=numbers, as_reporter=code is not None)
    if found is not None and code is not None and not knows_code(ctx, found.row.id, code):
        found = find_case(ctx, numbers=numbers)
    if found is None:
        raise not_found()
    return found
