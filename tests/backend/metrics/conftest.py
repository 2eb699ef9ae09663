"""An installation of its own that counts, and what Prometheus would read of it."""

import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.testing.installation import make_installation
from tests.running import Installation, Valkey, free_port, own_valkey


@dataclass(frozen=True)
class Read:
    """One scrape: its samples by name, each with its labels and value."""

    samples: list[tuple[str, dict[str, str], float]]

    @property
    def names(self) -> set[str]:
        return {name for name, _, _ in self.samples}

    def of(self, wanted: str, **labels: str) -> float | None:
        """Return the sum of the samples of that name with these labels; None where there is none."""
        found = [value for name, has, value in self.samples if name == wanted and labels.items() <= has.items()]
        return sum(found) if found else None


def samples_of(families) -> Read:
    return Read([(sample.name, sample.labels, sample.value) for family in families for sample in family.samples])


@pytest.fixture(scope="session")
def valkey(tmp_path_factory) -> Valkey:
    with own_valkey(tmp_path_factory.mktemp("valkey")) as valkey:
        yield valkey


@pytest.fixture(scope="session")
def installation(addresses, valkey, tmp_path_factory) -> Installation:
    name = f"metrics_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environ = make_installation({**addresses, "redis_url": valkey.url}, name=name, var=tmp_path_factory.mktemp("var"))
    return Installation(environ | {"PORT": free_port(), "BALAI_METRICS_PORT": free_port(), "BALAI_LOG_LEVEL": "INFO"})


@pytest.fixture(scope="session")
def scrape(installation) -> Callable[[], Read]:
    address = f"http://127.0.0.1:{installation.environ['BALAI_METRICS_PORT']}/metrics"

    def scrape() -> Read:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return samples_of(text_string_to_metric_families(answer.read().decode()))

    return scrape
