"""Renders pending_rows() without dbt, as dbt would for a warehouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

MACROS = Path(__file__).parents[2] / "macros"


class CompilerError(Exception):
    """What a macro raised against its caller."""


class _Returned(Exception):
    """A macro's return(): it ends the macro, which Jinja alone cannot do."""


def render(
    warehouse: str,
    *,
    sync: str = "people",
    mode: str = "upsert",
    mart: str = "db.marts.people",
    columns: tuple[str, ...] = (),
    **arguments: Any,
) -> str:
    """Return the SQL of pending_rows(mart, **arguments) for the warehouse.

    `columns` are those that a built mart has; a ledger table is named as its model.
    """
    ours = SimpleNamespace()

    def dispatch(name: str, _package: str) -> Callable[..., Any]:
        branch = getattr(ours, f"{warehouse}__{name}", None)
        return branch or getattr(ours, f"default__{name}")

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        {
            "adapter": SimpleNamespace(
                dispatch=dispatch,
                get_columns_in_relation=lambda _: [
                    SimpleNamespace(name=name) for name in columns
                ],
            ),
            "braze_bridge": ours,
            "config": {"meta": {"sync": {"mode": mode}}},
            "exceptions": SimpleNamespace(raise_compiler_error=_fail),
            "execute": True,
            "flags": SimpleNamespace(WHICH="build"),
            "model": SimpleNamespace(name=f"{sync}__pending", get=lambda _: None),
            "modules": SimpleNamespace(re=re),
            "ref": lambda name: f"db.ledger.{name}",
            "return": _return,
        }
    )
    for path in [*MACROS.glob("delta/*.sql"), *MACROS.glob("objects/*.sql")]:
        module = environment.from_string(path.read_text("utf-8")).module
        for name in dir(module):
            if not name.startswith("_"):
                setattr(ours, name, _as_dbt_calls(getattr(module, name)))
    return str(ours.pending_rows(mart, **arguments))


def _as_dbt_calls(macro: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return macro(*arguments, **named)
        except _Returned as returned:
            return returned.args[0]

    return call


def _return(value: Any) -> None:
    raise _Returned(value)


def _fail(message: str) -> None:
    raise CompilerError(message)
