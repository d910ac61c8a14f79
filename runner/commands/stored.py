"""The option --store, and the store that a command opens with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..destinations import STORE, store_not_set
from ..errors import ConfigError
from ..settings import read_setting

if TYPE_CHECKING:
    from ..store import Store


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --store; the command receives `url`."""
    return click.option(
        "--store",
        "url",
        envvar=STORE,
        default="",
        metavar="PATH|URL",
        help=f"Where the collections are.  [default: {STORE}]",
    )(command)


@contextmanager
def opened_store(command: str, url: str) -> Iterator[Store]:
    """Open the store for one command; raises ConfigError where none is named."""
    url = url.strip() or read_setting(STORE)
    if not url:
        raise store_not_set(command)
    try:
        from ..store import open_store  # noqa: PLC0415 - an extra, for who serves
    except ModuleNotFoundError as error:
        raise without_extra(command, error) from None
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def without_extra(command: str, error: ModuleNotFoundError) -> ConfigError:
    """What to say where the packages of the personalization API are not installed."""
    return ConfigError(
        f"{command} needs {error.name}. "
        "Run: pip install 'braze-bridge[personalization]'"
    )
