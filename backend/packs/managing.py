"""What an admin does with a whole pack, at whichever door: takes one in, applies it, compares two versions."""

from collections.abc import Mapping
from typing import Any

from backend.data.context import Context
from backend.http.house import House
from backend.modules.registry import Registry
from backend.packs.apply import Applied, apply_plan, make_plan
from backend.packs.archives import read_archive
from backend.packs.differences import compare, said_by
from backend.packs.folder import Files, with_bases
from backend.packs.reading import read_files
from backend.packs.settings import refusing
from backend.packs.signing import trusted_signer
from backend.packs.versions import files_of, list_versions


def receive_archive(house: House, content: bytes) -> tuple[Files, str | None]:
    """Return the files of an archive with the bases they need, and who has signed it. Raises DomainError (422)."""
    with refusing():
        files = read_archive(content)
        signer = trusted_signer(files, house.ground.settings.pack_trust)
        return with_bases(files), signer


def apply_files(
    ctx: Context,
    registry: Registry,
    files: Files,
    *,
    kind: str,
    why: str,
    expected: int | None = None,
    signed_by: str | None = None,
    successors: Mapping[str, str] | None = None,
) -> Applied:
    """Make the region exactly what `files` say. Raises DomainError as `make_plan` and `apply_plan` do, 422 for a faulty pack."""
    with refusing():
        inside, plan = make_plan(ctx, registry, files, keep_edits=False, unit_successors=successors)
    return apply_plan(inside, registry, plan, kind=kind, why=why, expected_version=expected, signed_by=signed_by)


def compare_versions(ctx: Context, since: int | None, until: int | None) -> tuple[int, int, list[dict[str, Any]]]:
    """Return the two versions that were compared and what differs: the present one, and the one before, where none is named.

    Raises DomainError: 404 for a version that is not there.
    """
    newest = list_versions(ctx.session, ctx.region.id, limit=1)
    until = until or (newest[0].version if newest else 1)
    since = since or max(1, until - 1)
    with refusing():
        one, other = (read_files(files_of(ctx.session, ctx.region.id, version)) for version in (since, until))
    return since, until, compare(said_by(one), said_by(other))
