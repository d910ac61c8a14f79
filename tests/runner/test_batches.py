"""Cutting rows into requests: within the limits, in order, and nothing lost."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from runner.batches import Batch, Chain, Cutter, count_requests, room
from runner.objects import OBJECTS
from runner.operations import Credentials
from runner.settings import Limits

TRACK = OBJECTS["braze"]["attributes"].operations[0]
SMALL = Limits(objects_per_request=5, bytes_per_request=120)

# Two bytes, three bytes, four bytes: characters are not bytes.
payloads = st.lists(
    st.text(alphabet="aé€😀", max_size=40).filter(
        lambda text: len(text.encode()) <= room(TRACK, SMALL) - 2
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


def chains(
    found: list[tuple[int, str, str | None, str | None]], limit: Limits
) -> list[Chain]:
    cutter = Cutter(TRACK, limit)
    return [*cutter.feed(found), *cutter.finish()]


def cut(found: list[tuple[int, str]], limit: Limits) -> list[Batch]:
    free = [(seq, text, None, None) for seq, text in found]
    return [batch for chain in chains(free, limit) for batch in chain.batches]


def body(batch: Batch) -> bytes:
    return TRACK.call("", Credentials()).body(batch.payloads)


def count(sizes: list[int], limit: Limits) -> int:
    return count_requests([[(size, None, None) for size in sizes]], TRACK, limit)


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
    sizes = [len(body(batch)) for batch in cut(rows(texts), limit)]
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
    counted = count([len(text.encode()) for text in texts], limit)
    assert len(list(cut(rows(texts), limit))) == counted


def test_cutting_and_counting_agree_where_objects_are_nearly_too_many_bytes() -> None:
    """Long ASCII text is measured; counted as four bytes each it would be cut early."""
    limit = Limits(objects_per_request=2, bytes_per_request=400)
    texts = ["a" * 60] * 9
    assert count([60] * 9, limit) == len(list(cut(rows(texts), limit)))


def test_the_largest_payload_fits_alone() -> None:
    text = "a" * (room(TRACK, SMALL) - 2)
    sizes = [len(body(batch)) for batch in cut(rows([text, text]), SMALL)]
    assert sizes == [SMALL.bytes_per_request - 2] * 2


def test_a_body_is_the_payloads_as_they_are() -> None:
    batch = Batch((1, 2), ('{"external_id":"a","n":1.50}', '{"external_id":"é"}'))
    expected = {"attributes": [{"external_id": "a", "n": 1.5}, {"external_id": "é"}]}
    assert expected == json.loads(body(batch))


def test_payload_text_is_not_rewritten() -> None:
    assert b'{"n":1.50}' in body(Batch((1,), ('{"n":1.50}',)))


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


# -- one user's rows

users = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 40)), max_size=60
).map(sorted)


def of_users(found: list[tuple[str, int]]) -> list[tuple[int, str, str, str]]:
    return [(at, "x" * size, user, "") for at, (user, size) in enumerate(found)]


@given(users, limits)
def test_a_user_is_in_one_chain_or_in_chains_that_follow(
    found: list[tuple[str, int]], limit: Limits
) -> None:
    last = None
    for chain in chains(of_users(found), limit):
        inside = [found[seq][0] for batch in chain.batches for seq in batch.seqs]
        assert chain.follows == (inside[0] == last)
        last = inside[-1]


@given(users, limits)
def test_a_user_who_fits_into_one_request_is_not_split(
    found: list[tuple[str, int]], limit: Limits
) -> None:
    whole = [
        batch for chain in chains(of_users(found), limit) for batch in chain.batches
    ]
    for user in {user for user, _ in found}:
        sizes = [size + 2 for of, size in found if of == user]
        if len(sizes) > limit.objects_per_request or sum(sizes) > room(TRACK, limit):
            continue
        holding = [
            batch for batch in whole if any(found[seq][0] == user for seq in batch.seqs)
        ]
        assert len(holding) == 1


@given(users, limits)
def test_cutting_and_counting_agree_on_users(
    found: list[tuple[str, int]], limit: Limits
) -> None:
    counted = count_requests([[(size, user, "") for user, size in found]], TRACK, limit)
    cut_now = chains(of_users(found), limit)
    assert counted == sum(len(chain.batches) for chain in cut_now)


def test_rows_of_two_scopes_share_no_request() -> None:
    found = [(at, "{}", None, scope) for at, scope in enumerate("aab")]
    sizes = [
        len(batch.seqs) for chain in chains(found, SMALL) for batch in chain.batches
    ]
    assert sizes == [2, 1]


def test_windows_do_not_change_the_cut() -> None:
    found = of_users([("a", 1)] * 3 + [("b", 1)] * 9 + [("c", 1)] * 2)
    cutter = Cutter(TRACK, SMALL)
    pieces = [*cutter.feed(found[:4]), *cutter.feed(found[4:]), *cutter.finish()]
    assert chains(found, SMALL) == pieces
