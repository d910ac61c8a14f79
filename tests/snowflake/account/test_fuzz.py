"""The fuzz against an account: Snowflake's own JSON, floats, time zones and hashes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.snowflake.fuzz import fuzz
from tests.snowflake.fuzz_project import account, build

pytestmark = [
    pytest.mark.account,
    pytest.mark.skipif(
        not os.environ.get("SNOWFLAKE_ACCOUNT"), reason="SNOWFLAKE_ACCOUNT is not set"
    ),
]


def test_the_account_would_send_the_same(tmp_path: Path) -> None:
    assert list(fuzz(build(tmp_path, account()), 20_000, seed=0)) == []
