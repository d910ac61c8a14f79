"""What stops `runner serve` from starting: one sentence, and an exit code."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runner.commands.serve import serve
from runner.errors import ConfigError, RunnerError
from runner.serve import server
from runner.serve.options import Options, check, free_port, is_over
from runner.store import StoreError, open_store

from .stores import Stored


def options(store: Path | str, **more: object) -> Options:
    told = {"store": str(store), "host": "127.0.0.1", "port": 0, "workers": 1} | more
    return Options(**told)  # type: ignore[arg-type]


def refused(*arguments: str) -> RunnerError:
    with pytest.raises(RunnerError) as found:
        serve.main(list(arguments), standalone_mode=False)
    assert str(found.value).count("\n") == 0
    return found.value


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1"])
def test_keys_do_not_cross_a_network_in_plain_text(host: str) -> None:
    plain = options("x", host=host)

    with pytest.raises(ConfigError, match="plain text"):
        check(plain)
    check(options("x", host=host, behind_tls_proxy=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_this_machine_is_served_in_plain_text(host: str) -> None:
    assert check(options("x", host=host)) in {host, "127.0.0.1", "::1"}


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="no address of this machine"):
        check(options("x", host="no such host"))


def test_a_certificate_needs_its_key(tmp_path: Path, certificate: Path) -> None:
    assert "belong together" in str(
        refused("--store", "x", "--tls-certificate", str(certificate))
    )
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(ConfigError, match=r"empty\.pem"):
        check(options("x", tls=(certificate, empty)))
    check(options("x", tls=(certificate, certificate)))


@pytest.mark.parametrize(("days", "expected"), [("-1", True), ("2", False)])
def test_an_expired_certificate_is_seen(
    tmp_path: Path, days: str, *, expected: bool
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, request = tmp_path / "key.pem", tmp_path / "request.pem"
    made = tmp_path / "certificate.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for command in (
        ["req", *kind, "-keyout", key, "-out", request, "-subj", "/CN=x"],
        ["x509", "-req", "-in", request, "-key", key, "-days", days, "-out", made],
    ):
        subprocess.run([openssl, *command], check=True, capture_output=True)

    assert is_over(made, key) == expected


def test_a_port_in_use_is_refused() -> None:
    """Also where it is shared, as granian shares it, by another server of ours."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError, match=f"Cannot listen on 127.0.0.1:{port}"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", port) == port


def test_a_store_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERSONALIZATION_STORE", raising=False)

    assert (refused().exit_code, "PERSONALIZATION_STORE" in str(refused())) == (2, True)


def test_the_store_may_be_named_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redis:// URL may hold a password."""
    monkeypatch.delenv("PERSONALIZATION_STORE", raising=False)
    (tmp_path / "named").write_text(f"{tmp_path / 'none'}\n")
    monkeypatch.setenv("PERSONALIZATION_STORE_FILE", str(tmp_path / "named"))

    assert str(tmp_path / "none") in str(refused())


def test_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    error = refused("--store", str(tmp_path / "none"))

    assert (error.exit_code, str(tmp_path / "none") in str(error)) == (2, True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("damage", ["truncated", "other", "newer"])
def test_a_store_that_is_damaged_is_refused(
    store: Stored, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "store"
    shutil.copytree(store.path, path)
    data = path / "records" / "data.mdb"
    if damage == "truncated":
        os.truncate(data, data.stat().st_size // 2)
    elif damage == "other":
        data.write_bytes(b"SQLite format 3\0" * 1_000)
    else:
        from runner.store import lmdb_env  # noqa: PLC0415 - this case's alone

        opened = lmdb_env.open_shelf(path / "records", write=True)
        notes = opened.notes
        with opened.writing() as txn:
            txn.put(lmdb_env._FORMAT_KEY, b"999", db=notes)
        lmdb_env.close_shelf(opened)

    with pytest.raises(StoreError) as found:
        server.run(options(path))
    assert str(path) in str(found.value)
    assert (found.value.exit_code, str(found.value).count("\n")) == (1, 0)


def test_the_command_line_says_it_in_one_sentence(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "runner", "serve", "--store", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)


def test_an_empty_store_can_be_served(tmp_path: Path) -> None:
    """It is not ready, and becomes so with the first push."""
    open_store(str(tmp_path / "store"), create=True).close()

    assert server._look(str(tmp_path / "store")) == (str(tmp_path / "store"), 0)
