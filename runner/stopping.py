"""Ends a process on SIGTERM or SIGINT wherever it is, but for a push that is sending.

A push sets handlers of its own while it sends, settles what is in flight, and puts
these back.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE_SECONDS = 8.0
"""How long the process may take to end; dbt is given five of them."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(BaseException):
    """A signal was heard; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise Stopped on the first signal; a second one changes nothing.

    A statement of the warehouse may hear of it late or never: if that lasts, the
    process ends in the midst of it, which the warehouse takes for a crash and rolls
    back.
    """
    heard: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if not heard:
            heard.append(number)
            raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        with _watched(lambda number: signal.getsignal(number) is stop):
            yield
    except (Stopped, KeyboardInterrupt):
        # KeyboardInterrupt is what the warehouse makes of any signal.
        raise Stopped(heard[0] if heard else signal.SIGINT) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _watched(is_ours: Callable[[int], bool]) -> Iterator[None]:
    """End the process if a signal has not ended it after a while."""
    told, tells = socket.socketpair()
    tells.settimeout(0)
    ended = threading.Event()

    def watch() -> None:
        while (byte := told.recv(1)) and not ended.is_set():
            number = byte[0]
            is_over = number not in _SIGNALS or ended.wait(PATIENCE_SECONDS)
            if not is_over and is_ours(number):
                os._exit(128 + number)

    # The system's own handler writes the number there, whatever Python is busy with.
    before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        tells.close()
