"""Counts of several processes come together as Prometheus wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from runner.serve.metrics import render
from runner.serve.reply import Place, Reply
from runner.serve.tally import Tally, total
from runner.store.definition import Held, Version

from .stores import PRODUCTS

A, B = Place("/r", "products", "sku"), Place("/metrics")


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """Name and label values -> value, as Prometheus reads the text."""
    return {
        (each.name, *(each.labels[name] for name in sorted(each.labels))): each.value
        for family in text_string_to_metric_families(text.decode())
        for each in family.samples
    }


def test_the_counts_of_all_processes_are_added_up(tmp_path: Path) -> None:
    first, second = Tally(tmp_path), Tally(tmp_path)
    found, missing = Reply(200, [], b"", A, "k"), Reply(404, [], b"", A, "k")
    first.add(found, 100, 0.002)
    first.add(missing, 10, 0.0001)
    second.add(found, 50, 9.0)
    second.add(Reply(401, [], b"", B), 7, 0.001)
    second.add(Reply(429, [], b"", B), 7, 0.001)
    second.lines_dropped = 4
    for tally in (first, second, first):
        tally.keep()

    found_samples = samples(render(total(tmp_path), {}))

    requests = "personalization_requests_total"
    assert found_samples[requests, "products", "sku", "/r", "200"] == 2
    assert found_samples[requests, "products", "sku", "/r", "404"] == 1
    assert found_samples[requests, "", "", "/metrics", "401"] == 1
    size = ("personalization_answer_bytes_total", "products", "sku", "/r")
    assert found_samples[size] == 160
    seconds = "personalization_request_seconds"
    place = ("products", "sku")
    assert found_samples[f"{seconds}_count", *place, "/r"] == 3
    assert found_samples[f"{seconds}_sum", *place, "/r"] == 9.0021
    within = {
        bound: found_samples[f"{seconds}_bucket", *place, bound, "/r"]
        for bound in ("0.0001", "0.001", "0.0025", "2.0", "+Inf")
    }
    assert list(within.values()) == [1, 1, 2, 2, 3]
    assert found_samples["personalization_strangers_total", "401"] == 1
    assert found_samples["personalization_strangers_total", "429"] == 1
    assert found_samples["personalization_log_lines_dropped_total",] == 4


def test_nothing_is_lost_when_a_process_opens_another_store(tmp_path: Path) -> None:
    """The place is made anew then, and is called as it was."""
    tally = Tally(tmp_path)
    for place, times in ((A, 8), (Place("/r", "products", "sku"), 1)):
        for _ in range(times):
            tally.add(Reply(200, [], b"", place, "k"), 1, 0.001)
    tally.keep()

    assert [each.count for each in total(tmp_path).series.values()] == [9]


def test_a_key_is_told_of_its_collections(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    tally.add(Reply(200, [], b"", A, "k"), 1, 0.001)
    tally.add(Reply(401, [], b"", B), 1, 0.001)
    tally.keep()
    counts = total(tmp_path)

    assert b"products" in render(counts.only(["products"]), {})
    other = render(counts.only(["staff"]), {})
    assert b"products" not in other
    assert b'personalization_strangers_total{status="401"} 1.0' in other
    assert b'route="/metrics"' in other


def test_what_is_held_is_told(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    version = Version(7, "r", now, now - timedelta(hours=1), 42)
    held = {"products": Held(PRODUCTS, version, None, is_rolled_back=False)}

    found = samples(render(total(tmp_path), held))

    assert found["personalization_collection_version", "products"] == 7
    assert found["personalization_collection_records", "products"] == 42
    age = found["personalization_collection_age_seconds", "products"]
    assert 3600 <= age < 3700
