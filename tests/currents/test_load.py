"""What a load does with files that come twice, late, changed, or not at all whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from runner.currents import readers as reading
from runner.runlock import run_lock

from .files import OPEN, SEND, Desk, cut, events, make_desk, worker, write


def manifest(desk: Desk) -> list[Any]:
    """Each file's name and what the manifest says of it."""
    return desk.sql(
        "select parse_filename(path), rows, new_rows, status from currents_files "
        "order by all"
    )


def test_an_event_has_its_fields_its_file_and_its_hour(desk: Desk) -> None:
    path = write(
        desk.path(OPEN, "2026-11-01-17"),
        events([1], machine_open="true", reasons=["a", None], Price=19.99, is_amp=True),
        {
            "machine_open": ["null", "string"],
            "reasons": ["null", {"type": "array", "items": ["null", "string"]}],
            "Price": "float",
            "is_amp": ["null", "boolean"],
        },
    )

    desk.load()

    assert desk.sql(
        "select id, time, machine_open, reasons, price, is_amp, _file, _hour::varchar, "
        "_loaded_at between now()::timestamp - interval 1 minute and now()::timestamp "
        "from users_messages_email_open"
    ) == [
        (
            *("event-1", 1_767_225_601, "true", '["a",null]', 19.99, True),
            *(str(path), "2026-11-01 17:00:00", True),
        )
    ]


def test_loading_twice_changes_nothing(desk: Desk) -> None:
    for number in range(3):
        write(desk.path(OPEN, offset=number), events(range(number * 5, number * 5 + 9)))
    desk.load()
    everything = "select * from users_messages_email_open order by all"
    before = desk.sql(everything), desk.sql("from currents_files order by all")

    again = desk.load()

    assert (again["files"], again["known_files"], again["events"]) == (0, 3, 0)
    assert (
        desk.sql(everything),
        desk.sql("from currents_files order by all"),
    ) == before


def test_an_event_in_two_files_of_one_load_is_loaded_once(desk: Desk) -> None:
    write(desk.path(OPEN, offset=1), events(range(10)))
    write(desk.path(OPEN, "2026-11-01-03"), events(range(5, 15)))

    result = desk.load()

    assert (result["events"], result["new_events"]) == (20, 15)
    assert len(desk.tables()["users_messages_email_open"][1]) == 15


def test_an_event_twice_in_one_file_is_loaded_once(desk: Desk) -> None:
    write(desk.path(OPEN), events([1, 2, 1, 1]))

    assert desk.load()["new_events"] == 2


def test_a_late_copy_brings_only_what_is_new(desk: Desk) -> None:
    write(desk.path(OPEN, "2026-11-01-09"), events(range(10)))
    desk.load()
    write(desk.path(OPEN, "2026-11-01-02", offset=2), events(range(5, 12)))

    assert desk.load()["new_events"] == 2
    assert manifest(desk)[1][1:] == (7, 2, "loaded")


def test_the_same_id_of_another_type_is_another_event(desk: Desk) -> None:
    write(desk.path(OPEN), events([1]))
    write(desk.path(SEND), events([1]))

    assert desk.load()["new_events"] == 2


def test_a_new_field_is_a_new_column_by_name(desk: Desk) -> None:
    write(desk.path(OPEN, schema_id=1), events([1]))
    desk.load()
    write(
        desk.path(OPEN, schema_id=2, offset=2),
        events([2], browser="Firefox"),
        {"browser": ["null", "string"]},
    )
    write(desk.path(OPEN, schema_id=1, offset=3), events([3]))
    desk.load()

    assert desk.sql(
        "select id, external_user_id, browser from users_messages_email_open order by 1"
    ) == [
        ("event-1", "p1", None),
        ("event-2", "p2", "Firefox"),
        ("event-3", None, None),
    ]


@pytest.mark.parametrize(
    ("one", "other", "kind", "values", "at_once"),
    [
        ("int", "double", "DOUBLE", [3.0, 2.5], True),
        ("int", "double", "DOUBLE", [3.0, 2.5], False),
        ("int", "string", "VARCHAR", ["3", "x"], False),
        ("boolean", "string", "VARCHAR", ["true", "x"], True),
    ],
)
def test_a_field_that_changes_its_type_keeps_every_value(
    desk: Desk, one: str, other: str, kind: str, values: list[Any], *, at_once: bool
) -> None:
    first = {"int": 3, "boolean": True}[one]
    second = {"double": 2.5, "string": "x"}[other]
    write(desk.path(OPEN, offset=1), events([1], field=first), {"field": one})
    if not at_once:
        desk.load()
    write(desk.path(OPEN, offset=2), events([2], field=second), {"field": other})
    desk.load()

    assert desk.sql(
        "select field, typeof(field) from users_messages_email_open order by id"
    ) == [(value, kind) for value in values]


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.999])
def test_a_partial_file_is_left_until_it_is_whole(desk: Desk, share: float) -> None:
    path = write(desk.path(OPEN), events(range(400)), codec="null")
    write(desk.path(SEND), events([1]))
    whole = cut(path, share)

    first = desk.load()
    path.write_bytes(whole)
    second = desk.load()

    assert [each["path"] for each in first["partial"]] == [str(path)]
    assert (first["new_events"], first["quarantined"]) == (1, [])
    assert (second["new_events"], second["partial"]) == (400, [])
    assert manifest(desk) == [
        (path.name, 1, 1, "loaded"),
        (path.name, 400, 400, "loaded"),
    ]


def test_a_partial_file_changes_the_manifest_once(desk: Desk) -> None:
    cut(write(desk.path(OPEN), events(range(9))), 0.9)
    desk.load()
    before = desk.sql("from currents_files")

    again = desk.load()

    assert len(again["partial"]) == 1
    assert desk.sql("from currents_files") == before
    assert before[0][7] == "partial"


def test_a_file_that_grew_by_a_block_brings_the_rest(desk: Desk) -> None:
    path = write(desk.path(OPEN), events(range(3)))
    desk.load()
    write(path, events(range(8)))

    assert desk.load()["new_events"] == 5
    assert manifest(desk) == [(path.name, 8, 8, "loaded")]


def test_a_file_without_events_is_loaded(desk: Desk) -> None:
    path = write(desk.path(OPEN), [])

    desk.load()

    assert manifest(desk) == [(path.name, 0, 0, "loaded")]


def test_what_is_no_avro_is_quarantined_and_the_rest_goes_on(desk: Desk) -> None:
    path = desk.path(OPEN)
    path.write_text("<html>not today</html>", encoding="utf-8")
    write(desk.path(SEND), events([1, 2]))

    run = desk.run("load", str(desk.files))
    again = desk.run("load", str(desk.files))

    assert (run.code, again.code) == (4, 0)
    assert f"Quarantined: {path}: this is no Avro file." in run.out
    assert manifest(desk) == [
        (path.name, 0, 0, "quarantined"),
        (path.name, 2, 2, "loaded"),
    ]


def test_a_quarantined_file_that_was_mended_is_loaded(desk: Desk) -> None:
    path = desk.path(OPEN)
    path.write_bytes(b"nothing that anybody can read")
    desk.load()
    write(path, events([1]))

    assert desk.load()["new_events"] == 1
    assert manifest(desk) == [(path.name, 1, 1, "loaded")]


def test_an_unknown_type_is_loaded_and_told_once(desk: Desk) -> None:
    write(desk.path("users.messages.hologram.Send"), events([1]))

    first, second = desk.run("load", str(desk.files)), desk.run("load", str(desk.files))

    assert first.out.count("users.messages.hologram.Send: Braze does not document") == 1
    assert "hologram" not in second.out
    assert len(desk.tables()["users_messages_hologram_send"][1]) == 1


@pytest.mark.parametrize("unit", [1, 1000])
def test_rows_of_the_future_are_loaded_and_told(desk: Desk, unit: int) -> None:
    rows = events([1, 2, 3])
    rows[1]["time"] = 2_033_802_504
    for row in rows:
        row["time"] *= unit
    write(desk.path("users.messages.whatsapp.Send"), rows, {"time": "long"})

    result = desk.load()

    assert result["future_events"] == {"users.messages.whatsapp.Send": 1}
    assert result["new_events"] == 3


def test_texts_arrive_as_they_are(desk: Desk) -> None:
    """Every mark of the way into DuckDB, as a value."""
    texts = [
        "", " ", "\x1d", "\x1d\x1d", "\x1f", "\n", "\r\n", "a\nb", '"', "'", ",", "\\N",
        "NULL", "\x00", "€ 日本 😀", "x" * 3_000_000, '{"a": "b\\n"}',
    ]  # fmt: skip
    rows = [
        {**row, "external_user_id": text, "user_id": text}
        for row, text in zip(events(range(len(texts))), texts, strict=True)
    ]
    write(desk.path(OPEN), rows)

    desk.load()

    assert desk.sql(
        "select user_id, external_user_id from users_messages_email_open order by time"
    ) == [(text, text) for text in texts]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere", "nowhere: no such file or folder."),
        ("other", "other: no Avro file lies in Currents' layout (event_type=.../date="),
        ("empty", "and none elsewhere either."),
        ("gs://bucket/x", "gs://bucket/x: say a folder, or s3://bucket/prefix."),
        ("s3://", "s3://: say s3://bucket/prefix."),
    ],
)
def test_a_wrong_path_is_one_sentence(desk: Desk, path: str, sentence: str) -> None:
    (desk.directory / "empty").mkdir()
    other = desk.directory / "other"
    other.mkdir()
    good = write(desk.path(OPEN, "2026-11-01-00"), events([1]))
    (other / "loose.avro").write_bytes(good.read_bytes())
    bad_hour = other / f"event_type={OPEN}" / "date=2026-13-01-00" / "x.avro"
    bad_hour.parent.mkdir(parents=True)
    bad_hour.write_bytes(good.read_bytes())

    run = desk.run("load", path)

    assert (run.code, run.out) == (2, "")
    assert sentence in run.err
    assert len(run.err.strip().splitlines()) == 1


def test_a_file_outside_the_layout_is_named(desk: Desk) -> None:
    write(desk.path(OPEN), events([1]))
    loose = desk.files / "loose.avro"
    loose.write_bytes(b"Obj\x01")

    run = desk.run("load", str(desk.files))

    assert run.code == 0
    assert f"Outside the layout and left alone: {loose}" in run.out


def test_a_part_of_the_layout_can_be_loaded(desk: Desk) -> None:
    path = write(desk.path(OPEN), events([1]))
    write(desk.path(SEND), events([2]))

    by_file = desk.load(path)
    by_hour = desk.load(path.parents[2])
    by_everything = desk.load()

    results = (by_file, by_hour, by_everything)
    assert [each["new_events"] for each in results] == [1, 0, 1]


def test_links_are_not_followed_and_named(desk: Desk) -> None:
    """A link to a folder may lead out of it, or round and round."""
    good = write(desk.path(OPEN), events([1]))
    file, folder = desk.path(SEND), desk.files / "another"
    file.symlink_to(good)
    folder.symlink_to(desk.files)
    (desk.files / "notes.txt").symlink_to(good)

    run = desk.run("load", str(desk.files))
    again = desk.load()

    assert run.code == 0
    assert run.out.count("A link, which is not followed: ") == 2
    assert again["known_files"] == 1
    assert sorted(again["links"]) == sorted(map(str, (file, folder)))


def test_links_and_nothing_else_are_one_sentence(desk: Desk) -> None:
    (desk.files / "september").symlink_to(desk.directory)

    run = desk.run("load", str(desk.files))

    assert run.code == 2
    assert "1 link is not followed, such as" in run.err
    assert len(run.err.strip().splitlines()) == 1


def test_an_event_without_id_is_set_aside_and_no_other(desk: Desk) -> None:
    """A producer can leave out ids; of the events of others it must not take any."""
    rows = events(range(2_500))
    for at, found in ((0, ""), (1, " \n"), (1_999, None), (2_499, "")):
        rows[at]["id"] = found
    bare = events([1, 1, 1], id=None)
    nullable = {"id": ["null", "string"]}
    mixed = write(desk.path(OPEN), rows, nullable)
    nothing = write(desk.path(OPEN, offset=2), bare, nullable)
    write(desk.path(SEND), events([3]))

    run = desk.run("load", str(desk.files), "--format", "json")
    again = desk.run("load", str(desk.files))
    status = desk.run("status").out

    assert (run.code, again.code) == (4, 0)
    assert run.json["quarantined"] == []
    assert run.json["set_aside"] == [
        {"path": str(mixed), "events": 4},
        {"path": str(nothing), "events": 3},
    ]
    assert run.json["new_events"] == 2_496 + 1
    assert desk.sql(
        "select rows, set_aside_rows, status, reason from currents_files order by all"
    ) == [
        (0, 3, "loaded", "3 events have no id"),
        (1, 0, "loaded", None),
        (2_496, 4, "loaded", "4 events have no id"),
    ]
    found = desk.sql("select id, time from users_messages_email_open")
    kept = [row for row in rows if row["id"] and row["id"].strip()]
    assert set(found) == {(row["id"], row["time"]) for row in kept}
    assert f"loaded: {mixed}: 4 events have no id" in status


def test_a_manifest_of_before_counts_the_events_set_aside_from_now_on(
    desk: Desk,
) -> None:
    write(desk.path(OPEN), events([1]))
    desk.load()
    desk.sql("alter table main_currents.currents_files drop column set_aside_rows")
    write(desk.path(OPEN, offset=2), [*events([2]), *events([3], id="")])

    desk.load()

    assert desk.sql(
        "select set_aside_rows from currents_files order by set_aside_rows nulls first"
    ) == [(None,), (1,)]


SHUT = """
import os, runner.currents.worker as w
opened = os.open
def shut(path, flags):
    if "Send" in path:
        raise PermissionError(13, "Permission denied")
    return opened(path, flags)
os.open = shut
w.main()
"""


def test_a_file_that_cannot_be_read_is_set_aside_and_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(desk.path(OPEN), events([1]))
    shut = write(desk.path(SEND), events([2]))
    # A socket with a file's name: not even root opens it.
    strange = desk.path(OPEN, offset=2)
    with contextlib.chdir(strange.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(strange.name)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_start", worker(SHUT))
        run = desk.run("load", str(desk.files))
        twice = desk.load()
    once_more = desk.load()

    assert run.code == 4
    assert f"Cannot be read: {shut}: Permission denied." in run.out
    assert f"Cannot be read: {strange}: No such device or address." in run.out
    assert (twice["new_events"], len(twice["unreadable"])) == (0, 2)
    assert once_more["new_events"] == 1
    assert once_more["unreadable"] == [
        {"path": str(strange), "reason": "No such device or address"}
    ]
    assert desk.sql("select status, rows from currents_files order by all") == [
        ("loaded", 1),
        ("loaded", 1),
        ("unreadable", 0),
    ]


def test_a_folder_that_vanishes_while_it_is_listed_is_nobodys_fault(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(desk.path(OPEN), events([1]))
    gone = write(desk.path(SEND), events([2])).parents[3]
    scan = os.scandir

    def late(path: str) -> Any:
        if str(path) == str(gone):
            shutil.rmtree(gone)
        return scan(path)

    monkeypatch.setattr(os, "scandir", late)

    assert desk.load()["new_events"] == 1


def test_a_second_load_at_once_is_refused(desk: Desk) -> None:
    """Two loads at once would each read all the files."""
    write(desk.path(OPEN), events([1]))

    with run_lock(desk.directory / "target" / "currents"):
        run = desk.run("load", str(desk.files))

    assert run.code == 5
    assert "Another run is at work" in run.err


CRASHES = {
    "while a batch is written": """
import os, runner.currents.manifest as m
m.Manifest.record = lambda self, moment: os.kill(os.getpid(), 9)
""",
    "between two batches": """
import os, runner.currents.load as load, runner.currents.tables as t
load.BATCH_FILES = 2
commit = t.Tables.commit
def once(self, batch, moment):
    if self.manifest.known():
        os.kill(os.getpid(), 9)
    return commit(self, batch, moment)
t.Tables.commit = once
""",
    "after a commit": """
import os, runner.currents.load as load, runner.currents.tables as t
load.BATCH_FILES = 2
commit = t.Tables.commit
def last(self, batch, moment):
    commit(self, batch, moment)
    os.kill(os.getpid(), 9)
t.Tables.commit = last
""",
}


@pytest.mark.parametrize("moment", CRASHES)
def test_a_killed_load_goes_on_where_it_was(desk: Desk, moment: str) -> None:
    for number in range(6):
        path = desk.path(OPEN if number % 2 else SEND, offset=number)
        write(path, events(range(number * 4, number * 4 + 10)))

    killed = desk.run("load", str(desk.files), before=CRASHES[moment])
    rows_then = {name: len(rows) for name, (_, rows) in desk.tables().items()}
    noted = desk.sql(
        "select event_type, sum(new_rows)::int from currents_files group by all"
    )
    result = desk.load()

    assert killed.code == -signal.SIGKILL
    by_type = {kind.lower().replace(".", "_"): count for kind, count in noted}
    assert {name: count for name, count in rows_then.items() if count} == by_type
    assert sum(rows_then.values()) + result["new_events"] == 2 * 26
    assert {status for *_, status in manifest(desk)} == {"loaded"}
    assert not (desk.directory / "target" / "currents" / "reading").exists()


def test_a_signal_keeps_what_was_read(desk: Desk) -> None:
    for number in range(30):
        write(desk.path(OPEN, offset=number), events([number]))
    interrupt = """
import os, signal, runner.currents.readers as readers
fetch = readers.Readers._read
def stop(self, number, file):
    if number == 12:
        os.kill(os.getpid(), signal.SIGTERM)
    return fetch(self, number, file)
readers.Readers._read = stop
"""
    run = desk.run("load", str(desk.files), "--format", "json", before=interrupt)
    rest = desk.load()

    assert run.code == 128 + signal.SIGTERM
    assert 12 <= run.json["new_events"] < 30
    assert run.json["new_events"] + rest["new_events"] == 30


def test_progress_is_told_of_a_load_that_takes_time(desk: Desk) -> None:
    for number in range(4):
        write(desk.path(OPEN, offset=number), events([number]))
    slow = """
import time, runner.commands.currents as c, runner.currents.load as load
began, clock = time.monotonic(), time.monotonic
time.monotonic = lambda: began + (clock() - began) * 1000
progress = c.Progress.__init__
def often(self):
    progress(self)
    self._every = 0
c.Progress.__init__ = often
"""
    run = desk.run("load", str(desk.files), before=slow)

    assert "4 of 4 files (100%), 4 events" in run.err


def test_status_shows_types_files_and_gaps(desk: Desk) -> None:
    write(desk.path(OPEN, "2026-11-01-00"), events([1, 2]))
    write(desk.path(OPEN, "2026-11-01-04"), events([3]))
    bad = desk.path(SEND)
    bad.write_bytes(b"nothing that anybody can read")
    desk.load()

    shown = desk.run("status", "--format", "json").json
    text = desk.run("status").out

    assert shown["event_types"] == [
        {
            "event_type": OPEN,
            "files": 2,
            "events": 3,
            "first_hour": "2026-11-01 00:00",
            "last_hour": "2026-11-01 04:00",
        }
    ]
    assert [(each["status"], each["path"]) for each in shown["files"]] == [
        ("quarantined", str(bad))
    ]
    assert "No file in 3 hours: 2026-11-01 01:00 to 2026-11-01 03:00 UTC." in text
    assert f"quarantined: {bad}: this is no Avro file" in text


def test_status_before_the_first_load_is_one_sentence(desk: Desk) -> None:
    write(desk.path(OPEN), events([1]))
    desk.load()
    desk.sql("drop schema main_currents cascade")

    run = desk.run("status")

    assert (run.code, run.out) == (2, "")
    assert "Run: runner currents load PATH" in run.err


def test_unreadable_folders_are_one_sentence(desk: Desk, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every folder")
    closed = desk.path(OPEN).parent
    closed.chmod(0)

    run = desk.run("load", str(desk.files))
    closed.chmod(0o700)

    assert run.code == 2
    assert "cannot be read: Permission denied." in run.err


def test_a_folder_that_can_be_listed_and_not_entered_spoils_its_files_only(
    desk: Desk,
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root enters every folder")
    shut = write(desk.path(OPEN), events([1]))
    write(desk.path(SEND), events([2]))
    shut.parent.chmod(0o400)

    result = desk.load()
    shut.parent.chmod(0o700)

    assert result["unreadable"] == [{"path": str(shut), "reason": "Permission denied"}]
    assert desk.load()["new_events"] == 1


def test_a_folder_with_a_pattern_in_its_name_is_a_folder(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "sh[op]*")
    write(desk.path(OPEN), events([1]))

    assert desk.load()["new_events"] == 1
