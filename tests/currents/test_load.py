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

from .files import OPEN, SEND, Desk, events, make_desk, worker, write


def manifest(desk: Desk) -> list[Any]:
    """Each file's name and what the manifest says of it."""
    return desk.sql(
        "select parse_filename(path), rows, new_rows, status from currents_files "
        "order by all"
    )


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


def test_a_part_of_the_layout_can_be_loaded(desk: Desk) -> None:
    path = write(desk.path(OPEN), events([1]))
    write(desk.path(SEND), events([2]))

    by_file = desk.load(path)
    by_hour = desk.load(path.parents[2])
    by_everything = desk.load()

    results = (by_file, by_hour, by_everything)
    assert [each["new_events"] for each in results] == [1, 0, 1]


def test_what_is_no_fault_is_named(desk: Desk) -> None:
    """A link to a folder may lead out of it, or round and round."""
    good = write(desk.path("users.messages.hologram.Send"), events([1]))
    loose = desk.files / "loose.avro"
    loose.write_bytes(b"Obj\x01")
    file, folder = desk.path(SEND), desk.files / "another"
    file.symlink_to(good)
    folder.symlink_to(desk.files)
    (desk.files / "notes.txt").symlink_to(good)

    run = desk.run("load", str(desk.files))
    again = desk.load()

    assert run.code == 0
    assert f"Outside the layout and left alone: {loose}" in run.out
    assert run.out.count("A link, which is not followed: ") == 2
    assert run.out.count("users.messages.hologram.Send: Braze does not document") == 1
    assert (again["known_files"], again["unknown_types"]) == (1, [])
    assert again["outside_layout"] == [str(loose)]
    assert sorted(again["links"]) == sorted(map(str, (file, folder)))
    assert len(desk.tables()["users_messages_hologram_send"][1]) == 1


def test_links_and_nothing_else_are_one_sentence(desk: Desk) -> None:
    (desk.files / "september").symlink_to(desk.directory)

    run = desk.run("load", str(desk.files))

    assert run.code == 2
    assert "1 link is not followed, such as" in run.err
    assert len(run.err.strip().splitlines()) == 1


def test_an_event_without_id_is_told_once(desk: Desk) -> None:
    path = write(desk.path(OPEN), [*events([1, 2]), *events([3], id="")])

    first, again = (desk.run("load", str(desk.files)) for _ in range(2))
    status = desk.run("status").out

    assert (first.code, again.code) == (4, 0)
    assert f"Set aside: 1 event without an id in {path}." in first.out
    assert "Set aside" not in again.out
    assert f"loaded: {path}: 1 event has no id" in status


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
