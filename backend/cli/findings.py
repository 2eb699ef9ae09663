"""What `balai doctor` finds, and what is near."""

from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and what to do about it; `refused` where production must not run with it."""

    what: str
    text: str
    refused: bool


def refused(what: str, text: str) -> Finding:
    """Return a finding with which production is refused."""
    return Finding(what, text, refused=True)


def noted(what: str, text: str) -> Finding:
    """Return a finding to know of."""
    return Finding(what, text, refused=False)


def is_near(host: str) -> bool:
    """Tell whether an address is this machine's own, which no other machine reaches."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
