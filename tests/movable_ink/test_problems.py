"""What Movable Ink would refuse or take wrongly has a problem before it leaves."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.runner.rendering import CompilerError

from .warehouse import NOW, Warehouse, dbt

IDENTIFY = {"event": "identify", "anonymous_id": "a1", "properties": None}


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    return Warehouse(emails=("Ada@example.com",))


PROBLEMS: list[tuple[str | None, dict[str, Any]]] = [
    (None, {}),
    (None, {"event": "wishlist_add", "properties": None}),
    (None, IDENTIFY),
    ("event is missing", {"event": ""}),
    ("event is not of small letters", {"event": "Product Viewed"}),
    ("user_id and anonymous_id are both missing", {"user_id": ""}),
    ("identify needs a user_id", IDENTIFY | {"user_id": None}),
    ("identify needs an anonymous_id", IDENTIFY | {"anonymous_id": ""}),
    ("anonymous_id is an e-mail address", {"user_id": None, "anonymous_id": "a@b.c"}),
    *(
        (
            "anonymous_id is the hash of an e-mail address",
            {"user_id": None, "anonymous_id": hashed},
        )
        for hashed in (
            hashlib.md5(b"ada@example.com").hexdigest(),
            hashlib.md5(b"Ada@example.com").hexdigest(),
            hashlib.sha1(b"ada@example.com").hexdigest().upper(),
            hashlib.sha256(b"ada@example.com").hexdigest(),
        )
    ),
    (None, {"user_id": None, "anonymous_id": hashlib.md5(b"a cookie").hexdigest()}),
    ("timezone is missing", {"timezone": None}),
    ("timezone is not an IANA name", {"timezone": "Mars/Olympus"}),
    ("timezone is not an IANA name", {"timezone": "-05:00"}),
    ("occurred_at lies in the future", {"minutes_ago": -10}),
    (None, {"minutes_ago": -3}),
    (None, {"minutes_ago": 30 * 24 * 60 - 5}),
    ("occurred_at is more than 30 days ago", {"minutes_ago": 30 * 24 * 60 + 5}),
    ("properties is not an object", {"properties": [1]}),
    ("search needs query, a text that is not empty", {"properties": {}}),
    ("search: query is not a text that is not empty", {"properties": {"query": 5}}),
    ("properties: meta is not an object", {"properties": {"query": "q", "meta": [1]}}),
    (
        "a number is NaN or infinite",
        {"event": "other", "properties": {"n": 1e308 * 10}},
    ),
]


@pytest.fixture(scope="module")
def problems() -> dict[str, str | None]:
    """What is wrong with each of them, side by side."""
    warehouse = Warehouse(emails=("Ada@example.com",))
    warehouse.events(*(event for _, event in PROBLEMS))
    return warehouse.problems()


@pytest.mark.parametrize("number", range(len(PROBLEMS)))
def test_an_event_that_is_not_as_agreed_is_named(
    problems: dict[str, str | None], number: int
) -> None:
    problem, _ = PROBLEMS[number]
    found = problems[f"e{number}"]

    assert (found is None) if problem is None else (found or "").startswith(problem)


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        (f"epoch_ms({NOW})", None),
        (f"cast(epoch_ms({NOW}) as hugeint)", None),
        (f"cast(epoch_ms({NOW}) // 1000 as integer)", "occurred_at has 10 digits"),
        (f"epoch_ms({NOW}) * 1000", "occurred_at is not in epoch milliseconds"),
        ("-1", "occurred_at is not in epoch milliseconds"),
        ("'1767225600000'", "occurred_at is neither a timestamp nor a whole number"),
        ("1767225600000.5", "occurred_at is neither a timestamp nor a whole number"),
        ("timestamp 'infinity'", "occurred_at is neither a timestamp"),
        ("null", "occurred_at is null"),
        ("now()", None),
    ],
)
def test_a_moment_is_a_timestamp_or_epoch_milliseconds(
    warehouse: Warehouse, moment: str, problem: str | None
) -> None:
    warehouse.events({})
    warehouse.mart(f"select * replace ({moment} as occurred_at) from db.ledger.given")
    (row,) = warehouse.pending()

    if problem is None:
        assert row["problem"] is None
        timestamp = json.loads(row["payload"])["timestamp"]
        assert isinstance(timestamp, int)
        assert len(str(timestamp)) == 13
    else:
        assert row["problem"].startswith(problem)


def test_a_moment_that_has_come_is_offered_again(warehouse: Warehouse) -> None:
    """What was set aside as ahead must not stay aside for ever."""
    warehouse.events({"minutes_ago": -10})
    (ahead,) = warehouse.pending()
    warehouse.refuse(ahead, attempts=3)
    assert warehouse.pending() == []

    warehouse.mart(
        "select * replace (occurred_at - interval 10 minute as occurred_at) "
        "from db.ledger.given"
    )
    assert [row["problem"] for row in warehouse.pending()] == [None]


@pytest.mark.parametrize(
    ("first_run", "offered"),
    [(None, ["e0", "e2"]), (2, ["e0", "e2"]), (4, ["e0", "e1", "e2"])],
)
def test_what_was_too_old_before_the_first_push_is_history(
    first_run: int | None, offered: list[str]
) -> None:
    """What became too old since is listed."""
    warehouse = Warehouse(first_run=first_run)
    warehouse.events({}, {"minutes_ago": 33 * 24 * 60}, {})
    # Seconds are a mistake and no history.
    warehouse.mart(
        "select * replace (case when event_key = 'e2' then 1767225600 "
        "else epoch_ms(occurred_at) end as occurred_at) from db.ledger.given"
    )
    problems = warehouse.problems()

    assert sorted(problems) == offered
    assert problems.get("e1") in {None, "occurred_at is more than 30 days ago"}
    assert (problems["e2"] or "").startswith("occurred_at has 10 digits")


def test_nobody_is_left_out_of_known_and_visitors_of_all() -> None:
    mixed = ({}, {"user_id": None, "anonymous_id": "a1"}, {"user_id": ""})
    known, everyone = Warehouse(users="known"), Warehouse(users="all")
    for warehouse in (known, everyone):
        warehouse.events(*mixed)

    assert list(known.problems()) == ["e0"]
    assert everyone.problems() == {
        "e0": None,
        "e1": None,
        "e2": "user_id and anonymous_id are both missing",
    }


def test_an_event_is_sent_once_whatever_becomes_of_it() -> None:
    warehouse = Warehouse()
    warehouse.events({})
    (row,) = warehouse.pending()
    warehouse.send(row)
    warehouse.events({"timezone": "Europe/Berlin"})

    assert warehouse.pending() == []


def test_who_was_erased_is_not_sent_as_a_known_person_again() -> None:
    warehouse = Warehouse()
    warehouse.events({}, {"user_id": "u2"})
    erased = hashlib.sha256(b"external_id:u1").hexdigest()
    warehouse.run("insert into db.ledger.ledger_suppressed_users values (?)", [erased])

    assert list(warehouse.problems()) == ["e1"]


HASHED = "{{ movable_ink_anonymous_id('cookie') }}"


@pytest.mark.parametrize("salt", ["0123456789abcdef", "it's another salt"])
def test_the_anonymous_id_is_salted(salt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVABLE_INK_SALT", salt)
    sql = f"select {dbt().from_string(HASHED).render()} from (select 'c1' as cookie)"
    ((made,),) = Warehouse().run(sql)

    assert made == hashlib.sha256(f"{salt}:c1".encode()).hexdigest()


@pytest.mark.parametrize("kind", ["view", "ephemeral", "table"])
def test_no_view_keeps_the_salt(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warehouse keeps its SQL, and shows it to whoever may see the view."""
    monkeypatch.setenv("MOVABLE_INK_SALT", "0123456789abcdef")
    asking: dict[str, Any] = {
        "name": "visits",
        "resource_type": "model",
        "config": SimpleNamespace(materialized=kind),
    }
    for name, value in asking.items():
        # In place: the macros hold on to what they were given.
        monkeypatch.setattr(dbt().globals["model"], name, value, raising=False)
    template = dbt().from_string(HASHED)
    if kind == "table":
        assert "0123456789abcdef" in template.render()
        return
    with pytest.raises(CompilerError, match=f"visits: a {kind} would keep MOVABLE"):
        template.render()


@pytest.mark.parametrize(
    ("salt", "said"), [("", "is not set"), ("short", "is shorter than 16 characters")]
)
def test_a_salt_that_anybody_guesses_is_no_salt(
    salt: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVABLE_INK_SALT", salt)
    with pytest.raises(CompilerError, match=f"MOVABLE_INK_SALT {said}"):
        dbt().from_string(HASHED).render()
