"""Files that mean harm: each is refused with its reason, in bounded memory and time.

The four bombs are those that brought fastavro to 780 MB, 1.5 GB, an endless loop and a
crash of the interpreter.
"""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from runner.currents import load as loading
from runner.currents import readers as reading
from runner.currents.container import FILE_BYTES, Partial, Refused
from runner.currents.readers import Readers, ReadFile
from runner.currents.tables import _spoilt
from runner.currents.worker import MEMORY_BYTES, _convert

from .files import OPEN, SEND, Desk, container, events, number, text, worker, write


def record(**fields: Any) -> dict[str, Any]:
    """A schema by its fields."""
    named = [{"name": name, "type": kind} for name, kind in fields.items()]
    return {"type": "record", "name": "Event", "fields": named}


_ZEROS = 10 << 20


def deflated(size: int) -> bytes:
    """One record whose id has that many bytes, in a thousandth of them."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = stream.compress(number(size)) + stream.flush(zlib.Z_FULL_FLUSH)
    # What follows a full flush refers to nothing before it: once is enough.
    body = stream.compress(bytes(_ZEROS)) + stream.flush(zlib.Z_FULL_FLUSH)
    return head + body * (size // _ZEROS) + stream.flush()


def linked_list() -> bytes:
    node = {
        "type": "record",
        "name": "Node",
        "fields": [{"name": "next", "type": ["null", "Node"]}],
    }
    return container(
        record(id="string", node=node), [(1, text(b"x") + b"\x02" * 200_000 + b"\x00")]
    )


def laughs() -> Any:
    """A schema that doubles with every line."""
    kind: Any = {"type": "record", "name": "L0", "fields": []}
    for level in range(1, 31):
        fields = [{"name": "a", "type": kind}, {"name": "b", "type": f"L{level - 1}"}]
        kind = {"type": "record", "name": f"L{level}", "fields": fields}
    return kind


def nested(levels: int) -> Any:
    kind: Any = "string"
    for _ in range(levels):
        kind = {"type": "array", "items": kind}
    return kind


NOTHINGS = {"type": "array", "items": "null"}
BOMBS = {
    "780 MB out of 389 KB": (
        container(record(id="string"), [(1, deflated(390 << 20))], codec=b"deflate"),
        "a block decompresses to more than 64 MiB",
    ),
    "1.5 GB out of 167 bytes": (
        container(
            record(id="string", nothings=NOTHINGS),
            [(1, text(b"x") + number(190_000_000) + b"\x00")],
        ),
        "the schema has an array whose items take no bytes",
    ),
    "an endless loop in 113 bytes": (
        container(
            {"type": "record", "name": "E", "fields": []}, [((1 << 62) - 1, b"")]
        ),
        "the schema has no text id, so nothing tells its events apart",
    ),
    "a crash in 200 KB": (
        linked_list(),
        "the schema has a type that contains itself",
    ),
    "records without end": (
        container(record(id="string"), [((1 << 62) - 1, text(b"x"))]),
        "a block claims 4,611,686,018,427,387,903 records in 2 bytes",
    ),
    "items without end": (
        container(
            record(id="string", items={"type": "array", "items": "long"}),
            [(1, text(b"x") + number(1 << 61))],
        ),
        "an array claims more items than the block has bytes",
    ),
    "a text without end": (
        container(record(id="string"), [(1, number(1 << 61))]),
        "a block ends in the middle of a record",
    ),
    "a negative text": (
        container(record(id="string"), [(1, number(-5))]),
        "a block ends in the middle of a record",
    ),
    "a number without end": (
        container(record(id="string", n="long"), [(1, text(b"x") + b"\xff" * 99)]),
        "a number has more than 64 bits",
    ),
    "a header of nothing without end": (
        b"Obj\x01" + number(1 << 61) + b"\x00" * 5_000_000,
        "the header is larger than 1 MiB, or damaged",
    ),
    "a billion laughs": (
        container(record(id="string", laughs=laughs()), [(1, text(b"x"))]),
        "the schema has more than 5,000 parts",
    ),
    "a deep schema": (
        container(record(id="string", deep=nested(100)), [(1, text(b"x"))]),
        "the schema is nested deeper than 32 levels",
    ),
    "a bottomless schema": (
        b"Obj\x01"
        + number(1)
        + (text(b"avro.schema") + text(b"[" * 500_000))
        + b"\x00"
        + bytes(16),
        "the schema in the header is no JSON, or nested too deep",
    ),
    "many small blocks of zeros": (
        container(
            record(id="string"), [(1, deflated(60 << 20))] * 20, codec=b"deflate"
        ),
        "an event is larger than 8 MiB",
    ),
    "an unknown codec": (
        container(record(id="string"), [(1, text(b"x"))], codec=b"zstandard"),
        "codec 'zstandard' is not one of null, deflate, snappy",
    ),
    "damaged deflate": (
        container(record(id="string"), [(1, b"\xff\x00\xff")], codec=b"deflate"),
        "a block cannot be decompressed: the file is damaged",
    ),
    "no UTF-8": (
        container(record(id="string"), [(1, text(b"\xff\xfe"))]),
        "a text is no UTF-8",
    ),
    "half a character": (
        container(
            record(id="string", x="string"), [(1, text(b"\xc3") + text(b"\xa9"))]
        ),
        "a text is no UTF-8",
    ),
    "a column of ours": (
        container(record(id="string", _file="string"), [(1, text(b"x") * 2)]),
        "a field's name is taken: _file",
    ),
    "one name in two cases": (
        container(record(id="string", ID="string"), [(1, text(b"x") * 2)]),
        "a field's name is taken: id",
    ),
    "a name with SQL in it": (
        container(record(**{"id": "string", 'x" int); --': "string"}), []),
        "a field of the schema has no proper name",
    ),
    "an id that is a number": (
        container(record(id="long"), [(1, number(5))]),
        "the schema has no text id, so nothing tells its events apart",
    ),
    "records for no bytes": (
        container(record(id="string"), [(3, text(b"x"))]),
        "a block claims 3 records in 2 bytes",
    ),
    "bytes for no record": (
        container(record(id="string"), [(1, text(b"x") + b"more")]),
        "a block holds more bytes than its records",
    ),
}


def test_bombs_are_quarantined_with_their_reasons(desk: Desk) -> None:
    paths = {}
    for at, (name, (content, _)) in enumerate(BOMBS.items()):
        path = desk.path(OPEN, offset=at)
        path.write_bytes(content)
        paths[str(path)] = name
    write(desk.path(SEND), events(range(10)))
    code = (
        "import resource, sys; from runner.commands.currents import currents\n"
        "try:\n"
        f"    currents.main(['load', {str(desk.files)!r}, '--format', 'json'])\n"
        "finally:\n"
        "    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10\n"
        "    print(most, file=sys.stderr)\n"
    )
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=desk.directory,
        env=desk.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began

    assert run.returncode == 4, run.stderr
    found = desk.sql("select path, reason from currents_files where rows = 0")
    assert {paths[path]: reason for path, reason in found} == {
        name: reason for name, (_, reason) in BOMBS.items()
    }
    assert desk.sql("select count(*) from users_messages_email_send") == [(10,)]
    assert int(run.stderr.split()[-1]) < 400, "MB"
    assert seconds < 30


def test_bombs_are_as_small_as_they_are_said_to_be() -> None:
    sizes = [len(content) for content, _ in list(BOMBS.values())[:4]]
    assert sizes[0] < 400_000
    assert sizes[1] < 260
    assert sizes[2] < 140
    assert sizes[3] < 201_000


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of every kind of field, in several blocks."""
    path = tmp_path_factory.mktemp("original") / f"event_type={OPEN}" / "x.avro"
    path.parent.mkdir()
    fields = {
        "reasons": ["null", {"type": "array", "items": ["null", "string"]}],
        "price": "float",
        "is_amp": ["null", "boolean"],
        "labels": {"type": "map", "values": "long"},
    }
    rows = events(
        range(60), reasons=["a", None], price=1.5, is_amp=True, labels={"x": 1}
    )
    write(path, rows, fields, codec="null")
    return path.read_bytes()


@pytest.mark.parametrize("seed", range(2))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    original: bytes, tmp_path: Path, seed: int
) -> None:
    """A hundred damages a seed: no other exception, no lasting loop."""
    source, out = tmp_path / "x.avro", tmp_path / "x.txt"
    rnd = random.Random(seed)
    outcomes = set()
    for _ in range(100):
        content = bytearray(original)
        for _ in range(rnd.choice((1, 1, 2, 8))):
            at = rnd.randrange(len(content))
            match rnd.randrange(4):
                case 0:
                    content[at] = rnd.randrange(256)
                case 1:
                    content[at] ^= 1 << rnd.randrange(8)
                case 2:
                    del content[at : at + rnd.randrange(1, 40)]
                case 3:
                    content[at:at] = rnd.randbytes(rnd.randrange(1, 12))
        source.write_bytes(content)
        with source.open("rb") as file:
            try:
                outcomes.add(_convert(file, str(out), 0)["rows"] >= 0)
            except (Refused, Partial) as error:
                outcomes.add(type(error))

    assert {Refused, Partial} <= outcomes


FAULTS = {
    "kills its reader": (
        "import os; os.kill(os.getpid(), 11)",
        "it ended the process that read it (-11)",
    ),
    "never ends": (
        "while True: pass",
        "reading it takes more than 60 s of processor time",
    ),
    "eats memory": (
        "x = bytearray(2 << 30)",
        "reading it takes more than 1 GiB of memory",
    ),
}


def test_a_giant_is_refused_before_it_is_read(desk: Desk) -> None:
    with desk.path(OPEN).open("wb") as file:
        file.truncate(FILE_BYTES + 1)

    (refused,) = desk.load()["quarantined"]

    assert refused["reason"] == "it is larger than 512 MiB"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_harms_its_reader_is_refused(
    desk: Desk, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a hole in our own reader would let it: the next file is read all the same."""
    harm, reason = FAULTS[fault]
    bad = write(desk.path(OPEN), events([1]))
    write(desk.path(SEND), events([2, 3]))
    code = (
        "import runner.currents.worker as w\n"
        "w.CPU_SECONDS, convert = 0, w._convert\n"
        "def harmed(file, out, first):\n"
        f"    if file.name and {OPEN!r} in path:\n"
        f"        {harm}\n"
        "    return convert(file, out, first)\n"
        "read = w._read\n"
        "def noted(where, out, first):\n"
        "    global path\n"
        "    path = where\n"
        "    return read(where, out, first)\n"
        "w._convert, w._read = harmed, noted\n"
        "w.main()\n"
    )
    monkeypatch.setattr(reading, "_start", worker(code))

    result = desk.load()

    assert result["quarantined"] == [{"path": str(bad), "reason": reason}]
    assert result["new_events"] == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_not_held_against_the_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(desk.path(OPEN), events([1]))
    full = (
        "import runner.currents.worker as w; convert = w._convert\n"
        "w._convert = lambda file, out, first: convert(file, '/dev/full', first)\n"
        "w.main()"
    )

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_start", worker(full))
        run = desk.run("load", str(desk.files))

    assert run.code == 1
    assert "No space left on device. Mend that and run again." in run.err
    assert desk.load()["new_events"] == 1


def test_a_text_that_grows_over_our_limit_is_held_against_the_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record of a byte may be an enum's symbol of 180 KB."""
    symbol = {"type": "enum", "name": "Long", "symbols": ["x" * 180_000]}
    many = [(40, (text(b"x") + number(0)) * 40)]
    bad = desk.path(OPEN)
    bad.write_bytes(container(record(id="string", symbol=symbol), many))
    write(desk.path(SEND), events([2, 3]))
    small = "import runner.currents.worker as w; w.OUT_BYTES = 1 << 20; w.main()"
    monkeypatch.setattr(reading, "_start", worker(small))

    result = desk.load()

    (refused,) = result["quarantined"]
    assert (refused["path"], result["new_events"]) == (str(bad), 2)
    assert "GiB of text" in refused["reason"]


def test_a_file_that_duckdb_has_no_memory_for_is_left_for_a_larger_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few hundred large events are one vector of DuckDB's, which must fit."""
    wide = record(id="string", time="long", text="string")
    large = b"".join(
        text(b"e%d" % at) + number(1_767_225_600) + text(b"x" * 300_000)
        for at in range(200)
    )
    bad = desk.path(OPEN)
    stream = zlib.compressobj(1, zlib.DEFLATED, -15)
    block = stream.compress(large) + stream.flush()
    bad.write_bytes(container(wide, [(200, block)], codec=b"deflate"))
    write(desk.path(OPEN, offset=2), events([1]))
    write(desk.path(SEND), events([2, 3]))

    with monkeypatch.context() as patch:
        patch.setattr(loading, "THREAD_MB", 24)
        result = desk.load()

    (left,) = result["unreadable"]
    assert (left["path"], result["new_events"]) == (str(bad), 3)
    assert "more memory than DuckDB may have" in left["reason"]
    assert desk.load()["new_events"] == 200


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Failed to commit: failed to pin block; SET memory_limit", "unreadable"),
        ("Failed to commit: Could not write file: No space left on device", None),
    ],
)
def test_of_a_commit_that_failed_the_text_tells_the_cause(
    text: str, outcome: str | None
) -> None:
    spoilt = _spoilt(duckdb.TransactionException(text))

    assert (spoilt and spoilt.outcome) == outcome


def test_values_that_do_not_fit_spoil_their_file_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should DuckDB refuse a line, the batch is halved until its file stands alone."""
    for at in range(5):
        write(desk.path(OPEN, offset=at), events([at]))
    read = Readers._read

    def spoilt(self: Readers, at: int, file: Any) -> ReadFile:
        found = read(self, at, file)
        if at == 3:
            found.lines.write_bytes(found.lines.read_bytes().replace(b"176722", b"x"))
        return found

    monkeypatch.setattr(Readers, "_read", spoilt)

    result = desk.load()

    assert [each["reason"] for each in result["quarantined"]] == [
        "its values do not fit the types of its schema"
    ]
    assert result["new_events"] == 4


def test_the_limits_of_a_reader_are_set() -> None:
    code = (
        "import io, sys, resource, runner.currents.worker as w; "
        "sys.stdin = io.StringIO(); w.main(); "
        "print(resource.getrlimit(resource.RLIMIT_AS)[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == MEMORY_BYTES
    assert resource.getrlimit(resource.RLIMIT_AS)[1] == resource.RLIM_INFINITY


def test_a_reader_has_none_of_our_secrets(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAZE_API_KEY", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")

    process = reading._start()
    environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    process.kill()
    process.communicate()

    assert b"canary" not in environment


def snapped(data: bytes) -> bytes:
    """Snappy's raw form of less than 60 bytes, all of them literal."""
    crc = zlib.crc32(data).to_bytes(4, "big")
    return bytes([len(data), (len(data) - 1) << 2]) + data + crc


SNAPPY = container(record(id="string"), [(1, snapped(text(b"one")))], codec=b"snappy")


def test_snappy_without_its_package_is_left_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cramjam", None)

    with pytest.raises(Partial, match="Run: pip install cramjam"):
        _convert(io.BytesIO(SNAPPY), str(tmp_path / "x.txt"), 0)


@pytest.mark.parametrize("damage", [False, True])
def test_snappy_is_read_where_its_package_is(tmp_path: Path, *, damage: bool) -> None:
    pytest.importorskip("cramjam", reason="cramjam, which reads snappy, is not here")
    content = SNAPPY.replace(b"one", b"0ne") if damage else SNAPPY
    out = tmp_path / "x.txt"

    if damage:
        with pytest.raises(Refused, match="cannot be decompressed"):
            _convert(io.BytesIO(content), str(out), 0)
    else:
        _convert(io.BytesIO(content), str(out), 7)
        assert out.read_bytes() == b"7\x1fone\n"
