"""The shop before Braze has told of anything, and after; each is built once."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox
from tests.conftest import API_KEY, LEDGER, NearShop, copy, copy_to_build, shared, write

from . import told, told_unclear
from .project import CONSENTS, FILES, NEWS, PEOPLE, install

BUILD = (
    *("build", "--quiet", "--exclude"),
    *("resource_type:unit_test", "resource_type:test"),
)
"""The tests of our models are of our shop, not of this one."""

LOST = {"RUNNER_IN_FLIGHT": "1", "RUNNER_OBJECTS_PER_REQUEST": "10"}


def load(shop: NearShop, files: Path) -> None:
    """Load the files of Currents."""
    run = shop.runner("currents", "load", str(files), "--processes", "1")
    assert run.code == 0, run.out + run.err


@pytest.fixture(scope="session")
def told_shop(tmp_path_factory: pytest.TempPathFactory) -> NearShop:
    """Built without any table of Currents; people sent, visits and sales parked."""

    def make(directory: Path) -> None:
        write(directory, FILES)
        install(directory)
        shop = NearShop(directory)
        built = shop.runner(*BUILD)
        assert built.code == 0, built.out + built.err
        with Sandbox() as sandbox:
            sent = shop.runner("push", "--yes", "-s", "people", sandbox=sandbox)
            assert sent.code == 0, sent.out + sent.err
        # Braze has had them for long.
        shop.sql(f"update {LEDGER}.ledger_sent_rows set added_at = null")
        with Sandbox(faults={"rates": {"lost_answer": 1}}) as sandbox:
            lost = ("push", "--yes", "-s", "visits", "-s", "sales")
            assert shop.runner(*lost, sandbox=sandbox, env=LOST).code == 4

    return NearShop(shared(tmp_path_factory, "told_shop", make))


@pytest.fixture(scope="session")
def heard_shop(
    told_shop: NearShop, tmp_path_factory: pytest.TempPathFactory
) -> NearShop:
    """The same after loading what Braze tells and building what depends on it."""

    def make(directory: Path) -> None:
        shop = NearShop(copy_to_build(told_shop, directory).directory)
        events = chain(
            *(told.consent(), told.engagement(), told.the_rest()),
            *(told_unclear.consent(), told_unclear.deletions()),
        )
        load(shop, told.write_files(directory, events, "loop"))
        built = shop.runner(*BUILD, "-s", "tag:currents+")
        assert built.code == 0, built.out + built.err

    return NearShop(shared(tmp_path_factory, "heard_shop", make))


@pytest.fixture
def before(told_shop: NearShop, tmp_path: Path) -> NearShop:
    """A shop of the test's own that has not heard of Braze."""
    return NearShop(copy(told_shop, tmp_path / "before").directory)


@pytest.fixture
def shop(heard_shop: NearShop, tmp_path: Path) -> NearShop:
    """A shop of the test's own that has."""
    return NearShop(copy(heard_shop, tmp_path / "shop").directory)


def call(sandbox: Sandbox, path: str, body: Any) -> None:
    """Do something in Braze behind the back of the ledger."""
    answer = requests.post(
        sandbox.url + path,
        json=body,
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    assert answer.ok, answer.text


@pytest.fixture
def braze() -> Any:
    """A Braze where the people have unsubscribed, each in their own way."""
    with Sandbox(subscription_groups={NEWS: "Newsletter"}) as sandbox:
        people = [{"external_id": person, "points": 1} for person in PEOPLE]
        call(sandbox, "/users/track", {"attributes": people})
        no = [
            {"external_id": person, f"{channel}_subscribe": "unsubscribed"}
            for person, channel in CONSENTS.items()
            if channel != "newsletter"
        ]
        call(sandbox, "/users/track", {"attributes": no})
        group = {"subscription_group_id": NEWS, "subscription_state": "unsubscribed"}
        readers = [
            person for person, channel in CONSENTS.items() if channel == "newsletter"
        ]
        group_body = {"subscription_groups": [group | {"external_ids": readers}]}
        call(sandbox, "/v2/subscription/status/set", group_body)
        yield sandbox
