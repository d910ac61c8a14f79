"""Build the demo on the emulator with all its tests and unit tests: `make snowflake`.

The suite builds it without them, which is a fifth of the time.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from . import demo
from .access import Emulator, start


def main() -> int:
    """Show what dbt says, and end as it does."""
    with tempfile.TemporaryDirectory() as folder:
        port = start(Path(folder) / "log", os.getpid())
        demo.profiles(Path(folder), Emulator(port), "DEMO")
        dbt = demo.start(Path(folder) / "snowflake", ["build"], output=None)
        return dbt.wait()


if __name__ == "__main__":
    sys.exit(main())
