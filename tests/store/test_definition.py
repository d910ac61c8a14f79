"""A definition is read as the macro writes it, and written back to the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.store import Definition, Index, StoreError

TEXT = (
    '{"collection":"recommendations","key":"user_id","indexes":[{"name":"email"},'
    '{"name":"segment","list":true,"order":["rank","score desc"],"most":25}],'
    '"columns":["user_id","email"],"missing":{"items":[]},"cache_seconds":30}'
)


def test_a_definition_is_read_as_the_macro_writes_it() -> None:
    definition = Definition.read(TEXT)
    assert definition == Definition(
        collection="recommendations",
        key="user_id",
        indexes=(
            Index("email"),
            Index("segment", is_list=True, order=("rank", "score desc"), most=25),
        ),
        columns=("user_id", "email"),
        missing='{"items":[]}',
        cache_seconds=30,
    )
    assert definition.text() == TEXT
    assert definition.indexes[1].directions == (False, True)
    assert definition.index("email") == Index("email")
    assert definition.index("user_id") is None


names = st.text(min_size=1, max_size=5)


@given(
    st.builds(
        Definition,
        collection=names,
        key=names,
        indexes=st.lists(
            st.builds(Index, name=names)
            | st.builds(
                Index,
                name=names,
                is_list=st.just(value=True),
                order=st.lists(names).map(tuple),
                most=st.integers(1, 99),
            )
        ).map(tuple),
        columns=st.lists(names).map(tuple),
        missing=st.none() | st.just('{"é":[1.5,null]}'),
        cache_seconds=st.integers(0, 300),
    )
)
def test_a_definition_is_written_so_that_it_can_be_read(definition: Definition) -> None:
    assert Definition.read(definition.text()) == definition


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        TEXT.replace('"key":"user_id",', ""),
        TEXT.replace('"user_id"', '""'),
        TEXT.replace('"user_id"', "1"),
        TEXT.replace('{"name":"email"}', '"email"'),
        TEXT.replace("30}", '"soon"}'),
    ],
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be read.*Build the project"):
        Definition.read(text)
