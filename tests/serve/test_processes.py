"""Workers come and go, stores change, and whoever asks is answered."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from runner.store import open_store

from .serving import PATIENCE, Server, send
from .stores import BUILT_AT, PRODUCTS, Stored, fill, row, stored

PRODUCT = "/v1/collections/products/records/sku/s1"


@pytest.fixture
def own(tmp_path: Path) -> Stored:
    """A store of a test's own."""
    return stored(tmp_path / "store")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of another store; each test leaves it at work, and the last ends it."""
    own = stored(tmp_path_factory.mktemp("processes") / "store")
    with Server(own, "--workers", "2") as server:
        yield server


class Asker:
    """Asks for a product without a pause, until it is stopped."""

    def __init__(self, server: Server, *, anew: bool) -> None:
        self.failures: list[str] = []
        self.names: list[str] = []
        self._server = server
        self._anew = anew
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=5)
        headers = self._server.headers("both")
        while not self._is_over.wait(0.01):
            try:
                found = send(client, PRODUCT, headers)
                assert found.status == 200, found
                self.names.append(found.json["name"])
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(repr(error))
                client.close()
            if self._anew:
                client.close()
        client.close()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_reload_fails_no_request(ours: Server) -> None:
    before = set(ours.children())
    askers = [Asker(ours, anew=anew) for anew in (False, True)]
    ours.signal(signal.SIGHUP)
    until(lambda: len(ours.children()) == 2 and not before & set(ours.children()))
    for asker in askers:
        asker.stop()

    assert [asker.failures for asker in askers] == [[], []]
    assert min(len(asker.names) for asker in askers) > 100


def test_a_worker_that_dies_is_replaced(ours: Server) -> None:
    dead = max(ours.children())
    os.kill(dead, signal.SIGKILL)
    until(lambda: dead not in ours.children() and len(ours.children()) == 2)

    assert {ours.ask(PRODUCT).status for _ in range(10)} == {200}


@contextmanager
def away(server: Server) -> Iterator[None]:
    """While this lasts there is no store at its place."""
    path = Path(server.store.path)
    path.rename(path.with_name("away"))
    try:
        yield
    finally:
        path.with_name("away").rename(path)


def test_a_reload_without_a_store_is_refused(ours: Server) -> None:
    before = set(ours.children())
    assert ours.process.stderr
    with away(ours):
        ours.signal(signal.SIGHUP)
        # Granian told of the worker that died before.
        lines = (line.decode() for line in iter(ours.process.stderr.readline, b""))
        said = next(line for line in lines if not line.startswith("[ERROR]"))

    assert said.startswith(f"Not reloaded: {ours.store.path}")
    assert set(ours.children()) == before
    assert {ours.ask(PRODUCT).status for _ in range(6)} == {200}


def test_a_worker_without_a_store_waits_for_it(ours: Server) -> None:
    """The server does not end, as it would when workers did, one after the other."""
    before = ours.children()
    with away(ours):
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(ours.children()) == 2 and not {*before} & {*ours.children()})
        time.sleep(1.5)
        assert ours.process.poll() is None

    until(lambda: {ours.ask(PRODUCT).status for _ in range(6)} == {200})


def _is_ours(pid: int) -> bool:
    try:
        return b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_stop_answers_what_was_asked(own: Stored) -> None:
    """And leaves nothing behind: no worker, no folder, no line unwritten."""
    folder = Path(own.path).parent / "temporary"
    folder.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        server = Server(own, "--workers", "2")
    finally:
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before
    workers = server.children()
    [counts] = folder.iterdir()
    # A worker that still starts would end without a farewell.
    until(lambda: len(list(counts.glob("*.json"))) == 2)
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    send(client, PRODUCT, server.headers("both"))
    server.signal(signal.SIGTERM)
    time.sleep(0.2)
    last = send(client, PRODUCT, server.headers("both"))
    client.close()
    code, out, err = server.stop()

    assert (last.status, last.headers["connection"]) == (200, "close")
    assert (code, err) == (0, "")
    assert not any(_is_ours(pid) for pid in workers)
    assert list(folder.iterdir()) == []
    _check_log(out, own)


def _check_log(out: str, store: Stored) -> None:
    lines = [json.loads(line) for line in out.splitlines()]
    ids = {line["request_id"] for line in lines}
    asked = [line for line in lines if line["collection"] == "products"]

    assert len(ids) == len(lines)
    assert len(asked) == 2
    assert {line["status"] for line in asked} == {200}
    assert asked[0]["key_id"] in store.keys["both"]
    for secret in ("s1", *(text[-43:] for text in store.keys.values())):
        assert secret not in out


def test_an_interrupt_is_a_stop(own: Stored) -> None:
    """A terminal tells the workers, too; without an access log nothing is written."""
    with Server(own, "--workers", "1", "--no-access-log") as server:
        server.ask(PRODUCT)
        # As a terminal does: the parent knows that it ends before a worker is gone.
        for pid in (server.process.pid, *server.children()):
            os.kill(pid, signal.SIGINT)
        server.process.wait(PATIENCE)

        assert server.stop()[:2] == (0, "")


def test_a_push_is_seen_whole_while_it_is_asked_for(ours: Server) -> None:
    askers = [Asker(ours, anew=False) for _ in range(2)]
    store = open_store(str(ours.store.path))
    for number in range(10):
        name = f"n{number}"
        record = json.dumps({"sku": "s1", "name": name})
        filling = store.fill(
            PRODUCTS, run_id="r", built_at=BUILT_AT, anew=number % 2 == 0
        )
        with filling as push:
            push.put([row("s1", record, ["name", name])])
            push.commit()
        time.sleep(0.03)
    store.close()
    for asker in askers:
        asker.stop()

    assert [asker.failures for asker in askers] == [[], []]
    assert ours.ask(PRODUCT).json["name"] == "n9"
    for asker in askers:
        # Each name is seen once and then the next one: nothing older comes back.
        changes = [now for was, now in pairwise(["", *asker.names]) if was != now]
        assert changes == sorted(changes)
        assert len(changes) > 5


def test_a_store_that_takes_the_place_of_another_is_served(ours: Server) -> None:
    """As `mv` and `cp` do it, without a signal."""
    path = Path(ours.store.path)
    other = path.with_name("other")
    shutil.copytree(path, other)
    store = open_store(str(other))
    fill(store, PRODUCTS, [row("s1", '{"sku":"s1","name":"Jar"}', ["name", "Jar"])])
    store.close()
    before = ours.ask(PRODUCT).json["name"]
    asker = Asker(ours, anew=True)
    path.rename(path.with_name("before"))
    other.rename(path)
    until(lambda: {ours.ask(PRODUCT).json["name"] for _ in range(6)} == {"Jar"})
    asker.stop()

    assert asker.failures == []
    assert set(asker.names) == {before, "Jar"}


def test_a_key_is_revoked_within_five_seconds(ours: Server) -> None:
    """On one connection: it is one worker that believed the key."""
    client = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=5)
    headers = ours.headers("products")
    assert send(client, PRODUCT, headers).status == 200
    store = open_store(str(ours.store.path))
    assert store.keys.revoke(ours.store.keys["products"].split("_")[1])
    store.close()
    began = time.monotonic()
    until(lambda: send(client, PRODUCT, headers).status == 401)

    assert time.monotonic() - began < 5
    client.close()


def test_a_store_whose_files_took_the_place_of_others_is_served(ours: Server) -> None:
    """As rsync does it, within the folders that the workers have open."""
    path = Path(ours.store.path)
    for name in ("keys", "records"):
        data = path / name / "data.mdb"
        shutil.copy(data, path / name / "restored")
        (path / name / "restored").rename(data)
    store = open_store(str(path))
    assert store.keys.revoke(ours.store.keys["cut"].split("_")[1])
    fill(store, PRODUCTS, [row("s1", '{"sku":"s1","name":"Pot"}', ["name", "Pot"])])
    store.close()
    began = time.monotonic()
    until(lambda: {ours.ask(PRODUCT, "cut").status for _ in range(6)} == {401})

    assert time.monotonic() - began < 5
    until(lambda: {ours.ask(PRODUCT).json["name"] for _ in range(6)} == {"Pot"})


def test_a_store_that_is_gone_is_served_and_not_ready(ours: Server) -> None:
    assert ours.process.stderr
    with away(ours):
        # Often enough to have asked both workers.
        until(lambda: {ours.ask("/readyz").status for _ in range(30)} == {503})
        until(lambda: ours.ask("/readyz").json.get("code") == "not_ready")
        assert {ours.ask(PRODUCT).status for _ in range(6)} == {200}
        lines = (line.decode() for line in iter(ours.process.stderr.readline, b""))
        assert any("is not there any more" in line for line in lines)

    until(lambda: {ours.ask("/readyz").status for _ in range(6)} == {200})


def test_workers_do_not_outlive_their_parent(ours: Server) -> None:
    workers = ours.children()
    opened = f"runner-serve-*/{workers[0]}-*"
    folder = next(Path(tempfile.gettempdir()).glob(opened)).parent
    ours.signal(signal.SIGKILL)
    until(lambda: not any(_is_ours(pid) for pid in workers))

    assert not folder.exists()

    ours.process.communicate()
