"""Which syncs dbt's last word holds back: a failed test, or a model it could not build.

Reads manifest.json and run_results.json and nothing else. run_results.json holds one
invocation: a node that was not part of it is not known, and holds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .project import Project
from .sync_meta import PENDING_SUFFIX

FAILED = frozenset({"error", "fail", "runtime error", "partial success", "skipped"})
"""What dbt says of a node that is not as it should be; `warn` is not among it."""

_TESTS = frozenset({"test", "unit_test"})


@dataclass(frozen=True, slots=True)
class FailedNode:
    """A test that failed, or a model, seed or snapshot that was not built."""

    kind: str
    name: str
    status: str

    def __str__(self) -> str:
        """One sentence, with where to look."""
        if self.kind in _TESTS:
            ended = "failed" if self.status == "fail" else "could not run"
            return f"test {self.name} {ended}; see: dbt test -s {self.name}"
        ended = "was not built" if self.status == "skipped" else "could not be built"
        return f"{self.kind} {self.name} {ended}; see: dbt build -s {self.name}"


def held_by_tests(project: Project) -> dict[str, tuple[str, ...]]:
    """Sync -> sentences of why it is held; syncs that are not held are not in it."""
    path = project.target_path / "run_results.json"
    results = _read(path)
    if path.exists() and "results" not in results:
        msg = f"{path}: cannot be read: dbt was interrupted. Run: runner build"
        raise ConfigError(msg)
    if not any(result["status"] in FAILED for result in results.get("results", [])):
        # The manifest has megabytes, and there is nothing to look up in it.
        return {}
    manifest = _read(project.target_path / "manifest.json")
    return {
        sync: tuple(str(node) for node in _causes(nodes))
        for sync, nodes in failed_nodes(manifest, results).items()
    }


def failed_nodes(
    manifest: Mapping[str, Any], results: Mapping[str, Any]
) -> dict[str, tuple[FailedNode, ...]]:
    """Sync -> the failed nodes that it is made from, and the failed tests of those.

    A test counts for a sync when any of its parents is the sync's pending model or an
    ancestor of that; a unit test when the model it tests is.
    """
    nodes = {**manifest.get("nodes", {}), **manifest.get("unit_tests", {})}
    failed = {
        result["unique_id"]: FailedNode(
            node["resource_type"], node["name"], result["status"]
        )
        for result in results.get("results", [])
        if result["status"] in FAILED and (node := nodes.get(result["unique_id"]))
    }
    held = {}
    for unique_id, node in nodes.items() if failed else ():
        if node["resource_type"] != "model" or not _is_sync(node):
            continue
        lineage = _lineage(nodes, unique_id)
        found = tuple(
            failed[failed_id]
            for failed_id in sorted(failed)
            if _says_something(nodes[failed_id], failed_id, failed[failed_id], lineage)
        )
        if found:
            held[node["name"].removesuffix(PENDING_SUFFIX)] = found
    return held


def _is_sync(node: Mapping[str, Any]) -> bool:
    return "sync" in (node.get("config", {}).get("meta") or {})


def _says_something(
    node: Mapping[str, Any], unique_id: str, failed: FailedNode, lineage: set[str]
) -> bool:
    """Whether a failed node is about anything in the lineage."""
    if node["resource_type"] not in _TESTS:
        return unique_id in lineage
    # A test that was not run says nothing; why it was not run is held for itself.
    return failed.status != "skipped" and bool(_tested(node) & lineage)


def _tested(node: Mapping[str, Any]) -> set[str]:
    """What a test is about. A unit test's inputs are given: it is about one model."""
    parents = node["depends_on"]["nodes"]
    if node["resource_type"] == "unit_test":
        return {node.get("tested_node_unique_id") or parents[0]}
    return set(parents)


def _lineage(nodes: Mapping[str, Mapping[str, Any]], unique_id: str) -> set[str]:
    """A node and everything that it is made from."""
    found: set[str] = set()
    ahead = [unique_id]
    while ahead:
        current = ahead.pop()
        if current not in found:
            found.add(current)
            # A source has no parents and stands elsewhere in the manifest.
            parents = nodes.get(current, {}).get("depends_on", {})
            ahead += parents.get("nodes", [])
    return found


def _causes(nodes: Iterable[FailedNode]) -> list[FailedNode]:
    """What was skipped is a consequence, told only where its cause is not known."""
    every = list(nodes)
    return [node for node in every if node.status != "skipped"] or every


def _read(path: Path) -> dict[str, Any]:
    """dbt's file, or nothing where dbt left none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
