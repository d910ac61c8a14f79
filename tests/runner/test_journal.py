"""What a journal says after a crash, and when it is not believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import journal as journals
from runner.errors import ConfigError
from runner.journal import Journal, Reading, read_journal, stretches
from runner.ledger import Ack

ROWS = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a run's journal lies; the folder is made by the first of them."""
    return tmp_path / "journals" / "outbox_1_0.jsonl"


def reading(path: Path) -> Reading:
    found = read_journal(path, ROWS)
    assert found is not None
    return found


def test_a_request_that_began_is_in_flight(path: Path) -> None:
    Journal(path).begin((3, 4, 5))
    assert reading(path) == Reading([], [(3, 5)])


def test_a_request_that_was_settled_is_not_in_flight(path: Path) -> None:
    journal = Journal(path)
    journal.begin((3, 4, 5))
    journal.settle([Ack(3, 4, "accepted"), Ack(5, 5, "rejected", "bad name", "201")])
    accepted, rejected = reading(path).acks
    assert (accepted, rejected) == (
        Ack(3, 4, "accepted"),
        Ack(5, 5, "rejected", "bad name", "201"),
    )
    assert reading(path).in_flight == []


def test_a_request_of_which_nothing_was_applied_leaves_no_trace(path: Path) -> None:
    journal = Journal(path)
    journal.begin((3, 4, 5))
    journal.clear((3, 4, 5))
    assert reading(path) == Reading()


def test_a_part_that_began_again_is_in_flight_alone(path: Path) -> None:
    """A fatal 400 is halved: the second half has not left yet."""
    journal = Journal(path)
    journal.begin((0, 1, 2, 3))
    journal.clear((0, 1, 2, 3))
    journal.begin((0, 1))
    assert reading(path).in_flight == [(0, 1)]


def test_lanes_beside_each_other_are_one_stretch(path: Path) -> None:
    journal = Journal(path)
    journal.begin((2, 3))
    journal.begin((0, 1))
    journal.begin((8,))
    assert reading(path).in_flight == [(0, 3), (8, 8)]


@pytest.mark.parametrize("torn", ['["begin", 7,', '["accepted", 3, 5, "", ""'])
def test_a_torn_last_line_did_not_happen(path: Path, torn: str) -> None:
    """The line before a request is whole before a byte of it leaves."""
    Journal(path).begin((3, 4, 5))
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    assert reading(path) == Reading([], [(3, 5)])


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        '["begin", 1, 2]["clear", 1, 2]',
        "\0\0\0\0",
        "17",
        "{}",
        "[]",
        '["begin"]',
        '["begin", "a", "b"]',
        '["begin", 5, 100]',
        '["begin", -5, -1]',
        '["lost", 1, 2, "", ""]',
    ],
)
def test_a_damaged_journal_is_not_believed(path: Path, line: str) -> None:
    """Then every claimed row counts as in flight; no push may fail for ever."""
    journal = Journal(path)
    journal.begin((3, 4, 5))
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    journal.settle([Ack(3, 5, "accepted")])
    assert read_journal(path, ROWS) is None


def test_a_journal_that_is_not_there_is_not_believed(path: Path) -> None:
    assert read_journal(path, ROWS) is None


def test_an_empty_journal_is_not_believed(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert read_journal(path, ROWS) is None


def test_a_journal_from_before_this_machine_went_down_is_not_believed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written last may not have reached the disk."""
    with monkeypatch.context() as before:
        before.setattr(journals, "boot_id", lambda: "another boot")
        Journal(path).begin((3, 4, 5))
    assert read_journal(path, ROWS) is None


def test_where_nobody_knows_the_boot_no_journal_is_believed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "boot_id", lambda: "")
    Journal(path).begin((3, 4, 5))
    assert read_journal(path, ROWS) is None


def test_a_journal_holds_numbers_and_no_payload(path: Path) -> None:
    Journal(path).begin((3, 4, 5))
    boot, begun = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (boot[0], begun) == ("boot", ["begin", 3, 5])


def test_a_journal_is_its_owners_alone(path: Path) -> None:
    Journal(path)
    assert path.stat().st_mode & 0o077 == 0


def test_a_journal_that_cannot_be_written_is_said_in_words(path: Path) -> None:
    path.parent.write_text("in the way", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written"):
        Journal(path)


def test_a_closed_journal_is_gone(path: Path) -> None:
    Journal(path).close()
    assert not path.exists()


def test_stretches_of_no_rows_are_none() -> None:
    assert stretches(bytearray(5)) == []
