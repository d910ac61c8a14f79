"""A session with Snowflake, whose connection a fake plays."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any, NoReturn
from unittest.mock import MagicMock

import pytest

from runner.interrupts import Interrupts
from runner.manifest import Relation
from runner.warehouse.snowflake_faults import fault_of
from runner.warehouse.snowflake_session import SnowflakeSession

connector = pytest.importorskip("snowflake.connector")
errors = connector.errors

LEASE = Relation("DB", "LEDGER", "LEASE")
OUTBOX = Relation("DB", "LEDGER", "outbox_1")
OVER = 390112


class Account:
    """Answers every statement, unless `meet` raises; keeps what was said."""

    def __init__(self, meet: Callable[[str], object] = lambda _: None) -> None:
        self.meet = meet
        self.said: list[str] = []
        self.logins = 0
        self.told: list[str] = []

    def connect(self) -> Any:
        self.logins += 1
        return SimpleNamespace(
            cursor=lambda: _Cursor(self), close=lambda *, retry: None
        )

    @contextmanager
    def session(self) -> Iterator[SnowflakeSession]:
        yield SnowflakeSession(self.connect, "BRIDGE", self.told.append)

    def after(self, words: str) -> list[str]:
        """What was said from the first statement with these words on."""
        first = next(at for at, each in enumerate(self.said) if words in each)
        return self.said[first:]


class _Cursor:
    rowcount = 1

    def __init__(self, account: Account) -> None:
        self._account = account

    def execute(self, statement: str, values: Any = None) -> None:
        self._account.said.append(statement)
        self._account.meet(statement)

    def fetchone(self) -> tuple[int]:
        return (1,)


def raising(words: str, error: Exception, *, times: int = 1) -> Callable[[str], None]:
    """An accident with the first statements that have these words."""
    left = [error] * times

    def meet(statement: str) -> None:
        if words in statement and left:
            raise left.pop()

    return meet


def is_made(statement: str) -> bool:
    return statement.startswith(("create", "drop"))


def over() -> Exception:
    return errors.ProgrammingError(msg="expired", errno=OVER)


def test_a_mere_look_makes_no_tables() -> None:
    account = Account()
    with account.session() as session:
        session.execute("select 1")

    assert account.said == ["use schema BRIDGE", "select 1"]


def test_nothing_is_made_within_a_transaction() -> None:
    """It would commit the transaction."""
    account = Account()
    with account.session() as session:
        with session.prepare([OUTBOX], keep=True), session.transaction(LEASE):
            session.fill("runner_stretches", "select 1")
            session.drop(OUTBOX)
        with session.undone():
            session.fill("runner_stretches", "select 1")

    begun = account.after("begin")
    until_commit = begun[: begun.index("commit")]
    assert not [each for each in until_commit if is_made(each)]
    assert not [each for each in account.after("rollback") if is_made(each)]
    assert f"drop table if exists {OUTBOX}" in account.after("commit")


def test_the_sessions_own_tables_take_no_name_of_a_users() -> None:
    """Who may not own a table ATTEMPTS in that schema may make none of its name."""
    account = Account()
    with account.session() as session, session.undone():
        pass

    made = [each.split()[5] for each in account.said if "temporary" in each]
    assert made
    assert {name for name in made if not name.startswith("runner_")} == set()


def test_a_session_that_is_over_is_begun_anew_with_its_tables() -> None:
    account = Account(raising("begin", over()))
    with account.session() as session, session.undone():
        session.fill("runner_stretches", "select 1")

    again = [each for each in account.after("begin") if "runner_stretches" in each]
    assert account.logins == 2
    assert again[0].startswith("create or replace temporary table")


@pytest.mark.parametrize(
    "fill",
    [
        lambda session: session.fill("runner_served", "select 1"),
        lambda session: session.fill_outbox("runner_outbox_0", ["a"], "select 1", ""),
    ],
)
def test_rows_that_went_with_a_session_are_missed(
    fill: Callable[[SnowflakeSession], None],
) -> None:
    """Begun anew, its tables would be empty, and a plan made of them wrong."""
    account = Account(raising("select count(", over()))
    with account.session() as session:
        fill(session)
        with pytest.raises(errors.ProgrammingError):
            session.execute("select count(*) from runner_served")

    account.meet = raising("later", over())
    session.visit()
    session.execute("select later")
    assert account.said[-1] == "select later"


def test_a_lost_answer_is_read_back_after_the_commit_has_ended() -> None:
    """An update waits for the row that the old transaction holds; no select does."""
    account = Account(raising("commit", errors.OperationalError(msg="lost")))
    account.meet, lost = (lambda _: None), account.meet
    with account.session() as session, session.transaction(LEASE):
        account.meet = lambda said: lost(said) if said == "commit" else None

    before = account.said[: account.said.index("begin")]
    assert "insert into" in before[-1]
    assert "'commit'" in before[-1]
    assert [each.split()[0] for each in account.said[-2:]] == ["update", "select"]
    assert "epoch = epoch" in account.said[-2]


def test_what_a_transaction_in_doubt_would_have_dropped_stays() -> None:
    """Nor does a later transaction drop it."""
    account = Account()

    def gone(said: str) -> None:
        if said == "commit" or "epoch = epoch" in said:
            raise errors.OperationalError(msg="no network")

    with account.session() as session:
        with suppress(errors.OperationalError), session.transaction(LEASE):
            session.drop(OUTBOX)
            account.meet = gone
        account.meet = lambda _: None
        with session.transaction(LEASE):
            pass

    assert "epoch = epoch" in " ".join(account.said)
    assert not [each for each in account.said if each.startswith("drop")]


def test_an_outbox_of_another_roles_does_not_end_the_push() -> None:
    refused = errors.ProgrammingError(msg="no", errno=3001, sqlstate="42501")
    account = Account(raising("drop table", refused))
    with account.session() as session, session.transaction(LEASE):
        session.drop(OUTBOX)

    assert len(account.told) == 1
    assert "outbox_1" in account.told[0]
    assert "3001" in account.told[0]


def test_an_outbox_written_anew_lies_in_its_order() -> None:
    account = Account()
    with account.session() as session:
        session.rewrite(OUTBOX, "select 1")

    assert account.said[-1].endswith("order by place")


@pytest.mark.parametrize(
    ("number", "state", "about"),
    [
        (2003, "42S02", "missing"),
        (3001, "42501", "missing"),
        (90073, "22000", "warehouse"),
        (608, "57P03", "warehouse"),
        (609, "57014", "warehouse"),
        (625, "57014", "warehouse"),
        (OVER, "08001", "warehouse"),
        (100038, "22018", "statement"),
    ],
)
def test_an_error_is_told_by_its_number(number: int, state: str, about: str) -> None:
    error = errors.ProgrammingError(msg="x", errno=number, sqlstate=state)

    assert fault_of(error) == about


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_during_a_statement_is_for_the_push_to_hear() -> None:
    """The connector's own cursor runs here: it would cancel, and leave at once."""

    def cmd_query(*_: Any, **__: Any) -> NoReturn:
        press_ctrl_c()
        raise errors.ProgrammingError(msg="the end of this test", errno=1)

    connection = MagicMock(
        cursor=lambda: connector.cursor.SnowflakeCursor(connection),
        cmd_query=cmd_query,
        is_closed=lambda: False,
        network_timeout=None,
        log_max_query_length=80,
    )
    session = SnowflakeSession(lambda: connection, "")
    with Interrupts() as interrupts, pytest.raises(errors.ProgrammingError):
        session.execute("select 1")

    assert interrupts.signal == signal.SIGINT
