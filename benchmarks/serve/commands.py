"""The personalization API: python -m benchmarks serve PART, python -m benchmarks soak.

Each part takes the sizes it measures, so that it can be tried small first.
"""

from __future__ import annotations

import shutil
import sys

import click

from ..machine import facts


@click.group()
def commands() -> None:
    """Measure the personalization API."""


@commands.group()
def serve() -> None:
    """Measure how records are kept, pushed and answered."""
    from .filled import FOLDER  # noqa: PLC0415 - each part imports what it needs

    FOLDER.mkdir(parents=True, exist_ok=True)
    if "--help" not in sys.argv:
        click.echo(facts())


_RECORDS = click.option("--records", default=100_000, show_default=True)
_ROUNDS = click.option("--rounds", default=3, show_default=True)
_SECONDS = click.option("--seconds", default=10, show_default=True)


@serve.command()
@_RECORDS
@_ROUNDS
@_SECONDS
@click.option("--rate", default=1_000, show_default=True)
def peers(records: int, rounds: int, seconds: int, rate: int) -> None:
    """Requests a second a core, beside nginx, Redis with Webdis, and roapi."""
    from .peers import peers as measure  # noqa: PLC0415

    measure(records, rounds=rounds, seconds=seconds, rate=rate)


@serve.command()
@click.argument("sizes", nargs=-1, type=int, required=True)
@click.option(
    "--indexes",
    "among",
    type=click.Choice(["1", "3"]),
    multiple=True,
    default=["1", "3"],
    show_default=True,
)
@_ROUNDS
@_SECONDS
@click.option("--rate", default=1_000, show_default=True)
def flat(
    sizes: tuple[int, ...],
    among: tuple[str, ...],
    rounds: int,
    seconds: int,
    rate: int,
) -> None:
    """Stores of several SIZES, with one index and with three."""
    from .flat import flat as measure  # noqa: PLC0415

    indexes = [int(each) for each in among]
    measure(list(sizes), indexes, rounds=rounds, seconds=seconds, rate=rate)


@serve.command()
@_RECORDS
def stores(records: int) -> None:
    """LMDB beside SQLite: load, find warm, find cold."""
    from .stores import stores as measure  # noqa: PLC0415

    measure(records)


@serve.command()
@_RECORDS
@click.option("--memory-limit", default="1GB", show_default=True, help="DuckDB's.")
def push(records: int, memory_limit: str) -> None:
    """Load through `runner push`, then 1 % of changes until they are seen."""
    from .push import push as measure  # noqa: PLC0415

    measure(records, limit=memory_limit)


@serve.command()
@_RECORDS
@click.option("--rate", default=500, show_default=True)
@click.option("--rebuild/--no-rebuild", default=True, help="Each tenth push anew.")
def pushes(records: int, rate: int, *, rebuild: bool) -> None:
    """Push 50 times under load: errors and torn answers."""
    from .pushes import pushes as measure  # noqa: PLC0415

    measure(records, rate=rate, rebuild=rebuild)


@serve.command()
@_RECORDS
@_SECONDS
@click.option("--clients", default=1_000, show_default=True)
@click.option("--rate", default=500, show_default=True)
def slow(records: int, seconds: int, clients: int, rate: int) -> None:
    """Ask beside slow clients."""
    from .slow import slow as measure  # noqa: PLC0415

    measure(records, clients=clients, rate=rate, seconds=seconds)


@serve.command()
def clean() -> None:
    """Remove the stores and files that were kept for the next time."""
    from .filled import FOLDER  # noqa: PLC0415

    shutil.rmtree(FOLDER)


@commands.command()
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--records", default=20_000, show_default=True)
@click.option("--rate", default=300, show_default=True)
def soak(minutes: float, records: int, rate: int) -> None:
    """Serve under load, pushes, revoked keys, reloads; fail unless memory is flat."""
    from .filled import FOLDER  # noqa: PLC0415
    from .soak import soak as measure  # noqa: PLC0415

    FOLDER.mkdir(parents=True, exist_ok=True)
    measure(minutes, records=records, rate=rate)


def main() -> None:
    """Run the command that sys.argv names."""
    commands(prog_name="python -m benchmarks")
