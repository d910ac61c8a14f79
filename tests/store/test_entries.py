"""The bytes of index entries: short enough for LMDB, and apart from each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.store import Index, blobs
from runner.store.entries import after, encoder, key_of, prefix, record_key
from runner.store.runs import Runs

from .histories import place, values
from .things import THINGS

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
awkward = st.text(st.sampled_from("\0\1\2aé日🎁"), max_size=5)
near = st.sampled_from([2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, float(2**53), 0.5])
longer = st.builds(lambda text, times: text * times, texts, st.integers(1, 60))


@given(longer, longer, longer, st.lists(longer, min_size=6, max_size=6))
def test_no_entry_is_too_long_for_lmdb_and_each_leads_to_its_key(
    name: str, value: str, key: str, order: list[str]
) -> None:
    index = Index(name, is_list=True, order=("a", "b desc", "c", "d", "e", "f"))
    encode = encoder(replace(THINGS, indexes=(index,)))
    (entry,) = encode([[name, value, order]], record_key(key))
    assert len(entry) <= 511
    assert key_of(entry) == record_key(key)
    begin = prefix(name, value)
    assert entry.startswith(begin)
    assert begin < entry < after(begin)


@given(awkward, awkward, awkward, awkward)
@example("name", "a\0b", "name", "a")
@example("name\0a", "b", "name", "a")
def test_no_value_begins_as_another_does(
    name: str, value: str, other_name: str, other: str
) -> None:
    if (name, value) != (other_name, other):
        assert not prefix(name, value).startswith(prefix(other_name, other))


@given(st.lists(st.lists(st.binary(min_size=1, max_size=5), max_size=9), max_size=30))
def test_runs_leave_sorted_and_once(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[bytes]]
) -> None:
    runs = Runs(tmp_path_factory.getbasetemp(), most_held=7)
    for part in parts:
        runs.add(part)
    left = [entry for block in runs.sorted() for entry in block]
    assert left == sorted({entry for part in parts for entry in part})
    runs.close()


def test_runs_read_their_files_in_blocks(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    entries = [b"%0100d" % (number * 7_919 % 20_011) for number in range(20_000)]
    runs = Runs(tmp_path_factory.getbasetemp(), most_held=9_000)
    for first in range(0, len(entries), 500):
        runs.add(entries[first : first + 500])
    assert [each for block in runs.sorted() for each in block] == sorted(entries)


@pytest.mark.parametrize("direction", [1, -1])
@given(st.lists(st.tuples(values | awkward | near, values | awkward), max_size=8))
def test_entries_sort_as_their_values_do(
    direction: int, orders: list[tuple[Any, Any]]
) -> None:
    column = "rank" if direction == 1 else "rank desc"
    index = Index("shelf", is_list=True, order=(column, column))
    encode = encoder(replace(THINGS, indexes=(index,)))
    by_bytes = sorted(orders, key=lambda each: encode([["shelf", "s", each]], b"k"))
    second = sorted(by_bytes, key=lambda each: place(each[1], direction))
    assert by_bytes == sorted(second, key=lambda each: place(each[0], direction))


def test_a_hash_below_zero_is_as_good_as_another() -> None:
    """Snowflake's are signed."""
    (below, _), (above, _) = (
        blobs.encode(b"k", blobs.TOMBSTONE, text) for text in ("-12", "12")
    )

    assert blobs.row(below) == blobs.row(above)
    assert below != above
