"""Every customer and product of a real shop, served by each index, as in the mart."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from runner.store import open_store
from runner.store.interface import Reader
from tests.conftest import environment

from .test_adventureworks import CUSTOMERS, PRODUCTS, Example, needs_data

SYNCS = ("adventureworks_customer_records", "adventureworks_product_records")
MOST_BYTES = 1_000_000
"""What Connected Content takes in one answer."""


@pytest.fixture(scope="module")
def store(
    adventureworks: Example, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A store that a push of both collections has filled, without any Braze."""
    folder = tmp_path_factory.mktemp("served") / "store"
    chosen = [word for sync in SYNCS for word in ("-s", sync)]
    pushed = subprocess.run(
        [sys.executable, "-m", "runner", "push", "--yes", "--format", "json", *chosen],
        cwd=adventureworks.directory,
        env=environment(None, {"PERSONALIZATION_STORE": str(folder)})
        | {"ADVENTUREWORKS_DIR": os.environ.get("ADVENTUREWORKS_DIR", "")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    sent = [sync["accepted"] for sync in json.loads(pushed.stdout)["syncs"]]
    assert sent == [CUSTOMERS + 1, PRODUCTS + 1]
    return folder


def mart(example: Example, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a mart, as JSON would say them."""
    with duckdb.connect(example.database, read_only=True) as connection:
        rows = connection.execute(
            f"select {', '.join(columns)} from main_marts.{name}"
        ).fetchall()
    return [
        {column: said(value) for column, value in zip(columns, row, strict=True)}
        for row in rows
    ]


def said(value: Any) -> Any:
    """A value of the warehouse as a reader of JSON has it: numbers by their digits."""
    if isinstance(value, dict):
        return {name: said(member) for name, member in value.items()}
    if isinstance(value, list):
        return [said(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return Decimal(repr(value)) if isinstance(value, float) else value


def served(folder: Path, addresses: Sequence[tuple[str, str, str]]) -> list[Any]:
    """The bodies at these addresses, with their digits; each small enough for Braze."""

    async def ask() -> list[Any]:
        held = open_store(str(folder))
        reader = held.reader()
        try:
            return [await _one(reader, address) for address in addresses]
        finally:
            await reader.close()
            held.close()

    return asyncio.run(ask())


async def _one(reader: Reader, address: tuple[str, str, str]) -> Any:
    answer = await reader.find(*address)
    assert answer.kind == "record", address
    assert len(answer.body) <= MOST_BYTES
    return json.loads(answer.body, parse_float=Decimal)


@needs_data
def test_every_customer_is_found_by_key_and_by_address(
    adventureworks: Example, store: Path
) -> None:
    with duckdb.connect(adventureworks.database, read_only=True) as connection:
        definition = connection.execute(
            "select row_json from main_ledger.ledger_sent_rows "
            "where sync = ? and row_key = 'customers'",
            [SYNCS[0]],
        ).fetchone()
    assert definition
    columns = json.loads(definition[0])["columns"]
    name = "adventureworks_customer_attributes"
    people = mart(adventureworks, name, [*columns, "email"])
    emails = [person.pop("email") for person in people]

    by_key = [("customers", "external_id", each["external_id"]) for each in people]
    by_email = [("customers", "email", email) for email in emails if email]

    assert len(people) == CUSTOMERS
    assert served(store, by_key) == people
    assert served(store, by_email) == [
        person for person, email in zip(people, emails, strict=True) if email
    ]


@needs_data
def test_the_customers_of_a_country_are_listed_the_best_first(
    adventureworks: Example, store: Path
) -> None:
    rows = mart(
        adventureworks,
        "adventureworks_customer_attributes",
        ["country", "lifetime_value", "external_id"],
    )
    expected = defaultdict(list)
    for row in sorted(
        rows, key=lambda row: (-row["lifetime_value"], row["external_id"])
    ):
        if row["country"]:
            expected[row["country"]].append(row["external_id"])

    lists = served(store, [("customers", "country", country) for country in expected])

    assert [[each["external_id"] for each in body["records"]] for body in lists] == [
        keys[:50] for keys in expected.values()
    ]


@needs_data
def test_every_product_is_found_by_key_and_in_the_list_of_its_kind(
    adventureworks: Example, store: Path
) -> None:
    columns = ["id", "name", "model", "description", "category", "subcategory", "price"]
    products = mart(adventureworks, "adventureworks_catalog_products", columns)
    kinds = sorted({product["subcategory"] for product in products})

    assert len(products) == PRODUCTS
    assert served(store, [("products", "id", each["id"]) for each in products]) == (
        products
    )
    lists = served(store, [("products", "subcategory", kind) for kind in kinds])
    assert [body["records"] for body in lists] == [
        sorted(
            (each for each in products if each["subcategory"] == kind),
            key=lambda each: (each["price"], each["id"]),
        )
        for kind in kinds
    ]
