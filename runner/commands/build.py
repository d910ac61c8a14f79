"""`runner build`: dbt build as a subprocess."""

from __future__ import annotations

import click

from ..dbt import dbt_build
from ..errors import RunnerError
from ..project import Selection, load_project
from .options import project_options, say


@click.command(context_settings={"ignore_unknown_options": True})
@project_options
@click.argument("dbt_arguments", nargs=-1, type=click.UNPROCESSED)
def build(selection: Selection, dbt_arguments: tuple[str, ...]) -> None:
    """Build the models with dbt.

    Whatever the runner does not know is handed to `dbt build`. Packages that
    packages.yml names are installed first when they are missing.

    \b
    Example:
      runner build
      runner build --select +braze_customer_attributes__pending
    """
    step, code = dbt_build(load_project(selection), dbt_arguments)
    if code:
        say(f"dbt {step} failed; its report is above. Nothing was sent.")
        error = RunnerError(f"dbt {step} ended with exit code {code}.")
        error.exit_code = 1 if code == 1 else 2
        raise error
