"""dbt forked from a process that has imported it, which takes longer than small builds.

Each call is a process of its own with the folder, the environment and the output that
it is given. Tests of dbt's process itself - how it is found, what it may see, how it
ends - start the command instead.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["dbt.cli.main", "dbt.adapters.duckdb", __name__])

PATIENCE_SECONDS = 300


class Popen:
    """What subprocess has by this name, for a command of dbt's that is waited for."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: TextIO | None = None,
    ) -> None:
        self._shown_on = stdout
        with tempfile.NamedTemporaryFile(delete=False) as said:
            self._said = Path(said.name)
        words = [str(word) for word in command]
        self._process = _SERVER.Process(
            target=_call, args=(words, str(cwd), dict(env), said.name), daemon=True
        )
        self._process.start()

    def wait(self) -> int:
        """Its exit code; what it said is shown when it has ended."""
        self._process.join(PATIENCE_SECONDS)
        print(self._said.read_text("utf-8"), end="", file=self._shown_on)
        self._said.unlink()
        assert self._process.exitcode is not None, "dbt did not end"
        return self._process.exitcode


def _call(command: list[str], cwd: str, env: dict[str, str], said: str) -> None:
    """Be that command; ends the process with its exit code."""
    output = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = command
    from dbt.cli.main import cli  # noqa: PLC0415 - imported by the server alone

    try:
        cli()
    finally:
        # A forked process ends without this; dbt closes DuckDB's file by it.
        atexit._run_exitfuncs()
