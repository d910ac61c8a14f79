"""Histories of pushes, and a dictionary that lives through the same ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from runner.store.entries import record_key

from .conftest import Desk
from .things import BUILT_AT, THINGS, TOMBSTONE, put, record, row, thing

KEYS = ["a", "b", "c", "b\0", "", "日本" * 70, "日本" * 70 + "x", "k" * 120, "ÿ"]
NAMES = ["x", "xy", "", "é", "long " * 60, "long " * 60 + "2", "n\0"]
SHELVES = ["s", "s1", "stretched " * 30]

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**53, 2**53 + 1, 2**53 - 1, -(2**63), 0.5, -0.0]),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.one_of(st.none(), numbers, texts)


@dataclass(frozen=True)
class Thing:
    """What a row says of a thing; None for a tombstone is kept outside of it."""

    value: int
    name: str | None
    shelf: str | None
    order: tuple[Any, Any]

    def row(self, key: str) -> tuple[str, str, str]:
        """The row of a push."""
        return thing(
            key, self.value, name=self.name, shelf=self.shelf, order=self.order
        )


things = st.builds(
    Thing,
    st.integers(0, 99),
    st.none() | st.sampled_from(NAMES),
    st.none() | st.sampled_from(SHELVES),
    st.tuples(values, values),
)
Things = dict[str, Thing | None]


@dataclass(frozen=True)
class Push:
    """One push, or what is done in its place."""

    kind: str
    put: list[tuple[str, Thing | None]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


pushes = st.builds(
    Push,
    st.sampled_from(["change", "change", "anew", "leave", "back", "erase"]),
    st.lists(st.tuples(st.sampled_from(KEYS), st.none() | things), max_size=8),
    st.lists(st.sampled_from(KEYS), max_size=3),
)
histories = st.lists(pushes, min_size=1, max_size=6)
few = settings(
    max_examples=25,
    # Neither a new store for each example nor minutes of looking for a smaller one.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def play(desk: Desk, history: list[Push]) -> None:
    """Do to a store and to a dictionary the same, and compare after each step."""
    desk.store.drop("things")
    now: Things = {}
    before: Things | None = None
    is_there = False
    for each in history:
        if each.kind == "erase":
            desk.store.erase("things", each.removed)
            for key in each.removed:
                now.pop(key, None)
                if before is not None:
                    before.pop(key, None)
        elif each.kind == "back":
            if before is not None:
                desk.store.roll_back("things")
                now, before = before, None
        else:
            was = dict(now)
            is_committed = _push(desk, each, now)
            if is_committed:
                before = was if is_there else None
                is_there = True
            else:
                now = was
        if is_there:
            _compare(desk, now)


def _push(desk: Desk, push: Push, now: Things) -> bool:
    """Push, and do the same to the dictionary; returns whether it was committed."""
    is_anew = push.kind == "anew"
    with desk.store.fill(
        THINGS, run_id="x", built_at=BUILT_AT, anew=is_anew
    ) as filling:
        if is_anew:
            now.clear()
        rows = [
            row(key, TOMBSTONE) if each is None else each.row(key)
            for key, each in push.put
        ]
        put(filling, rows)
        now.update(push.put)
        filling.remove(push.removed)
        for key in push.removed:
            now.pop(key, None)
        if push.kind == "leave":
            return False
        filling.commit()
    return True


def _compare(desk: Desk, now: Things) -> None:
    live = {key: each for key, each in now.items() if each is not None}
    for key in KEYS:
        each = live.get(key)
        miss = "gone" if key in now else "missing"
        assert desk.body("id", key) == (record(key, each.value) if each else miss)
    for name in NAMES:
        # A name of two things is refused before a push; here the first one has it.
        found = min(
            (key for key, each in live.items() if each.name == name),
            key=_last,
            default=None,
        )
        wanted = "missing" if found is None else record(found, live[found].value)
        assert desk.body("name", name) == wanted
    for shelf in SHELVES:
        bodies = [record(key, live[key].value) for key in _ordered(live, shelf)]
        assert desk.body("shelf", shelf) == f'{{"records":[{",".join(bodies)}]}}'
    assert desk.store.held()["things"].version.records == len(live)
    rows = {
        key: TOMBSTONE if each is None else each.row(key)[1]
        for key, each in now.items()
    }
    assert dict(desk.store.rows("things")) == rows


def _ordered(live: dict[str, Thing], shelf: str) -> list[str]:
    """Keys of a shelf by rank, then by score downwards, then by key."""
    found = sorted(
        (key for key, each in live.items() if each.shelf == shelf), key=_last
    )
    ranked = sorted(found, key=lambda key: place(live[key].order[1], -1))
    return sorted(ranked, key=lambda key: place(live[key].order[0], 1))[:5]


def _last(key: str) -> bytes:
    """What decides between things that are equal in all else."""
    stored = record_key(key)
    return stored + bytes([len(stored)])


def place(value: Any, direction: int) -> Any:
    """A value's place in an order, by comparing values one with another."""

    def compare(one: Any, other: Any) -> int:
        if one is None or other is None:
            return (one is None) - (other is None)
        if isinstance(one, str) != isinstance(other, str):
            return direction * (1 if isinstance(one, str) else -1)
        return direction * ((one > other) - (one < other))

    return cmp_to_key(compare)(json.loads(json.dumps(value)))
