"""dbt, which also writes down what macros of ours it rendered.

    python traced_dbt.py TRACE '[["deps"], ["build", "--target", ...]]'

To start takes dbt some seconds: commands run one after the other in one process, until
one fails. TRACE gets a name a line. That a macro could be reached says little: of a
branch that an option asks for, the manifest knows as much whether the option is set or
not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.clients.jinja import MacroGenerator

PACKAGE = "macro.braze_bridge."

rendered: set[str] = set()
call = MacroGenerator.call_macro


def traced(self: MacroGenerator, *args: Any, **options: Any) -> Any:
    """Call the macro as dbt does."""
    name = self.macro.unique_id
    if name.startswith(PACKAGE):
        rendered.add(name.removeprefix(PACKAGE))
    return call(self, *args, **options)


def main() -> None:
    """Run dbt to its end, and tell the macros whatever the end was."""
    trace, commands = sys.argv[1:]
    MacroGenerator.call_macro = traced
    try:
        for command in json.loads(commands):
            done = dbtRunner().invoke(command)
            if not done.success:
                sys.exit(f"dbt {command[0]} failed: {done.exception or 'see above'}")
    finally:
        Path(trace).write_text("\n".join(sorted(rendered)), encoding="utf-8")


if __name__ == "__main__":
    main()
