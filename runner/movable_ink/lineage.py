"""What the syncs to Movable Ink are built from. Pure.

No holdout may ever apply to them: whoever is left out gets stale images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MODEL = "audience_holdouts"
MACRO = "is_held_out"


def holdouts(syncs: Mapping[str, str], content: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for every sync to Movable Ink with a holdout upstream.

    `syncs` maps dbt names to ours; `content` is the manifest: `nodes`, and `macros`
    where dbt wrote them.
    """
    nodes: Mapping[str, Any] = content["nodes"]
    macros: Mapping[str, Any] = content.get("macros") or {}
    for pending, sync in syncs.items():
        for unique_id in _upstream([pending], nodes):
            node = nodes[unique_id]
            called = _upstream(node["depends_on"].get("macros", ()), macros)
            names = {macros[each].get("name") for each in called}
            if node["name"] == MODEL or MACRO in names:
                yield (
                    f"{node['original_file_path']}: model {node['name']} holds a "
                    f"control group out and is upstream of {sync}, which goes to "
                    "Movable Ink: every event must be sent. Build the mart without it."
                )
                break


def upstream(
    syncs: Iterable[str], nodes: Mapping[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the models that these syncs (dbt names) are built from."""
    begin = list(syncs)
    for unique_id in _upstream(begin, nodes):
        if nodes[unique_id]["resource_type"] == "model" and unique_id not in begin:
            yield nodes[unique_id]


def _upstream(begin: Iterable[str], known: Mapping[str, Any]) -> list[str]:
    """These and all that they depend on, the nearest first."""
    found: dict[str, None] = {}
    waiting = [each for each in begin if each in known]
    for each in waiting:
        if each in found:
            continue
        found[each] = None
        depends = known[each].get("depends_on", {})
        waiting += [
            one
            for one in [*depends.get("nodes", ()), *depends.get("macros", ())]
            if one in known
        ]
    return list(found)
