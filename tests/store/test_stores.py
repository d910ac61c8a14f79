"""What every store does; each test runs over LMDB and over a real Redis."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runner.store import (
    AccessKey,
    Index,
    StoreError,
    StoreMissing,
    new_key,
    open_store,
)

from .conftest import Desk
from .things import BUILT_AT, THINGS, TOMBSTONE, push, put, record, thing, tombstone


def test_a_place_without_a_store_is_named_with_what_to_do(url: str) -> None:
    with pytest.raises(
        StoreMissing, match=r"no store is there\. Push a collection first"
    ):
        open_store(url)


def test_a_record_is_answered_as_it_was_put(desk: Desk) -> None:
    body = '{"id":"1","price":10.50,"big":12345678901234567890,"ø":"é\\n","n":null}'
    payload = f'{{"indexes":[],"record":{body}}}'
    push(desk.store, [("1", payload, "0123456789abcdef" * 2)])
    answer = desk.find("id", "1")
    assert (answer.kind, answer.body.decode()) == ("record", body)
    assert (answer.etag, answer.cache_seconds) == ('"0123456789abcdef"', 60)
    assert answer.version == desk.store.held()["things"].version
    assert list(desk.store.rows("things")) == [("1", payload)]


def test_a_record_without_a_hash_has_an_etag_of_its_own(desk: Desk) -> None:
    def put_plain(value: int) -> tuple[str, str]:
        rows = [thing("1", value, name="a", shelf="s"), thing("2", 1, shelf="s")]
        push(desk.store, [(key, payload, "") for key, payload, _ in rows])
        tags = desk.find("id", "1").etag, desk.find("shelf", "s").etag
        assert desk.find("name", "a").etag == tags[0] != desk.find("id", "2").etag
        return tags

    first = put_plain(1)
    second = put_plain(2)
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert put_plain(1) == first


def test_an_unknown_collection_or_index_is_unknown(desk: Desk) -> None:
    assert desk.find("id", "1").kind == "unknown"
    push(desk.store, [thing("1", name="a")])
    assert desk.find("email", "a").kind == "unknown"
    assert desk.find("", "").kind == "unknown"
    assert desk.find("id", "1", "other").kind == "unknown"
    assert desk.find("id", "1", "").kind == "unknown"


def test_a_miss_answers_the_default_where_one_is_defined(desk: Desk) -> None:
    push(desk.store, [thing("1")])
    assert desk.find("id", "2").kind == desk.find("name", "2").kind == "missing"
    push(desk.store, definition=replace(THINGS, missing='{"value":0}'))
    answer = desk.find("id", "2")
    assert (answer.kind, answer.body) == ("default", b'{"value":0}')
    assert answer.etag
    assert desk.body("name", "2") == '{"value":0}'


def test_a_tombstone_is_gone_until_it_is_put_again(desk: Desk) -> None:
    push(desk.store, [thing("1", name="a"), thing("2")])
    version = push(desk.store, [tombstone("1")])
    assert (desk.body("id", "1"), desk.body("name", "a")) == ("gone", "missing")
    assert version.records == 1
    assert sorted(desk.store.rows("things"))[0] == ("1", TOMBSTONE)
    assert push(desk.store, [thing("1", 2, name="a")]).records == 2
    assert desk.body("name", "a") == record("1", 2)


def test_two_records_swap_a_unique_value_in_one_push(desk: Desk) -> None:
    push(desk.store, [thing("1", name="a"), thing("2", name="b")])
    push(desk.store, [thing("1", name="b"), thing("2", name="a")])
    assert desk.body("name", "a") == record("2")
    assert desk.body("name", "b") == record("1")


def test_a_list_is_in_its_order_and_no_longer_than_its_most(desk: Desk) -> None:
    orders = [(2, 1), (1, 1), (1, 7.5), (None, 9), (-3, None), (1, -0.5), ("1", 0)]
    rows = [
        thing(f"k{number}", shelf="s", order=order)
        for number, order in enumerate(orders)
    ]
    push(desk.store, [*rows, thing("z", shelf="st")])
    wanted = [record(f"k{number}") for number in (4, 2, 1, 5, 0)]
    assert desk.body("shelf", "s") == f'{{"records":[{",".join(wanted)}]}}'
    assert desk.body("shelf", "none") == '{"records":[]}'
    assert desk.find("shelf", "s").etag != desk.find("shelf", "st").etag


def test_a_list_stays_under_a_megabyte(desk: Desk) -> None:
    rows = [
        thing(f"{number:02}", "x" * 90_000, shelf="s", order=(number, 0))
        for number in range(20)
    ]
    definition = replace(
        THINGS, indexes=(Index("shelf", is_list=True, order=("rank", "s"), most=50),)
    )
    push(desk.store, rows, definition=definition)
    body = desk.body("shelf", "s")
    assert 900_000 < len(body) <= 1_000_000
    assert body.count('"id"') == 11


def test_values_of_any_script_and_length_are_found(desk: Desk) -> None:
    values = [
        "",
        "a\0b",
        "ÿ",
        "日本語" * 100,
        "x" * 119,
        "x" * 120,
        "x" * 121,
        "🎁" * 40,
    ]
    rows = [thing(value, number, name=value) for number, value in enumerate(values)]
    push(desk.store, rows, anew=True)
    for number, value in enumerate(values):
        assert desk.body("id", value) == desk.body("name", value)
        assert desk.body("id", value) == record(value, number)
    assert desk.body("name", "x" * 122) == "missing"


def test_nothing_of_a_push_is_seen_before_its_commit(desk: Desk) -> None:
    push(desk.store, [thing("1", name="a", shelf="s")])
    for anew in (False, True):
        with desk.store.fill(
            THINGS, run_id="other", built_at=BUILT_AT, anew=anew
        ) as filling:
            put(filling, [thing("1", 2, name="b", shelf="s"), thing("2", shelf="s")])
            assert desk.body("id", "1") == desk.body("name", "a") == record("1")
            assert desk.body("shelf", "s") == f'{{"records":[{record("1")}]}}'
            assert desk.body("name", "b") == "missing"
            assert desk.store.held()["things"].version.number == 1


@pytest.mark.parametrize("anew", [False, True])
def test_leaving_without_a_commit_undoes_everything(desk: Desk, *, anew: bool) -> None:
    push(desk.store, [thing("1", name="a")])
    before = desk.store.held(), list(desk.store.rows("things"))
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=anew) as filling:
        put(filling, [thing("1", 2), thing("3", name="c")])
    assert (desk.store.held(), list(desk.store.rows("things"))) == before
    assert push(desk.store, [thing("2")]).number == 2
    assert desk.body("id", "1") == desk.body("name", "a") == record("1")
    assert desk.body("name", "c") == "missing"


def test_a_load_gives_the_version_before_up_when_it_begins(desk: Desk) -> None:
    for anew in (False, True):
        push(desk.store, [thing("1")])
        push(desk.store, [thing("1", 2)], anew=anew)
        assert desk.store.held()["things"].previous
        with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=True):
            pass
        assert desk.store.held()["things"].previous is None
        with pytest.raises(StoreError, match="no version before"):
            desk.store.roll_back("things")
        assert desk.body("id", "1") == record("1", 2)


def test_a_push_that_is_anew_forgets_what_it_does_not_put(desk: Desk) -> None:
    push(desk.store, [thing("1", name="a"), thing("2")])
    version = push(desk.store, [thing("2", 2)], anew=True)
    assert (version.number, version.records) == (2, 1)
    assert desk.body("name", "a") == desk.body("id", "1") == "missing"
    assert desk.body("id", "2") == record("2", 2)


def test_a_load_takes_rows_in_any_order_and_more_than_once(desk: Desk) -> None:
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=True) as filling:
        filling.put([thing("5", name="a"), thing("3", name="b"), thing("4", name="d")])
        filling.put([thing("3", 2, name="c"), thing("1", name="b")])
        filling.put([thing("9"), thing("9", 2, name="e"), tombstone("5")])
        filling.put([])
        filling.remove(["4", "3", "none"])
        filling.put([thing("3", 3, name="c")])
        version = filling.commit()
    assert version.records == 3
    bodies = [desk.body("name", value) for value in "abcde"]
    first, second = record("1"), record("3", 3)
    assert bodies == ["missing", first, second, "missing", record("9", 2)]
    assert desk.body("id", "5") == "gone"


def test_a_push_may_put_and_remove_a_record_more_than_once(desk: Desk) -> None:
    push(desk.store, [thing("1", name="a"), thing("2", name="b")])
    with desk.store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=False) as filling:
        filling.put([thing("1", 2, name="c"), thing("3", name="e")])
        filling.remove(["1", "3"])
        filling.put([thing("1", 3, name="d"), thing("1", 4, name="d")])
        assert filling.commit().records == 2
    names = [desk.body("name", value) for value in "abcde"]
    assert names == ["missing", record("2"), "missing", record("1", 4), "missing"]
    desk.store.roll_back("things")
    assert [desk.body("name", value) for value in "ad"] == [record("1"), "missing"]
    assert desk.body("id", "3") == "missing"


def test_a_version_says_which_push_made_it(desk: Desk) -> None:
    began = datetime.now(UTC)
    first = push(desk.store, [thing("1")], run_id="one")
    second = push(desk.store, [thing("2")], run_id="two")
    held = desk.store.held()["things"]
    assert (held.version, held.previous) == (second, first)
    assert (held.definition, held.is_rolled_back) == (THINGS, False)
    assert (second.number, second.run_id, second.records) == (2, "two", 2)
    assert began < second.pushed_at < datetime.now(UTC)
    assert second.built_at == BUILT_AT
    assert desk.loop.run(desk.reader.held()) == desk.store.held()


def test_a_confirmed_collection_is_as_fresh_as_said(desk: Desk) -> None:
    with pytest.raises(StoreError, match="'things' is not in the store"):
        desk.store.confirm("things", built_at=BUILT_AT)
    version = push(desk.store, [thing("1")])
    later = datetime(2026, 5, 6, tzinfo=UTC)
    desk.store.confirm("things", built_at=later)
    confirmed = replace(version, built_at=later)
    assert desk.store.held()["things"].version == confirmed
    assert desk.find("id", "1").version == confirmed


@pytest.mark.parametrize("anew", [False, True])
def test_the_version_before_can_be_brought_back_once(desk: Desk, *, anew: bool) -> None:
    first = push(
        desk.store, [thing("1", name="a"), thing("2", name="b"), tombstone("3")]
    )
    definition = replace(THINGS, indexes=(Index("title"), *THINGS.indexes[1:]))
    second = push(desk.store, [thing("4", shelf="s")], anew=anew, definition=definition)
    if anew:
        assert desk.body("id", "1") == "missing"
    assert desk.store.held()["things"].previous == first
    assert desk.store.roll_back("things") == first
    held = desk.store.held()["things"]
    assert (held.version, held.previous, held.is_rolled_back) == (first, None, True)
    assert held.definition == THINGS
    assert desk.body("name", "a") == record("1")
    assert desk.body("id", "3") == "gone"
    assert desk.body("id", "4") == "missing"
    assert desk.body("shelf", "s") == '{"records":[]}'
    with pytest.raises(StoreError, match="no version before this one is kept"):
        desk.store.roll_back("things")
    third = push(desk.store, [thing("5")])
    assert (third.number, second.number) == (3, 2)
    assert not desk.store.held()["things"].is_rolled_back


def test_a_new_definition_reorders_the_lists_it_puts(desk: Desk) -> None:
    rows = [
        thing(key, shelf="s", order=(rank, 0))
        for key, rank in zip("abc", (2, 1, 3), strict=True)
    ]
    push(desk.store, rows)
    falling = Index("shelf", is_list=True, order=("rank desc", "score desc"), most=2)
    definition = replace(THINGS, indexes=(THINGS.indexes[0], falling))
    # Its hash covers the definition, so every row of the mart comes again.
    again = [(key, payload, "ab" * 16) for key, payload, _ in rows]
    elsewhere = [thing(key, shelf="s", order=(9, 9)) for key in "abc"]
    push(desk.store, [*elsewhere, *again], definition=definition)
    found = desk.body("shelf", "s")
    assert found == f'{{"records":[{record("c")},{record("a")}]}}'
    desk.store.roll_back("things")
    wanted = ",".join(record(key) for key in "bac")
    assert desk.body("shelf", "s") == f'{{"records":[{wanted}]}}'


def test_a_dropped_collection_leaves_the_others(desk: Desk) -> None:
    other = replace(THINGS, collection="others")
    push(desk.store, [thing("1", name="a")])
    push(desk.store, [thing("2")], definition=other)
    desk.store.drop("things")
    desk.store.drop("never")
    assert set(desk.store.held()) == {"others"}
    assert desk.find("id", "1").kind == "unknown"
    assert desk.find("id", "2", "others").kind == "record"
    assert push(desk.store, [thing("3")]).records == 1
    assert desk.body("id", "1") == desk.body("name", "a") == "missing"


def test_a_user_may_stand_before_the_indexes(desk: Desk) -> None:
    rows = []
    for key, indexes in (("1", '[["name","a"]]'), ("2", "[]")):
        rest = f'"indexes":{indexes},"record":{record(key)}}}'
        rows.append((key, f'{{"user_key":"é\\"{key}",{rest}', "ab" * 16))
    push(desk.store, rows)
    assert desk.body("name", "a") == desk.body("id", "1") == record("1")
    assert desk.body("id", "2") == record("2")
    assert sorted(desk.store.rows("things")) == [row[:2] for row in rows]
    push(desk.store, [thing("1", name="b")])
    assert (desk.body("name", "a"), desk.body("name", "b")) == ("missing", record("1"))


@pytest.mark.parametrize(
    "payload",
    [
        '{"record":{}}',
        '{"indexes":[["name","a"]] ,"record":{}}',
        '{"indexes":{},"record":{}}',
        '{"indexes":[["name","a"]',
        '{"indexes":[["other","a"]],"record":{}}',
        '{"indexes":[["name"]],"record":{}}',
        '{"indexes":[["name",1]],"record":{}}',
        '{"indexes":[["shelf","a",[1]]],"record":{}}',
        '{"indexes":[["shelf","a"]],"record":{}}',
    ],
)
def test_a_payload_of_another_form_is_refused(desk: Desk, payload: str) -> None:
    push(desk.store, [thing("1")])
    with pytest.raises(StoreError, match=r"[Bb]uild the project"):
        push(desk.store, [("1", payload, "ab")])
    assert desk.body("id", "1") == record("1")


def test_keys_are_kept_found_and_revoked(desk: Desk) -> None:
    def find(key_id: str) -> AccessKey | None:
        return desk.loop.run(desk.store.keys.find(key_id))

    now = datetime.now(UTC)
    _, first = new_key(name="one", collections=("things",), created_at=now)
    _, second = new_key(
        name="two",
        collections=("things", "others"),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        fields={"things": ("id",)},
        expires_at=now,
    )
    assert desk.store.keys.all() == []
    assert find(first.id) is None
    desk.store.keys.add(first)
    desk.store.keys.add(second)
    assert desk.store.keys.all() == [second, first]
    assert (find(first.id), find(second.id), find("")) == (first, second, None)
    assert desk.store.keys.revoke(first.id)
    assert not desk.store.keys.revoke("unknown")
    assert [key.revoked_at is None for key in desk.store.keys.all()] == [True, False]


def test_a_reader_warms_without_a_change(desk: Desk) -> None:
    push(desk.store, [thing("1")])
    desk.loop.run(desk.reader.warm())
    assert desk.body("id", "1") == record("1")
