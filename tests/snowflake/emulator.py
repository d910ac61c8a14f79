"""A Snowflake on this machine: fakesnow's server with what it gets wrong mended.

    .emulator/bin/python tests/snowflake/emulator.py --port 8123 [--while PID]

It listens on 127.0.0.1, keeps its databases in memory, makes a database that a client
names, and believes any user. It runs in an environment of its own (requirements.txt).
What it mends stands in shims/, one small function each, with its reason.
"""

from __future__ import annotations

import argparse
import os
import threading
import time

import uvicorn
from fakesnow.server import app
from shims import arrays, functions, speed, statements, variants, wire

POLL_SECONDS = 1.0


def main() -> None:
    """Serve until a signal, or until the process that wants it is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", "-p", type=int, required=True)
    parser.add_argument("--while", dest="process", type=int, help="a process id")
    wanted = parser.parse_args()
    for each in (functions, statements, variants, arrays, wire, speed):
        each.install()
    if wanted.process:
        threading.Thread(
            target=end_with, args=[wanted.process], daemon=True, name="watch"
        ).start()
    uvicorn.run(app, host="127.0.0.1", port=wanted.port, log_level="warning")


def end_with(process: int) -> None:
    """End when that process does, however it did: a test run may be killed."""
    while is_alive(process):
        time.sleep(POLL_SECONDS)
    os._exit(0)


def is_alive(process: int) -> bool:
    """Whether a process of this user's runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
