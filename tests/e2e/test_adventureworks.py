"""A real shop, 18,148 customers, from its files to Braze through a user's own project.

The data is not in the repository: the tests that need it are skipped without it.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from runner.sandbox import Sandbox
from tests.conftest import REPOSITORY, Run, environment, near

from .profiles import differences, held, wanted

EXAMPLE = REPOSITORY / "examples" / "adventureworks"
DATA = Path(
    os.environ.get("ADVENTUREWORKS_DIR")
    or REPOSITORY.parent / "shared" / "data" / "adventureworks"
).resolve()
SYNC = "adventureworks_customer_attributes"
MART = f"main_marts.{SYNC}"
CUSTOMERS = 18_148
ORDERS = 25_164
ORDER_LINES = 56_046
PRODUCTS = 293
ATTRIBUTES = 22

# José Hernandez: an accent in his name and in his address, and orders.
CUSTOMER = "11253"

needs_data = pytest.mark.skipif(
    not (DATA / "AdventureWorks_Customers.csv").exists(),
    reason=f"no AdventureWorks files in {DATA}; set ADVENTUREWORKS_DIR to their folder",
)


@dataclass(frozen=True)
class Example:
    """A copy of the example and the Braze it pushes to."""

    directory: Path
    sandbox: Sandbox

    @property
    def database(self) -> str:
        """The DuckDB file."""
        return str(self.directory / "adventureworks.duckdb")

    def push(self, name: str = SYNC) -> Any:
        """Push one sync and return what the command says of it."""
        arguments = ("push", "--yes", "--format", "json", "-s", name)
        sent = run(self.directory, *arguments, to=self.sandbox)
        assert sent.code == 0, sent.out + sent.err
        (sync,) = sent.json["syncs"]
        return sync

    def sql(self, statement: str) -> list[Any]:
        """Run one statement; the file is closed again at once."""
        with duckdb.connect(self.database) as connection:
            return connection.execute(statement).fetchall()


def run(
    directory: Path,
    *arguments: str,
    to: Sandbox | None = None,
    data: Path | None = DATA,
) -> Run:
    """Run the command line in the example."""
    variables = environment(to)
    for name in ("ADVENTUREWORKS_DIR", "ADVENTUREWORKS_DUCKDB"):
        variables.pop(name, None)
    if data:
        variables["ADVENTUREWORKS_DIR"] = str(data)
    return near(directory, variables, *arguments)


def copy(target: Path, package: Path = REPOSITORY) -> Path:
    """Copy the example as it is in the repository, and let it install our package."""
    shutil.copytree(
        EXAMPLE,
        target,
        ignore=shutil.ignore_patterns(
            "target", "logs", "dbt_packages", "package-lock.yml", "*.duckdb*"
        ),
    )
    packages = target / "packages.yml"
    text = packages.read_text(encoding="utf-8")
    assert "local: ../..\n" in text
    packages.write_text(text.replace("../..", str(package)), encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def pushed(
    built_example: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Example]:
    """The example as it is built, pushed once."""
    directory = tmp_path_factory.mktemp("pushed") / "adventureworks"
    shutil.copytree(built_example, directory, symlinks=True)
    with Sandbox() as sandbox:
        example = Example(directory, sandbox)
        sync = example.push()
        assert (sync["planned"], sync["accepted"]) == (CUSTOMERS, CUSTOMERS), sync
        assert (sync["rejected"], sync["unknown"]) == (0, 0), sync
        yield example


@needs_data
def test_every_profile_equals_the_mart_attribute_by_attribute(pushed: Example) -> None:
    """Nothing is lost, altered or added between the mart's columns and Braze."""
    mart, braze = wanted(pushed.database, MART), held(pushed.sandbox)

    assert len(mart) == len(braze) == CUSTOMERS
    assert len({name for person in mart.values() for name in person}) == ATTRIBUTES
    assert differences(mart, braze) == []
    # As text too: Python calls True and 1 equal, a segment in Braze does not.
    is_same_text = json.dumps(mart, sort_keys=True) == json.dumps(braze, sort_keys=True)
    assert is_same_text


@needs_data
def test_the_mart_says_what_the_files_say(pushed: Example) -> None:
    """Cleaning neither loses a customer nor an order line, nor makes up a value."""
    expected = from_files()
    columns = ", ".join(next(iter(expected.values())))

    found = {
        row[0]: row[1:]
        for row in pushed.sql(f"select external_id, {columns} from {MART}")
    }

    wrong = [
        f"{key}: files {values}, mart {found.get(key)}"
        for key, values in ((key, tuple(v.values())) for key, v in expected.items())
        if found.get(key) != values
    ]
    assert wrong[:5] == []
    assert found.keys() == expected.keys()


@needs_data
def test_known_oddities_arrive_as_decided(pushed: Example) -> None:
    """Pin what the example's README says of accents, NA and missing orders."""
    profiles = held(pushed.sandbox)
    lacking = {
        name: sum(name not in profile for profile in profiles.values())
        for name in ("email", "gender", "title", "country", "recent_orders")
    }

    assert lacking == {
        "email": 39,
        "gender": 130,
        "title": 130,
        "country": 732,
        "recent_orders": 732,
    }
    jose = profiles[CUSTOMER]
    assert (jose["first_name"], jose["last_name"]) == ("José", "Hernandez")
    assert jose["dob"] == "1933-02-28"
    assert jose["annual_income"] == 60_000
    assert jose["sales_territory"] == {
        "region": "Canada",
        "country": "CA",
        "continent": "North America",
    }


@needs_data
def test_every_order_line_is_in_one_order_event_after_three_pushes(
    pushed: Example,
) -> None:
    sent = [pushed.push("adventureworks_order_events") for _ in range(3)]

    assert [each["accepted"] for each in sent] == [ORDERS, 0, 0]
    assert [each["requests"] for each in sent[1:]] == [0, 0]
    events = pushed.sandbox.events()
    assert {event["name"] for event in events} == {"ecommerce.order_placed"}
    assert len({event["properties"]["event_id"] for event in events}) == len(events)
    lines = sum(len(event["properties"]["products"]) for event in events)
    assert (len(events), lines) == (ORDERS, ORDER_LINES)
    assert pushed.sandbox.meters()["same_user_in_flight"] == 1


@needs_data
def test_every_product_is_an_item_of_the_catalog(pushed: Example) -> None:
    sent = [pushed.push("adventureworks_catalog_products") for _ in range(2)]

    assert [each["accepted"] for each in sent] == [PRODUCTS + 1, 0]
    catalog = pushed.sandbox.catalogs()["adventureworks_products"]
    mart = pushed.sql("select id from main_marts.adventureworks_catalog_products")
    assert catalog["items"].keys() == {item_id for (item_id,) in mart}
    assert len(catalog["items"]) == PRODUCTS


@needs_data
def test_every_order_line_is_one_purchase_after_three_pushes(
    adventureworks: Example,
) -> None:
    sent = [adventureworks.push("adventureworks_purchases") for _ in range(3)]

    assert [each["accepted"] for each in sent] == [ORDER_LINES, 0, 0]
    purchases = adventureworks.sandbox.purchases()
    keys = {purchase["properties"]["event_id"] for purchase in purchases}
    assert len(keys) == len(purchases) == ORDER_LINES


@needs_data
def test_a_second_push_sends_nothing_and_one_change_sends_one_attribute(
    pushed: Example,
) -> None:
    """Only what changed leaves: no request, then one object with two members."""
    received = len(pushed.sandbox.requests())
    assert pushed.push()["requests"] == 0
    assert len(pushed.sandbox.requests()) == received

    pushed.sql(
        f"update {MART} set occupation = 'Retired' where external_id = '{CUSTOMER}'"
    )
    sync = pushed.push()

    assert (sync["planned"], sync["accepted"], sync["requests"]) == (1, 1, 1)
    assert len(pushed.sandbox.requests()) == received + 1
    assert pushed.sandbox.bodies()[-1] == {
        "attributes": [{"external_id": CUSTOMER, "occupation": "Retired"}]
    }
    assert pushed.push()["requests"] == 0


@pytest.fixture(scope="module")
def bare(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as it is cloned, and of its models those that read the files."""
    example = copy(tmp_path_factory.mktemp("bare") / "adventureworks", package)
    for path in (example / "models").iterdir():
        if path.name != "staging":
            shutil.rmtree(path)
    return example


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        (None, "ADVENTUREWORKS_DIR is not set."),
        ("/no/such/folder", "ADVENTUREWORKS_DIR is '/no/such/folder', where no"),
    ],
)
def test_a_build_without_the_files_says_what_to_set(
    folder: str | None, sentence: str, bare: Path
) -> None:
    """One sentence, before anything is built."""
    built = run(bare, "build", data=Path(folder) if folder else None)

    assert built.code != 0
    assert built.out.count(sentence) == 1, built.out + built.err
    assert "START" not in built.out


def from_files() -> dict[str, dict[str, Any]]:
    """Work some attributes out from the files with nothing but Python."""
    prices = {
        row["ProductKey"]: Decimal(row["ProductPrice"]) for row in read("Products")
    }
    amounts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    lines = read("Sales_2015", "Sales_2016", "Sales_2017")
    for line in lines:
        amount = int(line["OrderQuantity"]) * prices[line["ProductKey"]]
        amounts[line["CustomerKey"]][line["OrderNumber"]] += amount
    people = {}
    for row in read("Customers"):
        orders = amounts.get(row["CustomerKey"], {})
        address = row["EmailAddress"]
        people[row["CustomerKey"]] = {
            "upper(first_name)": row["FirstName"],
            "upper(last_name)": row["LastName"],
            "email": address if address.isascii() else None,
            "gender": None if row["Gender"] == "NA" else row["Gender"],
            "strftime(dob, '%-m/%-d/%Y')": row["BirthDate"],
            "annual_income": int(row["AnnualIncome"].strip(" $").replace(",", "")),
            "total_children": int(row["TotalChildren"]),
            "is_home_owner": row["HomeOwner"] == "Y",
            "orders_count": len(orders),
            "lifetime_value": sum(map(cents, orders.values()), Decimal("0.00")),
        }
    assert (len(people), len(lines)) == (CUSTOMERS, 56_046)
    return people


def read(*names: str) -> Sequence[dict[str, str]]:
    """Return the rows of these files, one after the other."""
    rows: list[dict[str, str]] = []
    for name in names:
        path = DATA / f"AdventureWorks_{name}.csv"
        with path.open(encoding="latin-1", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def cents(amount: Decimal) -> Decimal:
    """Round as SQL does: a half goes up."""
    return amount.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
