"""A real shop gives the same payloads on both engines, customer by customer.

The emulator takes some seconds for the 18,148 customers, so that every tenth is loaded;
ADVENTUREWORKS_CUSTOMERS=all loads them all.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb

from tests.conftest import REPOSITORY, copy_package, write
from tests.e2e.test_adventureworks import DATA, copy, needs_data

from .access import Emulator
from .fuzz import value
from .fuzz_project import dbt

CHUNK = 5000
SYNC = "adventureworks_customer_attributes__pending"
CHECKS = ["resource_type:test", "resource_type:unit_test"]
BUILT = ["-s", f"+{SYNC}", "--exclude", *CHECKS]
TABLES = {
    "customers": ["Customers"],
    "sales": ["Sales_2015", "Sales_2016", "Sales_2017"],
    "products": ["Products"],
    "product_subcategories": ["Product_Subcategories"],
    "product_categories": ["Product_Categories"],
    "territories": ["Territories"],
}


def is_wanted(row: dict[str, str]) -> bool:
    """Whether the row is about one of the customers that are compared."""
    everybody = os.environ.get("ADVENTUREWORKS_CUSTOMERS") == "all"
    return everybody or row.get("CustomerKey", "0").endswith("0")


def reduce(folder: Path) -> None:
    """Write the files anew with the customers that are compared."""
    folder.mkdir()
    for path in DATA.glob("AdventureWorks_*.csv"):
        with path.open(encoding="latin-1", newline="") as file:
            reader = csv.DictReader(file)
            rows = [row for row in reader if is_wanted(row)]
        with (folder / path.name).open("w", encoding="latin-1", newline="") as file:
            writer = csv.DictWriter(file, reader.fieldnames or [])
            writer.writeheader()
            writer.writerows(rows)


def load(cursor: Any, folder: Path) -> None:
    """Load the files into tables of texts, as an extract-load tool would."""
    cursor.execute("create schema if not exists adventureworks")
    for table, names in TABLES.items():
        rows: list[dict[str, str]] = []
        for name in names:
            path = folder / f"AdventureWorks_{name}.csv"
            with path.open(encoding="latin-1", newline="") as file:
                rows += csv.DictReader(file)
        columns = list(rows[0])
        types = ", ".join(f"{column} varchar" for column in columns)
        cursor.execute(f"create or replace table adventureworks.{table} ({types})")
        values = ", ".join(
            f"f.value:c{place}::varchar" for place in range(len(columns))
        )
        for first in range(0, len(rows), CHUNK):
            part = json.dumps([named(row) for row in rows[first : first + CHUNK]])
            cursor.execute(
                f"insert into adventureworks.{table} select {values}"
                " from table(flatten(input => parse_json(?))) f",
                [part],
            )


def named(row: dict[str, str]) -> dict[str, str]:
    """The texts of a row as c0, c1 and so on."""
    return {f"c{place}": text for place, text in enumerate(row.values())}


def pending(rows: list[Any]) -> dict[str, Any]:
    """Row key -> payload, row_json, data points and problem."""
    return {
        key: (value(payload), value(row_json), points, problem)
        for key, payload, row_json, points, problem in rows
    }


@needs_data
def test_a_real_shop_gives_the_same_payloads(
    emulator: Emulator, tmp_path: Path, monkeypatch: Any
) -> None:
    data, directory = tmp_path / "data", copy(tmp_path / "adventureworks")
    reduce(data)
    profiles = {
        "duckdb": {"type": "duckdb", "path": "shop.duckdb", "schema": "bridge"},
        "snowflake": {"type": "snowflake", "threads": 2, **emulator.access("SHOP")},
    }
    profile = {"adventureworks": {"target": "duckdb", "outputs": profiles}}
    (directory / "profiles.yml").write_text(json.dumps(profile))
    # What the example uses of the package: the rest takes dbt ten seconds to read.
    package = directory / "package"
    copy_package(package)
    shutil.copytree(REPOSITORY / "seeds/reference", package / "seeds/reference")
    write(directory, {"packages.yml": "packages: [local: package]"})
    # The emulator knows no OBJECT beside VARIANT, and a contract tells them apart.
    mart = directory / "models/marts/braze/adventureworks_customer_attributes.yml"
    contract = mart.read_text(encoding="utf-8")
    assert "enforced: true" in contract
    mart.write_text(contract.replace("enforced: true", "enforced: false"))
    monkeypatch.setenv("ADVENTUREWORKS_DIR", str(data))
    with emulator.connect("SHOP") as connection:
        cursor = connection.cursor()
        load(cursor, data)
        builds = (["build", "--target", each, *BUILT] for each in profiles)
        dbt(directory, ["deps"], *builds)
        statement = (
            "select row_key, payload, row_json, data_points, problem"
            f" from bridge_sync.{SYNC}"
        )
        snowflake = pending(cursor.execute(statement).fetchall())
    with duckdb.connect(str(directory / "shop.duckdb")) as file:
        expected = pending(file.execute(statement).fetchall())

    assert len(expected) > 1800
    assert snowflake == expected
