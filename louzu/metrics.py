"""What this host's processes count of their requests, in Prometheus' form: no address, no user, no row.

Several processes of gunicorn count into files of one folder (`gunicorn.conf.py` makes it), so that any of them answers
for all of this host. A single process counts in memory.
"""

import os
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OF_THIS_PROCESS = CollectorRegistry()
REQUESTS = Counter(
    "louzu_requests", "Requests answered, by class of status.", ["method", "status"], registry=OF_THIS_PROCESS
)
SECONDS = Histogram(
    "louzu_request_seconds",
    "Seconds until a request was answered.",
    ["method"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=OF_THIS_PROCESS,
)


class Measure(NamedTuple):
    """A figure of the moment: its name and meaning, its value in seconds, bytes or rows, and its one label, if any."""

    name: str
    meaning: str
    value: float
    label: tuple[str, str] | None = None


def measured(get_response):
    """Count each request and its duration. The method is one of the known ones, so that nobody invents series."""

    def middleware(request):
        begun = time.perf_counter()
        response = get_response(request)
        method = request.method if request.method in METHODS else "OTHER"
        REQUESTS.labels(method, f"{response.status_code // 100}xx").inc()
        SECONDS.labels(method).observe(time.perf_counter() - begun)
        return response

    return middleware


def exposed(measures: Iterable[Measure]) -> bytes:
    """Return the requests of this host's processes, and these figures, as Prometheus reads them."""
    requests = OF_THIS_PROCESS
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        requests = CollectorRegistry()
        MultiProcessCollector(requests)
    moment = CollectorRegistry()
    moment.register(OfTheMoment(measures))
    return generate_latest(requests) + generate_latest(moment)


class OfTheMoment(Collector):
    """Figures that are asked for at each reading, unlike those that are counted."""

    def __init__(self, measures: Iterable[Measure]):
        self.measures = list(measures)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, some in groupby(self.measures, key=lambda each: each.name):
            rows = list(some)
            family = GaugeMetricFamily(name, rows[0].meaning, labels=[rows[0].label[0]] if rows[0].label else None)
            for each in rows:
                family.add_metric([each.label[1]] if each.label else [], each.value)
            yield family
