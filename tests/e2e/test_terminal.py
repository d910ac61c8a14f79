"""What happens between a push and the person who is asked about it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence

from runner.sandbox import Sandbox
from tests.conftest import Shop, environment


def in_a_terminal(
    shop: Shop, sandbox: Sandbox, arguments: Sequence[str], answer: bytes
) -> int:
    """Run the command line in a terminal of its own and type an answer."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *arguments],
        cwd=shop.directory,
        env=environment(sandbox, None),
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(outer, 65_536)
    os.write(outer, answer)
    try:
        while os.read(outer, 65_536):
            pass
    except OSError:
        pass  # the terminal is gone with the process
    os.close(outer)
    return process.wait(timeout=30)


def test_an_answer_of_no_sends_nothing_and_changes_nothing(
    shop: Shop, sandbox: Sandbox
) -> None:
    """Least of all after --full-resync, which would forget the ledger."""
    shop.runner("push", "--yes", sandbox=sandbox)
    before, requests = shop.ledger(), len(sandbox.requests())

    code = in_a_terminal(shop, sandbox, ["push", "--full-resync"], b"n\n")

    assert code == 3
    assert shop.ledger() == before
    assert len(sandbox.requests()) == requests


def test_an_answer_of_yes_sends(shop: Shop, sandbox: Sandbox) -> None:
    assert in_a_terminal(shop, sandbox, ["push"], b"y\n") == 0
    assert len(sandbox.profiles()) == 300
