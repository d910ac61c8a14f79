"""The demo shop with Movable Ink switched on, built once by dbt; nothing else is built.

A copy takes milliseconds. Its mart is a view over activities that a test fills, so that
pushes follow each other without a build.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from runner.cli import main
from runner.sandbox import Sandbox
from runner.sandbox.collected import Account
from tests.conftest import LEDGER, Run, environment
from tests.everything import CHECKS, SALT, begin, build

from .warehouse import ROOT

SYNC = "movable_ink_events"
DAY = 1_793_577_600.0
"""The day that it is for the demo, 2026-11-01, at its end."""
ACTIVITIES = "main_intermediate.int_movable_ink_activities"
CUSTOMERS = "main_intermediate.int_customers_deduplicated"


@dataclass(frozen=True)
class Act:
    """A search, so many minutes after the noon of 2026-10-31."""

    key: str
    user: str | None = None
    anonymous: str | None = None
    minute: int = 0
    text: str = ""

    @property
    def properties(self) -> dict[str, str]:
        """What was searched for, by default its key."""
        return {"query": self.text or self.key}


@dataclass(frozen=True)
class Shop:
    """A folder with profiles, a warehouse and what dbt wrote about it."""

    directory: Path

    def environment(
        self, sandbox: Sandbox | None, env: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """What a process of the shop's sees; nothing of Braze."""
        known = {
            "DBT_PROJECT_DIR": str(ROOT),
            "DBT_PROFILES_DIR": str(self.directory),
            "DBT_TARGET_PATH": str(self.directory / "target"),
            "DBT_LOG_PATH": str(self.directory / "logs"),
            "BRIDGE_DUCKDB_PATH": str(self.directory / "bridge.duckdb"),
        } | SALT
        if sandbox:
            known |= {
                "MOVABLE_INK_URL": sandbox.collector_url,
                "MOVABLE_INK_USERNAME": "sandbox",
                "MOVABLE_INK_PASSWORD": "sandbox-password",
            }
        return environment(None, known | dict(env or {}))

    def build(self, everything: Path) -> None:
        """Build what the feed needs, and the ledger."""
        begin(self.directory, everything)
        chosen = [f"+{SYNC}__pending", "+movable_ink_users", "path:models/sync/ledger"]
        chosen += ["+braze_user_deletions__pending"]
        build(self.directory, "--select", *chosen, "--exclude", *CHECKS)
        self._shorten_manifest()

    def _shorten_manifest(self) -> None:
        """Leave away what no command reads: each of them parses all of it."""
        path = self.directory / "target" / "manifest.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        kept = {name: content[name] for name in ("metadata", "sources")}
        kept["nodes"] = {
            key: {name: value for name, value in node.items() if "_code" not in name}
            for key, node in content["nodes"].items()
            if node["resource_type"] != "test"
        }
        kept["macros"] = {
            key: {name: macro[name] for name in ("name", "depends_on")}
            for key, macro in content["macros"].items()
        }
        path.write_text(json.dumps(kept), encoding="utf-8")

    def run(
        self,
        *arguments: str,
        sandbox: Sandbox | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the command line within this process."""
        code, out, err = 0, io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment(sandbox, env), clear=True),
            patch.object(sys, "argv", ["runner", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Run(code, out.getvalue(), err.getvalue())

    def push(
        self,
        sandbox: Sandbox,
        *options: str,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Push the feed alone."""
        arguments = ("push", "--yes", "--format", "json", "-s", SYNC, *options)
        # A push opens the file eight times; while it is open here that takes no time.
        with duckdb.connect(str(self.directory / "bridge.duckdb")):
            return self.run(*arguments, sandbox=sandbox, env=env)

    def deliver(self, sandbox: Sandbox, **given: Any) -> dict[str, Any]:
        """Push with a clean end; what is said of the feed."""
        done = self.push(sandbox, **given)
        assert done.code == 0, done.out + done.err
        return said(done)

    def sql(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run one statement and return its rows."""
        with duckdb.connect(str(self.directory / "bridge.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(statement, list(values)).fetchall()

    def begin_empty(self) -> None:
        """Let the site have no activities, and the mart follow what a test adds."""
        (path,) = (self.directory / "target" / "compiled").rglob(f"{SYNC}.sql")
        mart = path.read_text(encoding="utf-8")
        self.sql(f"delete from {ACTIVITIES}")
        # Each push would look into the raw tables for addresses.
        self.sql(f"create table known as from {CUSTOMERS}")
        self.sql(f"drop view {CUSTOMERS}")
        self.sql(f"create table {CUSTOMERS} as from known")
        self.sql(f"drop table main_marts.{SYNC}")
        self.sql(f"create view main_marts.{SYNC} as {mart}")

    def act(self, *acts: Act) -> None:
        """Add searches."""
        rows = [
            (act.key, act.user, act.anonymous, act.minute, json.dumps(act.properties))
            for act in acts
        ]
        # One visit to the warehouse: opening it takes longer than everything else.
        with duckdb.connect(str(self.directory / "bridge.duckdb")) as connection:
            connection.executemany(
                f"insert into {ACTIVITIES} values ($1, 'search', $2, $3, "
                "timestamp '2026-10-31 12:00:00' + interval (cast($4 as integer)) "
                "minute, 'UTC', $5)",
                rows,
            )

    def ledger(self, table: str) -> set[str]:
        """The row keys that one of the ledger's tables has."""
        rows = self.sql(f"select row_key from {LEDGER}.ledger_{table}_rows")
        assert len(rows) == len(set(rows))
        return {str(key) for (key,) in rows}

    def pending(self) -> set[str]:
        """The row keys that the next push would send."""
        return {
            str(key)
            for (key,) in self.sql(f"select row_key from main_sync.{SYNC}__pending")
        }

    def set_options(self, **options: str) -> None:
        """Change options of the sync that its SQL does not look at."""

        def change(nodes: dict[str, Any]) -> None:
            node = nodes[f"model.braze_bridge.{SYNC}__pending"]
            for meta in (node["meta"], node["config"]["meta"]):
                meta["sync"] |= options

        self.change_manifest(change)

    def change_manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Let `change` edit the nodes of the manifest in place."""
        path = self.directory / "target" / "manifest.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content["nodes"])
        path.write_text(json.dumps(content), encoding="utf-8")


def copy(shop: Shop, target: Path) -> Shop:
    """A shop of a test's own."""
    unread = shutil.ignore_patterns("logs", "run", "graph*", "*.msgpack")
    shutil.copytree(shop.directory, target, symlinks=True, ignore=unread)
    return Shop(target)


def said(run: Run) -> dict[str, Any]:
    """What a push says of the feed."""
    assert run.code in {0, 1, 4}, run.err
    found: dict[str, Any] = run.json["syncs"][0]
    return found


def collector(**given: Any) -> Sandbox:
    """A sandbox for which it is the demo's day."""
    account = given.pop("account", {})
    return Sandbox(account=Account(clock=lambda: DAY, **account), **given)


def searched(sandbox: Sandbox) -> Counter[str]:
    """How often each search arrived, and how often each pair of ids was introduced."""
    return Counter(
        event["properties"]["query"]
        if event["type"] == "track"
        else f"identify/{event['anonymous_id']}/{event['user_id']}"
        for event in sandbox.collected()
    )
