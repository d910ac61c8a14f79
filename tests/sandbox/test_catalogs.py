"""Catalogs: their forms, all-or-nothing requests, and what is seen only later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from runner.sandbox import Sandbox

from .conftest import KEY, Clock

Start = Callable[..., Sandbox]
FIELDS = [
    {"name": "id", "type": "string"},
    {"name": "title", "type": "string"},
    {"name": "price", "type": "number"},
    {"name": "on_sale", "type": "boolean"},
    {"name": "since", "type": "time"},
    {"name": "tags", "type": "array"},
    {"name": "more", "type": "object"},
    {"name": "place", "type": "geo"},
]
NEW = {"fields": [{"name": "size", "type": "string"}]}


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    """Send one request with the good key."""
    return requests.request(
        method, f"{sandbox.url}{path}", json=body, headers=KEY, timeout=5
    )


def create(sandbox: Sandbox, **changes: Any) -> requests.Response:
    """Create the catalog of these tests."""
    catalog = {"name": "products", "description": "", "fields": FIELDS, **changes}
    answer: requests.Response = call(
        sandbox, "POST", "/catalogs", {"catalogs": [catalog]}
    )
    return answer


def items(sandbox: Sandbox, method: str, *sent: Any) -> requests.Response:
    """Send items in bulk."""
    answer: requests.Response = call(
        sandbox, method, "/catalogs/products/items", {"items": list(sent)}
    )
    return answer


def stored(sandbox: Sandbox) -> dict[str, Any]:
    """The items of the catalog, by id."""
    found: dict[str, Any] = sandbox.catalogs()["products"]["items"]
    return found


def codes(answer: requests.Response) -> list[str]:
    """The ids of the errors."""
    return [error["id"] for error in answer.json()["errors"]]


@pytest.fixture
def products(start: Start) -> Sandbox:
    """Start a sandbox that has the catalog."""
    sandbox = start(limits="none")
    create(sandbox)
    return sandbox


def test_a_catalog_is_created_and_listed(sandbox: Sandbox) -> None:
    answer = create(sandbox)
    assert answer.status_code == 201
    (told,) = answer.json()["catalogs"]
    assert [field["name"] for field in told["fields"]] == [
        field["name"] for field in FIELDS
    ]
    listed = call(sandbox, "GET", "/catalogs").json()["catalogs"]
    assert [(one["name"], one["num_items"]) for one in listed] == [("products", 0)]


def test_an_existing_name_is_a_400(products: Sandbox) -> None:
    answer = create(products)
    assert (answer.status_code, codes(answer)) == (400, ["catalog-name-already-exists"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "my products"}, "invalid-catalog-name"),
        ({"name": "x" * 251}, "catalog-name-too-large"),
        ({"description": "x" * 251}, "description-too-long"),
        ({"fields": []}, "invalid-fields"),
        ({"fields": FIELDS[1:]}, "id-not-first-column"),
        ({"fields": [{"name": "id", "type": "number"}]}, "id-not-first-column"),
        (
            {"fields": [*FIELDS, {"name": "a.b", "type": "string"}]},
            "invalid-field-names",
        ),
        (
            {"fields": [*FIELDS, {"name": "x" * 251, "type": "string"}]},
            "field-names-too-large",
        ),
        ({"fields": [*FIELDS, {"name": "n", "type": "int"}]}, "invalid-field-types"),
        ({"fields": [*FIELDS, FIELDS[1]]}, "field-names-not-unique"),
        (
            {
                "fields": [
                    *FIELDS,
                    *({"name": f"f{n}", "type": "string"} for n in range(493)),
                ]
            },
            "too-many-fields",
        ),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_bad_catalog_is_refused(
    sandbox: Sandbox, changes: dict[str, Any], code: str
) -> None:
    answer = create(sandbox, **changes)
    assert (answer.status_code, codes(answer), sandbox.catalogs()) == (400, [code], {})


def test_two_catalogs_at_once_are_refused(sandbox: Sandbox) -> None:
    catalog = {"name": "a", "fields": FIELDS}
    answer = call(sandbox, "POST", "/catalogs", {"catalogs": [catalog, catalog]})
    assert codes(answer) == ["too-many-catalog-atoms"]


def test_no_catalog_at_all_is_refused(sandbox: Sandbox) -> None:
    answer = call(sandbox, "POST", "/catalogs", {"catalogs": []})
    assert codes(answer) == ["catalog-array-invalid"]


def test_a_catalog_is_deleted(products: Sandbox) -> None:
    answers = [call(products, "DELETE", "/catalogs/products") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert codes(answers[1]) == ["catalog-not-found"]


def test_items_are_put_and_replaced_whole(products: Sandbox) -> None:
    good = {
        "id": "p1",
        "title": "Tyre",
        "price": 9.5,
        "on_sale": True,
        "since": "2026-01-01T00:00:00Z",
        "tags": ["a"],
        "more": {"a": {"b": [1]}},
        "place": [9.2, 45.5],
    }
    answer = items(products, "PUT", good, {"id": "p2", "title": "Tube"})
    assert (answer.status_code, answer.json()) == (202, {"message": "success"})
    assert stored(products) == {"p1": good, "p2": {"id": "p2", "title": "Tube"}}
    items(products, "PUT", {"id": "p1", "price": 8})
    assert stored(products)["p1"] == {"id": "p1", "price": 8}


def test_the_other_bulk_verbs(products: Sandbox) -> None:
    items(products, "POST", {"id": "p1", "title": "a", "tags": ["x", "y"]})
    items(products, "POST", {"id": "p1", "title": "b"}, {"id": "p2"})
    items(
        products,
        "PATCH",
        {"id": "p1", "price": 1, "tags": {"$add": ["z"], "$remove": ["x"]}},
        {"id": "p3", "price": 1},
    )
    assert stored(products) == {
        "p1": {"id": "p1", "title": "a", "price": 1, "tags": ["y", "z"]},
        "p2": {"id": "p2"},
    }
    assert items(products, "DELETE", {"id": "p1"}, {"id": "p9"}).status_code == 202
    assert list(stored(products)) == ["p2"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"title": "no id"}, "items-missing-ids"),
        ({"id": 7}, "ids-not-strings"),
        ({"id": "x" * 251}, "ids-too-large"),
        ({"id": "a b"}, "invalid-ids"),
        ({"id": "good"}, "ids-not-unique"),
        ({"id": "b", "colour": "red"}, "invalid-fields"),
        ({"id": "b", "title": 7}, "unable-to-coerce-value"),
        ({"id": "b", "price": "7"}, "unable-to-coerce-value"),
        ({"id": "b", "price": True}, "unable-to-coerce-value"),
        ({"id": "b", "on_sale": 1}, "unable-to-coerce-value"),
        ({"id": "b", "since": "yesterday"}, "unable-to-coerce-value"),
        ({"id": "b", "tags": [1]}, "unable-to-coerce-value"),
        ({"id": "b", "tags": ["a"] * 101}, "unable-to-coerce-value"),
        ({"id": "b", "more": []}, "unable-to-coerce-value"),
        ({"id": "b", "place": [1, 91]}, "unable-to-coerce-value"),
        ({"id": "b", "title": "x" * 5001}, "items-too-large"),
        ({"id": "b", "more": {"a.b": 1}}, "invalid-keys-in-value-object"),
        ({"id": "b", "more": {"a": {"$b": 1}}}, "invalid-keys-in-value-object"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_one_bad_item_rejects_all(
    products: Sandbox, bad: dict[str, Any], code: str
) -> None:
    answer = items(products, "PUT", {"id": "good"}, bad)
    assert (answer.status_code, codes(answer)) == (400, [code])
    assert (answer.json()["message"], stored(products)) == ("Invalid Request", {})


def test_the_error_names_the_item(products: Sandbox) -> None:
    answer = items(products, "PUT", {"id": "good"}, {"id": "bad", "price": "7"})
    (error,) = answer.json()["errors"]
    assert (error["parameters"], error["parameter_values"]) == (["id"], ["bad"])
    assert "'price'" in error["message"]


def test_an_object_nests_50_levels(products: Sandbox) -> None:
    value: Any = 1
    for _ in range(50):
        value = {"a": value}
    assert items(products, "PUT", {"id": "p", "more": value}).status_code == 202
    answer = items(products, "PUT", {"id": "p", "more": {"a": value}})
    assert codes(answer) == ["too-deep-nesting-in-value-object"]


def test_50_items_a_request(products: Sandbox) -> None:
    many = [{"id": str(number)} for number in range(51)]
    assert items(products, "PUT", *many[:50]).status_code == 202
    assert codes(items(products, "PUT", *many)) == ["request-includes-too-many-items"]


@pytest.mark.parametrize(
    "body", [{}, {"items": []}, {"items": ["a"]}, {"items": {}}, []]
)
def test_a_list_of_items_is_needed(products: Sandbox, body: Any) -> None:
    answer = call(products, "PUT", "/catalogs/products/items", body)
    assert codes(answer) == ["item-array-invalid"]


def test_items_of_an_unknown_catalog_are_a_404(sandbox: Sandbox) -> None:
    answer = items(sandbox, "PUT", {"id": "a"})
    assert (answer.status_code, codes(answer)) == (404, ["catalog-not-found"])


def test_items_are_seen_only_later(start: Start, clock: Clock) -> None:
    sandbox = start(items_seconds=5, clock=clock)
    create(sandbox)
    items(sandbox, "PUT", {"id": "p1"})
    before = stored(sandbox)
    clock.now += 5
    assert (before, list(stored(sandbox))) == ({}, ["p1"])


def test_new_fields_are_seen_and_used_only_later(start: Start, clock: Clock) -> None:
    sandbox = start(fields_seconds=5, clock=clock)
    create(sandbox)
    added = call(sandbox, "POST", "/catalogs/products/fields", NEW)
    early = items(sandbox, "PUT", {"id": "p1", "size": "L"})
    unseen = "size" in sandbox.catalogs()["products"]["fields"]
    clock.now += 5
    (listed,) = call(sandbox, "GET", "/catalogs").json()["catalogs"]
    late = items(sandbox, "PUT", {"id": "p1", "size": "L"})
    assert (added.status_code, codes(early), unseen) == (202, ["invalid-fields"], False)
    assert listed["fields"][-1]["name"] == "size"
    assert late.status_code == 202


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([{"name": "title", "type": "string"}], "field-names-not-unique"),
        (
            [{"name": f"f{n}", "type": "string"} for n in range(51)],
            "request-includes-too-many-fields",
        ),
        ([{"name": "a b", "type": "string"}], "invalid-field-names"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bad_new_fields_are_refused(products: Sandbox, fields: Any, code: str) -> None:
    answer = call(products, "POST", "/catalogs/products/fields", {"fields": fields})
    assert (answer.status_code, codes(answer)) == (400, [code])


def test_a_catalog_has_500_fields_at_most(products: Sandbox) -> None:
    answers = [
        call(
            products,
            "POST",
            "/catalogs/products/fields",
            {"fields": [{"name": f"f{n}_{m}", "type": "string"} for m in range(50)]},
        )
        for n in range(10)
    ]
    assert codes(answers[-1]) == ["catalog-exceeds-fields-limit"]


def test_a_field_is_deleted_with_its_values(products: Sandbox) -> None:
    items(products, "PUT", {"id": "p1", "title": "a"})
    answer = call(products, "DELETE", "/catalogs/products/fields/title")
    assert (answer.status_code, stored(products)) == (202, {"p1": {"id": "p1"}})
    answer = call(products, "DELETE", "/catalogs/products/fields/title")
    assert answer.status_code == 404


def one(sandbox: Sandbox, method: str, item_id: str, *sent: Any) -> requests.Response:
    """Send one item to its own path."""
    body = {"items": list(sent)} if sent else None
    answer: requests.Response = call(
        sandbox, method, f"/catalogs/products/items/{item_id}", body
    )
    return answer


def test_single_items(products: Sandbox) -> None:
    statuses = [
        one(products, "POST", "p1", {"title": "a"}).status_code,
        one(products, "PATCH", "p1", {"price": 1}).status_code,
        one(products, "PUT", "p2", {"price": 2}).status_code,
        one(products, "DELETE", "p2").status_code,
    ]
    assert statuses == [201, 200, 200, 200]
    answer = one(products, "GET", "p1").json()
    assert answer["items"] == [{"id": "p1", "title": "a", "price": 1}]


def test_what_single_items_refuse(products: Sandbox) -> None:
    items(products, "PUT", {"id": "p1"})
    answers = [
        one(products, "POST", "p1", {"title": "a"}),
        one(products, "PATCH", "p9", {"title": "a"}),
        one(products, "DELETE", "p9"),
        one(products, "GET", "p9"),
        one(products, "PUT", "p1", {"id": "p1", "title": "a"}),
        one(products, "PUT", "p1", {"title": "a"}, {"title": "b"}),
        one(products, "PUT", "p1", {"title": 7}),
        one(products, "PUT", "a%20b", {"title": "a"}),
    ]
    assert [(answer.status_code, *codes(answer)) for answer in answers] == [
        (400, "item-already-exists"),
        (404, "item-not-found"),
        (404, "item-not-found"),
        (404, "item-not-found"),
        (400, "id-in-body"),
        (400, "request-includes-too-many-items"),
        (400, "unable-to-coerce-value"),
        (400, "invalid-ids"),
    ]


def test_items_are_listed_in_pages_of_50_with_relative_links(products: Sandbox) -> None:
    for begin in (0, 50, 100):
        ids = range(begin, min(begin + 50, 120))
        items(products, "PUT", *({"id": f"p{number}"} for number in ids))
    path, seen, relations = "/catalogs/products/items", [], []
    while path:
        answer = call(products, "GET", path)
        seen += [item["id"] for item in answer.json()["items"]]
        relations.append(sorted(answer.links))
        path = answer.links.get("next", {}).get("url", "")
        assert "://" not in path
    assert seen == [f"p{number}" for number in range(120)]
    assert relations == [["next"], ["next", "prev"], ["prev"]]


def test_a_made_up_cursor_is_refused(products: Sandbox) -> None:
    answer = call(products, "GET", "/catalogs/products/items?cursor=abc")
    assert codes(answer) == ["invalid-cursor"]


def test_a_fault_loses_a_share_of_accepted_items(products: Sandbox) -> None:
    products.set_faults({"script": ["lost_items"], "lost_share": 0.2})
    answer = items(products, "PUT", *({"id": f"p{number}"} for number in range(50)))
    assert (answer.status_code, answer.json()) == (202, {"message": "success"})
    assert len(stored(products)) == 40


def test_single_items_and_pages_share_50_a_minute(start: Start) -> None:
    sandbox = start(clock=lambda: 1_800_000_000.0)
    create(sandbox)
    answers = [one(sandbox, "GET", "p1") for _ in range(50)]
    answers.append(call(sandbox, "GET", "/catalogs/products/items"))
    assert [answer.status_code for answer in answers[-2:]] == [404, 429]
    assert answers[0].headers["x-ratelimit-limit"] == "50"


def test_catalogs_are_reset_with_the_rest(products: Sandbox) -> None:
    products.reset()
    assert products.catalogs() == {}
