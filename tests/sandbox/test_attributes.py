"""What writing attributes does to a profile, and what Braze ignores without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runner.sandbox import Sandbox

from .conftest import Track, customer, post, tracker

Start = Callable[..., Sandbox]
Write = Callable[..., Any]
MISSING = "(not there)"


@pytest.fixture
def write(sandbox: Sandbox, track: Track) -> Write:
    """Write values of one custom attribute in turn; return what is stored."""

    def write_all(*values: Any, merge: bool = False) -> Any:
        for value in values:
            track(customer(it=value, _merge_objects=merge))
        return sandbox.profiles()["customer-1"]["custom_attributes"].get("it", MISSING)

    return write_all


@pytest.fixture
def standard(sandbox: Sandbox, track: Track) -> Write:
    """Write values of one standard field in turn; return what is stored."""

    def write_all(name: str, *values: Any) -> Any:
        for value in values:
            track(customer(**{name: value}))
        return sandbox.profiles()["customer-1"].get(name, MISSING)

    return write_all


@pytest.mark.parametrize(
    "value",
    ["gold", "", True, 0, 5, 5.0, 1.25, -3, "12-1-2021", ["a"], {"k": "v"}, {}, []],
    ids=repr,
)
def test_a_value_is_kept_as_sent(write: Write, value: Any) -> None:
    stored = write(value)
    assert (stored, type(stored)) == (value, type(value))


def test_the_last_write_wins(write: Write) -> None:
    assert write("gold", 5) == 5


def test_other_attributes_stay(sandbox: Sandbox, track: Track) -> None:
    track(customer(plan="gold"), customer(level=2))
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]
    assert stored == {"plan": "gold", "level": 2}


def test_names_are_case_sensitive(sandbox: Sandbox, track: Track) -> None:
    """FIRST_NAME, as Snowflake likes to write it, is a custom attribute."""
    track(customer(FIRST_NAME="Ada"))
    assert sandbox.profiles()["customer-1"]["custom_attributes"] == {
        "FIRST_NAME": "Ada"
    }


def test_null_removes(write: Write) -> None:
    assert write("gold", None) == MISSING


def test_null_removes_a_standard_field(standard: Write) -> None:
    assert standard("first_name", "Ada", None) == MISSING


def test_a_string_of_255_characters_is_stored(write: Write) -> None:
    assert write("x" * 255) == "x" * 255


def test_a_longer_string_leaves_the_value_unchanged(write: Write) -> None:
    assert write("gold", "x" * 256) == "gold"


def test_an_increment_adds(write: Write) -> None:
    assert write(5, {"inc": -2}) == 3


def test_an_increment_starts_at_nothing(write: Write) -> None:
    assert write({"inc": 2}) == 2


@pytest.mark.parametrize("by", [1.5, True, "1", None])
def test_only_integers_increment(write: Write, by: Any) -> None:
    assert write(5, {"inc": by}) == 5


def test_a_string_cannot_be_incremented(write: Write) -> None:
    assert write("gold", {"inc": 1}) == "gold"


def test_array_values_are_unique(write: Write) -> None:
    assert write(["a", "b", "a"]) == ["a", "b"]


def test_true_and_one_are_different_array_values(write: Write) -> None:
    assert write([1, True]) == [1, True]


def test_add_appends(write: Write) -> None:
    assert write(["a"], {"add": ["b"]}) == ["a", "b"]


def test_adding_again_moves_to_the_end(write: Write) -> None:
    assert write(["a", "b", "c"], {"add": ["a"]}) == ["b", "c", "a"]


def test_remove_removes(write: Write) -> None:
    assert write(["a", "b"], {"remove": ["a", "z"]}) == ["b"]


def test_add_and_remove_go_together(write: Write) -> None:
    assert write(["a", "b"], {"add": ["c"], "remove": ["a"]}) == ["b", "c"]


def test_add_starts_an_array(write: Write) -> None:
    assert write({"add": ["a"]}) == ["a"]


def test_an_array_of_500_drops_its_oldest(write: Write) -> None:
    stored = write(list(range(500)), {"add": [500]})
    assert (len(stored), stored[0], stored[-1]) == (500, 1, 500)


def test_an_object_replaces(write: Write) -> None:
    assert write({"a": 1}, {"b": 2}) == {"b": 2}


def test_a_merge_is_deep(write: Write) -> None:
    stored = write({"a": {"x": 1}, "b": 1}, {"a": {"y": 2}}, merge=True)
    assert stored == {"a": {"x": 1, "y": 2}, "b": 1}


@pytest.mark.parametrize(
    "bad",
    [
        {"good": 1, "bad": None},
        {"good": 1, "deep": {"bad": None}},
        {"good": 1, "list": [{"bad": None}]},
        {"good": 1, "at": {"$time": "yesterday"}},
        {"good": 1, "at": {"$time": None}},
        {"good": 1, "at": {"$time": "3001-01-01"}},
        {"good": 1, "long": "x" * 256},
        {"good": 1, "a key": 1},
        {"good": 1, "a.key": 1},
        {"good": 1, "many": ["x" * 200] * 600},
    ],
    ids=lambda bad: repr(bad)[:40],
)
def test_one_bad_inner_value_drops_the_whole_update(write: Write, bad: Any) -> None:
    assert write({"before": 1}, bad, merge=True) == {"before": 1}


def test_a_time_inside_an_object_is_kept(write: Write) -> None:
    value = {"at": {"$time": "2020-05-28"}}
    assert write(value) == value


PETS = [{"id": 1, "name": "Rex"}, {"id": 2, "name": "Tom"}]


def remove(number: int) -> dict[str, Any]:
    """Build one `$remove`."""
    return {"$identifier_key": "id", "$identifier_value": number}


def test_objects_are_added(write: Write) -> None:
    assert write(PETS, {"$add": [{"id": 3}]}) == [*PETS, {"id": 3}]


def test_objects_are_removed_by_a_key(write: Write) -> None:
    assert write(PETS, {"$remove": [remove(1)]}) == PETS[1:]


def test_objects_are_updated_by_a_key(write: Write) -> None:
    change = {**remove(2), "$new_object": {"name": "Tim"}}
    stored = write(PETS, {"$update": [change]}, merge=True)
    assert stored == [PETS[0], {"id": 2, "name": "Tim"}]


def test_an_update_of_objects_needs_merge(write: Write) -> None:
    change = {**remove(2), "$new_object": {"name": "Tim"}}
    assert write(PETS, {"$update": [change]}) == PETS


def test_removing_and_adding_in_one_request_loses_the_new_object(write: Write) -> None:
    """$add runs before $remove, however they are written."""
    steps = {"$remove": [remove(1)], "$add": [{"id": 1, "name": "New"}]}
    assert write(PETS, steps, merge=True) == PETS[1:]


def test_adding_and_updating_in_one_request_updates_the_new_object(
    write: Write,
) -> None:
    change = {**remove(3), "$new_object": {"name": "Kim"}}
    stored = write({"$update": [change], "$add": [{"id": 3}]}, merge=True)
    assert stored == [{"id": 3, "name": "Kim"}]


@pytest.mark.parametrize(
    "steps",
    [
        {"$add": [{"a": None}]},
        {"$add": ["a"]},
        {"$remove": [{"$identifier_key": "id"}]},
        {"$update": [{"$identifier_key": "id", "$identifier_value": 1}]},
    ],
    ids=repr,
)
def test_a_bad_step_drops_the_whole_update(write: Write, steps: Any) -> None:
    assert write(PETS, {"$add": [{"id": 9}], **steps}, merge=True) == PETS


@pytest.mark.parametrize("value", [["a", None], ["a", {"k": 1}], [["a"]]], ids=repr)
def test_an_array_of_anything_else_is_ignored(write: Write, value: Any) -> None:
    assert write("gold", value) == "gold"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "boolean"),
        (1, "number"),
        (1.5, "number"),
        ("gold", "string"),
        ("", "string"),
        ("12345678", "string"),
        ("3001-01-01", "string"),
        ("2021-02-30", "string"),
        ("12-1-2021", "time"),
        ("12/1/2021", "time"),
        ("2026-01-01", "time"),
        ("2026-01-01T10:00:00Z", "time"),
        ("2026-01-01T10:00:00.123+02:00", "time"),
        ("2026-01-01 10:00:00", "time"),
        ({"$time": "2026-01-01"}, "time"),
        ([], "array"),
        (["a", 1], "array"),
        ({"k": 1}, "object"),
        ([{"k": 1}], "array of objects"),
    ],
    ids=repr,
)
def test_the_type_is_told(
    sandbox: Sandbox, track: Track, value: Any, name: str
) -> None:
    """A string that looks like a date becomes a time at Braze."""
    track(customer(it=value))
    types = sandbox.profiles()["customer-1"]["custom_attribute_types"]
    assert types == {"it": name}


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("IT", "IT"),
        ("it", "IT"),
        ("United States", "US"),
        ("USA", "US"),
        ("Narnia", MISSING),
        ("", MISSING),
    ],
)
def test_a_country_is_mapped_or_null(standard: Write, text: str, stored: str) -> None:
    assert standard("country", "DE", text) == stored


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("time_zone", "Europe/Rome", "Mars/Phobos"),
        ("time_zone", "Eastern Time (US & Canada)", "GMT+25"),
        ("dob", "1990-12-31", "31/12/1990"),
        ("dob", "1990-12-31", "1990-02-30"),
        ("dob", "1990-12-31", "19900101"),
        ("gender", "F", "female"),
        ("language", "it", "italiano"),
        ("first_name", "Ada", "x" * 256),
        ("first_name", "Ada", 7),
        ("home_city", "Roma", ["Roma"]),
        ("email_open_tracking_disabled", True, "true"),
        ("date_of_first_session", "2026-01-01T10:00:00Z", "yesterday"),
    ],
)
def test_a_bad_standard_value_is_ignored(
    standard: Write, name: str, good: Any, bad: Any
) -> None:
    assert standard(name, good, bad) == good


def test_a_gender_that_is_a_list_is_ignored(standard: Write) -> None:
    assert standard("gender", ["F"]) == MISSING


def test_a_bad_standard_value_is_still_answered_with_success(track: Track) -> None:
    answer = track(customer(country="Narnia", time_zone="Mars/Phobos"))
    assert answer.json() == {"message": "success", "attributes_processed": 1}


def test_what_is_ignored_is_metered(sandbox: Sandbox, track: Track) -> None:
    """Braze keeps silent; a developer should not have to guess."""
    track(customer(country="Narnia", time_zone="Mars/Phobos"))
    assert sandbox.meters()["ignored"] == 2


def test_an_email_is_stored_in_lower_case(standard: Write) -> None:
    assert standard("email", "Ada@Example.COM") == "ada@example.com"


def test_a_blocklisted_attribute_is_ignored(start: Start) -> None:
    sandbox = start(blocklist={"plan"})
    tracker(sandbox)(customer(plan="gold", level=1))
    assert sandbox.profiles()["customer-1"]["custom_attributes"] == {"level": 1}


def test_a_subscription_group_changes_alone(standard: Write) -> None:
    def group(name: str, state: str) -> dict[str, str]:
        return {"subscription_group_id": name, "subscription_state": state}

    both = [group("a", "subscribed"), group("b", "subscribed")]
    stored = standard("subscription_groups", both, [group("a", "unsubscribed")])
    assert stored == [group("a", "unsubscribed"), group("b", "subscribed")]


def test_an_external_id_sent_as_a_number_is_a_string(
    sandbox: Sandbox, track: Track
) -> None:
    track({"external_id": 1})
    assert list(sandbox.profiles()) == ["1"]


def test_profiles_are_copies(sandbox: Sandbox, track: Track) -> None:
    track(customer(it={"k": [1]}))
    sandbox.profiles()["customer-1"]["custom_attributes"]["it"]["k"].append(2)
    stored = sandbox.profiles()["customer-1"]["custom_attributes"]["it"]
    assert stored == {"k": [1]}


def test_deeply_nested_json_is_not_a_crash(sandbox: Sandbox, track: Track) -> None:
    value: Any = 1
    for _ in range(90):
        value = {"k": value}
    track(customer(it=value, facebook=value))
    answer = post(sandbox, "/users/track", json={"attributes": [customer(it=value)]})
    assert (answer.status_code, len(sandbox.profiles())) == (201, 1)
