"""When dbt built what a sync sends, as far as its results say. Reads files of dbt's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .manifest import Sync
from .project import Project


def built_at(project: Project, sync: Sync) -> datetime | None:
    """The oldest of the moments at which the sync's marts were built.

    run_results.json holds one invocation: of a mart that was not part of it nothing
    is known, and so nothing is said.
    """
    try:
        path = project.target_path / "run_results.json"
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
        moments = {
            result["unique_id"]: moment
            for result in results
            if result["status"] == "success" and (moment := _completed(result))
        }
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    found = [moments.get(parent) for parent in sync.parents]
    known = [moment for moment in found if moment]
    return min(known) if known and len(known) == len(found) else None


def _completed(result: dict[str, Any]) -> datetime | None:
    return next(_ends(result), None)


def _ends(result: dict[str, Any]) -> Iterator[datetime]:
    for step in result.get("timing", []):
        if step.get("name") == "execute" and step.get("completed_at"):
            moment = datetime.fromisoformat(step["completed_at"])
            yield moment if moment.tzinfo else moment.replace(tzinfo=UTC)
