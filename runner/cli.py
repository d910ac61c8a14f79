"""The command line: which commands there are, and what an error becomes.

Each command lives in its own module and is imported when it is asked for, so that
`runner --help` is quick.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback

import click

from . import __version__
from .errors import RunnerError

COMMANDS = {
    "build": ("runner.commands.build", "Build the models with dbt."),
    "plan": ("runner.commands.plan", "Show what a push would send."),
    "push": ("runner.commands.push", "Send what is pending and record it."),
    "run": ("runner.commands.run", "Build, then push; once or on a schedule."),
    "status": ("runner.commands.status", "Show the last runs and what is pending."),
    "explain": ("runner.commands.explain", "Say why something was or was not sent."),
    "rejected": ("runner.commands.rejected", "List rejected rows, or retry them."),
    "unknown": ("runner.commands.unknown", "List unknown rows, or settle them."),
    "forget": ("runner.commands.forget", "Erase one user, here and in Braze."),
    "collections": (
        "runner.commands.collections",
        "Show, verify, roll back collections.",
    ),
    "serve": ("runner.commands.serve", "Serve collections to Connected Content."),
    "keys": ("runner.commands.keys", "Make, list and revoke keys to collections."),
    "liquid": ("runner.commands.liquid", "Print a Connected Content block."),
    "movable-ink": (
        "runner.commands.movable_ink",
        "Prepare and test the feed of Movable Ink.",
    ),
    "currents": ("runner.commands.currents", "Load Currents files into the warehouse."),
    "check": ("runner.commands.check", "Check configuration, warehouse and key."),
    "sandbox": ("runner.sandbox.command", "Run a Braze on this machine."),
}
"""name -> (module with a click command of that name, its one-line help)."""


class Commands(click.Group):
    """Imports a command when it is named, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runner")
def runner() -> None:
    """Deliver what your dbt models say to Braze, and only what changed.

    \b
    Example:
      runner build
      runner plan
      runner push
    """


def main() -> None:
    """Run the command line; every error ends in one sentence and an exit code."""
    try:
        runner.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has left; that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except RunnerError as error:
        click.secho(str(error), fg="red", err=True, color=_color())
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last net: no traceback, no secrets
        if os.environ.get("RUNNER_DEBUG"):
            traceback.print_exc()
        else:
            click.secho(
                f"The runner has a fault: {type(error).__name__}. Nothing is lost. "
                "Run again with RUNNER_DEBUG=1 and report what it prints.",
                fg="red",
                err=True,
                color=_color(),
            )
        sys.exit(1)


def _color() -> bool | None:
    """Colours as the terminal has them, and none where NO_COLOR asks for none."""
    return False if os.environ.get("NO_COLOR") else None
