"""A key is found in every form in which a ledger or a payload holds it."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

from runner.masking import without_addresses
from runner.sought import Key, about_key
from runner.warehouse.duckdb_session import DuckDBSession

EMAIL_HASH = hashlib.sha256(b"email:ann@example.com").hexdigest()
DELETED = hashlib.sha256(b"external_id:c1").hexdigest()


def is_about(key: str, row_key: str, content: str) -> bool:
    session = DuckDBSession(duckdb.connect())
    test, parameters = about_key(session, Key(key), "content")
    row = session.execute(
        f"select {test} from (select cast(? as varchar) as row_key, "
        "cast(? as varchar) as content)",
        [*parameters, row_key, content],
    ).fetchone()
    assert row
    return bool(row[0])


FORMS = [
    ("attributes", "c1", '{"external_id":"c1","tier":"gold"}'),
    ("an event", "event-9", '{"external_id":"c1","name":"x","time":"2026-01-01"}'),
    ("a merge", '{"from":{"braze_id":"c1"}}', "{}"),
    ("a subscription", '["c1","news"]', '{"external_id":"c1","state":"subscribed"}'),
    (
        "its payload",
        '["c1","news"]',
        '{"subscription_state":"x","external_ids":["c1"]}',
    ),
    ("a cohort's member", '["vip","c1"]', '{"cohort_id":"vip","external_id":"c1"}'),
    ("its payload, too", '["vip","c1"]', '{"user_ids":["c1"],"should_remove":true}'),
    ("an item", "products/c1", '{"id":"c1","price":1}'),
    ("a part of a purchase", "c1#2", '{"external_id":"other","product_id":"p"}'),
    ("an erasure", DELETED, "{}"),
    (
        "an alias",
        '{"alias_name":"c1","alias_label":"l"}',
        '{"user_alias":{"alias_name":"c1","alias_label":"l"}}',
    ),
]


@pytest.mark.parametrize(
    ("row_key", "content"),
    [form[1:] for form in FORMS],
    ids=[form[0] for form in FORMS],
)
def test_it_is_found_in_each_form(row_key: str, content: str) -> None:
    assert is_about("c1", row_key, content)
    for other in ("c", "c11", "C1", "1", "xc1", ""):
        assert not is_about(other, row_key, content), other


@pytest.mark.parametrize(
    ("row_key", "content"),
    [
        ("c2", '{"external_id":"c2","tier":"c1"}'),
        ("c2", '{"external_id":"c2","c1":true}'),
        ("event-9", '{"external_id":"c2","name":"c1"}'),
        ('["c2","news"]', '{"external_id":"c2","subscription_group":"c1"}'),
    ],
)
def test_a_value_that_reads_like_it_is_not_it(row_key: str, content: str) -> None:
    assert not is_about("c1", row_key, content)


@pytest.mark.parametrize("key", ["ann@example.com", "Ann@Example.com"])
def test_an_address_is_found_in_any_case_and_as_a_hash(key: str) -> None:
    assert is_about(key, "c1", '{"external_id":"c1","email":"ann@example.com"}')
    assert is_about(key, "x", '{"emails":["ann@example.com"]}')
    assert is_about(key, "x", f'{{"email_hash":"{EMAIL_HASH}"}}')
    assert not is_about(key, "x", '{"emails":["joann@example.com"]}')


@pytest.mark.parametrize("key", ['c"1', "c\\1", "é☂", "a'b", "100%", "_"])
def test_a_key_with_marks_in_it_is_found(key: str) -> None:
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')

    assert is_about(key, "x", f'{{"external_id":"{quoted}"}}')
    assert not is_about(key, "x", '{"external_id":"x1"}')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('["ann@example.com","news"]', '["***","news"]'),
        ('{"phones":["+4915112345678"]}', '{"phones":["***"]}'),
        ("email:ann@example.com", "email:***"),
        ("c1, 12345678, 5 @ 3", "c1, 12345678, 5 @ 3"),
    ],
)
def test_addresses_are_masked_wherever_they_stand(text: str, shown: str) -> None:
    assert without_addresses(text) == shown
