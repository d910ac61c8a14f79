"""What an answer means: the outcome table, row by row, as it applies to attributes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.outcome import Kind, Outcome, classify
from runner.refusals import Sent
from runner.waits import MAX_WAIT, pause_before_limit

OBJECTS = 3
SUCCESS: dict[str, Any] = {"message": "success"}
DATE = "Sun, 22 Nov 2026 10:00:00 GMT"
AT_DATE = 1_795_341_600


def read(
    status: int,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    objects: int = OBJECTS,
    **more: Any,
) -> Outcome:
    """Classify an answer; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify(status, headers or {}, content, Sent(("{}",) * objects, **more))


def refusing(*entries: Any, **more: Any) -> dict[str, Any]:
    return {**SUCCESS, **more, "errors": list(entries)}


def error(index: Any, **more: Any) -> dict[str, Any]:
    return {"type": "bad email", "input_array": "attributes", "index": index, **more}


# -- the table


ANSWERS: list[tuple[int, Any, Kind]] = [
    # applied
    (201, SUCCESS, Kind.ACCEPTED),
    (200, SUCCESS, Kind.ACCEPTED),
    (201, {**SUCCESS, "attributes_processed": 3}, Kind.ACCEPTED),
    (201, {**SUCCESS, "errors": []}, Kind.ACCEPTED),
    (201, {**SUCCESS, "errors": None}, Kind.ACCEPTED),
    # applied, asynchronously
    (202, {"message": "queued"}, Kind.ACCEPTED),
    (202, SUCCESS, Kind.ACCEPTED),
    (202, {"message": "queued", "attributes_processed": 0}, Kind.ACCEPTED),
    # in part, and unknown in which
    (202, {"message": "queued", "errors": ["bad email"]}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": 2}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": 0}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": 4}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": True}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": "3"}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": [3]}, Kind.SPLIT),
    (201, {**SUCCESS, "attributes_processed": {"all": 3}}, Kind.SPLIT),
    (201, refusing(error(0), attributes_processed=1), Kind.SPLIT),
    # nothing applied
    (400, {"message": "Max Input Length Exceeded"}, Kind.SPLIT),
    (400, b"<html>Bad Request</html>", Kind.RETRY),
    (400, b"", Kind.RETRY),
    (413, b"Request Entity Too Large", Kind.SPLIT),
    (429, {"message": "Rate limit exceeded"}, Kind.WAIT),
    (429, b"<html>slow down</html>", Kind.WAIT),
    # the key
    (401, {"message": "Invalid API key: canary"}, Kind.AUTH),
    (403, {"message": "Access Denied"}, Kind.AUTH),
    (403, b"<html>firewall</html>", Kind.AUTH),
    # the endpoint
    (301, b"", Kind.CONFIG),
    (302, SUCCESS, Kind.CONFIG),
    (304, b"", Kind.CONFIG),
    (307, SUCCESS, Kind.CONFIG),
    (308, b"", Kind.CONFIG),
    (404, {"message": "Invalid URL"}, Kind.CONFIG),
    (405, b"", Kind.CONFIG),
    (415, b"", Kind.CONFIG),
    # nobody knows
    (408, b"", Kind.RETRY),
    (500, {"message": "Internal Server Error"}, Kind.RETRY),
    (500, SUCCESS, Kind.RETRY),
    (502, b"", Kind.RETRY),
    (503, b"<html>Service Unavailable</html>", Kind.RETRY),
    (504, b"", Kind.RETRY),
    (599, b"", Kind.RETRY),
    (423, {"message": "locked"}, Kind.WAIT),
    (418, b"", Kind.RETRY),
    (202, {"message": "Queued up"}, Kind.RETRY),
    (201, {"message": "queued"}, Kind.RETRY),
    (201, {"message": "Success"}, Kind.RETRY),
    (201, {"message": None}, Kind.RETRY),
    (201, {"message": ["success"]}, Kind.RETRY),
    (201, {}, Kind.RETRY),
    (201, [], Kind.RETRY),
    (201, [SUCCESS], Kind.RETRY),
    (201, "success", Kind.RETRY),
    (201, None, Kind.RETRY),
    (201, b"", Kind.RETRY),
    (201, b'{"message":"succ', Kind.RETRY),
    (201, b'{"message":"success"', Kind.RETRY),
    (201, b'{"message":"success"}}', Kind.RETRY),
    (201, b'{"message":"success"}{"message":"success"}', Kind.RETRY),
    (201, b"<html>Welcome</html>", Kind.RETRY),
    (200, b'<script>{"message":"success"}</script>', Kind.RETRY),
    (201, b'\xef\xbb\xbf{"message":"success"}\xff', Kind.RETRY),
    (201, b"\x1f\x8b\x08\x00", Kind.RETRY),
    (204, b"", Kind.RETRY),
    (206, b'{"message":"suc', Kind.RETRY),
    (100, b"", Kind.RETRY),
    (0, b"", Kind.RETRY),
]
"""Status, body and class, where a repeat is harmless."""


@pytest.mark.parametrize(("status", "body", "kind"), ANSWERS)
def test_an_answer_has_its_class(status: int, body: Any, kind: Kind) -> None:
    assert kind == read(status, body).kind


@pytest.mark.parametrize(("status", "body", "kind"), ANSWERS)
def test_what_must_not_be_repeated_is_parked_where_nobody_knows(
    status: int, body: Any, kind: Kind
) -> None:
    """A fatal 400, a 413 and a 429 applied nothing; any other doubt is kept."""
    is_said = status in {400, 413} and not isinstance(body, bytes | bytearray)
    is_said = is_said or status == 413
    in_doubt = kind is Kind.RETRY or (kind is Kind.SPLIT and not is_said)
    expected = Kind.UNKNOWN if in_doubt else kind
    assert read(status, body, once=True).kind is expected


def test_a_fatal_answer_that_counts_what_it_processed_leaves_events_in_doubt() -> None:
    answer = {"message": "bad", "attributes_processed": 1}
    assert read(400, answer, once=True).kind is Kind.UNKNOWN


def test_json_too_deep_to_read_is_no_acknowledgement() -> None:
    body = b'{"message":"success","errors":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert read(201, body).kind is Kind.RETRY


@pytest.mark.parametrize("depth", [50, 200, 400, 600, 800, 900, 950, 990])
def test_a_reason_too_deep_to_print_is_no_fault_of_ours(depth: int) -> None:
    body = b'{"message":"success","errors":[{"index":0,"type":%s}]}'
    deep = body % (b"[" * depth + b"]" * depth)
    assert read(201, deep).kind in {Kind.ACCEPTED, Kind.RETRY}


def test_a_number_too_long_to_read_is_no_acknowledgement() -> None:
    body = b'{"message":"success","attributes_processed":' + b"9" * 5_000 + b"}"
    assert read(201, body).kind is not Kind.ACCEPTED


@given(st.integers(100, 599), st.binary(max_size=200))
def test_bytes_at_random_are_never_an_acknowledgement(status: int, body: bytes) -> None:
    assert read(status, body).kind is not Kind.ACCEPTED


@given(st.integers(1, len(json.dumps(SUCCESS)) - 1))
def test_half_an_acknowledgement_is_none(length: int) -> None:
    assert read(201, json.dumps(SUCCESS).encode()[:length]).kind is Kind.RETRY


# -- errors[]


def test_an_indexed_error_refuses_its_row() -> None:
    assert dict(read(201, refusing(error(1))).refused) == {1: "bad email"}


def test_an_indexed_error_accepts_the_other_rows() -> None:
    assert read(201, refusing(error(1), attributes_processed=2)).kind is Kind.ACCEPTED


def test_the_refused_may_be_counted_as_processed() -> None:
    assert read(201, refusing(error(1), attributes_processed=3)).kind is Kind.ACCEPTED


def test_several_errors_refuse_several_rows() -> None:
    assert {0, 2} == set(read(201, refusing(error(2), error(0))).refused)


def test_two_errors_of_one_row_refuse_it_once() -> None:
    answer = refusing(error(1), error(1), attributes_processed=2)
    assert {1} == set(read(201, answer).refused)


def test_every_row_may_be_refused() -> None:
    answer = refusing(error(0), error(1), error(2), attributes_processed=0)
    assert {0, 1, 2} == set(read(201, answer).refused)


def test_an_error_without_a_reason_still_has_words() -> None:
    answer = refusing({"index": 0, "input_array": "attributes"})
    assert dict(read(201, answer).refused) == {0: "refused without a reason"}


def test_an_error_without_an_array_is_one_of_attributes() -> None:
    assert {2} == set(read(201, refusing({"type": "x", "index": 2})).refused)


def test_a_reason_is_one_short_line() -> None:
    answer = refusing(error(0, type="bad\n\temail " * 100))
    reason = read(201, answer).refused[0]
    assert (len(reason), "\n" in reason) == (200, False)


def test_a_reason_that_is_no_text_is_shown_as_text() -> None:
    answer = refusing(error(0, type={"code": 7}))
    assert dict(read(201, answer).refused) == {0: "{'code': 7}"}


@pytest.mark.parametrize(
    "entry",
    [
        "external_id is too long",
        None,
        7,
        [],
        {},
        {"type": "x"},
        error(None),
        error("1"),
        error(1.0),
        {**error(0), "index": True},
        {**error(0), "index": False},
        error([1]),
        error(-1),
        error(OBJECTS),
        error(10**30),
        error(0, input_array="events"),
        error(0, input_array=""),
        error(0, input_array=["attributes"]),
        error(0, input_array={"attributes": 1}),
    ],
)
def test_an_error_that_names_no_row_of_ours_splits_the_request(entry: Any) -> None:
    assert read(201, refusing(entry)).kind is Kind.SPLIT


@pytest.mark.parametrize("entry", ["too long", error(9)])
def test_one_error_without_a_row_spoils_those_that_have_one(entry: Any) -> None:
    assert read(201, refusing(error(0), entry)).kind is Kind.SPLIT


@pytest.mark.parametrize("errors", ["too long", {"type": "x"}, 7, True])
def test_errors_that_are_no_list_split_the_request(errors: Any) -> None:
    assert read(201, {**SUCCESS, "errors": errors}).kind is Kind.SPLIT


# -- reasons


def test_a_refused_single_row_has_the_reason_of_its_error() -> None:
    answer = {"message": "Valid data must be provided", "errors": [error(0)]}
    assert read(400, answer, objects=1).refused == {0: "bad email"}


def test_a_refused_single_row_may_have_its_reason_as_text() -> None:
    answer = {"message": "Valid data must be provided", "errors": ["bad phone"]}
    assert read(400, answer, objects=1).reason == "400: bad phone"


def test_a_fatal_answer_without_words_says_so() -> None:
    assert read(400, {}, objects=1).reason == "400: no message"


def test_a_fatal_answer_that_names_every_row_is_believed_at_once() -> None:
    answer = {"message": "Valid data must be provided", "errors": [error(0), error(1)]}
    outcome = read(400, answer, objects=2)
    assert (outcome.kind, sorted(outcome.refused), outcome.status) == (
        Kind.ACCEPTED,
        [0, 1],
        "400",
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_repeated(status: int) -> None:
    answer = {"message": "Invalid API key: canary"}
    assert "canary" not in read(status, answer).reason


@pytest.mark.parametrize("status", [*range(100, 600), 0, 999])
def test_every_class_but_acceptance_has_a_reason(status: int) -> None:
    assert read(status, b"").reason


# -- how long to wait

EPOCH = {"date": DATE, "x-ratelimit-limit": "3000", "x-ratelimit-remaining": "0"}

WAITS: list[tuple[dict[str, str], float | None]] = [
    # the dialect of newer contracts: seconds
    ({"x-ratelimit-retry-after": "7"}, 7.0),
    ({"x-ratelimit-retry-after": "0"}, 0.0),
    ({"x-ratelimit-retry-after": " 7 "}, 7.0),
    ({"x-ratelimit-retry-after": "1.5"}, 1.5),
    ({"x-ratelimit-retry-after": "86400"}, MAX_WAIT),
    ({"x-ratelimit-retry-after": "1e300"}, None),
    ({"x-ratelimit-retry-after": "-7"}, None),
    ({"x-ratelimit-retry-after": ""}, None),
    ({"x-ratelimit-retry-after": "soon"}, None),
    ({"x-ratelimit-retry-after": "nan"}, None),
    ({"x-ratelimit-retry-after": "inf"}, None),
    ({"x-ratelimit-retry-after": "-inf"}, None),
    ({"x-ratelimit-retry-after": "0x10"}, None),
    ({"x-ratelimit-retry-after": "7, 8"}, None),
    # the standard's
    ({"retry-after": "7"}, 7.0),
    ({"retry-after": "-1"}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "Sun, 22 Nov 2026 10:00:09 GMT", "date": DATE}, 9.0),
    ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": DATE}, None),
    ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": DATE}, None),
    # the classic dialect: epoch seconds, against the server's own clock
    ({**EPOCH, "x-ratelimit-reset": str(AT_DATE + 2)}, 2.0),
    ({**EPOCH, "x-ratelimit-reset": str(AT_DATE)}, 0.0),
    ({**EPOCH, "x-ratelimit-reset": f"{AT_DATE + 2}.5"}, 2.5),
    ({**EPOCH, "x-ratelimit-reset": str(AT_DATE - 1)}, None),
    ({**EPOCH, "x-ratelimit-reset": str(AT_DATE - 10**8)}, None),
    ({**EPOCH, "x-ratelimit-reset": str(AT_DATE + 3_600)}, 3600.0),
    ({**EPOCH, "x-ratelimit-reset": "253402300799"}, None),  # the year 9999
    ({**EPOCH, "x-ratelimit-reset": f"{AT_DATE + 2}000"}, None),  # milliseconds
    ({**EPOCH, "x-ratelimit-reset": ""}, None),
    ({**EPOCH, "x-ratelimit-reset": "tomorrow"}, None),
    ({**EPOCH, "x-ratelimit-reset": "-1"}, None),
    ({**EPOCH, "x-ratelimit-reset": "9" * 400}, None),
    ({"x-ratelimit-reset": str(AT_DATE + 2)}, None),
    ({"x-ratelimit-reset": str(AT_DATE + 2), "date": ""}, None),
    ({"x-ratelimit-reset": str(AT_DATE + 2), "date": "yesterday"}, None),
    ({"x-ratelimit-reset": str(AT_DATE + 2), "date": "Sun, 99 Nov 2026"}, None),
    # the same header as seconds left
    ({"x-ratelimit-reset": "12"}, 12.0),
    ({"x-ratelimit-reset": "0"}, 0.0),
    ({"x-ratelimit-reset": "3600"}, 3600.0),
    # which one counts
    ({"x-ratelimit-retry-after": "7", "retry-after": "9"}, 7.0),
    ({"x-ratelimit-retry-after": "", "retry-after": "9"}, 9.0),
    ({"retry-after": "9", "x-ratelimit-reset": "12"}, 9.0),
    ({"retry-after": "soon", "x-ratelimit-reset": "12"}, 12.0),
    ({"x-ratelimit-retry-after": "-7", "x-ratelimit-reset": "12"}, 12.0),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "wait"), WAITS)
def test_a_429_says_how_long_to_wait(
    headers: dict[str, str], wait: float | None
) -> None:
    assert wait == read(429, b"", headers).wait


def test_a_503_waits_only_when_it_is_asked_to() -> None:
    """Every answer says when its window ends; after a fault that is no word to wait."""
    headers = {"retry-after": "9", "x-ratelimit-reset": "1800"}
    assert read(503, b"", headers).wait == 9.0
    assert read(503, b"", {"x-ratelimit-reset": "1800"}).wait is None


@given(
    st.dictionaries(
        st.sampled_from(
            ["x-ratelimit-retry-after", "retry-after", "x-ratelimit-reset", "date"]
        ),
        st.text(max_size=30),
    )
)
def test_a_wait_is_never_negative_nor_beyond_the_cap(headers: dict[str, str]) -> None:
    wait = read(429, b"", headers).wait
    assert wait is None or 0 <= wait <= MAX_WAIT


EMPTY = dict.fromkeys(
    ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"), ""
)


def test_the_empty_headers_of_a_401_are_no_fault() -> None:
    assert read(401, b"", EMPTY).kind is Kind.AUTH


@pytest.mark.parametrize(
    ("remaining", "in_flight", "pause"),
    [
        ("0", 0, 12.0),
        ("1", 0, None),
        ("4", 4, 12.0),
        ("5", 4, None),
        ("2999", 4, None),
        ("", 4, None),
        ("many", 4, None),
        ("nan", 4, None),
        ("-1", 4, 12.0),
    ],
)
def test_lanes_pause_when_those_on_their_way_take_all_that_is_left(
    remaining: str, in_flight: int, pause: float | None
) -> None:
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": "12"}
    assert pause == pause_before_limit(headers, in_flight)


def test_no_word_of_what_is_left_is_no_pause() -> None:
    assert pause_before_limit({}, 4) is None


# -- other endpoints than /users/track


ITEMS = tuple(json.dumps({"id": name}) for name in ("a", "b", "c"))


def read_items(status: int, body: Any) -> Outcome:
    sent = Sent(ITEMS, array="items", naming="item")
    return classify(status, {}, json.dumps(body).encode(), sent)


def item_error(*ids: str, code: str = "invalid-fields") -> dict[str, Any]:
    return {"id": code, "message": "no such field", "parameter_values": list(ids)}


def test_a_bad_item_is_refused_and_the_others_are_sent_again() -> None:
    outcome = read_items(400, {"message": "Invalid", "errors": [item_error("b")]})
    expected = (Kind.AGAIN, {1: "no such field"})
    assert expected == (outcome.kind, dict(outcome.refused))


def test_an_item_error_without_an_item_of_ours_splits_the_request() -> None:
    outcome = read_items(400, {"message": "Invalid", "errors": [item_error("z")]})
    assert outcome.kind is Kind.SPLIT


def test_an_unknown_catalog_is_missing_and_not_a_wrong_endpoint() -> None:
    error = item_error("products", code="catalog-not-found")
    assert read_items(404, {"errors": [error]}).kind is Kind.MISSING


def test_items_are_accepted_with_202() -> None:
    assert read_items(202, SUCCESS).kind is Kind.ACCEPTED


RENAMES = tuple(
    json.dumps({"current_external_id": old, "new_external_id": new})
    for old, new in ("ab", "cd")
)


def test_a_rename_that_is_not_listed_is_refused_with_its_reason() -> None:
    answer = {
        "message": "success",
        "external_ids": [{"current_external_id": "a", "new_external_id": "b"}],
        "rename_errors": ["the new id is taken"],
    }
    sent = Sent(RENAMES, array="external_id_renames", naming="renamed")
    outcome = classify(201, {}, json.dumps(answer).encode(), sent)
    assert dict(outcome.refused) == {1: "the new id is taken"}


def test_a_removal_that_is_not_listed_is_refused() -> None:
    answer = {"message": "success", "removed_ids": ["a"], "removal_errors": []}
    sent = Sent(('"a"', '"c"'), array="external_ids", naming="removed")
    outcome = classify(201, {}, json.dumps(answer).encode(), sent)
    assert set(outcome.refused) == {1}


def test_a_fatal_answer_to_renames_blames_nobody() -> None:
    sent = Sent(RENAMES, array="external_id_renames", naming="renamed")
    outcome = classify(400, {}, b'{"message":"too many"}', sent)
    assert (outcome.kind, dict(outcome.refused)) == (Kind.SPLIT, {})


def test_a_partner_is_told_what_is_wrong_without_an_echo_of_the_secret() -> None:
    sent = Sent(("{}",), array="cohort_changes", is_partner=True)
    outcome = classify(401, {}, b'{"message":"Invalid client secret: hush"}', sent)
    assert (outcome.kind, "hush" in outcome.reason) == (Kind.AUTH, False)


def test_a_missing_permission_is_named() -> None:
    sent = Sent(("{}",), permission="users.delete")
    reason = classify(403, {}, b'{"message":"Access Denied"}', sent).reason
    assert "users.delete" in reason
