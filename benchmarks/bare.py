"""A loop that does nothing but post prepared bodies with `requests`.

python -m benchmarks.bare URL THREADS FILE [METHOD]: one Session a thread; ends with 1
unless every answer is a success.
"""

from __future__ import annotations

import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import requests

HEADERS = {
    "Authorization": "Bearer benchmark",
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
}


def bodies(path: Path) -> Iterator[bytes]:
    """Read the bodies that benchmarks.fill wrote."""
    with path.open("rb") as file:
        while head := file.read(4):
            yield file.read(struct.unpack("<I", head)[0])


def main() -> None:
    """Post every body once."""
    url, threads, path, *method = sys.argv[1:]
    verb = method[0] if method else "POST"
    waiting = list(bodies(Path(path)))[::-1]
    failed: list[int] = []

    def work() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while waiting:
                try:
                    body = waiting.pop()
                except IndexError:
                    return
                answer = session.request(
                    verb, url, data=body, headers=HEADERS, timeout=60
                )
                if answer.status_code not in {201, 202}:
                    failed.append(answer.status_code)

    workers = [threading.Thread(target=work) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
