"""Renders the macros of pending rows without dbt, as dbt would for a warehouse."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, NoReturn

import jinja2

MACROS = Path(__file__).parents[2] / "macros"
# What Snowflake's connector calls the types of a select's columns.
DRIVERS = {"NUMBER": "FIXED", "FLOAT": "REAL", "VARCHAR": "TEXT"}

Columns = Sequence[str] | Mapping[str, str]
"""The names of columns, of texts unless their types stand with them."""


class CompilerError(Exception):
    """What a macro raised against its caller."""


class _Config(dict[str, Any]):
    """What a model is configured with; calling it configures, and says nothing."""

    def __call__(self, **_: Any) -> str:
        return ""


class _Returned(Exception):
    """A macro's return(): it ends the macro, which Jinja alone cannot do."""


def render(
    warehouse: str,
    *,
    sync: str = "people",
    mode: str = "upsert",
    mart: str = "db.marts.people",
    columns: Columns = (),
    **arguments: Any,
) -> str:
    """Return the SQL of pending_rows(mart, **arguments) for the warehouse.

    `columns` are those that a built mart has; a ledger table is named as its model.
    """
    _, ours = _environment(warehouse, sync=sync, mode=mode, columns=columns)
    return str(ours.pending_rows(mart, **arguments))


def render_offered(
    warehouse: str,
    pending: str,
    user: str,
    *,
    meta: Mapping[str, Any],
    is_incremental: bool,
) -> str:
    """Return the SQL of offered_rows() over these pending rows, a query."""
    _, ours = _environment(
        warehouse, sync="people", meta=meta, is_incremental=is_incremental
    )
    return str(ours.offered_rows(pending, user=user))


def render_model(
    warehouse: str,
    path: Path,
    *,
    execute: bool,
    columns: Columns = (),
    macros: Mapping[str, str] | None = None,
    **seen: Any,
) -> str:
    """Return the SQL of a model of ours; without `execute`, as dbt parses it.

    `macros` say what ours are to return instead, as in a unit test; `seen` stands for
    what dbt shows to a macro, such as var and ref.
    """
    sync = path.stem.removesuffix("__pending")
    environment, ours = _environment(
        warehouse, sync=sync, execute=execute, columns=columns, seen=seen
    )
    for name, text in (macros or {}).items():
        setattr(ours, name, functools.partial(str, text))
    environment.globals.update(vars(ours))
    return environment.from_string(path.read_text("utf-8")).render()


def _environment(
    warehouse: str,
    *,
    sync: str,
    mode: str = "upsert",
    columns: Columns = (),
    execute: bool = True,
    meta: Mapping[str, Any] | None = None,
    is_incremental: bool = False,
    seen: Mapping[str, Any] | None = None,
) -> tuple[jinja2.Environment, SimpleNamespace]:
    """What a macro of ours sees, and the macros."""
    ours = SimpleNamespace()
    typed = (
        columns.items()
        if isinstance(columns, Mapping)
        else [(name, "VARCHAR") for name in columns]
    )

    def dispatch(name: str, _package: str) -> Any:
        for branch in (f"{warehouse}__{name}", f"default__{name}"):
            if hasattr(ours, branch):
                return getattr(ours, branch)
        _fail(f"In dispatch: no macro named {name} for {warehouse}")

    environment = _jinja()
    environment.globals.update(
        {
            "adapter": SimpleNamespace(
                dispatch=dispatch,
                get_relation=lambda *names: ".".join(names),
                get_columns_in_relation=lambda _: [
                    SimpleNamespace(name=name, dtype=dtype) for name, dtype in typed
                ],
                get_column_schema_from_query=lambda _: [
                    SimpleNamespace(name=name, dtype=DRIVERS.get(dtype, dtype))
                    for name, dtype in typed
                ],
                quote='"{}"'.format,
            ),
            "braze_bridge": ours,
            "config": _Config(meta=meta or {"sync": {"mode": mode}}),
            "env_var": os.environ.get,
            "exceptions": SimpleNamespace(raise_compiler_error=_fail),
            "execute": execute,
            "flags": SimpleNamespace(WHICH="build"),
            "graph": {"nodes": {}},
            "is_incremental": lambda: is_incremental,
            "model": SimpleNamespace(name=f"{sync}__pending", get=lambda _: None),
            "modules": SimpleNamespace(re=re),
            "ref": lambda name: f"db.ledger.{name}",
            "return": _return,
            "run_started_at": datetime(2026, 1, 31, tzinfo=UTC),
            "this": "db.main.this_model",
            "target": SimpleNamespace(
                name="dev", type=warehouse, database="db", schema="main"
            ),
            "var": lambda _, default=None: default,
        }
        | dict(seen or {})
    )
    for path in MACROS.glob("*/*.sql"):
        # Its {% test %} is dbt's own.
        if path.parent.name == "generic_tests":
            continue
        template = jinja2.Template.from_code(
            environment, _compiled(path), environment.make_globals(None)
        )
        module = template.module
        for name in dir(module):
            if not name.startswith("_"):
                setattr(ours, name, _as_dbt_calls(getattr(module, name)))
    return environment, ours


def _jinja() -> jinja2.Environment:
    return jinja2.Environment(extensions=["jinja2.ext.do"])


@functools.cache
def _compiled(path: Path) -> CodeType:
    """A file's code, which is the same for every warehouse."""
    return _jinja().compile(path.read_text("utf-8"))


def _as_dbt_calls(macro: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return macro(*arguments, **named)
        except _Returned as returned:
            return returned.args[0]

    return call


def _return(value: Any) -> None:
    raise _Returned(value)


def _fail(message: str) -> NoReturn:
    raise CompilerError(message)
