"""Judges the names and types of a mart's columns before they become attributes. Pure.

Braze makes an attribute of every name it is sent and fixes its type with the first
value, for good: nothing here can be mended afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """What a problem does to a plan; the gravest first."""

    REFUSED = "refused"
    APPROVABLE = "approvable"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class NameProblem:
    """What is wrong with one attribute, and what to do about it."""

    name: str
    text: str
    ruling: Ruling


_KINDS = {
    "text": "VARCHAR CHAR BPCHAR TEXT STRING ENUM UUID TIME BLOB BIT INTERVAL",
    "number": (
        "TINYINT SMALLINT INTEGER INT BIGINT HUGEINT UTINYINT USMALLINT UINTEGER "
        "UBIGINT UHUGEINT DECIMAL NUMERIC NUMBER FLOAT REAL DOUBLE"
    ),
    "boolean": "BOOLEAN BOOL",
    "time": (
        "DATE DATETIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS TIMESTAMPTZ "
        "TIMESTAMP_NTZ TIMESTAMP_LTZ TIMESTAMP_TZ"
    ),
    "array": "ARRAY LIST",
    "object": "STRUCT MAP OBJECT",
    "JSON": "JSON VARIANT",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}

_IN_WORDS = {"text": "text", "JSON": "JSON", "time": "a time"}
_NESTED = frozenset({"array", "object"})


def kind_of(warehouse_type: str) -> str:
    """Return the kind of JSON value that a column of this type travels as.

    Dates and timestamps are a kind of their own: Braze makes a time of them. Of a JSON
    column only its values could tell more. A type not known here is its own kind.
    """
    text = warehouse_type.strip().upper()
    if text.endswith("]"):
        return "array"
    base = re.split(r"[^\w\"]", text, maxsplit=1)[0]
    return _KIND_OF.get(base, base.lower())


def name_problems(
    seen: Mapping[str, str], now: Mapping[str, str], *, new: Collection[str]
) -> list[NameProblem]:
    """Return what is wrong with the columns of `now`, the gravest first.

    `seen` are the columns that were sent before and `now` those of the mart, name ->
    warehouse type, both without the key; `new` are the names that the model's YAML
    declares `new: true`. Without `seen`, on the first run, every name is new and none
    is asked about. Each is asked about once: after its first run it is among `seen`.
    """
    found = [*_twins(seen, now)]
    refused = {problem.name for problem in found}
    found += _undeclared(seen, now, known={*new, *refused})
    found += _changed_kinds(seen, now)
    found += _vanished(seen, now)
    rulings = list(Ruling)
    return sorted(found, key=lambda problem: rulings.index(problem.ruling))


def _twins(seen: Mapping[str, str], now: Mapping[str, str]) -> Iterator[NameProblem]:
    """Yield the new names that a marketer could not tell from another.

    Two that were both sent before are both in Braze: refusing them would mend nothing.
    """
    owners = {_folded(name): name for name in seen}
    for name in now:
        owner = name if name in seen else owners.setdefault(_folded(name), name)
        if owner in seen and owner != name:
            text = (
                f"{name} would be a second attribute beside {owner}, which Braze has. "
                f"Name the column {owner}."
            )
            yield NameProblem(name, text, Ruling.REFUSED)
        elif owner != name:
            text = (
                f"{name} and {owner} would be two attributes that nobody can tell "
                "apart. Keep one of the columns."
            )
            yield NameProblem(name, text, Ruling.REFUSED)


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def _undeclared(
    seen: Mapping[str, str], now: Mapping[str, str], *, known: Collection[str]
) -> Iterator[NameProblem]:
    if not seen:
        return
    for name in now:
        if name not in seen and name not in known:
            yield NameProblem(
                name,
                f"{name} was never sent, and Braze forgets no name. If it is meant, "
                "write config: {meta: {new: true}} at the column in the model's YAML.",
                Ruling.APPROVABLE,
            )


def _changed_kinds(
    seen: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[NameProblem]:
    for name in now:
        if name not in seen:
            continue
        before, after = kind_of(seen[name]), kind_of(now[name])
        # A JSON column may always have held what its new type says.
        if before == after or {before, after} - _NESTED == {"JSON"}:
            continue
        yield NameProblem(
            name,
            f"{name} was {_in_words(before)} and is now {_in_words(after)}, but Braze "
            "keeps the type of the first value. Give the column another name, or "
            "change the type of the attribute in Braze first.",
            Ruling.APPROVABLE,
        )


def _in_words(kind: str) -> str:
    article = "an" if kind.startswith(tuple("aeiou")) else "a"
    return _IN_WORDS.get(kind, f"{article} {kind}")


def _vanished(seen: Mapping[str, str], now: Mapping[str, str]) -> Iterator[NameProblem]:
    """Never refused: to stop sending an attribute is harmless."""
    kept = {_folded(name) for name in now}
    for name in seen:
        if name not in now and _folded(name) not in kept:
            yield NameProblem(
                name,
                f"{name} left the mart; Braze keeps the values it has. To delete them, "
                "send the column as null once.",
                Ruling.SAID,
            )
