"""Our reader of Avro beside fastavro's, on schemas that nobody thought of."""

from __future__ import annotations

import io
import itertools
import json
import math
import struct
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.currents.layout import EventFile
from runner.currents.readers import ReadFile
from runner.currents.tables import Tables
from runner.currents.values import read_float, read_long
from runner.currents.worker import _convert

PRIMITIVES: dict[str, Any] = {
    "string": st.text(max_size=80),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "bytes": st.binary(max_size=20),
    "null": st.none(),
}
SOLID = ["string", "boolean", "int", "long", "float", "double", "bytes"]


NUMBERS = itertools.count()
"""Avro defines a name once."""


@st.composite
def typed(draw: Any, depth: int = 0) -> tuple[Any, Any]:  # noqa: PLR0911 - one a type
    """A schema and the strategy of its values."""
    kinds = [*SOLID, "nullable", "backwards", "enum", "fixed"]
    if depth < 3:
        kinds += ["array", "map", "record"]
    kind = draw(st.sampled_from(kinds))
    if kind in SOLID:
        return kind, PRIMITIVES[kind]
    name = f"n{next(NUMBERS)}"
    if kind == "enum":
        symbols = ["A", "B", "C"]
        return (
            {"type": "enum", "name": name, "symbols": symbols},
            st.sampled_from(symbols),
        )
    if kind == "fixed":
        size = draw(st.integers(1, 4))
        return (
            {"type": "fixed", "name": name, "size": size},
            st.binary(min_size=size, max_size=size),
        )
    inner, values = draw(typed(depth=depth + 1))
    if kind == "nullable" and not isinstance(inner, list):
        return ["null", inner], st.none() | values
    if kind == "backwards" and not isinstance(inner, list):
        return [inner, "null"], st.none() | values
    if kind == "map":
        keys = st.text(max_size=5)
        return (
            {"type": "map", "values": inner},
            st.dictionaries(keys, values, max_size=3),
        )
    if kind == "record":
        fields = [{"name": "a", "type": inner}, {"name": "b", "type": "long"}]
        return (
            {"type": "record", "name": name, "fields": fields},
            st.fixed_dictionaries({"a": values, "b": PRIMITIVES["long"]}),
        )
    return {"type": "array", "items": inner}, st.lists(values, max_size=4)


@st.composite
def files(draw: Any) -> tuple[Any, list[dict[str, Any]]]:
    """A schema of events and some events of it."""
    kinds = draw(st.lists(typed(), min_size=1, max_size=6))
    names = {f"f{at}": kind for at, kind in enumerate(kinds)}
    fields = [{"name": name, "type": kind} for name, (kind, _) in names.items()]
    schema = {
        "type": "record",
        "name": "Event",
        "fields": [*fields, {"name": "id", "type": "string"}],
    }
    values = st.fixed_dictionaries({name: kind for name, (_, kind) in names.items()})
    rows = draw(st.lists(values, max_size=5))
    return schema, [{**row, "id": f"{at:04}"} for at, row in enumerate(rows)]


def loaded(
    connection: duckdb.DuckDBPyConnection, content: bytes
) -> list[dict[str, Any]]:
    """The rows of a table into which the file was loaded."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "lines.txt")
        found = _convert(io.BytesIO(content), str(lines), 0)
        file = EventFile("x", len(content), "etag", "some.Event", datetime(2026, 1, 1))  # noqa: DTZ001
        connection.execute("drop schema if exists currents cascade")
        tables = Tables(connection, "currents")
        tables.manifest.create()
        read = ReadFile(
            file=file,
            number=0,
            outcome="read",
            rows=found["rows"],
            columns=tuple(found["columns"]),
            is_quoted=found["is_quoted"],
            lines=lines,
        )
        tables.commit([read], datetime(2026, 1, 1))  # noqa: DTZ001
        names = [name for name, _ in found["columns"]]
        rows = connection.execute(
            f"select {', '.join(names)} from currents.some_event order by id"
        ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def wanted(value: Any) -> Any:
    """A value as JSON can hold it: bytes by their digits, no number that is none."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [wanted(item) for item in value]
    if isinstance(value, dict):
        return {key: wanted(item) for key, item in value.items()}
    return value


def bits(value: float) -> bytes:
    """The 32 bits of a number, or nothing where it is beyond them."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return b""


def same(ours: Any, theirs: Any) -> bool:
    """Equal, or the shortest decimal of the same 32 bits."""
    if isinstance(theirs, float) and ours is not None:
        is_single = struct.unpack("<f", bits(theirs) or bytes(4))[0] == theirs
        return bool(ours == theirs) or (is_single and bits(ours) == bits(theirs))
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(
            same(ours[key], theirs[key]) for key in theirs
        )
    return bool(ours == theirs)


def in_column(value: Any, kind: Any) -> Any:
    """What stands in the column of such a type, JSON read back."""
    branches: Sequence[Any] = kind if isinstance(kind, list) else [kind]
    nested = any(
        isinstance(branch, dict) and branch["type"] in ("array", "map", "record")
        for branch in branches
    )
    return json.loads(value) if nested and value is not None else value


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory."""
    with duckdb.connect() as connection:
        yield connection


@given(file=files(), codec=st.sampled_from(["null", "deflate"]))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_file_is_loaded_with_the_values_that_fastavro_reads(
    warehouse: duckdb.DuckDBPyConnection,
    file: tuple[Any, list[dict[str, Any]]],
    codec: str,
) -> None:
    schema, rows = file
    content = io.BytesIO()
    fastavro.writer(content, schema, rows, codec=codec)
    theirs = list(fastavro.reader(io.BytesIO(content.getvalue())))
    kinds = {field["name"]: field["type"] for field in schema["fields"]}

    ours = loaded(warehouse, content.getvalue())

    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        for name, value in other.items():  # type: ignore[union-attr]
            found = in_column(one[name], kinds[name])
            assert same(found, wanted(value)), (name, kinds[name], one[name], value)


@pytest.mark.parametrize(
    "price", [19.99, 0.1, 1.0, 0.3, 16777216.0, -2.5, 123456.79, 1e20, 3.4e38]
)
def test_a_float_is_its_shortest_decimal(price: float) -> None:
    assert read_float(struct.pack("<f", price), 0) == (price, 4)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_keeps_its_bits(value: float) -> None:
    packed = struct.pack("<f", value)
    found, _ = read_float(packed, 0)
    assert struct.pack("<f", found) == packed


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_long_is_read(value: int) -> None:
    content = io.BytesIO()
    fastavro.schemaless_writer(content, "long", value)
    assert read_long(content.getvalue(), 0) == (value, len(content.getvalue()))
