"""Acknowledgements are joined where neighbours say the same, and nowhere else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.ledger import Ack, merged

verdicts = st.sampled_from(
    [("accepted", "", ""), ("rejected", "bad email", "400"), ("rejected", "x", "201")]
)


def spelled_out(acks: list[Ack]) -> dict[int, tuple[str, str, str]]:
    """What the acks say about each row."""
    return {
        seq: (ack.verdict, ack.reason, ack.status)
        for ack in acks
        for seq in range(ack.first_seq, ack.last_seq + 1)
    }


@st.composite
def windows(draw: st.DrawFn) -> list[Ack]:
    """Acks of several lanes: apart from each other, in any order."""
    acks, seq = [], 0
    for length, gap, verdict in draw(
        st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2), verdicts), max_size=30)
    ):
        seq += gap
        acks.append(Ack(seq, seq + length - 1, *verdict))  # type: ignore[arg-type]
        seq += length
    return draw(st.permutations(acks))


@given(windows())
def test_joined_acks_say_the_same_about_every_row(acks: list[Ack]) -> None:
    assert spelled_out(acks) == spelled_out(merged(acks))


@given(windows())
def test_joined_acks_do_not_overlap(acks: list[Ack]) -> None:
    rows = sum(ack.last_seq - ack.first_seq + 1 for ack in merged(acks))
    assert len(spelled_out(acks)) == rows


def test_neighbours_that_say_the_same_become_one() -> None:
    acks = [Ack(75, 149, "accepted"), Ack(0, 74, "accepted"), Ack(150, 150, "accepted")]
    assert merged(acks) == [Ack(0, 150, "accepted")]


def test_a_gap_keeps_acks_apart() -> None:
    acks = [Ack(0, 74, "accepted"), Ack(76, 149, "accepted")]
    assert merged(acks) == acks


def test_different_reasons_keep_acks_apart() -> None:
    acks = [Ack(0, 0, "rejected", "x", "400"), Ack(1, 1, "rejected", "y", "400")]
    assert merged(acks) == acks


def test_different_statuses_keep_acks_apart() -> None:
    acks = [Ack(0, 0, "rejected", "x", "400"), Ack(1, 1, "rejected", "x", "201")]
    assert merged(acks) == acks


def test_no_acks_are_none() -> None:
    assert merged([]) == []
