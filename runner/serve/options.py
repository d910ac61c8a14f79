"""What `runner serve` is told, checked before anything is opened.

The server speaks plain HTTP to this machine alone, unless told who encrypts.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ..errors import ConfigError

_HAS_EXPIRED = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to serve which store."""

    store: str
    host: str
    port: int
    workers: int
    tls: tuple[Path, Path] | None = None
    """Certificate and key, in PEM."""
    behind_tls_proxy: bool = False
    max_age: timedelta | None = None
    access_log: bool = True


def usable_cores() -> int:
    """Cores that this process may use: a worker for each."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def check(options: Options) -> str:
    """Return the address to listen at; raises ConfigError for what cannot be."""
    address = _address(options.host)
    is_encrypted = options.tls is not None or options.behind_tls_proxy
    if not ipaddress.ip_address(address).is_loopback and not is_encrypted:
        msg = (
            f"--host {options.host}: keys would cross the network in plain text. Give "
            "--tls-certificate and --tls-key, or --behind-tls-proxy."
        )
        raise ConfigError(msg)
    if options.tls:
        check_tls(*options.tls)
    return address


def tls_files(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Pair the two files; raises ConfigError for one without the other."""
    if certificate and key:
        return certificate, key
    if certificate or key:
        msg = "--tls-certificate and --tls-key belong together. Give both."
        raise ConfigError(msg)
    return None


def free_port(address: str, port: int) -> int:
    """Return the port, or any free one for 0; raises ConfigError for one in use.

    Granian binds with SO_REUSEPORT, which would share the port with another server of
    the same user, silently: this is what finds it.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((address, port))
            found.listen(1)
        except OSError as error:
            msg = (
                f"Cannot listen on {address}:{port} ({error.strerror}). Stop what is "
                "using it, or choose another with --port."
            )
            raise ConfigError(msg) from None
        return int(found.getsockname()[1])


def _address(host: str) -> str:
    try:
        # No host at all means every address, as it does elsewhere.
        found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError):
        msg = f"--host {host}: no address of this machine. Try 127.0.0.1."
        raise ConfigError(msg) from None
    return str(found[0][4][0])


def check_tls(certificate: Path, key: Path) -> None:
    """Raise ConfigError for files that are no certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An empty password: a key that has one must not stop the start with a question.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
        msg = (
            f"--tls-certificate {certificate}, --tls-key {key}: {reason or 'no PEM'}. "
            "Give a certificate in PEM and its key, without a password."
        )
        raise ConfigError(msg) from None


def is_over(certificate: Path, key: Path) -> bool:
    """Whether the certificate has expired: a handshake in memory tells."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key, password="")
    # The certificate vouches for itself; its time alone is looked at.
    client = ssl.create_default_context(cafile=certificate)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there)
    answering = server.wrap_bio(there, back, server_side=True)
    for side in (asking, answering, asking):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return error.verify_code == _HAS_EXPIRED
    return False
