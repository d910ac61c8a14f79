"""Who was which visitor: what cannot be seen is no proof that nobody was."""

from __future__ import annotations

import duckdb
import pytest

from runner.errors import ConfigError
from runner.ledger import Ledger
from runner.manifest import Relation
from runner.movable_ink.visitors import visitors_of

from .test_recovery import ledger  # noqa: F401 - a fixture

HIDDEN = Relation("memory", "main", "int_movable_ink_identities")


def test_a_model_that_was_not_built_says_nothing(ledger: Ledger) -> None:  # noqa: F811
    assert visitors_of(ledger, ["external_id:u1"], [HIDDEN]) == []


def test_where_roles_hide_models_an_unseen_one_stops_the_erasure(
    ledger: Ledger,  # noqa: F811 - pytest's way
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On Snowflake it may well be built."""
    monkeypatch.setattr(type(ledger.connection), "sees_all", False)
    with pytest.raises(duckdb.CatalogException):
        ledger.connection.columns_of(HIDDEN)

    with pytest.raises(
        ConfigError, match=r"identities.*Nobody was erased.*grants\.sql"
    ):
        visitors_of(ledger, ["external_id:u1"], [HIDDEN])
