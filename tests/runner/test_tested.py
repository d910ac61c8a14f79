"""A failed test protects the people its mart is about, and stops nobody else's sync.

The project: raw -> stg_people -> people -> people__pending, and beside it
stg_orders -> orders -> orders__pending; `both` is made from the two marts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConfigError
from runner.project import Project
from runner.tested import failed_nodes, held_by_tests

PARENTS = {
    "seed.shop.raw": [],
    "model.shop.stg_people": ["seed.shop.raw", "source.shop.crm.people"],
    "model.shop.people": ["model.shop.stg_people"],
    "model.shop.people__pending": ["model.shop.people"],
    "model.shop.stg_orders": [],
    "model.shop.orders": ["model.shop.stg_orders"],
    "model.shop.orders__pending": ["model.shop.orders"],
    "model.shop.both__pending": ["model.shop.people", "model.shop.orders"],
    "model.shop.report": ["model.shop.people"],
    "test.shop.not_null_people": ["model.shop.people"],
    "test.shop.unique_stg_people": ["model.shop.stg_people"],
    "test.shop.raw_is_fresh": ["seed.shop.raw"],
    "test.shop.unique_report": ["model.shop.report"],
    "test.shop.every_order_has_a_person": ["model.shop.orders", "model.shop.people"],
    "test.shop.pending_is_small": ["model.shop.people__pending"],
    "unit_test.shop.orders.totals": ["model.shop.orders"],
}


def node(unique_id: str, parents: list[str]) -> dict[str, Any]:
    kind, *_, name = unique_id.split(".")
    meta = {"sync": {"destination": "braze"}} if name.endswith("__pending") else {}
    return {
        "resource_type": kind,
        "name": name,
        "config": {"meta": meta},
        "depends_on": {"nodes": parents},
    }


NODES = {unique_id: node(unique_id, parents) for unique_id, parents in PARENTS.items()}
MANIFEST = {
    "nodes": {name: one for name, one in NODES.items() if "unit_test" not in name},
    "unit_tests": {name: one for name, one in NODES.items() if "unit_test" in name},
}


def results(**statuses: str) -> dict[str, Any]:
    """dbt's results; a node is named by the last part of its id."""
    known = {unique_id.split(".")[-1]: unique_id for unique_id in PARENTS}
    return {
        "results": [
            {"unique_id": known.get(name, f"model.shop.{name}"), "status": status}
            for name, status in statuses.items()
        ]
    }


def held(**statuses: str) -> set[str]:
    return set(failed_nodes(MANIFEST, results(**statuses)))


@pytest.mark.parametrize(
    ("failed", "syncs"),
    [
        ("not_null_people", {"people", "both"}),
        ("unique_stg_people", {"people", "both"}),
        ("raw_is_fresh", {"people", "both"}),
        ("pending_is_small", {"people"}),
        ("every_order_has_a_person", {"people", "orders", "both"}),
        ("totals", {"orders", "both"}),
        ("unique_report", set()),
    ],
)
@pytest.mark.parametrize("status", ["fail", "error"])
def test_a_failed_test_holds_what_is_made_from_what_it_tests(
    failed: str, syncs: set[str], status: str
) -> None:
    assert held(**{failed: status}) == syncs


@pytest.mark.parametrize("status", ["error", "skipped", "partial success"])
@pytest.mark.parametrize(
    ("name", "syncs"),
    [
        ("raw", {"people", "both"}),
        ("people", {"people", "both"}),
        ("people__pending", {"people"}),
        ("report", set()),
    ],
)
def test_a_model_that_was_not_built_holds_what_is_made_from_it(
    name: str, syncs: set[str], status: str
) -> None:
    assert held(**{name: status}) == syncs


@pytest.mark.parametrize("status", ["pass", "warn", "success", "no-op", "skipped"])
def test_what_did_not_fail_holds_nothing(status: str) -> None:
    assert held(not_null_people=status) == set()


def test_nodes_that_were_not_part_of_the_last_invocation_hold_nothing() -> None:
    assert held(people="success") == set()
    assert failed_nodes(MANIFEST, {}) == {}


def test_a_result_of_a_node_that_is_gone_holds_nothing() -> None:
    assert held(deleted_last_week="error") == set()


def test_a_unit_test_is_about_the_model_it_tests_and_not_about_its_inputs() -> None:
    """dbt may list more than the one parent; it names the tested node, too."""
    content = json.loads(json.dumps(MANIFEST))
    unit = content["unit_tests"]["unit_test.shop.orders.totals"]
    unit["depends_on"]["nodes"] = ["model.shop.people", "model.shop.orders"]
    unit["tested_node_unique_id"] = "model.shop.orders"

    assert set(failed_nodes(content, results(totals="fail"))) == {"orders", "both"}


# -- what a person is told


def project(folder: Path, manifest: str, outcome: str | None) -> Project:
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    if outcome is not None:
        (folder / "run_results.json").write_text(outcome, encoding="utf-8")
    return Project(folder, "shop", "shop", "dev", folder / "p", {}, folder, {})


def test_the_sentences_name_the_test_and_the_command_that_shows_it(
    tmp_path: Path,
) -> None:
    outcome = json.dumps(results(not_null_people="fail", unique_stg_people="error"))

    assert held_by_tests(project(tmp_path, json.dumps(MANIFEST), outcome))[
        "people"
    ] == (
        "test not_null_people failed; see: dbt test -s not_null_people",
        "test unique_stg_people could not run; see: dbt test -s unique_stg_people",
    )


def test_what_was_skipped_is_told_only_where_its_cause_is_not(tmp_path: Path) -> None:
    both = results(people="skipped", unique_stg_people="fail", report="error")
    alone = results(people="skipped")

    told = held_by_tests(project(tmp_path, json.dumps(MANIFEST), json.dumps(both)))
    assert [text.split(";")[0] for text in told["people"]] == [
        "test unique_stg_people failed"
    ]
    told = held_by_tests(project(tmp_path, json.dumps(MANIFEST), json.dumps(alone)))
    assert [text.split(";")[0] for text in told["people"]] == [
        "model people was not built"
    ]


@pytest.mark.parametrize("outcome", ["", "{", "[]"])
def test_results_that_cannot_be_read_hold_everything(
    tmp_path: Path, outcome: str
) -> None:
    with pytest.raises(ConfigError, match="dbt was interrupted"):
        held_by_tests(project(tmp_path, json.dumps(MANIFEST), outcome))


@pytest.mark.parametrize("outcome", [None, '{"results": []}'])
def test_without_results_nothing_is_known_and_nothing_held(
    tmp_path: Path, outcome: str | None
) -> None:
    assert held_by_tests(project(tmp_path, json.dumps(MANIFEST), outcome)) == {}
