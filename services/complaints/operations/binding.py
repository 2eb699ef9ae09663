"""Settings against the region they are for: what a schema alone cannot see."""

from backend.sdk.domain import Context, DomainError, FieldError, Kind, bound_types
from services.complaints.queries.cases import settings_of


def check_bindings(ctx: Context) -> None:
    """Refuse settings that seal a category for a custodian whom no unit of the region is: nobody could see its cases.

    Raises DomainError (422) naming each category.
    """
    bound = bound_types(ctx)
    faults = [
        FieldError(
            field=f"values.categories.{place}.custodian",
            code="complaints.custodian_not_bound",
            params={"word": category.custodian},
        )
        for place, category in enumerate(settings_of(ctx).categories.values())
        if category.sealed and category.custodian not in bound
    ]
    if faults:
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)
