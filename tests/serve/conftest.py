"""A store, an API over it, and a server of two workers: each made once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .asking import Asking
from .serving import Server
from .stores import Stored, stored


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """A store that no test changes."""
    return stored(tmp_path_factory.mktemp("serve") / "store")


@pytest.fixture(scope="module")
def api(store: Stored) -> Iterator[Asking]:
    """The API over the store."""
    asking = Asking(store)
    yield asking
    asking.close()


@pytest.fixture(scope="session")
def server(store: Stored) -> Iterator[Server]:
    """A server of the store, which no test stops or reloads."""
    with Server(store, "--workers", "2") as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-days", "2", "-keyout", str(path), "-out", f"{path}.cert"]
    subprocess.run(
        [openssl, "req", *kind, *name, *files], check=True, capture_output=True
    )
    with path.open("ab") as both:
        both.write(Path(f"{path}.cert").read_bytes())
    return path
