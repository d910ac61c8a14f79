"""Renders the counts of all server processes, and what the store holds, for Prometheus.

Labels are routes, collections and indexes that there are: never what a caller sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ..store.definition import Held
from .tally import BOUNDS, Counts, Series

_PLACE = ("route", "collection", "index")


def render(counts: Counts, held: Mapping[str, Held]) -> bytes:
    """Return the text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(counts, held))
    return generate_latest(registry)


class _Metrics(Collector):
    def __init__(self, counts: Counts, held: Mapping[str, Held]) -> None:
        self._counts = counts
        self._held = held

    def collect(self) -> Iterator[Metric]:
        yield self._requests()
        yield self._seconds()
        yield self._bytes()
        yield self._strangers()
        yield CounterMetricFamily(
            "personalization_log_lines_dropped",
            "Lines of the access log that nobody took",
            value=self._counts.lines_dropped,
        )
        yield from self._collections()

    def _requests(self) -> Metric:
        labels = (*_PLACE, "status")
        family = CounterMetricFamily(
            "personalization_requests", "Requests answered", labels=labels
        )
        for series in self._counts.series.values():
            family.add_metric([*_place(series), str(series.status)], series.count)
        return family

    def _bytes(self) -> Metric:
        family = CounterMetricFamily(
            "personalization_answer_bytes", "Bytes of bodies answered", labels=_PLACE
        )
        for place, series in self._places().items():
            family.add_metric(list(place), series.bytes)
        return family

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "personalization_request_seconds",
            "Seconds from a request to its answer, within the server",
            labels=_PLACE,
        )
        for place, series in self._places().items():
            within = 0
            buckets = []
            for bound, count in zip((*BOUNDS, "+Inf"), series.buckets, strict=True):
                within += count
                buckets.append((str(bound), within))
            family.add_metric(list(place), buckets, sum_value=series.seconds)
        return family

    def _places(self) -> dict[tuple[str, str, str], Series]:
        """Series by place, all statuses of it together."""
        found: dict[tuple[str, str, str], Series] = {}
        for series in self._counts.series.values():
            empty = Series(*_place(series), status=0)
            found.setdefault(_place(series), empty).add(series)
        return found

    def _strangers(self) -> Metric:
        family = CounterMetricFamily(
            "personalization_strangers",
            "Requests without a good key, refused (401) or sent away (429)",
            labels=["status"],
        )
        for status in (401, 429):
            family.add_metric([str(status)], self._counts.strangers.get(status, 0))
        return family

    def _collections(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        gauges = {
            "version": "Number of the version that is served",
            "age_seconds": "Seconds since the models were built",
            "records": "Records that are served",
        }
        for name, text in gauges.items():
            family = GaugeMetricFamily(
                f"personalization_collection_{name}", text, labels=["collection"]
            )
            for collection, each in sorted(self._held.items()):
                version = each.version
                age = max(0.0, (now - version.built_at).total_seconds())
                values = {
                    "version": version.number,
                    "age_seconds": age,
                    "records": version.records,
                }
                family.add_metric([collection], values[name])
            yield family


def _place(series: Series) -> tuple[str, str, str]:
    return series.route, series.collection, series.index
