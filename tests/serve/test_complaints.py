"""What is wrong is told once a minute, and nobody falls when it cannot be told."""

from __future__ import annotations

import sys

import pytest

from runner.serve.complaints import Complaints


def test_a_thing_is_told_again_after_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = 0.0
    complain = Complaints(lambda: now)
    for text in ("a", "b", "a"):
        complain(text)
    now = 61.0
    complain("a")

    assert capsys.readouterr().err == "a\nb\na\n"


def test_a_reader_that_left_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, text: str) -> int:
            raise BrokenPipeError

        flush = None

    monkeypatch.setattr(sys, "stderr", Closed())
    Complaints()("a")
