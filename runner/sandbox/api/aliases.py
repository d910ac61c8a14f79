"""Handles POST /users/alias/new, /users/alias/update and /users/identify.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial as bind
from typing import Any, Final

from .. import identity, partial
from ..calls import Call, Reply, refused
from ..state import State
from ..workspace import alias_key
from .entries import has_texts, is_address, is_whole_alias, problem

Entry = dict[str, Any]
Act = Callable[[Entry], bool]


def new(state: State, call: Call) -> Reply:
    """Give aliases to people, or to new people who have nothing else."""

    def is_good(entry: Any) -> bool:
        return has_texts(entry, "alias_name", "alias_label", optional=("external_id",))

    def act(entry: Entry) -> bool:
        return identity.add_alias(
            state.workspace,
            alias_key(entry),
            external_id=entry.get("external_id"),
            at=call.received.at,
        )

    return _handle(state, call, {"user_aliases": (is_good, act)}, told="aliases")


def update(state: State, call: Call) -> Reply:
    """Change alias names, last entry first: Braze guarantees no order."""

    def is_good(entry: Any) -> bool:
        return has_texts(entry, "alias_label", "old_alias_name", "new_alias_name")

    def act(entry: Entry) -> bool:
        return identity.rename_alias(
            state.workspace,
            entry["alias_label"],
            old=entry["old_alias_name"],
            new=entry["new_alias_name"],
            at=call.received.at,
        )

    arrays = {"alias_updates": (is_good, act)}
    return _handle(state, call, arrays, told="aliases", is_reversed=True)


def identify(state: State, call: Call) -> Reply:
    """Give external ids to those who were known by something else."""

    def is_alias(entry: Any) -> bool:
        return (
            isinstance(entry, dict)
            and entry.keys() == {"external_id", "user_alias"}
            and has_texts({"external_id": entry["external_id"]}, "external_id")
            and is_whole_alias(entry["user_alias"])
        )

    def by_alias(entry: Entry) -> bool:
        return identity.identify_alias(
            state.workspace,
            alias_key(entry["user_alias"]),
            external_id=entry["external_id"],
            at=call.received.at,
        )

    def by_address(kind: identity.Address, entry: Entry) -> bool:
        return identity.identify_address(
            state.workspace,
            kind,
            entry[kind],
            priorities=entry["prioritization"],
            external_id=entry["external_id"],
            at=call.received.at,
        )

    arrays: dict[str, tuple[Callable[[Any], bool], Act]] = {
        "aliases_to_identify": (is_alias, by_alias),
        "emails_to_identify": (
            lambda entry: is_address(entry, "email", "external_id"),
            bind(by_address, "email"),
        ),
        "phone_numbers_to_identify": (
            lambda entry: is_address(entry, "phone", "external_id"),
            bind(by_address, "phone"),
        ),
    }
    return _handle(state, call, arrays)


_COUNTERS: Final = {
    "aliases_to_identify": "aliases",
    "emails_to_identify": "emails",
    "phone_numbers_to_identify": "phone_numbers",
}


def _handle(
    state: State,
    call: Call,
    arrays: Mapping[str, tuple[Callable[[Any], bool], Act]],
    *,
    told: str | None = None,
    is_reversed: bool = False,
) -> Reply:
    """Queue the entries of the arrays that are there; 201 whether or not one acts."""
    body = call.body if isinstance(call.body, dict) else {}
    sent = {name: body[name] for name in arrays if body.get(name) is not None}
    if not sent or body.keys() - sent.keys():
        names = ", ".join(f"'{name}'" for name in arrays)
        return refused(f"The body holds {names} and nothing else")
    for name, items in sent.items():
        if (wrong := problem(items, name, arrays[name][0])) is not None:
            return refused(wrong)
    content: dict[str, Any] = {}
    errors: list[Any] = []
    with state.lock:
        for name, items in sent.items():
            gone = partial.chosen(state, call.received, len(items))
            errors += partial.errors(gone, array=name, fault=call.received.fault)
            good = [item for index, item in enumerate(items) if index not in gone]
            content[f"{told or _COUNTERS[name]}_processed"] = len(good)
            call.received.rejected += len(gone)
            _queue(state, call, good[::-1] if is_reversed else good, arrays[name][1])
    told_errors = {"errors": errors} if errors else {}
    return Reply(201, {**content, "message": "success", **told_errors})


def _queue(state: State, call: Call, entries: list[Entry], act: Act) -> None:
    def act_all() -> None:
        state.meters.ignored += sum(not act(entry) for entry in entries)

    delay = state.settings.delays.visibility
    state.later.put(act_all, at=call.received.at, after=delay)
