"""A session with Snowflake.

Three things are otherwise than in a file. Making or dropping a table commits the
transaction that is open: tables are made before one begins, and dropped after it. A
session may be over when it is next used: it is begun anew, unless a transaction or rows
of its own tables went with it. And the answer to a commit may be lost: a mark in the
ledger says whether it was done.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import DeliveryError, RunnerError
from ..manifest import Relation
from .session import Fault, Rows, Session
from .snowflake_faults import OVER, fault_of
from .snowflake_login import Answer, Login
from .snowflake_tables import OUTBOX, WORK, made
from .snowflake_words import SnowflakeWords

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor


class SnowflakeSession(SnowflakeWords, Session):
    """One session, begun when it is first used."""

    sees_all = False

    def __init__(
        self,
        connect: Callable[[], SnowflakeConnection],
        schema: str,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._login = Login(connect, schema)
        self._tell = tell
        self._has_mark = False
        self._has_work = False
        self._has_filled = False
        self._in_transaction = False
        self._to_drop: list[Relation | str] = []
        self._empty: set[Relation] = set()

    def visit(self) -> None:
        """Begin a visit: what the session's own tables hold is not asked for again."""
        self._has_filled = False

    def end(self) -> None:
        """Log out, if that is still possible."""
        self._in_transaction = self._has_work = False
        self._login.end()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement; a list is a list of texts."""
        return Answer(self._run(statement, parameters))

    def change(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run an insert, update or delete; return how many rows it touched."""
        return self._run(statement, parameters).rowcount or 0

    def _run(self, statement: str, parameters: Sequence[Any]) -> SnowflakeCursor:
        from snowflake.connector import errors  # noqa: PLC0415 - loaded with the session

        values = [
            json.dumps(each) if isinstance(each, list) else each for each in parameters
        ]
        try:
            return self._login.run(statement, values)
        except errors.Error as error:
            # Begun anew, a session has nothing of what was done in it.
            is_needed = self._in_transaction or self._has_filled
            if error.errno not in OVER or is_needed:
                raise
        had_work = self._has_work
        self.end()
        if had_work:
            self._make_work()
        return self._login.run(statement, values)

    def _make_work(self) -> None:
        """Make the session's own tables, outside of a transaction, once."""
        if self._has_work or self._in_transaction:
            return
        for name, columns in WORK.items():
            self._login.run(made("temporary table", name, columns))
        self._has_work = True

    def fault(self, error: Exception) -> Fault | None:
        """By the number that Snowflake gives its errors."""
        return fault_of(error)

    @contextmanager
    def transaction(self, mark: Relation) -> Iterator[None]:
        """All of it or nothing; a lost answer to the commit is read back."""
        self._make_work()
        self._make_mark(mark)
        self.execute("begin")
        self._in_transaction = True
        token = secrets.token_hex(16)
        try:
            yield
            self.change(f"update {mark} set holder = ? where lease = 'commit'", [token])
        except BaseException:
            self._undo()
            raise
        try:
            self._commit(mark, token)
        except BaseException:
            self._to_drop.clear()
            raise
        finally:
            self._in_transaction = False
        self._drop_now()

    def _make_mark(self, mark: Relation) -> None:
        """One row of the lease says which transaction was the last.

        It is there before any begins: who reads it back waits for whoever writes it.
        """
        if not self._has_mark:
            self.execute(
                f"insert into {mark} (lease, holder, epoch) select 'commit', '', 0 "
                f"from (select count(*) as found from {mark} where lease = 'commit') "
                "as there where found = 0"
            )
        self._has_mark = True

    def _commit(self, mark: Relation, token: str) -> None:
        from snowflake.connector import errors  # noqa: PLC0415

        try:
            self._run("commit", [])
        except (errors.Error, OSError):
            self.end()
            # The commit may still be under way: an update waits for it, no select does.
            self.change(f"update {mark} set epoch = epoch where lease = 'commit'")
            found = self.execute(
                f"select 1 from {mark} where lease = 'commit' and holder = ?", [token]
            ).fetchone()
            if found is None:
                msg = (
                    "Snowflake did not commit what was acknowledged. Nothing is lost: "
                    "run again, and it is settled first."
                )
                raise DeliveryError(msg) from None

    def _undo(self) -> None:
        """Roll back; a session that cannot is ended, and its transaction with it."""
        from snowflake.connector import errors  # noqa: PLC0415

        self._to_drop.clear()
        try:
            self._run("rollback", [])
        except (errors.Error, OSError):
            self.end()
        finally:
            self._in_transaction = False

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is done is undone at the end."""
        self._make_work()
        self.execute("begin")
        self._in_transaction = True
        try:
            yield
        finally:
            self._undo()

    @contextmanager
    def prepare(self, outboxes: Iterable[Relation], *, keep: bool) -> Iterator[None]:
        """Empty tables before the transaction; dropped if that does not end well."""
        rooms = list(outboxes)
        for outbox in rooms:
            self.execute(made("transient table", outbox, OUTBOX))
        self._empty.update(rooms)
        is_kept = False
        try:
            yield
            is_kept = keep
        finally:
            for outbox in rooms if not is_kept else ():
                self.drop(outbox)

    def leave_soon(self) -> None:
        """A session is not left."""

    def fill(
        self, table: Relation | str, query: str, parameters: Sequence[Any] = ()
    ) -> None:
        """Replace the rows of a table that is there already."""
        if isinstance(table, str):
            self._make_work()
            self._has_filled = True
        self.execute(f"delete from {table}")
        self.execute(f"insert into {table} {query}", parameters)

    def fill_outbox(
        self, outbox: Relation | str, columns: Sequence[str], query: str, order: str
    ) -> None:
        """Number the rows as they are put in; they lie in that order, too."""
        if isinstance(outbox, str):
            self.execute(made("temporary table", outbox, OUTBOX))
            self._has_filled = True
        elif outbox not in self._empty:
            self.execute(f"delete from {outbox}")
        else:
            self._empty.remove(outbox)
        self.execute(
            f"""
            insert into {outbox} ({", ".join(columns)}, seq)
            select
                {", ".join(columns)},
                row_number() over (order by {order or "row_key"}) - 1 as seq
            from ({query}) as frozen
            order by seq
            """
        )

    def rewrite(self, outbox: Relation | str, query: str) -> None:
        """By way of a copy: the query reads what it replaces; in order, as before."""
        names = ", ".join(name for name in OUTBOX if name != "seq")
        copied = "runner_rewritten"
        self.fill(copied, f"select {names}, place from ({query}) as rewriting")
        self.execute(f"delete from {outbox}")
        self.execute(
            f"insert into {outbox} ({names}, seq) "
            f"select {names}, row_number() over (order by place) - 1 from {copied} "
            "order by place"
        )

    def drop(self, table: Relation | str) -> None:
        """Drop a table once the transaction has ended well."""
        self._to_drop.append(table)
        if not self._in_transaction:
            self._drop_now()

    def _drop_now(self) -> None:
        """What is not dropped is in nobody's way: a later push tries again."""
        from snowflake.connector import errors  # noqa: PLC0415

        while self._to_drop:
            table = self._to_drop.pop()
            try:
                self.execute(f"drop table if exists {table}")
            except (errors.Error, RunnerError) as error:
                number = getattr(error, "errno", None) or "no session"
                self._tell(
                    f"{table} could not be dropped (Snowflake: {number}). Nothing is "
                    "lost; the role that made it can drop it."
                )

    def has(self, table: Relation) -> bool:
        """Whether there is such a table or view."""
        row = self.execute(
            f"select 1 from {self.tables_of(table.database)} "
            "where table_schema = ? and table_name = ?",
            [table.schema, table.name],
        ).fetchone()
        return row is not None

    def columns_of(self, relation: Relation | str) -> dict[str, str]:
        """Column -> type; a name without a small letter leaves in small letters."""
        rows = self.execute(f"describe table {relation}").fetchall()
        return {
            (name.lower() if name == name.upper() else name): str(kind)
            for name, kind, *_ in rows
        }
