"""An Avro schema as the columns of a table, each with the reader of its values.

Refuses what could harm the reader: types that contain themselves, arrays of nothing,
schemas that unfold to thousands of nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from . import values
from .container import Refused
from .values import Reader

ID = "id"
"""The field by which an event is loaded exactly once."""
OURS = ("_file", "_hour", "_loaded_at")
"""Columns that the loader adds."""

MOST_NODES = 5_000
MOST_DEPTH = 32

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FULL_NAME = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)

_PRIMITIVES: dict[str, tuple[str, Reader, int]] = {
    "null": ("null", values.read_null, 0),
    "boolean": ("boolean", values.read_boolean, 1),
    "int": ("bigint", values.read_long, 1),
    "long": ("bigint", values.read_long, 1),
    "float": ("double", values.read_float, 4),
    "double": ("double", values.read_double, 8),
    "string": ("varchar", values.read_string, 1),
    "bytes": ("varchar", values.read_bytes, 1),
}
"""Avro's name -> (SQL type, reader, fewest bytes of a value)."""

JSON_KINDS = frozenset({"record", "array", "map"})


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the record: one column of the table."""

    name: str
    type: str
    """varchar, bigint, double, boolean or json."""
    read: Reader
    is_string: bool
    is_nullable: bool
    """A union of null and one other, in that order; `read` is then the other's reader.
    Nearly all fields of Currents are that."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A type that has been understood."""

    type: str
    read: Reader
    bytes: int
    """The fewest that a value takes."""
    nodes: int


def columns_of(schema: Any) -> tuple[Column, ...]:
    """The columns of a file's record, or Refused."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        msg = "the schema is no record"
        raise Refused(msg)
    root, space = _full_name(schema, "")
    walk = _Walk({root: None})
    found = []
    for name, kind in _fields(schema):
        is_nullable = isinstance(kind, list) and len(kind) == 2 and kind[0] == "null"
        inner = kind[1] if is_nullable else kind
        node = walk.node(inner, space, 0)
        sql = "varchar" if node.type == "null" else node.type
        found.append(
            Column(name.lower(), sql, node.read, _is_string(inner), is_nullable)
        )
    names = [column.name for column in found]
    doubled = {name for name in names if names.count(name) > 1 or name in OURS}
    if doubled:
        msg = f"a field's name is taken: {min(doubled)}"
        raise Refused(msg)
    if (ID, "varchar") not in [(column.name, column.type) for column in found]:
        msg = f"the schema has no text {ID}, so nothing tells its events apart"
        raise Refused(msg)
    return tuple(found)


def common(one: str, other: str) -> str:
    """The SQL type that holds the values of both."""
    if other in (one, "null"):
        return one
    if one == "null":
        return other
    if {one, other} == {"bigint", "double"}:
        return "double"
    return "varchar" if "json" not in (one, other) else "json"


def _is_string(kind: Any) -> bool:
    return kind == "string" or (isinstance(kind, dict) and kind.get("type") == "string")


def _fields(schema: dict[str, Any]) -> list[tuple[str, Any]]:
    fields = schema.get("fields")
    if not isinstance(fields, list):
        msg = "a record of the schema has no fields"
        raise Refused(msg)
    found = []
    for each in fields:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 200:
            msg = "a field of the schema has no proper name"
            raise Refused(msg)
        found.append((name, each.get("type")))
    return found


@dataclass(slots=True)
class _Walk:
    """Goes through a schema once, counting what it unfolds to."""

    named: dict[str, _Node | None] = field(default_factory=dict)
    """Full name -> its node, or None while the walk is still inside it."""
    total: int = 0

    def node(self, kind: Any, space: str, depth: int) -> _Node:
        """Understand one type."""
        if depth > MOST_DEPTH:
            msg = f"the schema is nested deeper than {MOST_DEPTH} levels"
            raise Refused(msg)
        node = self._node(kind, space, depth)
        self.total += 1
        if max(self.total, node.nodes) > MOST_NODES:
            msg = f"the schema has more than {MOST_NODES:,} parts"
            raise Refused(msg)
        return node

    def _node(self, kind: Any, space: str, depth: int) -> _Node:
        if isinstance(kind, list):
            return self._union(kind, space, depth)
        if isinstance(kind, str):
            return self._word(kind, space)
        word = kind.get("type") if isinstance(kind, dict) else None
        if isinstance(word, dict | list):
            return self.node(word, space, depth + 1)
        if word in ("record", "error", "enum", "fixed"):
            return self._definition(kind, space, depth)
        if word in ("array", "map"):
            item = self.node(
                kind.get("items" if word == "array" else "values"), space, depth + 1
            )
            if word == "array" and not item.bytes:
                msg = "the schema has an array whose items take no bytes"
                raise Refused(msg)
            make = values.array_reader if word == "array" else values.map_reader
            return _Node("json", make(item.read), 1, item.nodes + 1)
        return self._word(word, space)

    def _word(self, word: Any, space: str) -> _Node:
        if isinstance(word, str) and word in _PRIMITIVES:
            return _Node(*_PRIMITIVES[word], nodes=1)
        if isinstance(word, str):
            for name in (f"{space}.{word}", word):
                if name in self.named:
                    node = self.named[name]
                    if node is None:
                        msg = "the schema has a type that contains itself"
                        raise Refused(msg)
                    return node
        msg = "the schema names a type that it does not define"
        raise Refused(msg)

    def _union(self, kinds: list[Any], space: str, depth: int) -> _Node:
        branches = [self.node(kind, space, depth + 1) for kind in kinds]
        if not branches:
            msg = "the schema has a union of nothing"
            raise Refused(msg)
        sql = "null"
        for branch in branches:
            sql = common(sql, branch.type)
        read = values.union_reader([branch.read for branch in branches])
        return _Node(sql, read, 1, 1 + sum(branch.nodes for branch in branches))

    def _definition(self, kind: dict[str, Any], space: str, depth: int) -> _Node:
        """A record, an enum or a fixed, to which others may refer by its name."""
        name, inner = _full_name(kind, space)
        if name in self.named:
            msg = "the schema defines a type twice"
            raise Refused(msg)
        self.named[name] = None
        node = self._defined(kind, inner, depth)
        self.named[name] = node
        return node

    def _defined(self, kind: dict[str, Any], space: str, depth: int) -> _Node:
        if kind["type"] == "enum":
            symbols = kind.get("symbols")
            if not isinstance(symbols, list) or not all(
                isinstance(symbol, str) for symbol in symbols
            ):
                msg = "an enum of the schema has no symbols"
                raise Refused(msg)
            return _Node("varchar", values.enum_reader(symbols), 1, 1)
        if kind["type"] == "fixed":
            size = kind.get("size")
            if not isinstance(size, int) or size < 0:
                msg = "a fixed type of the schema has no size"
                raise Refused(msg)
            return _Node("varchar", values.fixed_reader(size), size, 1)
        fields = [
            (name, self.node(field_kind, space, depth + 1))
            for name, field_kind in _fields(kind)
        ]
        return _Node(
            "json",
            values.record_reader([(name, node.read) for name, node in fields]),
            sum(node.bytes for _, node in fields),
            1 + sum(node.nodes for _, node in fields),
        )


def _full_name(kind: dict[str, Any], space: str) -> tuple[str, str]:
    """A type's full name and the namespace that holds within it."""
    name, own = kind.get("name"), kind.get("namespace", space)
    if (
        not isinstance(name, str)
        or not _FULL_NAME.fullmatch(name)
        or not isinstance(own, str)
    ):
        msg = "a type of the schema has no proper name"
        raise Refused(msg)
    if "." in name:
        return name, name.rpartition(".")[0]
    return (f"{own}.{name}" if own else name), own
