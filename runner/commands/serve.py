"""`runner serve`: the personalization API, from the store alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from ..errors import ConfigError
from ..serve.options import Options, tls_files, usable_cores
from ..settings import read_setting

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--store",
    envvar="PERSONALIZATION_STORE",
    show_envvar=True,
    help="Folder or redis:// URL of the store.",
)
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
    store: str | None,
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
    store = store or read_setting("PERSONALIZATION_STORE")
    if not store:
        msg = (
            "No store is named. Set PERSONALIZATION_STORE, or --store, to a folder or "
            "a redis:// URL."
        )
        raise ConfigError(msg)
    try:
        from ..serve.server import run  # noqa: PLC0415 - an extra has it
    except ModuleNotFoundError as error:
        msg = (
            f"{error.name} is not installed. Install what serving needs: "
            "pip install 'braze-bridge[personalization]'"
        )
        raise ConfigError(msg) from None
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
