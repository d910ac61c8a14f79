"""A push that finds nothing to send asks little: on Snowflake each statement waits."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runner.columns import PENDING_COLUMNS, WAITS, WHOLE_COLUMNS
from runner.errors import BrokenSync
from runner.ledger import Ledger
from runner.manifest import LEDGER_TABLES, Manifest, Relation, Sync
from runner.push import Push
from runner.recovery import Recovery
from runner.result import PushResult
from runner.settings import Limits
from runner.starting import Start, Wish

from .test_recovery import ledger  # noqa: F401 - a fixture

TYPES = {
    "data_points": "bigint",
    "key_count": "bigint",
    "user_keys": "varchar[]",
    "adoptable": "boolean",
    "reach": "bigint",
}
MOST_A_SYNC = 12


def sync_of(ledger: Ledger, name: str, kind: str) -> Sync:  # noqa: F811
    """A sync with a mart of one row and an empty table of pending rows."""
    columns = PENDING_COLUMNS
    columns += () if kind == "attributes" else (*WHOLE_COLUMNS, WAITS)
    typed = ", ".join(f"{each} {TYPES.get(each, 'varchar')}" for each in columns)
    ledger.connection.execute(f"create table {name}_pending ({typed})")
    ledger.connection.execute(f"create table {name} as select 'c1' as id, 1 as points")
    pending, mart = (
        Relation("memory", "main", each) for each in (f"{name}_pending", name)
    )
    return Sync(name, "braze", kind, pending, (mart,))


def start_of(folder: Path, *syncs: Sync) -> Start:
    """The beginning of a push of these, to nobody."""
    tables = {name: Relation("memory", "main", name) for name in LEDGER_TABLES}
    to: Any = SimpleNamespace(endpoint_of=lambda _: "http://127.0.0.1", held=dict)
    return Start(
        Manifest(syncs, tables), Limits(), to, Recovery(folder, (), (), lambda _: None)
    )


def push(ledger: Ledger, folder: Path, *syncs: Sync) -> tuple[PushResult, list[str]]:  # noqa: F811
    """What a push of these comes to, and the statements it took."""
    said: list[str] = []
    execute = type(ledger.connection).execute

    class Counted(type(ledger.connection)):  # type: ignore[misc]
        def execute(self, statement: str, parameters: Any = ()) -> Any:
            said.append(" ".join(statement.split()))
            return execute(self, statement, parameters)

    @contextmanager
    def opened() -> Any:
        yield Counted(cast(Any, ledger.connection).connection)

    start = start_of(folder, *syncs)
    result = Push(cast(Any, SimpleNamespace(open=opened)), start).run(syncs, Wish())
    return result, said


def runs(ledger: Ledger) -> list[Any]:  # noqa: F811
    return ledger.connection.execute(
        "select sync, outcome, finished_at is not null, planned from ledger_runs "
        "order by sync"
    ).fetchall()


def outboxes(ledger: Ledger) -> list[Any]:  # noqa: F811
    return ledger.connection.execute(
        "select table_name from information_schema.tables "
        "where table_name like 'outbox_%'"
    ).fetchall()


def test_each_sync_without_rows_takes_a_dozen_statements(
    ledger: Ledger,  # noqa: F811
    tmp_path: Path,
) -> None:
    """And the run is over, its outbox gone, the lease free."""
    kinds = ("attributes", "events", "aliases", "deletions")
    syncs = [sync_of(ledger, f"s{at}", kind) for at, kind in enumerate(kinds)]
    ledger.connection.execute(
        f"insert into {ledger.sent} (sync, row_key) "
        "select sync, 'c1' from (values ('s0'), ('s1'), ('s2'), ('s3')) as v (sync)"
    )

    _, none = push(ledger, tmp_path, syncs[0])
    result, said = push(ledger, tmp_path, *syncs)

    assert result.failure is None
    assert [each.planned for each in result.syncs] == [0, 0, 0, 0]
    assert set(runs(ledger)) == {(f"s{at}", "completed", True, 0) for at in range(4)}
    assert outboxes(ledger) == []
    assert ledger.connection.execute("select holder from ledger_lease").fetchall() == [
        ("",)
    ]
    assert (len(said) - len(none)) / 3 <= MOST_A_SYNC, said


@pytest.mark.parametrize(
    ("change", "operation", "said"),
    [
        ("moved", "alias", "says change 'moved'. It knows added, changed and removed."),
        (None, "alias", "says change 'null'"),
        ("added", "unalias", "says operation 'unalias'. aliases knows alias_new"),
    ],
)
def test_a_word_that_pending_rows_do_not_know_is_refused(
    ledger: Ledger,  # noqa: F811
    tmp_path: Path,
    change: str | None,
    operation: str,
    said: str,
) -> None:
    """A view of the user's own may say another; nothing of it would be counted."""
    sync = sync_of(ledger, "people", "aliases")
    first = sync.operations[0].name
    ledger.connection.execute(
        "insert into people_pending (row_key, change, operation, payload, user_keys) "
        "values ('a', ?, ?, '{}', ['external_id:a'])",
        [change, operation if operation == "unalias" else first],
    )

    with pytest.raises(BrokenSync, match=said):
        push(ledger, tmp_path, sync)

    assert runs(ledger) == []
    assert outboxes(ledger) == []
