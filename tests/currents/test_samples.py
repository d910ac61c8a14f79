"""All event types that Braze documents, from one file of each.

The files are not in the repository: the tests that need them are skipped without them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import fastavro
import pytest

from runner.currents.event_types import KNOWN, table_name

from .files import SAMPLES, Desk, make_desk

TYPES = sorted(path.stem for path in SAMPLES.glob("*.avro"))

pytestmark = pytest.mark.skipif(
    not TYPES, reason=f"no Currents samples in {SAMPLES}; set CURRENTS_DIR to them"
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Any, Any]:
    """Every sample in Braze's layout, loaded once; what the load said; the tables."""
    desk = make_desk(tmp_path_factory.mktemp("samples") / "shop")
    for number, event_type in enumerate(TYPES):
        path = desk.path(event_type, f"2026-11-01-{number % 24:02}")
        shutil.copy(SAMPLES / f"{event_type}.avro", path)
    return desk, desk.load(), desk.tables()


def sample(event_type: str) -> tuple[list[Any], dict[str, Any]]:
    """The fields of a sample's schema, and its one event."""
    with Path(SAMPLES / f"{event_type}.avro").open("rb") as file:
        reader = fastavro.reader(file)
        schema: Any = reader.writer_schema
        (event,) = reader
    return schema["fields"], dict(event)  # type: ignore[arg-type]


def test_the_samples_are_the_types_that_we_know() -> None:
    assert set(TYPES) == KNOWN
    assert len(KNOWN) == 94


def test_every_sample_is_loaded(loaded: tuple[Desk, Any, Any]) -> None:
    _, result, _ = loaded
    assert (result["files"], result["new_events"]) == (94, 94)
    assert not result["quarantined"] + result["partial"] + result["unknown_types"]
    assert sum(result["future_events"].values()) > 80


@pytest.mark.parametrize("event_type", TYPES)
def test_a_sample_has_the_values_that_fastavro_reads(
    loaded: tuple[Desk, Any, Any], event_type: str
) -> None:
    fields, event = sample(event_type)
    names, (row,) = loaded[2][table_name(event_type)]
    found = dict(zip(names, row, strict=True))

    assert set(found) == {field["name"] for field in fields}
    for name, wanted in event.items():
        value = found[name]
        if isinstance(wanted, list):
            assert json.loads(value) == wanted, name
        elif isinstance(wanted, float):
            assert value == pytest.approx(wanted, rel=1e-6), name
            assert len(repr(value)) <= 10, name
        else:
            assert (value, type(value)) == (wanted, type(wanted)), name


def test_loading_the_samples_twice_changes_nothing(
    loaded: tuple[Desk, Any, Any],
) -> None:
    desk, _, before = loaded

    again = desk.load()

    assert (again["files"], again["known_files"]) == (0, 94)
    assert desk.tables() == before
