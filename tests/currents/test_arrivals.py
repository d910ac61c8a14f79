"""What becomes of files that come twice, late, changed, or not at all whole.

A load takes long beside what a test asks of it. So each scene has an event type of its
own, and all scenes share three loads: a scene writes files, yields, and goes on after
the next load.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from runner.currents.event_types import table_name

from .files import Desk, cut, events, make_desk, write


@dataclass(frozen=True)
class Loaded:
    """A load, as far as it is about one event type."""

    result: Any
    """What the command said, of all types."""
    kind: str
    connection: duckdb.DuckDBPyConnection

    def said(self, word: str) -> list[dict[str, Any]]:
        """The entries of a list of files of the result."""
        part = f"/event_type={self.kind}/"
        return [each for each in self.result[word] if part in each["path"]]

    def sql(self, statement: str) -> list[Any]:
        """Run a statement in which `it` is the table of the type."""
        named = statement.replace(" it ", f" {table_name(self.kind)} ")
        return self.connection.execute(named).fetchall()

    @property
    def files(self) -> list[Any]:
        """(name, rows, new rows, status) of its files in the manifest, by hour."""
        return self.sql(
            "select parse_filename(path), rows, new_rows, status from currents_files "
            f"where event_type = '{self.kind}' order by hour, path"
        )

    @property
    def new(self) -> int:
        """Events that its files have brought until now."""
        return sum(new for _, _, new, _ in self.files)


Scene = Generator[None, Loaded, None]
SCENES: dict[str, Callable[[Desk, str], Scene]] = {}


def scene(play: Callable[[Desk, str], Scene]) -> Callable[[Desk, str], Scene]:
    """Have it played."""
    SCENES[play.__name__] = play
    return play


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exception | None]:
    """How each scene ended: well, or with that error."""
    desk = make_desk(tmp_path_factory.mktemp("arrivals") / "shop")
    kinds = {name: f"users.scene{at}.Open" for at, name in enumerate(SCENES)}
    playing = {name: play(desk, kinds[name]) for name, play in SCENES.items()}
    endings: dict[str, Exception | None] = {}
    for play in playing.values():
        next(play)
    while playing:
        result = desk.load()
        with desk.warehouse() as connection:
            for name, play in list(playing.items()):
                try:
                    play.send(Loaded(result, kinds[name], connection))
                    continue
                except StopIteration:
                    endings[name] = None
                except Exception as error:  # noqa: BLE001 - raised again by its test
                    endings[name] = error
                del playing[name]
    return endings


@scene
def an_event_has_its_fields_its_file_and_its_hour(desk: Desk, kind: str) -> Scene:
    path = write(
        desk.path(kind, "2026-11-01-17"),
        events([1], machine_open="true", reasons=["a", None], Price=19.99, is_amp=True),
        {
            "machine_open": ["null", "string"],
            "reasons": ["null", {"type": "array", "items": ["null", "string"]}],
            "Price": "float",
            "is_amp": ["null", "boolean"],
        },
    )
    loaded = yield

    assert loaded.sql(
        "select id, time, machine_open, reasons, price, is_amp, _file, _hour::varchar, "
        "_loaded_at between now()::timestamp - interval 1 minute and now()::timestamp "
        "from it "
    ) == [
        (
            *("event-1", 1_767_225_601, "true", '["a",null]', 19.99, True),
            *(str(path), "2026-11-01 17:00:00", True),
        )
    ]


@scene
def loading_twice_changes_nothing(desk: Desk, kind: str) -> Scene:
    for number in range(3):
        write(desk.path(kind, offset=number), events(range(number * 5, number * 5 + 9)))
    loaded = yield
    before = loaded.sql("from it order by all"), loaded.files
    known = loaded.result["known_files"]

    loaded = yield

    assert (loaded.sql("from it order by all"), loaded.files) == before
    assert len(before[0]) == 19
    assert loaded.result["known_files"] >= known + 3


@scene
def an_event_in_two_files_of_one_load_is_loaded_once(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, offset=1), events(range(10)))
    write(desk.path(kind, "2026-11-01-03"), events(range(5, 15)))
    loaded = yield

    assert (sum(rows for _, rows, _, _ in loaded.files), loaded.new) == (20, 15)
    assert loaded.sql("select count(*), count(distinct id) from it ") == [(15, 15)]


@scene
def an_event_twice_in_one_file_is_loaded_once(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind), events([1, 2, 1, 1]))
    loaded = yield

    assert loaded.new == 2


@scene
def the_same_id_of_another_type_is_another_event(desk: Desk, kind: str) -> Scene:
    """The scene above has it, too."""
    write(desk.path(kind), events([1]))
    loaded = yield

    assert loaded.new == 1


@scene
def a_late_copy_brings_only_what_is_new(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, "2026-11-01-09"), events(range(10)))
    yield
    write(desk.path(kind, "2026-11-01-02", offset=2), events(range(5, 12)))
    loaded = yield

    assert [each[1:] for each in loaded.files] == [(7, 2, "loaded"), (10, 10, "loaded")]


@scene
def a_new_field_is_a_new_column_by_name(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, schema_id=1), events([1]))
    yield
    write(
        desk.path(kind, schema_id=2, offset=2),
        events([2], browser="Firefox"),
        {"browser": ["null", "string"]},
    )
    write(desk.path(kind, schema_id=1, offset=3), events([3]))
    loaded = yield

    assert loaded.sql("select id, external_user_id, browser from it order by id") == [
        ("event-1", "p1", None),
        ("event-2", "p2", "Firefox"),
        ("event-3", None, None),
    ]


@scene
def a_field_that_becomes_a_fraction_keeps_every_value(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, offset=1), events([1], field=3), {"field": "int"})
    yield
    write(desk.path(kind, offset=2), events([2], field=2.5), {"field": "double"})
    loaded = yield

    assert _field(loaded) == [(3.0, "DOUBLE"), (2.5, "DOUBLE")]


@scene
def a_field_that_becomes_a_text_keeps_every_value(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, offset=1), events([1], field=3), {"field": "int"})
    yield
    write(desk.path(kind, offset=2), events([2], field="x"), {"field": "string"})
    loaded = yield

    assert _field(loaded) == [("3", "VARCHAR"), ("x", "VARCHAR")]


@scene
def a_field_of_two_types_in_one_load_keeps_every_value(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, offset=1), events([1], field=3), {"field": "int"})
    write(desk.path(kind, offset=2), events([2], field=2.5), {"field": "double"})
    loaded = yield

    assert _field(loaded) == [(3.0, "DOUBLE"), (2.5, "DOUBLE")]


@scene
def a_yes_or_a_text_in_one_load_keeps_every_value(desk: Desk, kind: str) -> Scene:
    write(desk.path(kind, offset=1), events([1], field=True), {"field": "boolean"})
    write(desk.path(kind, offset=2), events([2], field="x"), {"field": "string"})
    loaded = yield

    assert _field(loaded) == [("true", "VARCHAR"), ("x", "VARCHAR")]


def _field(loaded: Loaded) -> list[Any]:
    return loaded.sql("select field, typeof(field) from it order by id")


@scene
def a_partial_file_is_left_until_it_is_whole(desk: Desk, kind: str) -> Scene:
    whole = {}
    for at, share in enumerate((0.0001, 0.01, 0.999)):
        numbers = range(at * 400, at * 400 + 400)
        path = write(desk.path(kind, offset=at), events(numbers), codec="null")
        whole[path] = cut(path, share)
    loaded = yield
    assert [each["path"] for each in loaded.said("partial")] == sorted(map(str, whole))
    assert loaded.said("quarantined") == []
    noted = [(path.name, 0, 0, "partial") for path in sorted(whole)]
    assert loaded.files == noted
    moments = "select loaded_at from currents_files where status = 'partial'"
    before = set(loaded.sql(moments))

    loaded = yield
    # Nothing new was to be said of them, so the manifest stays as it was.
    assert (loaded.files, set(loaded.sql(moments)) <= before) == (noted, True)
    assert len(loaded.said("partial")) == 3
    for path, content in whole.items():
        path.write_bytes(content)

    loaded = yield
    assert loaded.said("partial") == []
    assert loaded.files == [(path.name, 400, 400, "loaded") for path in sorted(whole)]


@scene
def a_file_that_grew_by_a_block_brings_the_rest(desk: Desk, kind: str) -> Scene:
    path = write(desk.path(kind), events(range(3)))
    yield
    write(path, events(range(8)))
    loaded = yield

    assert loaded.files == [(path.name, 8, 8, "loaded")]
    assert loaded.sql("select count(*) from it ") == [(8,)]


@scene
def a_file_without_events_is_loaded(desk: Desk, kind: str) -> Scene:
    path = write(desk.path(kind), [])
    loaded = yield

    assert loaded.files == [(path.name, 0, 0, "loaded")]


@scene
def a_quarantined_file_that_was_mended_is_loaded(desk: Desk, kind: str) -> Scene:
    path = desk.path(kind)
    path.write_bytes(b"nothing that anybody can read")
    loaded = yield
    assert loaded.said("quarantined") == [
        {"path": str(path), "reason": "this is no Avro file"}
    ]
    assert loaded.files == [(path.name, 0, 0, "quarantined")]

    loaded = yield
    assert loaded.said("quarantined") == [], "it is not looked at again"
    write(path, events([1]))

    loaded = yield
    assert loaded.files == [(path.name, 1, 1, "loaded")]


@scene
def rows_of_the_future_are_loaded_and_told(desk: Desk, kind: str) -> Scene:
    yield from _future(desk, kind, unit=1)


@scene
def rows_of_the_future_in_milliseconds_too(desk: Desk, kind: str) -> Scene:
    yield from _future(desk, kind, unit=1_000)


def _future(desk: Desk, kind: str, unit: int) -> Scene:
    rows = events([1, 2, 3])
    rows[1]["time"] = 2_033_802_504
    for row in rows:
        row["time"] *= unit
    write(desk.path(kind), rows, {"time": "long"})
    loaded = yield

    assert (loaded.result["future_events"][kind], loaded.new) == (1, 3)


@scene
def texts_arrive_as_they_are(desk: Desk, kind: str) -> Scene:
    """Every mark of the way into DuckDB, as a value."""
    texts = [
        "", " ", "\x1d", "\x1d\x1d", "\x1f", "\n", "\r\n", "a\nb", '"', "'", ",", "\\N",
        "NULL", "\x00", "€ 日本 😀", "x" * 3_000_000, '{"a": "b\\n"}',
    ]  # fmt: skip
    rows = [
        {**row, "external_user_id": text, "user_id": text}
        for row, text in zip(events(range(len(texts))), texts, strict=True)
    ]
    write(desk.path(kind), rows)
    loaded = yield

    assert loaded.sql("select user_id, external_user_id from it order by time") == [
        (text, text) for text in texts
    ]


@scene
def an_event_without_id_is_set_aside_and_no_other(desk: Desk, kind: str) -> Scene:
    """A producer can leave out ids; of the events of others it must not take any."""
    rows = events(range(2_500))
    for at, found in ((0, ""), (1, " \n"), (1_999, None), (2_499, "")):
        rows[at]["id"] = found
    # Marks of ours are an id as good as any.
    rows[7]["id"] = "\x1d\x1d"
    nullable = {"id": ["null", "string"]}
    mixed = write(desk.path(kind), rows, nullable)
    bare = write(desk.path(kind, offset=2), events([1, 1, 1], id=None), nullable)
    loaded = yield

    assert loaded.said("quarantined") == []
    assert loaded.said("set_aside") == [
        {"path": str(mixed), "events": 4},
        {"path": str(bare), "events": 3},
    ]
    assert loaded.sql(
        "select rows, set_aside_rows, status, reason from currents_files "
        f"where event_type = '{kind}' order by rows"
    ) == [
        (0, 3, "loaded", "3 events have no id"),
        (2_496, 4, "loaded", "4 events have no id"),
    ]
    kept = [row for row in rows if row["id"] and row["id"].strip(" \n")]
    assert set(loaded.sql("select id, time from it ")) == {
        (row["id"], row["time"]) for row in kept
    }
    mended = events(range(2_500))
    mended[7]["id"] = "\x1d\x1d"
    write(mixed, mended)

    loaded = yield
    assert loaded.said("set_aside") == []
    assert [each[1:] for each in loaded.files] == [
        (2_500, 2_500, "loaded"),
        (0, 0, "loaded"),
    ]


@pytest.mark.parametrize("name", SCENES)
def test_it_is_so_that(name: str, endings: dict[str, Exception | None]) -> None:
    if error := endings[name]:
        raise error


def test_every_scene_has_its_turn(endings: dict[str, Exception | None]) -> None:
    assert endings.keys() == SCENES.keys()
