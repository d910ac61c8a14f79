"""A server behind the nginx of examples/personalization, with its own certificate."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.store import open_store

from ..serve.serving import Server
from ..serve.stores import RECOMMENDATIONS, ROWS, Stored, fill, row, stored
from .proxy import Proxy
from .values import ODD


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """A store that no test changes."""
    made = stored(tmp_path_factory.mktemp("personalization") / "store")
    store = open_store(str(made.path))
    odd = [row(key, json.dumps({"user_id": key}), ["email", key]) for key in ODD]
    fill(store, RECOMMENDATIONS, [*ROWS["recommendations"], *odd])
    store.close()
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificate.pem for 127.0.0.1 and its key.pem."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-days", "2", "-keyout", "key.pem", "-out", "certificate.pem"]
    command = [openssl, "req", *kind, *name, *files]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def nginx() -> str:
    """The program, in the place where Debian has it too."""
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    return found


@pytest.fixture(scope="session")
def server(store: Stored) -> Iterator[Server]:
    """`runner serve` as it stands behind a proxy."""
    with Server(store, "--workers", "1", "--behind-tls-proxy") as server:
        yield server


@pytest.fixture(scope="session")
def proxy(
    nginx: str,
    certificate: Path,
    server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    """nginx before the server, by the configuration that we ship."""
    folder = tmp_path_factory.mktemp("nginx")
    with Proxy(nginx, folder, certificate, server.port) as proxy:
        yield proxy
