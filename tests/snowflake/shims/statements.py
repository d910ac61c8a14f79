"""Statements as a whole, and what one that fails does to the transaction."""

from __future__ import annotations

import re
from typing import Any

import duckdb
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.variables import Variables
from snowflake.connector import errors
from sqlglot import exp

from .functions import node

NOTHING = "select 'Statement executed successfully.' as status"

# What dbt and the runner say that has no meaning without Snowflake's machinery.
WITHOUT_EFFECT = re.compile(
    r"\s*(/\*.*?\*/\s*)*(--[^\n]*\n\s*)*alter\s+("
    r"session\s+(un)?set\s+(query_tag|lock_timeout|abort_detached_query|timezone"
    r"|statement_timeout_in_seconds|json_indent|client_\w+|timestamp_\w+|week_\w+)\b"
    r"|warehouse\b"
    r")",
    re.IGNORECASE | re.DOTALL,
)

MAKES_OR_DROPS = re.compile(
    r"\s*(/\*.*?\*/\s*)*(--[^\n]*\n\s*)*(create|drop|alter|truncate|comment)\b",
    re.IGNORECASE | re.DOTALL,
)


def install() -> None:
    """Run statements through `execute` below."""
    execute = FakeSnowflakeCursor.execute

    def mended_execute(
        self: FakeSnowflakeCursor, command: str, *args: Any, **options: Any
    ) -> FakeSnowflakeCursor:
        if WITHOUT_EFFECT.match(command):
            command, args = NOTHING, ()
            options.pop("binding_params", None)
        if "binding_params" in options:
            options["binding_params"] = by_name(options["binding_params"])
        if MAKES_OR_DROPS.match(command):
            end_transaction(self, "commit")
        try:
            return execute(self, command, *args, **options)
        except Exception as error:
            end_transaction(self, "rollback")
            raise sql_error(error) from error

    FakeSnowflakeCursor.execute = mended_execute
    Variables.inline_variables = as_written


def as_written(variables: Variables, command: str) -> str:
    """`$name` within a text was taken for a variable of the session: we have none."""
    return command


def end_transaction(cursor: FakeSnowflakeCursor, how: str) -> None:
    """What ends a transaction in Snowflake, or in DuckDB alone.

    To make or drop anything commits the transaction that is open there, and is part of
    it here. A statement that fails ends DuckDB's transaction for every later one;
    Snowflake takes back that statement alone and goes on: here all before it is lost.
    """
    try:
        cursor._duck_conn.execute(how)
    except duckdb.Error:
        return  # there was none


def sql_error(error: Exception) -> errors.Error:
    """What the server answers as an error of SQL.

    Anything else becomes an HTTP 500, which the connector repeats for ever: dbt hangs.
    """
    if isinstance(error, (errors.ProgrammingError, errors.OperationalError)):
        return error
    text = f"{type(error).__name__}: {error}"
    return errors.ProgrammingError(msg=text, errno=1003, sqlstate="42000")


@node
def temporary_table(each: exp.Expression) -> exp.Expression:
    """DuckDB keeps temporary tables in a catalog of their own, so db.schema.t fails.

    dbt makes them for unit tests, incremental models and snapshots, and drops them.
    """
    if isinstance(each, exp.Create) and (properties := each.args.get("properties")):
        for temporary in list(properties.find_all(exp.TemporaryProperty)):
            temporary.pop()
        if not properties.expressions:
            each.set("properties", None)
    return each


@node
def merged_value(each: exp.Expression) -> exp.Expression:
    """MERGE ... INSERT (a) VALUES (a): a column without a table is the source's."""
    if isinstance(each, exp.Merge):
        source = each.args["using"].alias_or_name
        for inserted in each.find_all(exp.Insert):
            for column in inserted.expression.find_all(exp.Column):
                if not column.table:
                    column.set("table", exp.to_identifier(source))
    return each


@node
def named(each: exp.Expression) -> exp.Expression:
    """What is bound has a name: a translation may say an expression twice."""
    if each.parent is None:
        for number, mark in enumerate(each.find_all(exp.Placeholder, bfs=False), 1):
            mark.set("this", mark.this or f"bound{number}")
    return each


def by_name(bound: Any) -> Any:
    """The values for `named`, of which a client says their places."""
    if not isinstance(bound, (list, tuple)):
        return bound
    return {f"bound{number}": value for number, value in enumerate(bound, 1)}
