"""python -m benchmarks [push|plan|start|objects|currents ...]: all when none is named.

`serve`, `soak` and `shares` have options of their own and come alone; see their --help.
"""

from __future__ import annotations

import importlib
import sys

from .machine import facts

NAMES = ("push", "plan", "start", "objects", "currents")
COMMANDS = {
    "serve": "benchmarks.serve.commands",
    "soak": "benchmarks.serve.commands",
    "shares": "benchmarks.shares",
}


def main() -> None:
    """Print the machine's facts, then each benchmark's table."""
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        importlib.import_module(COMMANDS[sys.argv[1]]).main()
        return
    chosen = sys.argv[1:] or NAMES
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        sys.exit(f"No benchmark '{unknown[0]}'. There are: {', '.join(NAMES)}.")
    print(facts())
    for name in chosen:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
