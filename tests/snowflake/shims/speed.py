"""What fakesnow does again and again, done once: a third of its time is left.

None of it changes an answer. fakesnow reads each statement twice and describes it by a
third reading, looks for missing names where none can be missing, and walks the whole
statement for each of its 76 rewritings, most of which are for words that are not in it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

import fakesnow.cursor
import fakesnow.server
import sqlglot
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

Kinds = tuple[type, ...]
Rewrite = Callable[..., Any]
Step = tuple[Rewrite, dict[str, Any]]

ASKS = re.compile(r"isinstance\(\s*expression, \(?([^()]*)\)")
NODE = re.compile(r"exp\.(\w+)")

parse = fakesnow.cursor.parse_one
check = FakeSnowflakeCursor.check_db_and_schema
transform = FakeSnowflakeCursor._transform
execute = FakeSnowflakeCursor._execute
read: dict[str, sqlglot.Expr] = {}


def install() -> None:
    """Put what is below in the place of fakesnow's."""
    fakesnow.server.parse_one = read_ahead
    fakesnow.cursor.parse_one = read_once
    FakeSnowflakeCursor._describe_last_sql = described
    FakeSnowflakeCursor.check_db_and_schema = checked
    FakeSnowflakeCursor._transform = transformed
    FakeSnowflakeCursor._execute = executed


def read_ahead(command: str) -> sqlglot.Expr:
    """The server reads a statement for its kind, and gives the text to a cursor."""
    read[command] = statement = parse(command)
    return statement


def read_once(command: str) -> sqlglot.Expr:
    """What the server has read; each reading is changed by one cursor alone."""
    return read.pop(command, None) or parse(command)


def described(cursor: FakeSnowflakeCursor) -> list[tuple[Any, ...]]:
    """The columns of the last result, which DuckDB has told of with it."""
    return [
        (name, str(kind), "YES", None, None, None)
        for name, kind, *_ in cursor._duck_conn.description
    ]


def checked(cursor: FakeSnowflakeCursor, statement: sqlglot.Expr) -> None:
    """A session with a database and a schema lacks neither for a name."""
    if not (cursor._conn.database_set and cursor._conn.schema_set):
        check(cursor, statement)


def executed(
    cursor: FakeSnowflakeCursor, statement: sqlglot.Expr, params: Any = None
) -> None:
    """The columns of a view from the catalog: to describe it first plans all of it."""
    at = (cursor._conn.database, cursor._conn.schema)
    columns = transforms.describe_table(statement, *at)
    execute(cursor, columns, params)
    if columns is not statement and not cursor.rowcount:
        execute(cursor, statement, params)  # says that there is no such table


class Steps:
    """Stands for a statement, and keeps what would be done to it."""

    def __init__(self) -> None:
        self.kept: list[Step] = []

    def transform(self, rewrite: Rewrite, *, copy: bool, **options: Any) -> Steps:
        """Take the place of sqlglot's, which walks the statement."""
        assert not copy
        self.kept.append((rewrite, options))
        return self


def transformed(
    cursor: FakeSnowflakeCursor, statement: sqlglot.Expr, params: Any
) -> sqlglot.Expr:
    """The statement after each rewriting that has something to find in it."""
    steps = Steps()
    transform(cursor, steps, params)
    kinds = tuple(asked_for(rewrite.__code__) for rewrite, _ in steps.kept)
    found = wanted(statement, kinds)
    for place, (rewrite, options) in enumerate(steps.kept):
        if found >> place & 1:
            statement = statement.transform(rewrite, copy=False, **options)
            found = wanted(statement, kinds)
    return statement


def wanted(statement: sqlglot.Expr, kinds: tuple[Kinds, ...]) -> int:
    """The places, as bits, of the rewritings that look for what stands here."""
    found = 0
    for kind in {type(each) for each in statement.walk(bfs=False)}:
        found |= wanted_by(kind, kinds)
    return found


@cache
def wanted_by(kind: type, kinds: tuple[Kinds, ...]) -> int:
    """The places of the rewritings that look for this kind of node, or tell none."""
    places = (place for place, asked in enumerate(kinds) if issubclass(kind, asked))
    return sum(1 << place for place in places)


@cache
def asked_for(code: CodeType) -> Kinds:
    """The kinds of nodes that a rewriting looks for, by its own words.

    Each begins with `isinstance(expression, ...)`; one that does not sees every node.
    """
    found = (getattr(transforms, name, None) for name in (code.co_name, *code.co_names))
    rewrite = next(each for each in found if inspect.isfunction(each))
    asked = ASKS.findall(inspect.getsource(rewrite))
    kinds = {name for each in asked for name in NODE.findall(each)}
    return tuple(getattr(exp, name) for name in sorted(kinds)) or (exp.Expr,)
