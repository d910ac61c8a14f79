"""Stores against a dictionary: whatever is pushed, every index answers as it would."""

from __future__ import annotations

from hypothesis import given

from .conftest import Desk
from .histories import Push, few, histories, play


@few
@given(histories)
def test_every_index_answers_as_a_dictionary_would(
    desk: Desk, history: list[Push]
) -> None:
    play(desk, history)
