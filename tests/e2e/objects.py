"""A shop with a sync for each object of Braze's, built once; its marts begin empty.

A test fills the marts that it is about and pushes those syncs alone. Time passes by
moving what the ledger remembers into the past, so that no test waits for minutes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
import requests

from runner.cli import main
from runner.sandbox import Sandbox
from tests.conftest import API_KEY, LEDGER, PROJECT, Run, Shop, copy, environment

PARTNER = {
    "BRAZE_PARTNER": "example",
    "BRAZE_PARTNER_API_KEY": "sandbox-partner-key",
    "BRAZE_DATA_IMPORT_KEY": "sandbox-import-key",
}

MARTS = {
    "people": "external_id varchar, tier varchar, points integer",
    "flags": "external_id varchar, is_member boolean",
    "subscribers": "alias_name varchar, alias_label varchar, tier varchar",
    "lists": "external_id varchar, audiences varchar[]",
    "products": "id varchar, title varchar, price double, tags varchar[]",
    "members": "cohort_id varchar, cohort_name varchar, external_id varchar",
    "consents": (
        "external_id varchar, subscription_group varchar, state varchar, "
        "consented_at timestamp"
    ),
    "consents_by_email": (
        "email varchar, subscription_group varchar, state varchar, "
        "consented_at timestamp"
    ),
    "heard": (
        "external_id varchar, subscription_group varchar, state varchar, "
        "changed_at timestamp"
    ),
    "profiles": "email varchar, external_id varchar",
    "nicknames": "external_id varchar, alias_name varchar, alias_label varchar",
    "leads": (
        "external_id varchar, alias_name varchar, alias_label varchar, "
        "email varchar, prioritization varchar[]"
    ),
    "duplicates": (
        "merge_external_id varchar, keep_external_id varchar, merge_email varchar, "
        "merge_prioritization varchar[]"
    ),
    "renames": (
        "current_external_id varchar, new_external_id varchar, "
        "remove_current boolean, changed_at timestamp"
    ),
    "erasures": "external_id varchar",
    "erasures_by_email": "email varchar, prioritization varchar[]",
    "visits": (
        "event_key varchar, external_id varchar, name varchar, time timestamp, "
        'properties struct("page" varchar)'
    ),
    "sales": (
        "purchase_key varchar, external_id varchar, product_id varchar, "
        "currency varchar, price decimal(10,2), quantity integer, time timestamp, "
        'properties struct("color" varchar)'
    ),
}

# Sync -> (its macro, its meta.sync). A sync is named after its mart.
SYNCS = {
    "people": ("pending_rows(ref('people'))", "object: attributes"),
    "flags": ("pending_rows(ref('flags'))", "object: attributes"),
    "subscribers": (
        "pending_rows(ref('subscribers'), key=['alias_name', 'alias_label'])",
        "object: attributes",
    ),
    "lists": (
        "pending_rows(ref('lists'), array_columns=['audiences'])",
        "object: attributes",
    ),
    "products": (
        "pending_catalog_items(ref('products'), catalog='products')",
        "object: catalog",
    ),
    "members": ("pending_cohort_members(ref('members'))", "object: cohort"),
    "consents": (
        "pending_subscription_states(ref('consents'), groups=ref('groups'), "
        "heard=ref('heard'))",
        "object: subscriptions, first_run: send",
    ),
    "consents_by_email": (
        "pending_subscription_states(ref('consents_by_email'), user='email', "
        "groups=ref('groups'), profiles=ref('profiles'))",
        "object: subscriptions",
    ),
    "nicknames": (
        "pending_aliases(ref('nicknames'), after='people')",
        "object: aliases",
    ),
    "leads": ("pending_identifications(ref('leads'))", "object: identifications"),
    "duplicates": ("pending_merges(ref('duplicates'))", "object: merges"),
    "renames": (
        "pending_external_id_renames(ref('renames'))",
        "object: external_id_renames",
    ),
    "erasures": ("pending_deletions(ref('erasures'))", "object: deletions"),
    "erasures_by_email": (
        "pending_deletions(ref('erasures_by_email'), user='email')",
        "object: deletions",
    ),
    "visits": ("pending_events(ref('visits'))", "object: events, first_run: send"),
    "sales": ("pending_purchases(ref('sales'))", "object: purchases, first_run: send"),
}

KNOWN = [(f"p{number}", "gold", number) for number in range(1, 4)]
"""The people of a shop that has been at work for long."""

GROUPS = """\
select 'dev' as environment, name as group_name, id as subscription_group_id
from (values ('newsletter', 'group-news'), ('sms', 'group-sms')) as ids(name, id)
"""


def _files() -> dict[str, str]:
    files = {name: text for name, text in PROJECT.items() if "models/" not in name}
    for mart, columns in MARTS.items():
        nulls = ", ".join(
            f"cast(null as {kind}) as {name}"
            for name, kind in (
                column.split(maxsplit=1) for column in columns.split(", ")
            )
        )
        files[f"models/{mart}.sql"] = (
            f"{{{{ config(materialized='table') }}}}\nselect {nulls} where false\n"
        )
    files["models/groups.sql"] = GROUPS
    described = "models:\n"
    for sync, (macro, meta) in SYNCS.items():
        files[f"models/{sync}__pending.sql"] = f"{{{{ braze_bridge.{macro} }}}}\n"
        described += (
            f"  - name: {sync}__pending\n"
            f"    config: {{meta: {{sync: {{destination: braze, {meta}}}}}}}\n"
        )
    return files | {"models/syncs.yml": described}


class Objects(Shop):
    """The shop, with what its tests say again and again."""

    def runner(
        self,
        *arguments: str,
        sandbox: Sandbox | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the command line within this process: two hundred starts take a minute.

        What builds still starts one: dbt is no guest of ours.
        """
        if "build" in arguments:
            return super().runner(*arguments, sandbox=sandbox, env=env)
        code, out, err = 0, io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, environment(sandbox, env), clear=True),
            patch.object(sys, "argv", ["runner", *arguments]),
            chdir(self.directory),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Run(code, out.getvalue(), err.getvalue())

    def fill(self, mart: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Let a mart hold these rows and no others."""
        columns = len(MARTS[mart].split(", "))
        marks = ", ".join("?" * columns)
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(f"delete from main.{mart}")
            for row in rows:
                connection.execute(f"insert into main.{mart} values ({marks})", row)

    def push(
        self,
        sandbox: Sandbox,
        *syncs: str,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Push these syncs."""
        chosen = [word for sync in syncs for word in ("-s", sync)]
        return self.runner(
            *("push", "--yes", "--format", "json", *chosen, *options),
            sandbox=sandbox,
            env=PARTNER | dict(env or {}),
        )

    def deliver(self, sandbox: Sandbox, *syncs: str, **given: Any) -> int:
        """Push, with a clean end; return how many rows Braze accepted."""
        done = self.push(sandbox, *syncs, **given)
        assert done.code == 0, done.out + done.err
        return sum(sync["accepted"] for sync in done.json["syncs"])

    def plan_id(self, *syncs: str) -> str:
        """The id of the plan as it stands, as `runner plan` prints it."""
        chosen = [word for sync in syncs for word in ("-s", sync)]
        planned = self.runner("plan", "--format", "json", *chosen)
        return str(planned.json["plan_id"])

    def pending(self, sync: str) -> list[dict[str, Any]]:
        """The payloads that the pending view holds."""
        rows = self.sql(f"select payload from main.{sync}__pending order by row_key")
        return [json.loads(payload) for (payload,) in rows]

    def pass_time(self, minutes: int = 6) -> None:
        """Let whatever was sent so far be so many minutes older."""
        self.sql(
            f"update {LEDGER}.ledger_sent_rows set "
            f"sent_at = sent_at - interval '{minutes} minutes', "
            f"added_at = added_at - interval '{minutes} minutes'"
        )


def status(shop: Shop, sync: str) -> dict[str, Any]:
    """What `runner status` says of one sync."""
    said = shop.runner("status", "--format", "json", "-s", sync)
    assert said.code == 0, said.err
    (row,) = said.json
    return dict(row)


def writes(sandbox: Sandbox, path: str) -> list[Any]:
    """The bodies of the requests to one path, oldest first."""
    sent = [each for each in sandbox.requests() if each["bytes"]]
    return [
        body
        for each, body in zip(sent, sandbox.bodies(), strict=True)
        if each["path"] == path
    ]


@pytest.fixture(scope="session")
def built_objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """Build the shop once; copy it, never change it."""
    shop = Objects(tmp_path_factory.mktemp("objects") / "shop")
    for name, text in _files().items():
        path = shop.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    built = shop.runner("build", "--quiet")
    assert built.code == 0, built.out + built.err
    return shop


@pytest.fixture
def objects(built_objects: Objects, tmp_path: Path) -> Objects:
    """A shop of the test's own, of which Braze knows nothing yet."""
    return copy_objects(built_objects, tmp_path / "objects")


@pytest.fixture(scope="session")
def known_objects(
    built_objects: Objects, tmp_path_factory: pytest.TempPathFactory
) -> Objects:
    """The shop with three people whom it sent long ago; copy it, never change it."""
    shop = copy_objects(built_objects, tmp_path_factory.mktemp("known") / "shop")
    shop.fill("people", KNOWN)
    with Sandbox() as sandbox:
        shop.deliver(sandbox, "people")
    shop.pass_time()
    return shop


def meet(sandbox: Sandbox) -> None:
    """Let a Braze have the people whom the shop has sent long ago."""
    names = [column.split()[0] for column in MARTS["people"].split(", ")]
    people = [dict(zip(names, person, strict=True)) for person in KNOWN]
    call(sandbox, "POST", "/users/track", {"attributes": people})


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> None:
    """Do something in Braze behind the back of the ledger."""
    answer = requests.request(
        method,
        sandbox.url + path,
        json=body,
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    assert answer.ok, answer.text


def copy_objects(shop: Objects, target: Path) -> Objects:
    """Copy the shop as it stands, with what its ledger knows."""
    return Objects(copy(shop, target).directory)
