"""What a store notes about a collection: which slot is shown, and what came before.

Each collection has two slots. A push that is anew loads the one that is not shown; any
other push changes the one that is, and notes in the undo what it replaces.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from .definition import Definition, Held, Version
from .errors import StoreError

FORMAT = 1
"""Rises when an older program could not read what this one writes."""


class Unchecked(Enum):
    """What a push says that goes on from whatever is there."""

    ANY = "any"


ANY: Final = Unchecked.ANY
After: TypeAlias = str | Literal[Unchecked.ANY] | None
"""The run whose version a plan saw; None where it saw no such collection."""


@dataclass(frozen=True, slots=True)
class Before:
    """The version before, and where its records are."""

    definition: Definition
    version: Version
    kept: Literal["slot", "undo"]


@dataclass(frozen=True, slots=True)
class State:
    """All that is noted about a collection."""

    definition: Definition
    version: Version
    slot: str
    last_number: int
    """The highest number a version ever had: none means two things."""
    before: Before | None = None
    is_rolled_back: bool = False
    over: Definition | None = None
    """Redis alone: what the slot was put by, while changes lie over it that are not
    worked into it yet."""

    @property
    def held(self) -> Held:
        """What people may know of it."""
        before = self.before
        return Held(
            self.definition,
            self.version,
            before.version if before else None,
            self.is_rolled_back,
        )

    @property
    def other_slot(self) -> str:
        """The slot that is not shown."""
        return other(self.slot)

    def text(self) -> str:
        """JSON text that `read_state` reads back."""
        before = self.before
        return json.dumps(
            {
                "definition": self.definition.text(),
                "version": _members(self.version),
                "slot": self.slot,
                "last_number": self.last_number,
                "before": before
                and {
                    "definition": before.definition.text(),
                    "version": _members(before.version),
                    "kept": before.kept,
                },
                "is_rolled_back": self.is_rolled_back,
                "over": self.over and self.over.text(),
            }
        )


def other(slot: str) -> str:
    """The other one of the two slots."""
    return "b" if slot == "a" else "a"


def read_state(text: bytes | str) -> State:
    """Read what `State.text` wrote; raises StoreError for anything else."""
    try:
        found = json.loads(text)
        before = found["before"]
        return State(
            definition=Definition.read(found["definition"]),
            version=_version(found["version"]),
            slot=found["slot"],
            last_number=found["last_number"],
            before=before
            and Before(
                Definition.read(before["definition"]),
                _version(before["version"]),
                before["kept"],
            ),
            is_rolled_back=found["is_rolled_back"],
            over=found["over"] and Definition.read(found["over"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        msg = (
            "The store is damaged: its notes about a collection cannot be read. "
            "Rebuild the store from nothing (docs/personalization.md)."
        )
        raise StoreError(msg) from None


def check_after(
    held: State | None, collection: str, after: After, *, anew: bool
) -> None:
    """Raise StoreError when what is held is not what the plan of a push saw.

    Changes need a version to lie on, and never lie on one that was rolled back to.
    """
    if after is ANY:
        return
    if held is None:
        is_as_seen = after is None and anew
    else:
        is_as_seen = held.version.run_id == after and (anew or not held.is_rolled_back)
    if not is_as_seen:
        msg = (
            f"collection {collection} has changed since the plan was made. Push again."
        )
        raise StoreError(msg)


def next_state(
    held: State | None,
    definition: Definition,
    *,
    run_id: str,
    built_at: datetime,
    records: int,
    slot: str,
) -> State:
    """The state that a push leaves behind; the one it found is the version before."""
    number = held.last_number + 1 if held else 1
    version = Version(number, run_id, datetime.now(UTC), built_at, records)
    before = None
    if held:
        kept: Literal["slot", "undo"] = "undo" if held.slot == slot else "slot"
        before = Before(held.definition, held.version, kept)
    return State(definition, version, slot, number, before)


def without_before(state: State) -> State:
    """The state once the version before is given up."""
    return replace(state, before=None)


def rolled_back(state: State | None, collection: str) -> State:
    """The state before; raises StoreError when it is not kept."""
    if state is None or state.before is None:
        msg = (
            f"Collection '{collection}': no version before this one is kept. A store "
            "keeps one, and gives it up when it is rolled back to. Push again instead."
        )
        raise StoreError(msg)
    before = state.before
    return replace(
        state,
        definition=before.definition,
        version=before.version,
        slot=state.other_slot if before.kept == "slot" else state.slot,
        before=None,
        is_rolled_back=True,
    )


def confirmed(state: State | None, collection: str, built_at: datetime) -> State:
    """The same records, known to be as fresh as that."""
    if state is None:
        msg = f"Collection '{collection}' is not in the store. Push it."
        raise StoreError(msg)
    return replace(state, version=replace(state.version, built_at=built_at))


def fewer(state: State, *, shown: int, before: int) -> State:
    """The state after so many records were erased from each version."""
    was = state.before
    if was:
        count = was.version.records - before
        was = replace(was, version=replace(was.version, records=count))
    count = state.version.records - shown
    return replace(state, version=replace(state.version, records=count), before=was)


def check_format(found: bytes | None, url: str) -> None:
    """Raise StoreError when a store was written by another program than this."""
    if found == str(FORMAT).encode():
        return
    number = found.decode("ascii", "replace") if found else "none"
    is_newer = found is not None and found.isdigit() and int(found) > FORMAT
    what = "a newer" if is_newer else "an older" if number.isdigit() else "another"
    remedy = "Upgrade this program" if is_newer else "Remove it and push again"
    msg = (
        f"{url}: the store was written by {what} program (format {number}, this one "
        f"reads {FORMAT}). {remedy}."
    )
    raise StoreError(msg)


def _members(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "run_id": version.run_id,
        "pushed_at": version.pushed_at.isoformat(),
        "built_at": version.built_at.isoformat(),
        "records": version.records,
    }


def _version(members: dict[str, Any]) -> Version:
    return Version(
        number=members["number"],
        run_id=members["run_id"],
        pushed_at=datetime.fromisoformat(members["pushed_at"]),
        built_at=datetime.fromisoformat(members["built_at"]),
        records=members["records"],
    )
