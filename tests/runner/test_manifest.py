"""The syncs in a manifest: hand-written nodes, so that each mistake stands alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConfigError
from runner.manifest import LEDGER_TABLES, Manifest, Relation, load_manifest
from runner.manifest import select_syncs as select
from runner.project import Project

GOOD = {"destination": "braze", "object": "attributes"}


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A model as dbt writes it, as far as the runner reads."""
    return {
        "unique_id": f"model.shop.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "database": "shop",
        "schema": "main",
        "original_file_path": f"models/{name}.sql",
        "patch_path": f"shop://models/{name}.yml",
        "depends_on": {"nodes": [f"model.shop.{parent}" for parent in parents]},
        "columns": {},
        "tags": [],
        "config": {"meta": {}},
        **more,
    }


def pending(sync: Any = None, *, name: str = "people", **more: Any) -> dict[str, Any]:
    """A pending model with this meta.sync; the good one unless said."""
    meta = {"sync": GOOD if sync is None else sync}
    parents = (name, "ledger_sent_rows", "ledger_rejected_rows")
    return node(f"{name}__pending", *parents, config={"meta": meta}, **more)


class Desk:
    """A folder with a manifest in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def project(self) -> Project:
        return Project(
            directory=self.directory,
            name="shop",
            profile="shop",
            target="dev",
            output={"type": "duckdb"},
            target_path=self.directory,
            runner_vars={},
            profiles_path=self.directory / "profiles.yml",
        )

    def write(self, text: str | bytes) -> None:
        content = text.encode() if isinstance(text, str) else text
        (self.directory / "manifest.json").write_bytes(content)

    def load(
        self,
        *nodes: dict[str, Any],
        ledger: bool = True,
        sources: dict[str, Any] | None = None,
    ) -> Manifest:
        models = [*nodes, *(map(node, LEDGER_TABLES) if ledger else ())]
        names = {one["name"] for one in models}
        for name in ("people", "cats"):
            if name not in names:
                models.append(node(name))
        content = {
            "metadata": {
                "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"
            },
            "nodes": {one["unique_id"]: one for one in models},
            "sources": sources or {},
        }
        self.write(json.dumps(content))
        return load_manifest(self.project())

    def complaint(self, *nodes: dict[str, Any], **more: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(*nodes, **more)
        return str(caught.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# -- what is read


def test_a_sync_is_named_after_its_mart(desk: Desk) -> None:
    assert [sync.name for sync in desk.load(pending()).syncs] == ["people"]


def test_syncs_come_in_order_of_name(desk: Desk) -> None:
    found = desk.load(pending(), pending(name="cats")).syncs
    assert [sync.name for sync in found] == ["cats", "people"]


def test_a_sync_knows_its_pending_view(desk: Desk) -> None:
    (sync,) = desk.load(pending(alias="waiting")).syncs
    assert sync.pending == Relation("shop", "main", "waiting")


def test_the_ledger_is_none_of_a_syncs_marts(desk: Desk) -> None:
    (sync,) = desk.load(pending()).syncs
    assert sync.marts == (Relation("shop", "main", "people"),)


def test_a_mart_may_be_a_seed(desk: Desk) -> None:
    seed = node("people", resource_type="seed")
    (sync,) = desk.load(pending(), seed).syncs
    assert sync.marts == (Relation("shop", "main", "people"),)


def test_a_mart_may_be_a_source(desk: Desk) -> None:
    """A manifest keeps its sources apart from its models, with other keys."""
    model = pending()
    model["depends_on"]["nodes"] = ["source.shop.raw.people"]
    source = node("people", resource_type="source", identifier="PEOPLE")
    del source["alias"]
    (sync,) = desk.load(model, sources={"source.shop.raw.people": source}).syncs
    assert sync.marts == (Relation("shop", "main", "PEOPLE"),)


def test_an_ephemeral_model_is_no_mart_to_look_into(desk: Desk) -> None:
    parent = node("people", config={"materialized": "ephemeral"})
    (sync,) = desk.load(pending(), parent).syncs
    assert sync.marts == ()


def test_an_ephemeral_model_knows_no_visitors(desk: Desk) -> None:
    """There is nothing in the warehouse to ask, and what is not there is an error."""
    meta = {"destination": "movable_ink", "object": "events"}
    known = node("identities", config={"materialized": "view"})
    passing = node("people", "identities", config={"materialized": "ephemeral"})
    visits = desk.load(pending(meta), passing, known).visits
    assert visits == (Relation("shop", "main", "identities"),)


@pytest.mark.parametrize(
    "column",
    [
        {"name": "note", "config": {"meta": {"pii": True}}},
        {"name": "note", "meta": {"pii": True}},
        {"name": "note", "meta": {"pii": True}, "config": {"meta": {}}},
    ],
)
def test_a_column_declared_as_personal_is_known(
    desk: Desk, column: dict[str, Any]
) -> None:
    (sync,) = desk.load(pending(), node("people", columns={"note": column})).syncs
    assert sync.pii == frozenset({"note"})


def test_names_in_sql_are_quoted(desk: Desk) -> None:
    relation = Relation("shop", 'o"dd', "people")
    assert str(relation) == '"shop"."o""dd"."people"'


# -- what is refused


@pytest.mark.parametrize(
    ("sync", "words"),
    [
        ({**GOOD, "mod": "update"}, "unknown key 'mod' in meta.sync. Did you mean 'm"),
        ({**GOOD, "Mode": "update"}, "unknown key 'Mode' in meta.sync. Did you mean"),
        ({**GOOD, "zzz": 1}, "unknown key 'zzz' in meta.sync. Known keys: destination"),
        ({**GOOD, "7": 1}, "unknown key '7'"),
        ({**GOOD, "mode": "updte"}, "mode 'updte' is not known. Did you mean 'update'"),
        (
            {**GOOD, "mode": True},
            "mode 'True' is not known. Known: upsert, update, increment.",
        ),
        ({**GOOD, "mode": ["update"]}, "mode '['update']' is not known"),
        (
            {**GOOD, "mode": None},
            "meta.sync lacks 'mode'. Known: upsert, update, increment.",
        ),
        ({**GOOD, "destination": "brase"}, "Did you mean 'braze'"),
        ({**GOOD, "destination": ["braze"]}, "destination '['braze']' is not known"),
        ({**GOOD, "destination": {"a": 1}}, "destination '{'a': 1}' is not known"),
        ({**GOOD, "object": "atributes"}, "Did you mean 'attributes'"),
        ({**GOOD, "object": ["attributes"]}, "object '['attributes']' is not known"),
        ({"object": "attributes"}, "meta.sync lacks 'destination'. Known: braze"),
        ({"destination": "braze"}, "meta.sync lacks 'object'. Known: deletions"),
        ({}, "meta.sync lacks 'destination'"),
        ("braze", "meta.sync must be keys and values"),
        ([GOOD], "meta.sync must be keys and values"),
        (True, "meta.sync must be keys and values"),
        (7, "meta.sync must be keys and values"),
    ],
)
def test_a_mistake_in_meta_sync_is_named(desk: Desk, sync: Any, words: str) -> None:
    assert words in desk.complaint(pending(sync))


def test_a_mistake_is_named_with_its_file_and_model(desk: Desk) -> None:
    complaint = desk.complaint(pending({**GOOD, "mod": 1}))
    assert complaint.startswith("models/people__pending.yml: model people__pending: ")


def test_a_model_without_a_yaml_file_is_named_with_its_sql(desk: Desk) -> None:
    complaint = desk.complaint(pending({**GOOD, "mod": 1}, patch_path=None))
    assert complaint.startswith("models/people__pending.sql: ")


def test_all_mistakes_come_in_one_report(desk: Desk) -> None:
    complaint = desk.complaint(
        pending({**GOOD, "mod": 1, "mode": "x"}),
        pending({"destination": "x"}, name="cats"),
        node("dogs__pending"),
    )
    assert len(complaint.split("\n")) == 5


def test_a_misspelt_required_key_brings_the_nearest_word(desk: Desk) -> None:
    complaint = desk.complaint(pending({"destinaton": "braze", "object": "attributes"}))
    assert (
        "unknown key 'destinaton' in meta.sync. Did you mean 'destination'?"
        in complaint
    )
    assert "meta.sync lacks 'destination'" in complaint


def test_a_pending_model_without_meta_sync_is_not_forgotten(desk: Desk) -> None:
    complaint = desk.complaint(pending(), node("cats__pending"))
    assert "model cats__pending has no meta.sync" in complaint


def test_a_sync_must_be_named_pending(desk: Desk) -> None:
    model = node("people_now", "people", config={"meta": {"sync": GOOD}})
    assert "must be named <sync>__pending" in desk.complaint(model)


def test_meta_sync_without_a_value_is_a_mistake(desk: Desk) -> None:
    model = node("people__pending", "people", config={"meta": {"sync": None}})
    assert "meta.sync must be keys and values" in desk.complaint(model)


@pytest.mark.parametrize("name", LEDGER_TABLES)
def test_a_missing_ledger_model_is_named(desk: Desk, name: str) -> None:
    others = [node(other) for other in LEDGER_TABLES if other != name]
    complaint = desk.complaint(*others, ledger=False)
    assert f"model {name} is missing or disabled" in complaint


def test_no_manifest_means_build_first(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"dbt has not built yet. Run: runner build"):
        load_manifest(desk.project())


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b'{"metadata": {', b"[]", b"null", b"7", b'"text"'],
)
def test_what_is_no_manifest_is_said_to_be_none(desk: Desk, content: bytes) -> None:
    desk.write(content)
    with pytest.raises(ConfigError, match=r"manifest\.json"):
        load_manifest(desk.project())


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"metadata": None},
        {"metadata": {"dbt_schema_version": "https://x/manifest/v11.json"}},
        {"metadata": {"dbt_schema_version": None}},
        {"metadata": []},
    ],
)
def test_a_manifest_of_another_version_is_refused(desk: Desk, content: Any) -> None:
    desk.write(json.dumps(content))
    with pytest.raises(ConfigError, match="this runner reads v12"):
        load_manifest(desk.project())


def test_a_manifest_without_its_nodes_is_refused(desk: Desk) -> None:
    version = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    desk.write(json.dumps({"metadata": {"dbt_schema_version": version}}))
    with pytest.raises(ConfigError, match="is not a manifest"):
        load_manifest(desk.project())


# -- choosing


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ["cats", "people"]),
        (["people"], ["people"]),
        (["people__pending"], ["people"]),
        (["people", "people"], ["people"]),
        (["people", "cats"], ["cats", "people"]),
        (["*"], ["cats", "people"]),
        (["pe*"], ["people"]),
        (["?ats"], ["cats"]),
        (["tag:nightly"], ["cats"]),
    ],
)
def test_syncs_are_chosen_by_name_glob_or_tag(
    desk: Desk, patterns: list[str], names: list[str]
) -> None:
    manifest = desk.load(pending(), pending(name="cats", tags=["nightly"]))
    assert names == [sync.name for sync in select(manifest, patterns)]


@pytest.mark.parametrize("pattern", ["poeple", "PEOPLE", "tag:people", "x*", ""])
def test_a_pattern_that_matches_nothing_is_refused(desk: Desk, pattern: str) -> None:
    manifest = desk.load(pending(), pending(name="cats"))
    with pytest.raises(ConfigError, match=r"No sync matches .* Syncs: cats, people\."):
        select(manifest, ["people", pattern])


def test_a_misspelt_sync_brings_the_nearest(desk: Desk) -> None:
    manifest = desk.load(pending())
    with pytest.raises(ConfigError, match=r"Did you mean 'people'\?"):
        select(manifest, ["poeple"])


def test_a_project_without_syncs_has_nothing_to_deliver(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"No model has meta\.sync"):
        select(desk.load(), [])
