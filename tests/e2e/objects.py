"""A shop with a sync for each object of Braze's, built once; its marts begin empty.

A test fills the marts that it is about and pushes those syncs alone. Time passes by
moving what the ledger remembers into the past, so that no test waits for minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from runner.sandbox import Sandbox
from tests.conftest import (
    API_KEY,
    LEDGER,
    NearShop,
    Run,
    Shop,
    build_models,
    copy,
    shared,
)

from .object_models import MARTS, models

PARTNER = {
    "BRAZE_PARTNER": "example",
    "BRAZE_PARTNER_API_KEY": "sandbox-partner-key",
    "BRAZE_DATA_IMPORT_KEY": "sandbox-import-key",
}

KNOWN = [(f"p{number}", "gold", number) for number in range(1, 4)]
"""The people of a shop that has been at work for long."""


class Objects(NearShop):
    """The shop, with what its tests say again and again."""

    def runner(
        self,
        *arguments: str,
        sandbox: Sandbox | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the command line with a store of the shop's own."""
        store = {"PERSONALIZATION_STORE": str(self.store)}
        return super().runner(*arguments, sandbox=sandbox, env=store | dict(env or {}))

    @property
    def store(self) -> Path:
        """Where collections are served from."""
        return self.directory / "store"

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
def built_objects(
    built_shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Objects:
    """Build the shop once; copy it, never change it."""

    def make(directory: Path) -> None:
        build_models(built_shop, directory, models())

    return Objects(shared(tmp_path_factory, "built_objects", make))


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


@pytest.fixture
def known(known_objects: Objects, tmp_path: Path, sandbox: Sandbox) -> Objects:
    """A shop with three people whom Braze has had for long."""
    meet(sandbox)
    return copy_objects(known_objects, tmp_path / "known")


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


def tiers(sandbox: Sandbox) -> dict[str, Any]:
    """Profile -> what it has of the attribute tier."""
    return {
        key: profile.get("custom_attributes", {}).get("tier")
        for key, profile in sandbox.profiles().items()
    }
