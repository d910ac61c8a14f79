"""What only the store in a folder has: a file that may be damaged, locks, modes."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import lmdb
import pytest

from runner.store import (
    StoreError,
    StoreMissing,
    StoreUnknown,
    lmdb_store,
    new_key,
    open_store,
)

from .things import BUILT_AT, THINGS, push, record, thing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a hundred things, closed again."""
    store = open_store(str(tmp_path / "store"), create=True)
    push(store, [thing(f"{key:03}", "x" * 500, name=f"{key}") for key in range(100)])
    store.close()
    return tmp_path / "store"


def cut(data: bytes) -> bytes:
    """The half of a file."""
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut, r"damaged: \d+,\d+ bytes of \d+,\d+ are there\. Rebuild the store"),
        (lambda data: data[:100], "cannot be read"),
        (lambda data: b"x" * len(data), "not a store of ours"),
        (lambda data: b"text", "cannot be read"),
    ],
)
def test_a_damaged_file_is_not_opened(
    folder: Path, damage: Callable[[bytes], bytes], sentence: str
) -> None:
    data = folder / "records" / "data.mdb"
    data.write_bytes(damage(data.read_bytes()))
    for create in (False, True):
        with pytest.raises(StoreError, match=sentence) as found:
            open_store(str(folder), create=create)
        assert str(folder) in str(found.value)


def test_a_record_that_is_not_as_it_was_put_is_never_answered(folder: Path) -> None:
    data = folder / "records" / "data.mdb"
    old, new = (b'{"id":"007","value":"' + letter * 9 for letter in (b"x", b"y"))
    data.write_bytes(data.read_bytes().replace(old, new))
    store = open_store(str(folder))
    with asyncio.Runner() as loop:
        reader = store.reader()
        for index, value in (("id", "007"), ("name", "7")):
            with pytest.raises(StoreError, match=r"records: .*damaged.*Rebuild"):
                loop.run(reader.find("things", index, value))
        assert loop.run(reader.find("things", "id", "008")).kind == "record"
        loop.run(reader.close())
    with pytest.raises(StoreError, match="damaged"):
        list(store.rows("things"))
    store.close()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (b"2", r"a newer program \(format 2, this one reads 1\)\. Upgrade"),
        (b"0", r"an older program \(format 0, this one reads 1\)\. Remove it"),
        (b"what", r"another program \(format what"),
    ],
)
def test_another_programs_store_is_not_opened(
    folder: Path, number: bytes, sentence: str
) -> None:
    with lmdb.open(str(folder / "records"), max_dbs=1) as env:
        notes = env.open_db(b"notes")
        with env.begin(write=True) as txn:
            txn.put(b"\0format", number, db=notes)
    with pytest.raises(StoreError, match=sentence):
        open_store(str(folder))


def test_another_use_of_lmdb_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    with lmdb.open(str(tmp_path / "records")) as env, env.begin(write=True) as txn:
        txn.put(b"key", b"value")
    for create in (False, True):
        with pytest.raises(StoreError, match="not a store of ours"):
            open_store(str(tmp_path), create=create)


def test_a_place_that_can_hold_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(StoreError, match="no store can be made there"):
        open_store(str(tmp_path / "file"), create=True)
    for url, sentence in [("", "No store is named"), ("ftp://x", "ftp://: no store")]:
        with pytest.raises((StoreMissing, StoreUnknown), match=sentence):
            open_store(url)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("redis:/:s3cr3t@host", "redis"),
        ("redis::s3cr3t@host", "redis"),
        ("rediss:s3cr3t", "rediss"),
        ("REDIS:/:s3cr3t@host", "REDIS"),
        ("unix:/s3cr3t", "unix"),
        (" redis:/:s3cr3t@host", "redis"),
        ("redis//:s3cr3t@host", "redis"),
        ("REDIS://:s3cr3t@host", "REDIS://"),
        ('"redis://:s3cr3t@host"', "PERSONALIZATION_STORE"),
        ("me:s3cr3t@redis://host", "PERSONALIZATION_STORE"),
    ],
)
def test_a_mistaken_url_is_no_folder_and_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, scheme: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for create in (False, True):
        with pytest.raises((StoreMissing, StoreUnknown)) as found:
            open_store(url, create=create)
        assert str(found.value) == (
            f"{scheme}: no store is kept there. Give a folder, or a redis://, "
            "rediss:// or unix:// URL."
        )
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_look_into_the_files(folder: Path) -> None:
    for file in folder.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_second_push_at_the_same_time_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb_store, "_PATIENCE", 0.05)
    store = open_store(str(folder))
    with store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=False) as filling:
        with pytest.raises(StoreError, match="another process writes this store"):
            push(store, [thing("1")])
        filling.put([thing("007", 2, name="7")])
        filling.commit()
    assert dict(store.rows("things"))["007"].endswith(record("007", 2) + "}")
    store.close()


def test_a_key_is_revoked_while_a_push_writes(folder: Path) -> None:
    store = open_store(str(folder))
    now = datetime.now(UTC)
    _, key = new_key(name="one", collections=("things",), created_at=now)
    store.keys.add(key)
    with store.fill(THINGS, run_id="x", built_at=BUILT_AT, anew=True) as filling:
        filling.put([thing("1")])
        assert store.keys.revoke(key.id)
        found = asyncio.run(store.keys.find(key.id))
        assert found is not None
        assert found.revoked_at is not None
    store.close()


def test_a_store_that_was_removed_and_made_again_is_a_new_one(folder: Path) -> None:
    store = open_store(str(folder))
    for file in folder.rglob("*.mdb"):
        file.unlink()
    again = open_store(str(folder), create=True)
    assert again.held() == {}
    assert set(store.held()) == {"things"}
    again.close()
    store.close()


def test_a_full_disk_is_said_so_and_what_was_shown_still_is(folder: Path) -> None:
    store = open_store(str(folder))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (folder / "records" / "data.mdb").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, hard))
    try:
        for anew in (False, True):
            with pytest.raises(StoreError, match=r"no room for the store.*push again"):
                push(store, [thing(f"{n}", "x" * 1_000) for n in range(900)], anew=anew)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(dict(store.rows("things"))) == 100
    assert push(store, [thing("new")]).records == 101
    store.close()


def test_little_address_space_is_enough(folder: Path) -> None:
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (64 << 30, 64 << 30))\n"
        "from runner.store import open_store\n"
        f"print(len(list(open_store({str(folder)!r}).rows('things'))))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout == "100\n"


def test_loads_take_the_place_of_what_they_cleared(folder: Path) -> None:
    store = open_store(str(folder))
    sizes = []
    for _ in range(8):
        rows = [thing(f"{key:03}", "x" * 5_000, name=f"{key}") for key in range(200)]
        push(store, rows, anew=True)
        sizes.append((folder / "records" / "data.mdb").stat().st_size)
    assert sizes[-1] == sizes[3]
    store.close()


def test_notes_that_cannot_be_read_are_damage_every_time(folder: Path) -> None:
    with lmdb.open(str(folder / "records"), max_dbs=9) as env:
        notes = env.open_db(b"notes")
        with env.begin(write=True) as txn:
            txn.put(b"things", b"{}", db=notes)
    store = open_store(str(folder))
    with asyncio.Runner() as loop:
        reader = store.reader()
        for _ in range(2):
            with pytest.raises(StoreError, match="its notes about a collection"):
                loop.run(reader.find("things", "id", "007"))
        loop.run(reader.close())
    with pytest.raises(StoreError, match="its notes about a collection"):
        store.held()
    store.close()
