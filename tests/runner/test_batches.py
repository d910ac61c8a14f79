"""Cutting rows into requests: within the limits, in order, and nothing lost."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from runner.batches import Batch, count_requests, cut, largest_payload
from runner.settings import Limits

SMALL = Limits(objects_per_request=5, bytes_per_request=120)

# Two bytes, three bytes, four bytes: characters are not bytes.
payloads = st.lists(
    st.text(alphabet="aé€😀", max_size=40).filter(
        lambda text: len(text.encode()) <= largest_payload(SMALL)
    ),
    max_size=60,
)
limits = st.builds(
    Limits,
    objects_per_request=st.integers(1, 80),
    bytes_per_request=st.integers(200, 2_000),
)


def rows(texts: list[str]) -> list[tuple[int, str]]:
    return [(7 + at, text) for at, text in enumerate(texts)]


@given(payloads, limits)
def test_no_request_has_more_objects_than_the_limit(
    texts: list[str], limit: Limits
) -> None:
    sizes = [len(batch.seqs) for batch in cut(rows(texts), limit)]
    assert all(1 <= size <= limit.objects_per_request for size in sizes)


@given(payloads, limits)
def test_no_request_has_more_bytes_than_the_limit(
    texts: list[str], limit: Limits
) -> None:
    sizes = [len(batch.body()) for batch in cut(rows(texts), limit)]
    assert all(size <= limit.bytes_per_request for size in sizes)


@given(payloads, limits)
def test_every_row_is_in_one_request_in_its_order(
    texts: list[str], limit: Limits
) -> None:
    cut_rows = [
        row
        for batch in cut(rows(texts), limit)
        for row in zip(batch.seqs, batch.payloads, strict=True)
    ]
    assert rows(texts) == cut_rows


@given(payloads, limits)
def test_cutting_and_counting_agree(texts: list[str], limit: Limits) -> None:
    counted = count_requests((len(text.encode()) for text in texts), limit)
    assert len(list(cut(rows(texts), limit))) == counted


def test_cutting_and_counting_agree_where_objects_are_nearly_too_many_bytes() -> None:
    """Long ASCII text is measured; counted as four bytes each it would be cut early."""
    limit = Limits(objects_per_request=2, bytes_per_request=400)
    texts = ["a" * 60] * 9
    assert count_requests([60] * 9, limit) == len(list(cut(rows(texts), limit)))


def test_the_largest_payload_fits_alone() -> None:
    text = "a" * largest_payload(SMALL)
    sizes = [len(batch.body()) for batch in cut(rows([text, text]), SMALL)]
    assert sizes == [SMALL.bytes_per_request] * 2


def test_a_body_is_the_payloads_as_they_are() -> None:
    batch = Batch((1, 2), ('{"external_id":"a","n":1.50}', '{"external_id":"é"}'))
    expected = {"attributes": [{"external_id": "a", "n": 1.5}, {"external_id": "é"}]}
    assert expected == json.loads(batch.body())


def test_payload_text_is_not_rewritten() -> None:
    assert b'{"n":1.50}' in Batch((1,), ('{"n":1.50}',)).body()


@given(st.integers(2, 80))
def test_halves_hold_the_same_rows(size: int) -> None:
    batch = Batch(tuple(range(size)), tuple(map(str, range(size))))
    left, right = batch.halves()
    assert batch == Batch(left.seqs + right.seqs, left.payloads + right.payloads)


@given(st.integers(2, 80))
def test_neither_half_is_empty(size: int) -> None:
    batch = Batch(tuple(range(size)), tuple(map(str, range(size))))
    assert all(half.seqs for half in batch.halves())


def test_no_rows_make_no_request() -> None:
    assert list(cut([], SMALL)) == []
