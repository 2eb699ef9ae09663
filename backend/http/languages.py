"""Which language an answer speaks: the reader's, of those that are spoken where the request goes."""

from functools import lru_cache

from werkzeug.http import parse_accept_header

PAGES = "/r"  # before the region's key: what is for people, beside the API's paths
_REGIONS = "/v1/regions/"


@lru_cache(maxsize=512)  # an app says the same with every request
def first_spoken(accepted: str, spoken: tuple[str, ...]) -> str:
    """Return the first language of an Accept-Language that is among `spoken`, in whatever country; else the first of `spoken`."""
    for tag, quality in parse_accept_header(accepted):
        language = tag.lower().replace("_", "-").partition("-")[0]
        if quality > 0 and language in spoken:
            return language
    return spoken[0]


def is_page(path: str) -> bool:
    """Tell whether what lies there is for people to look at."""
    return path in {"/", PAGES} or path.startswith(f"{PAGES}/")


def region_in(path: str) -> str:
    """Return the key that stands where paths have their region; empty for a path outside the regions."""
    if path.startswith(f"{PAGES}/"):
        return path.split("/", 3)[2]
    return path.split("/", 4)[3] if path.startswith(_REGIONS) else ""
