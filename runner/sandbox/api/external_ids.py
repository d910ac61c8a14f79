"""Handles POST /users/external_ids/rename and /users/external_ids/remove.

Must not know headers, keys or sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial as bind
from typing import Any

from .. import identity, partial
from ..calls import Call, Reply, refused
from ..objects import MAX_EXTERNAL_ID_BYTES
from ..state import State
from .entries import has_texts, is_text, problem


def rename(state: State, call: Call) -> Reply:
    """Give people new primary ids; their old ones stay valid until removed."""
    name = "external_id_renames"

    def act(entry: dict[str, str]) -> None:
        identity.rename(
            state.workspace,
            current=entry["current_external_id"],
            new=entry["new_external_id"],
            at=call.received.at,
        )

    def why_not(entry: dict[str, str]) -> str | None:
        return identity.rename_refusal(
            state.workspace,
            current=entry["current_external_id"],
            new=entry["new_external_id"],
        )

    return _handle(
        state,
        call,
        name=name,
        is_good=_is_rename,
        why_not=why_not,
        act=act,
        done="external_ids",
        failed="rename_errors",
    )


def remove(state: State, call: Call) -> Reply:
    """Forget deprecated ids."""
    at = call.received.at
    return _handle(
        state,
        call,
        name="external_ids",
        is_good=is_text,
        why_not=bind(identity.removal_refusal, state.workspace),
        act=bind(identity.remove, state.workspace, at=at),
        done="removed_ids",
        failed="removal_errors",
    )


def _is_rename(entry: Any) -> bool:
    names = ("current_external_id", "new_external_id")
    return has_texts(entry, *names) and all(
        len(entry[name].encode()) <= MAX_EXTERNAL_ID_BYTES for name in names
    )


def _handle(
    state: State,
    call: Call,
    *,
    name: str,
    is_good: Callable[[Any], bool],
    why_not: Callable[[Any], str | None],
    act: Callable[[Any], None],
    done: str,
    failed: str,
) -> Reply:
    """Do what can be done, and name the others by their place in the request."""
    body = call.body
    if not isinstance(body, dict) or body.keys() != {name}:
        return refused(f"The body holds '{name}' and nothing else")
    if (wrong := problem(body[name], name, is_good)) is not None:
        return refused(wrong)
    accepted: list[Any] = []
    errors: list[str] = []
    delay = state.settings.delays.visibility
    with state.lock:
        gone = partial.chosen(state, call.received, len(body[name]))
        for index, entry in enumerate(body[name]):
            why = partial.REFUSED if index in gone else why_not(entry)
            if why is None:
                accepted.append(entry)
                state.later.put(bind(act, entry), at=call.received.at, after=delay)
            else:
                errors.append(f"'{name}' at index {index}: {why}")
        call.received.rejected = len(errors)
    return Reply(201, {done: accepted, failed: errors, "message": "success"})
