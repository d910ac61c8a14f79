"""slow: 1,000 clients that send a byte a second, beside 500 requests a second.

python -m benchmarks.serve.slow PORT COUNT is the slow clients alone; they come back
when they are hung up on, until SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import subprocess
import sys
import time

from ..measure import table
from .clients import Load, load
from .filled import FOLDER, filled
from .records import key_url, targets
from .servers import ours

_HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"x" * 1_000


def slow(records: int, *, clients: int, rate: int, seconds: int) -> None:
    """Print what fast callers found with and without slow ones."""
    store = filled(records, 1)
    path = targets(FOLDER / "targets", records, [key_url])
    with ours(store, pinned=False) as serving:
        alone = load(serving, path, rate=rate, seconds=seconds, pinned=False)
        words = [str(serving.port), str(clients)]
        crowd = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serve.slow", *words],
            stdout=subprocess.PIPE,
        )
        assert crowd.stdout
        crowd.stdout.readline()
        during = load(serving, path, rate=rate, seconds=seconds, pinned=False)
        crowd.terminate()
        crowd.communicate()
    path.unlink()
    print(
        table(
            f"slow: {rate:,} requests/s for {seconds} s, one worker",
            ["", "answers", "bad", "retried", "p50 ms", "p99 ms", "worst ms"],
            [
                _row("nobody is slow", alone),
                _row(f"{clients:,} slow clients", during),
            ],
        )
    )


def _row(name: str, found: Load) -> list[object]:
    counts = [found.answered, found.bad, found.retried]
    return [name, *counts, found.p50, found.p99, found.max]


def main() -> None:
    """Be slow until SIGTERM; says so when everybody is there."""
    port, count = (int(word) for word in sys.argv[1:])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, min(count + 100, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    asyncio.run(_crowd(port, count))


async def _crowd(port: int, count: int) -> None:
    arrived = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(_dawdle(port, arrived))
        for _ in range(count):
            await arrived.acquire()
        print("here", flush=True)


async def _dawdle(port: int, arrived: asyncio.Semaphore) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            arrived.release()
            began = time.monotonic()
            for at in range(len(_HEAD)):
                writer.write(_HEAD[at : at + 1])
                await asyncio.sleep(1.0)
                if writer.is_closing() or time.monotonic() - began > 60:
                    break
            writer.close()
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
