"""dbt as a subprocess: found, told which project, and ended when we are.

Never an import. What it says goes where the caller wants it; nothing is read from it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from .errors import ConfigError
from .project import Project
from .settings import is_for_us_alone

CONNECT_ATTEMPTS = 9
"""dbt-duckdb doubles its pause from one second on: nine attempts are eight minutes."""

LAST_WORDS_SECONDS = 5.0
"""How long dbt may take to end once it is asked to."""


def dbt_build(
    project: Project, arguments: Sequence[str], *, to_stderr: bool = False
) -> tuple[str, int]:
    """Run `dbt build`, after `dbt deps` where packages are missing.

    Returns the name of the last step and its exit code: 0 clean, 1 a node failed,
    anything else: dbt could not work.
    """
    dbt = _find_dbt()
    with _profiles_that_wait(project) as profiles_dir:
        common = ["--project-dir", str(project.directory)]
        common += ["--profiles-dir", str(profiles_dir)]
        common += ["--profile", project.profile, "--target", project.target]
        if _lacks_packages(project.directory):
            code = _run([dbt, "deps", *common], project, to_stderr=to_stderr)
            if code:
                return "deps", code
        command = [dbt, "build", *common, *arguments]
        return "build", _run(command, project, to_stderr=to_stderr)


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


def _run(command: list[str], project: Project, *, to_stderr: bool) -> int:
    environment = {
        name: value
        for name, value in os.environ.items()
        # dbt has no business with anybody's key.
        if not is_for_us_alone(name)
    }
    shown_on = sys.stderr if to_stderr else sys.stdout
    if shown_on is None or not shown_on.isatty():
        # dbt colours what it writes into a journal, too, unless it is told not to.
        environment.setdefault("DBT_USE_COLORS", "false")
    process = subprocess.Popen(
        command,
        # Relative paths in profiles.yml mean the project's folder, here and in the
        # runner.
        cwd=project.directory,
        env=environment,
        stdout=sys.stderr if to_stderr else None,
    )
    try:
        return process.wait()
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """What the warehouse was in the middle of is rolled back."""
    process.terminate()
    try:
        process.wait(LAST_WORDS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
