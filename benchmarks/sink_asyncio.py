"""The sink for machines without a C compiler: `python -m benchmarks.sink_asyncio MS`.

Prints its port; on SIGTERM the number of requests and bytes, as sink.c does.
"""

from __future__ import annotations

import asyncio
import signal
import sys

ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
    b'Content-Length: 21\r\n\r\n{"message":"success"}'
)


class Connection(asyncio.Protocol):
    """Counts the bytes of each body, keeps none of them, and answers."""

    requests = 0
    size = 0
    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""
        self._left = 0

    def data_received(self, data: bytes) -> None:
        if self._left:
            self._left -= len(data)
        else:
            self._head += data
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            Connection.size += int(length or 0)
            self._left = int(length or 0) - len(rest)
            self._head = b""
        if self._left == 0:
            Connection.requests += 1
            loop = asyncio.get_running_loop()
            loop.call_later(self.delay, self._transport.write, ANSWER)


async def main() -> None:
    """Serve until SIGTERM."""
    Connection.delay = float(sys.argv[1]) / 1000
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    print(Connection.requests, Connection.size, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
