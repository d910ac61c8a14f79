"""`runner build`: dbt build as a subprocess."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import yaml

from ..errors import ConfigError, RunnerError
from ..project import Project, Selection, load_project
from .options import project_options, say

CONNECT_ATTEMPTS = 9
"""dbt-duckdb doubles its pause from one second on: nine attempts are eight minutes."""


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
    project = load_project(selection)
    dbt = _find_dbt()
    with _profiles_that_wait(project) as profiles_dir:
        common = ["--project-dir", str(project.directory)]
        common += ["--profiles-dir", str(profiles_dir)]
        common += ["--profile", project.profile, "--target", project.target]
        if _lacks_packages(project.directory):
            _run([dbt, "deps", *common], project.directory)
        _run([dbt, "build", *common, *dbt_arguments], project.directory)


@contextmanager
def _profiles_that_wait(project: Project) -> Iterator[Path]:
    """The user's profiles, with dbt told to wait for a DuckDB file that a push holds.

    Left alone, dbt fails with a traceback when it meets one of those moments. The copy
    keeps its env_var() calls as they are: no secret is written out.
    """
    path = project.profiles_path
    if project.adapter != "duckdb" or "retries" in project.output:
        yield path.parent
        return
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    output = content[project.profile]["outputs"][project.target]
    output["retries"] = {"connect_attempts": CONNECT_ATTEMPTS}
    with TemporaryDirectory(prefix="runner-") as folder:
        copy = Path(folder) / "profiles.yml"
        copy.write_text(yaml.safe_dump(content), encoding="utf-8")
        yield Path(folder)


def _find_dbt() -> str:
    """The dbt of our own environment, else the one on the path."""
    own = Path(sys.executable).with_name("dbt")
    found = str(own) if own.exists() else shutil.which("dbt")
    if not found:
        msg = "dbt is not installed beside the runner. Run: pip install braze-bridge"
        raise ConfigError(msg)
    return found


def _lacks_packages(directory: Path) -> bool:
    named = any(
        (directory / name).exists() for name in ("packages.yml", "dependencies.yml")
    )
    return named and not (directory / "dbt_packages").exists()


def _run(command: list[str], directory: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        # dbt has no business with Braze's key.
        if not name.startswith("BRAZE_")
    }
    # Relative paths in profiles.yml mean the project's folder, here and in the runner.
    code = subprocess.run(
        command, cwd=directory, env=environment, check=False
    ).returncode
    if code:
        step = command[1]
        say(f"dbt {step} failed; its report is above. Nothing was sent.")
        error = RunnerError(f"dbt {step} ended with exit code {code}.")
        error.exit_code = 1 if code == 1 else 2
        raise error
