"""`runner serve`: the personalization API, from the store alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from ..destinations import STORE, store_not_set
from ..serve.options import Options, tls_files, usable_cores
from ..settings import read_setting
from .stored import store_option, without_extra

_NAME = "runner serve"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@store_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that answer.  [default: one for each core]",
)
@click.option("--tls-certificate", type=_FILE, help="Certificate, in PEM.")
@click.option("--tls-key", type=_FILE, help="Its key, in PEM, without a password.")
@click.option(
    "--behind-tls-proxy",
    is_flag=True,
    help="A proxy before this server encrypts: listen on any --host.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HOURS",
    help="Be not ready (/readyz) with older data.  [default: any age]",
)
@click.option(
    "--access-log/--no-access-log",
    default=True,
    show_default=True,
    help="Write a JSON line for each request to stdout.",
)
def serve(
    *,
    url: str,
    host: str,
    port: int,
    workers: int | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    behind_tls_proxy: bool,
    max_age: float | None,
    access_log: bool,
) -> None:
    """Serve the collections of a store to Connected Content.

    Reads the store alone: no dbt project is needed, and no warehouse. SIGHUP replaces
    the workers without a failed request; SIGTERM ends them when they have answered.

    \b
    Example:
      runner serve --store store
    """
    store = url.strip() or read_setting(STORE)
    if not store:
        raise store_not_set(_NAME)
    try:
        from ..serve.server import run  # noqa: PLC0415 - an extra has it
    except ModuleNotFoundError as error:
        raise without_extra(_NAME, error) from None
    run(
        Options(
            store=store,
            host=host,
            port=port,
            workers=workers or usable_cores(),
            tls=tls_files(tls_certificate, tls_key),
            behind_tls_proxy=behind_tls_proxy,
            max_age=None if max_age is None else timedelta(hours=max_age),
            access_log=access_log,
        )
    )
