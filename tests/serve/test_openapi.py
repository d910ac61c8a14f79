"""The description says everything that is answered; schemathesis tries to catch it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from runner.serve.openapi import DOCUMENT, document

from .serving import Server

schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_is_answered_that_is_not_described(
    case: schemathesis.Case[Any], server: Server
) -> None:
    case.call_and_validate(
        base_url=server.url, headers=server.headers("both"), checks=CHECKS.get_all()
    )


def test_the_description_is_served_as_it_is(server: Server) -> None:
    found = server.ask("/openapi.json", key=None)

    assert found.body == DOCUMENT
    assert json.loads(DOCUMENT) == document()


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/v1/collections/recommendations/records/user_id/u1", "both", 200),
        ("/v1/collections/recommendations/records/segment/gold", "cut", 200),
        ("/v1/collections/recommendations/records/user_id/u2", "both", 404),
        ("/v1/collections/staff/records/id/1", "both", 404),
        ("/v1/collections/products/records/sku/s2", "both", 410),
        ("/v1/collections/products/records/sku/s1", None, 401),
        ("/v1/collections/products/records/sku/%00", None, 400),
        ("/v1/collections/products/records/sku/" + "a" * 2_100, None, 414),
        ("/v1/collections", "cut", 200),
        ("/metrics", None, 401),
        ("/", None, 200),
    ],
)
def test_each_kind_of_answer_is_described(
    server: Server, path: str, key: str | None, status: int
) -> None:
    """With all of its headers, but those that every HTTP answer has."""
    found = server.ask(path, key)
    route = next(
        (each for each in document()["paths"] if path == each),
        "/v1/collections/{collection}/records/{index}/{value}",
    )
    responses = document()["paths"][route]["get"]["responses"]
    described = responses[str(status)]["headers"]
    always = {name.lower() for name, each in described.items() if "$ref" in each}
    ordinary = {"server", "date", "content-type", "content-length", "connection"}

    assert found.status == status
    assert always <= found.headers.keys()
    assert found.headers.keys() - ordinary <= {name.lower() for name in described}
