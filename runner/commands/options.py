"""Options that several commands share, and what they turn into."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..manifest import Manifest, Sync, load_manifest, select_syncs
from ..project import Project, Selection, load_project
from ..recovery import Recovery
from ..settings import Limits, load_limits
from ..warehouse import Warehouse, open_warehouse

_DIRECTORY = click.Path(file_okay=False, path_type=Path)


def project_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add dbt's own options; the command receives `selection`."""

    @click.option(
        "--project-dir",
        type=_DIRECTORY,
        envvar="DBT_PROJECT_DIR",
        default=Path(),
        help="Folder of dbt_project.yml. Default: this folder.",
    )
    @click.option(
        "--profiles-dir",
        type=_DIRECTORY,
        help="Folder of profiles.yml. Default: as dbt searches.",
    )
    @click.option("--profile", envvar="DBT_PROFILE", help="Profile in profiles.yml.")
    @click.option("--target", "-t", envvar="DBT_TARGET", help="Target of the profile.")
    @functools.wraps(command)
    def wrapper(
        *args: Any,
        project_dir: Path,
        profiles_dir: Path | None,
        profile: str | None,
        target: str | None,
        **kwargs: Any,
    ) -> Any:
        selection = Selection(project_dir, profiles_dir, profile, target)
        return command(*args, selection=selection, **kwargs)

    return wrapper


def select_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -s/--select; the command receives `select`."""
    return click.option(
        "--select",
        "-s",
        multiple=True,
        metavar="SYNC",
        help="A sync's name, a glob such as 'braze_*', or tag:NAME. Repeatable.",
    )(command)


def format_option(*formats: str) -> Callable[..., Any]:
    """Add --format; the command receives `output`."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(("text", "json", *formats)),
        default="text",
        show_default=True,
        help="How to print the result.",
    )


class Workplace:
    """The project, its manifest, limits and warehouse, opened for one command."""

    def __init__(self, selection: Selection) -> None:
        self.project: Project = load_project(selection)
        self.limits: Limits = load_limits(self.project.runner_vars, os.environ)
        self.warehouse: Warehouse = open_warehouse(
            self.project, lock_wait=self.limits.lock_wait, tell=say
        )
        self.manifest: Manifest = load_manifest(self.project)

    @property
    def recovery(self) -> Recovery:
        """How to settle what a crash left, before anything is written."""
        deletions = {
            sync.name for sync in self.manifest.syncs if sync.object == "deletions"
        }
        collections = {sync.name for sync in self.manifest.syncs if sync.is_collection}
        journals = self.project.target_path / "journals"
        return Recovery(journals, deletions, collections, say)

    def syncs(self, select: tuple[str, ...]) -> tuple[Sync, ...]:
        """Return the chosen syncs."""
        return select_syncs(self.manifest, select)


def say(text: str) -> None:
    """Tell a person something beside the result."""
    click.echo(text, err=True)


def is_interactive() -> bool:
    """Whether somebody is there to answer a question."""
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)
