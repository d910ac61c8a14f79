"""Cutting a record to some of its fields leaves the text of the others as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.members import cut, cut_list

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
records = st.dictionaries(st.text(max_size=3), values, max_size=6)
spellings = st.sampled_from([(",", ":"), (", ", ": "), (" , ", "\n:\t")])


@settings(max_examples=60)
@given(record=records, allowed=st.sets(st.text(max_size=3)), spelling=spellings)
def test_only_the_fields_are_left_and_as_they_were(
    record: dict[str, Any], allowed: set[str], spelling: tuple[str, str]
) -> None:
    allowed |= set(list(record)[::2])

    found = cut(json.dumps(record, separators=spelling), allowed)

    assert json.loads(found) == {
        name: value for name, value in record.items() if name in allowed
    }


@settings(max_examples=30)
@given(found=st.lists(records, max_size=4), spelling=spellings)
def test_each_record_of_a_list_is_cut(
    found: list[dict[str, Any]], spelling: tuple[str, str]
) -> None:
    allowed = {name for record in found for name in list(record)[::2]}
    text = json.dumps({"records": found}, separators=spelling)

    assert json.loads(cut_list(text, allowed)) == {
        "records": [
            {name: value for name, value in record.items() if name in allowed}
            for record in found
        ]
    }


@pytest.mark.parametrize(
    "number", ["1.10", "12345678901234567890.123456789012345678", "1E400", "-0", "1e-7"]
)
def test_a_number_keeps_its_digits(number: str) -> None:
    text = f'{{"a":{number},"b":[{number}],"c":1}}'

    assert cut(text, {"a", "b"}) == f'{{"a":{number},"b":[{number}]}}'


@pytest.mark.parametrize(
    "value",
    [
        "9" * 5_000,
        "1." + "0" * 5_000,
        "[" * 3_000 + "]" * 3_000,
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        '"' + r"\"" * 9 + r"\\" + '"',
        r'{"}":"]\\","{":["\"}"]}',
    ],
)
def test_no_value_is_read(value: str) -> None:
    """A number too long for Python, and what is too deep for it, are no trouble."""
    text = f'{{"a":{value},"b":{value},"c":1}}'

    assert cut(text, {"b"}) == f'{{"b":{value}}}'
    assert cut_list(f'{{"records":[{text},{text}]}}', {"c"}) == (
        '{"records":[{"c":1},{"c":1}]}'
    )


def test_a_name_is_compared_as_it_is_read() -> None:
    assert cut('{"\\u0061":1,"b":2}', {"a"}) == '{"\\u0061":1}'


def test_a_field_within_a_field_is_no_field() -> None:
    assert cut('{"a":{"email":"x"},"email":"y"}', {"a"}) == '{"a":{"email":"x"}}'
    assert cut('{"a":{"email":"x"}}', {"email"}) == "{}"


def test_what_is_no_list_answers_no_record() -> None:
    assert cut_list('{"user_id":"u1","email":"x"}', {"user_id"}) == '{"records":[]}'
