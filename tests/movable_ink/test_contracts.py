"""The contracts: Movable Ink's own examples meet them, and SQL says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.errors import ConfigError
from runner.movable_ink.contracts import FOLDER, contract, contracts
from runner.sandbox.collector_rules import refusal

from .warehouse import ROOT, Warehouse

EVENTS = [
    *("product_viewed", "category_viewed", "cart_add", "cart_remove"),
    *("search", "order_completed", "identify"),
]

# As the page shows what Movable Ink expects.
COMMON = {
    "anonymous_id": "123-abc-678",
    "timestamp": 1257894000000,
    "timezone": "America/New_York",
    "user_id": "5c3aa83113dd490100d3d8d7",
}
DOCUMENTED: list[dict[str, Any]] = [
    COMMON
    | {
        "event": "product_viewed",
        "properties": {
            "categories": [
                {"id": "Bathroom", "url": "https://example.com/cat/bathroom"}
            ],
            "meta": {"color": "green"},
            "title": "All-Purpose Cleaning Wipes",
            "price": 1.99,
            "id": "56544",
            "url": "https://www.example.com/variants_id/5f08cb918dcc595aa74b0fbc",
        },
        "type": "track",
    },
    COMMON
    | {
        "event": "category_viewed",
        "properties": {
            "id": "bathroom-1",
            "title": "Bathroom Stuff",
            "url": "https://www.example.com/categories/bathroom",
        },
        "type": "track",
    },
    {
        "anonymous_id": "jg0iq5gd30dqpwn8zmx05p06mzjmjir4r8",
        "timestamp": 1257894000000,
        "timezone": "America/New_York",
        "type": "identify",
        "user_id": "mycustomerid123",
    },
]


def test_every_event_of_the_issue_has_its_contract() -> None:
    assert set(contracts(ROOT)) == {*EVENTS, "custom"}


@pytest.mark.parametrize("payload", DOCUMENTED)
def test_what_movable_ink_expects_is_as_agreed(payload: dict[str, Any]) -> None:
    found = contract(payload.get("event", "identify"), ROOT)

    assert found.faults(payload) == []


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"timestamp": "1257894000000"}, "timestamp"),
        ({"timestamp": 1257894000}, "timestamp"),
        ({"timestamp": 1257894000000.5}, "timestamp"),
        ({"anonymous_id": "a@b.c"}, "anonymous_id"),
        ({"type": "page"}, "type"),
        ({"email": "a@b.c"}, "the event"),
        ({"properties": {"id": 56544}}, "properties"),
    ],
)
def test_what_the_page_gets_wrong_is_not(change: dict[str, Any], at: str) -> None:
    faults = contract("product_viewed", ROOT).faults(DOCUMENTED[0] | change)

    assert faults
    assert faults[0].startswith((at, f"$.{at}")) or at == "the event"


@pytest.mark.parametrize("event", [*EVENTS, "wishlist_add"])
def test_an_example_is_as_agreed_and_names_nobody(event: str) -> None:
    found = contract(event, ROOT)
    example = found.example() | {"timestamp": 1_795_341_600_000}
    text = json.dumps(example)

    assert found.faults(example) == []
    assert refusal(example, now=1_795_341_700) is None
    # Neither an address, nor a phone number, nor a date of birth.
    assert not re.search(r"@|\+\d{7}|\d{4}-\d{2}-\d{2}|\d{2}[./]\d{2}[./]\d{4}", text)
    names = {name.lower() for name in re.findall(r'"(\w+)":', text)}
    assert not names & {"email", "phone", "dob", "birth_date", "first_name", "name"}


def test_a_name_that_none_can_have_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'product_viewed'"):
        contract("Product Viewed", ROOT)


def test_a_contract_of_the_project_s_own_goes_before_ours(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "search.schema.json").write_text(
        '{"title": "ours", "properties": {}, "examples": []}'
    )

    assert contract("search", tmp_path).schema["title"] == "ours"
    (folder / "search.schema.json").write_text("{}")
    with pytest.raises(ConfigError, match="is no JSON Schema"):
        contract("search", tmp_path)


# -- SQL and schema


texts = st.sampled_from(
    ["", "x", "56544", "é", "EUR", "https://x.example/a", "http:/x"]
)
values = st.one_of(
    texts,
    st.sampled_from([0, 1, 2, -1, 1.5, True, None, [], {}, "1.99", [1], {"a": 1}]),
)
items = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "url", "price", "quantity"), values)
)
good = {
    "id": st.just("56544"),
    "title": st.just("Wipes"),
    "query": st.just("wipes"),
    "url": st.just("https://x.example/a?b=c d"[:-2]),
    "price": st.sampled_from([1, 1.99, 0]),
    "revenue": st.sampled_from([3, 3.98]),
    "quantity": st.sampled_from([1, 3]),
    "currency": st.just("EUR"),
    "meta": st.just({"color": "green"}),
    "categories": st.just([{"id": "c", "url": "https://x.example/c"}]),
    "products": st.just([{"id": "p", "price": 1.5, "quantity": 2, "more": "x"}]),
}
# Mostly right, so that one thing at a time is wrong.
properties = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(right, right, right, values, st.lists(items, max_size=2))
        for name, right in good.items()
    },
)
cases = st.lists(
    st.tuples(
        st.sampled_from([event for event in EVENTS if event != "identify"]), properties
    ),
    min_size=20,
    max_size=60,
)


@settings(
    max_examples=6,
    derandomize=True,
    # One thing at a time is wrong anyway: making it smaller takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(cases=cases)
def test_sql_and_schema_say_the_same(cases: list[tuple[str, dict[str, Any]]]) -> None:
    warehouse = Warehouse()
    warehouse.events(*({"event": event, "properties": found} for event, found in cases))

    for row in warehouse.pending():
        payload = json.loads(row["payload"])
        faults = contract(payload["event"], ROOT).faults(payload)
        assert bool(faults) == bool(row["problem"]), (payload, faults, row["problem"])
        if not faults:
            assert refusal(payload, now=payload["timestamp"] / 1000) is None
