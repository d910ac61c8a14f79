"""Every path to a value in a collection's records, and how Liquid writes it. Pure.

Paths come from the records themselves: a definition knows the columns, but not what is
nested in them. Values of records are never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""Members and positions from the record inwards."""

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What Liquid reads after a dot, and Braze as a variable."""


_LIQUID = re.compile(r"\{\{|\}\}|\{%|%\}")
_ADDRESS = re.compile(r"\S+@\S+|(?:\d[ ()./-]*){9}")
"""An e-mail address, or nine digits: a phone number or alike."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that a message can print, and whether it may hold HTML."""

    path: Path
    is_text: bool


def leaves(columns: Iterable[str], payloads: Iterable[str]) -> tuple[Leaf, ...]:
    """Find every path to a value, in the order of the columns, over some records.

    A column that is null in all of them is a path of its own. `payloads` are JSON
    texts as the store holds them; tombstones have no paths. Raises RecursionError for
    a record that is too deep for Python.
    """
    shape: dict[str, Any] = dict.fromkeys(columns)
    for payload in payloads:
        # Of a number only that it is one: some are too long for Python to read.
        found = json.loads(payload, parse_int=_number, parse_float=_number)
        record = found.get("record")
        if record:
            shape = {
                name: _merged(known, record.get(name)) for name, known in shape.items()
            }
    return tuple(
        leaf for name, found in shape.items() for leaf in _leaves((name,), found)
    )


def _number(_: str) -> int:
    return 0


def _merged(known: Any, found: Any) -> Any:
    """A value with the members of both; of a list, one item with those of all items."""
    if isinstance(found, list):
        items = known if isinstance(known, list) else []
        for item in found:
            items = [_merged(items[0] if items else None, item)]
        return items
    if isinstance(found, dict):
        members = dict(known) if isinstance(known, dict) else {}
        for name, value in found.items():
            members[name] = _merged(members.get(name), value)
        return members
    is_text = isinstance(found, str) and not isinstance(known, dict | list)
    return found if known is None or is_text else known


def _leaves(path: Path, found: Any) -> Iterator[Leaf]:
    if isinstance(found, dict) and found:
        for name, value in found.items():
            yield from _leaves((*path, name), value)
    elif isinstance(found, list):
        # An empty list has no first item; the list itself prints as nothing.
        if found:
            yield from _leaves((*path, 0), found[0])
    elif not isinstance(found, dict):
        # Of what is always null nothing is known: it may be text one day.
        yield Leaf(path, is_text=found is None or isinstance(found, str))


def reference(name: str, path: Path) -> str | None:
    """A path in Liquid, such as `record['90_day_summary'].top[0]`.

    None where Liquid has no way to write it, and where a name would be more than a
    name: one that ends what it stands in, or an address that a value made a name.
    """
    text = name
    for step in path:
        if isinstance(step, str) and not _is_name(step):
            return None
        if isinstance(step, int):
            text += f"[{step}]"
        elif PLAIN_NAME.fullmatch(step):
            text += f".{step}"
        elif "'" not in step:
            text += f"['{step}']"
        elif '"' not in step:
            text += f'["{step}"]'
        else:
            return None
    return text


def _is_name(text: str) -> bool:
    """Whether it may be printed: one line, no Liquid of its own, nobody's address."""
    return (
        all(sign.isprintable() for sign in text)
        and not _LIQUID.search(text)
        and not _ADDRESS.search(text)
    )
