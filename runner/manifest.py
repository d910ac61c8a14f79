"""The syncs and ledger tables of a project, read from dbt's manifest.json.

Strict about meta.sync: a misspelt key is an error here, because dbt accepts it
without a word. All problems come in one report; nothing is connected to.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import ConfigError, nearest
from .movable_ink.lineage import holdouts, upstream
from .objects import OBJECTS
from .operations import Object, Operation, is_once, operations_of
from .project import Project
from .sync_meta import PENDING_SUFFIX, forgotten, meta_problems, sync_options

LEDGER_TABLES = (
    "ledger_sent_rows",
    "ledger_rejected_rows",
    "ledger_unknown_rows",
    "ledger_runs",
    "ledger_acks",
    "ledger_lease",
    "ledger_suppressed_users",
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, by its three names."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        parts = (self.database, self.schema, self.name)
        return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


@dataclass(frozen=True, slots=True)
class Sync:
    """One pending model delivered to one destination object."""

    name: str
    destination: str
    object: str
    pending: Relation
    marts: tuple[Relation, ...]
    """What the pending model reads besides the ledger."""
    pii: frozenset[str] = frozenset()
    """Columns whose values are masked wherever a person or a log may read them."""
    tags: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """The rest of `meta.sync`, with its defaults."""
    new_names: frozenset[str] = frozenset()
    """Columns of the marts that YAML declares `new: true`."""
    unique_id: str = ""
    """dbt's name of the pending model."""
    parents: tuple[str, ...] = ()
    """dbt's names of the marts."""

    @property
    def kind(self) -> Object:
        """What Braze makes of its object."""
        return OBJECTS[self.destination][self.object]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The requests that carry its rows, in order."""
        return operations_of(self.kind, self.options)

    @property
    def is_to_braze(self) -> bool:
        """Whether Braze receives it: its changes of identity make it wait."""
        return self.destination == "braze"

    @property
    def is_collection(self) -> bool:
        """Whether it goes into our own store, and so makes nobody wait for Braze."""
        return self.destination == "personalization"

    @property
    def can_repeat(self) -> bool:
        """Whether a full resync may send all of it again."""
        return not (self.once or self.kind.is_identity)

    @property
    def once(self) -> bool:
        """Whether a row of it must not be sent twice."""
        return is_once(self.object, self.options)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What dbt built: the syncs in order of a push, and where the ledger is."""

    syncs: tuple[Sync, ...]
    ledger: dict[str, Relation]
    visits: tuple[Relation, ...] = ()
    """What the syncs to Movable Ink are built from: it knows who a visitor is."""


def load_manifest(project: Project) -> Manifest:
    """Read target/manifest.json, or raise ConfigError with every problem found."""
    path = project.target_path / "manifest.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"{path}: no such file: dbt has not built yet. Run: runner build"
        raise ConfigError(msg) from None
    except (ValueError, RecursionError, OSError):
        content = None
    if not isinstance(content, dict):
        raise ConfigError(_no_manifest(path))
    metadata = content.get("metadata")
    version = metadata.get("dbt_schema_version") if isinstance(metadata, dict) else ""
    if "/manifest/v12" not in str(version):
        msg = f"{path}: schema {version or 'unknown'}; this runner reads v12."
        raise ConfigError(msg)
    if not isinstance(content.get("nodes"), dict):
        raise ConfigError(_no_manifest(path))
    _check_target(project)
    models = [
        node for node in content["nodes"].values() if node["resource_type"] == "model"
    ]
    ledger = _find_ledger(models, project)
    by_id = {**content["nodes"], **content.get("sources", {})}
    syncs, problems = [], []
    for node in models:
        if "sync" in node["config"].get("meta", {}):
            found = list(meta_problems(node))
            problems += found
            if not found:
                syncs.append(_sync(node, by_id))
    problems += forgotten(models)
    to_movable_ink = {
        sync.unique_id: sync.name for sync in syncs if sync.destination == "movable_ink"
    }
    problems += holdouts(to_movable_ink, content)
    if problems:
        raise ConfigError("\n".join(problems))
    visits = tuple(
        _relation(node)
        for node in upstream(to_movable_ink, content["nodes"])
        if node["name"] not in LEDGER_TABLES
        and node["config"].get("materialized") != "ephemeral"
    )
    return Manifest(tuple(sorted(syncs, key=_turn)), ledger, visits)


def _turn(sync: Sync) -> tuple[int, int, str]:
    """Who is who comes before what they did; the table of objects is in that order."""
    destination = list(OBJECTS).index(sync.destination)
    return destination, list(OBJECTS[sync.destination]).index(sync.object), sync.name


def _no_manifest(path: Path) -> str:
    return f"{path}: is not a manifest: dbt was interrupted. Run: runner build"


def _check_target(project: Project) -> None:
    """The manifest holds the relations of the target that it was built for.

    `runner build` names the target to dbt, which keeps it in run_results.json.
    """
    path = project.target_path / "run_results.json"
    try:
        arguments = json.loads(path.read_text(encoding="utf-8"))["args"]
        built = arguments.get("target")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return
    if isinstance(built, str) and built != project.target:
        msg = (
            f"{project.target_path}: built for target '{built}', not "
            f"'{project.target}'. Run: runner build --target {project.target}"
        )
        raise ConfigError(msg)


def select_syncs(manifest: Manifest, patterns: Sequence[str]) -> tuple[Sync, ...]:
    """Return the syncs named by name, glob or tag:; without patterns, all of them."""
    if not manifest.syncs:
        msg = "No model has meta.sync: there is nothing to deliver. See docs/syncs.md."
        raise ConfigError(msg)
    if not patterns:
        return manifest.syncs
    chosen: set[str] = set()
    for pattern in patterns:
        found = {sync.name for sync in manifest.syncs if _matches(sync, pattern)}
        if not found:
            names = [sync.name for sync in manifest.syncs]
            msg = (
                f"No sync matches '{pattern}'.{nearest(pattern, names)} "
                f"Syncs: {', '.join(names)}."
            )
            raise ConfigError(msg)
        chosen |= found
    return tuple(sync for sync in manifest.syncs if sync.name in chosen)


def _matches(sync: Sync, pattern: str) -> bool:
    if pattern.startswith("tag:"):
        return pattern[len("tag:") :] in sync.tags
    name = pattern.removesuffix(PENDING_SUFFIX)
    return fnmatch.fnmatchcase(sync.name, name)


def _find_ledger(
    models: Iterable[dict[str, Any]], project: Project
) -> dict[str, Relation]:
    found = {
        node["name"]: _relation(node)
        for node in models
        if node["name"] in LEDGER_TABLES
    }
    missing = [name for name in LEDGER_TABLES if name not in found]
    if missing:
        msg = (
            f"{project.directory}: model {missing[0]} is missing or disabled; the "
            "ledger models of braze_bridge must stay enabled."
        )
        raise ConfigError(msg)
    return found


def _relation(node: dict[str, Any]) -> Relation:
    name = node["identifier"] if "identifier" in node else node["alias"]
    parts = [str(node["database"]), str(node["schema"]), str(name)]
    # Where dbt quotes nothing, as on Snowflake, names are in capitals.
    if '"' not in str(node.get("relation_name") or '"'):
        parts = [part.upper() for part in parts]
    return Relation(*parts)


def _sync(node: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> Sync:
    meta = node["config"]["meta"]["sync"]
    parents = [
        by_id[unique_id]
        for unique_id in node["depends_on"]["nodes"]
        if by_id[unique_id]["name"] not in LEDGER_TABLES
        and by_id[unique_id]["config"].get("materialized") != "ephemeral"
    ]
    return Sync(
        name=node["name"].removesuffix(PENDING_SUFFIX),
        destination=meta["destination"],
        object=meta["object"],
        pending=_relation(node),
        marts=tuple(_relation(parent) for parent in parents),
        pii=_columns_with(parents, "pii"),
        tags=tuple(node.get("tags", [])),
        options=sync_options(meta),
        new_names=_columns_with(parents, "new"),
        unique_id=node["unique_id"],
        parents=tuple(parent["unique_id"] for parent in parents),
    )


def _columns_with(models: Iterable[dict[str, Any]], flag: str) -> frozenset[str]:
    return frozenset(
        column["name"]
        for model in models
        for column in model.get("columns", {}).values()
        if _column_meta(column).get(flag)
    )


def _column_meta(column: dict[str, Any]) -> dict[str, Any]:
    """dbt writes a column's meta in one place or the other, by version."""
    return {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
