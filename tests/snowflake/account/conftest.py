"""An account in the place of the emulator."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.snowflake.access import Emulator
from tests.snowflake.fuzz_project import account


class Account(Emulator):
    """The account and the one database that the environment names."""

    def access(self, database: str, schema: str = "BRIDGE") -> dict[str, Any]:
        """What a client needs; the schema comes into being when dbt builds."""
        return account() | {"schema": schema}

    def database(self, name: str) -> str:
        """The one that there is."""
        return str(account()["database"])


@pytest.fixture(scope="session")
def emulator() -> Emulator:
    """What stands in for the emulator here."""
    if not os.environ.get("SNOWFLAKE_ACCOUNT"):
        pytest.skip("SNOWFLAKE_ACCOUNT is not set")
    return Account(port=443)
