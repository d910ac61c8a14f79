"""Whom an erasure finds, by what the key of a row may hold."""

from __future__ import annotations

import json
import re
import string

import pytest

from runner import erasure
from runner.ledger import Ledger

from .test_recovery import ledger  # noqa: F401 - a fixture


def test_a_user_is_found_whatever_stands_in_the_key(
    ledger: Ledger,  # noqa: F811 - pytest's way
) -> None:
    """And nobody else: in a pattern a full stop is any character."""
    users = [f"external_id:a{sign}1" for sign in string.punctuation + " \u00e9"]
    for user in [*users, "external_id:aa1"]:
        ledger.connection.execute(
            f"insert into {ledger.sent} (sync, row_key, row_json) values ('s', 'r', ?)",
            [f'{{"user_key":{json.dumps(user, ensure_ascii=False)}}}'],
        )

    counts = erasure.scrub(ledger, users)

    assert counts["ledger_sent_rows"] == len(users)
    rows = ledger.connection.execute(f"select row_json from {ledger.sent}").fetchall()
    assert rows == [('{"user_key":"external_id:aa1"}',)]


@pytest.mark.parametrize("user", ["c-1 #2~&@", "a.b*c"])
def test_a_pattern_escapes_what_posix_escapes(user: str) -> None:
    """Snowflake's patterns are POSIX: what an escaped hyphen is there nobody says."""
    escaped = re.findall(r"\\(.)", erasure._any_of([f"external_id:{user}"]))

    assert escaped == [sign for sign in user if sign in ".*"]
