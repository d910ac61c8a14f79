"""Runs the sandbox command alone; must hold nothing else."""

from __future__ import annotations

from .command import sandbox

if __name__ == "__main__":
    sandbox(prog_name="python -m runner.sandbox")
