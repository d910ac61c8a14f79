"""How the profile's account is entered, and what is said where it is not."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthError, ConfigError, DeliveryError, RunnerError
from runner.project import Project
from runner.warehouse.snowflake import SnowflakeAccount

from .rendering import render_model

connector = pytest.importorskip("snowflake.connector")
rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding,
    NoEncryption,
    PrivateFormat,
)

errors = connector.errors
LEDGER = Path(__file__).parents[2] / "models" / "sync" / "ledger"
WORD = "a pass phrase"


def account(**output: Any) -> SnowflakeAccount:
    """An account whose profile says this, too."""
    known = {"account": "acme", "user": "bridge", "database": "DB", "schema": "s"}
    project = Project(
        directory=Path(),
        name="shop",
        profile="shop",
        target="prod",
        profiles_path=Path(),
        output=known | output,
        target_path=Path(),
        runner_vars={},
    )
    return SnowflakeAccount.of(project, tell=print)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (errors.OperationalError(msg="timeout", errno=250001), DeliveryError),
        (errors.BadGatewayError(msg="502"), DeliveryError),
        (errors.ServiceUnavailableError(msg="503"), DeliveryError),
        (ConnectionResetError(), DeliveryError),
        (errors.DatabaseError(msg="wrong password", errno=390100), AuthError),
        (errors.ForbiddenError(msg="no such account"), ConfigError),
        (FileNotFoundError("runner.p8"), ConfigError),
    ],
)
def test_who_is_not_let_in_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: Exception, becomes: type[RunnerError]
) -> None:
    """What ails the network is over tomorrow; a wrong key is not."""

    def connect(**_: Any) -> None:
        raise error

    monkeypatch.setattr(connector, "connect", connect)

    with pytest.raises(RunnerError) as raised:
        account().connect()

    assert type(raised.value) is becomes


@pytest.mark.parametrize("word", [None, WORD])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_private_key_in_the_profile_is_read_as_dbt_reads_it(
    word: str | None, encoding: Encoding
) -> None:
    key = rsa.generate_private_key(65537, 1024)
    lock = (
        serialization.BestAvailableEncryption(word.encode()) if word else NoEncryption()
    )
    written = key.private_bytes(encoding, PrivateFormat.PKCS8, lock)
    text = (written if encoding is Encoding.PEM else b64encode(written)).decode()

    found = account(private_key=text, private_key_passphrase=word)

    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert found.arguments["private_key"] == plain


@pytest.mark.parametrize("text", ["-----BEGIN", "no base64!", "AAAA"])
def test_a_private_key_that_is_none_is_not_printed(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        account(private_key=text, private_key_passphrase=WORD)

    assert "private_key" in str(raised.value)
    assert text not in str(raised.value)
    assert WORD not in str(raised.value)


def test_what_an_account_has_set_otherwise_is_set_back() -> None:
    session = account().arguments["session_parameters"]

    assert session["TIMESTAMP_TYPE_MAPPING"] == "TIMESTAMP_NTZ"
    assert session["QUOTED_IDENTIFIERS_IGNORE_CASE"] is False
    assert session["ROWS_PER_RESULTSET"] == 0
    assert session["PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"] == "ARROW"


def test_a_lock_is_waited_for_until_a_dead_runner_has_lost_it() -> None:
    """Five minutes for its statement, five idle ones for its transaction."""
    assert account().arguments["session_parameters"]["LOCK_TIMEOUT"] > 600


@pytest.mark.parametrize(
    "path", sorted(LEDGER.glob("*.sql")), ids=lambda each: each.stem
)
def test_the_ledgers_times_have_no_zone_in_any_account(path: Path) -> None:
    """dbt makes the tables in its own session, where TIMESTAMP may be any of three."""
    sql = render_model("snowflake", path, execute=True)

    assert " as timestamp)" not in sql.lower()
