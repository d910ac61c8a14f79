"""Runs one statement of DuckDB's over a shop's file and nothing else.

python -m benchmarks.reference FILE STATEMENT [SETTING=VALUE ...]
"""

from __future__ import annotations

import sys

import duckdb


def main() -> None:
    """Open the file as the runner does and read the statement's rows."""
    path, statement, *settings = sys.argv[1:]
    with duckdb.connect(path, read_only=True) as connection:
        for setting in settings:
            name, _, value = setting.partition("=")
            connection.execute(f"set {name} = '{value}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(statement).fetchall()


if __name__ == "__main__":
    main()
