"""A push goes on from the version that its plan saw, and from no other one."""

from __future__ import annotations

from typing import Any

import pytest

from runner.store import Store, StoreError

from .conftest import Desk
from .test_erasing import everything
from .things import BUILT_AT, THINGS, push, record, thing

CHANGED = "collection things has changed since the plan was made. Push again."


def refused(store: Store, *, anew: bool, after: str | None) -> bool:
    """Whether a push is refused before anything of it can be put; it puts one thing."""
    before, said = store.held(), ""
    try:
        with store.fill(
            THINGS, run_id="new", built_at=BUILT_AT, anew=anew, after=after
        ) as filling:
            filling.put([thing("2")])
            filling.commit()
    except StoreError as error:
        said = str(error)
    if not said:
        assert store.held()["things"].version.run_id == "new"
        return False
    assert said.startswith(store.url)
    assert said.endswith(CHANGED)
    assert store.held() == before
    return True


@pytest.mark.parametrize("anew", [False, True])
def test_a_push_goes_on_from_the_version_its_plan_saw(
    desk: Desk, *, anew: bool
) -> None:
    push(desk.store, [thing("1")], run_id="old")
    push(desk.store, [thing("1", 2)], run_id="seen")
    for other in ("old", "", None):
        assert refused(desk.store, anew=anew, after=other)
    assert desk.store.held()["things"].previous is not None
    assert desk.body("id", "1") == record("1", 2)
    assert not refused(desk.store, anew=anew, after="seen")
    assert desk.body("id", "1") == ("missing" if anew else record("1", 2))


def test_a_collection_that_is_not_held_is_loaded_by_a_plan_that_saw_none(
    desk: Desk,
) -> None:
    assert refused(desk.store, anew=True, after="seen")
    # Changes alone are not the collection.
    assert refused(desk.store, anew=False, after="seen")
    assert refused(desk.store, anew=False, after=None)
    assert desk.store.held() == {}
    assert not refused(desk.store, anew=True, after=None)


def test_no_changes_lie_on_a_version_that_was_rolled_back_to(desk: Desk) -> None:
    push(desk.store, [thing("1")], run_id="seen")
    push(desk.store, [thing("1", 2)], run_id="second")
    desk.store.roll_back("things")
    assert refused(desk.store, anew=False, after="seen")
    assert not refused(desk.store, anew=True, after="seen")


def test_a_push_that_another_one_overtook_is_refused(desk: Desk) -> None:
    push(desk.store, [thing("1")], run_id="seen")
    assert not refused(desk.store, anew=False, after="seen")
    assert refused(desk.store, anew=False, after="seen")


@pytest.mark.parametrize("anew", [False, True])
def test_the_version_before_is_given_up_for_good(desk: Desk, *, anew: bool) -> None:
    push(desk.store, [thing("1", "secret", name="a", shelf="s"), thing("2")])
    version = push(desk.store, [thing("1", 2, name="b")], anew=anew, removed=["2"])
    desk.store.give_up_before("things")
    held = desk.store.held()["things"]
    assert (held.version, held.previous) == (version, None)
    assert not any(b"secret" in each for each in everything(desk.store))
    with pytest.raises(StoreError, match="no version before this one is kept"):
        desk.store.roll_back("things")
    assert desk.body("name", "b") == desk.body("id", "1") == record("1", 2)
    assert desk.body("name", "a") == desk.body("id", "2") == "missing"
    push(desk.store, [thing("1", 3, name="a")], run_id="third")
    assert desk.store.roll_back("things") == version
    assert desk.body("name", "b") == record("1", 2)


def test_no_version_before_is_no_error(desk: Desk) -> None:
    desk.store.give_up_before("things")
    assert desk.store.held() == {}
    push(desk.store, [thing("1")])
    before: Any = desk.store.held()
    desk.store.give_up_before("things")
    assert desk.store.held() == before
    push(desk.store, [thing("1", 2)])
    desk.store.roll_back("things")
    desk.store.give_up_before("things")
    assert desk.store.held()["things"].is_rolled_back
    assert desk.body("id", "1") == record("1")
