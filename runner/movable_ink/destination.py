"""Movable Ink's endpoint and credentials, from the environment.

The URL ends in a key that says whose account it is: it is kept and shown as a secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from urllib.parse import urlsplit

from ..endpoint import is_loopback
from ..errors import ConfigError
from ..operations import Credentials
from ..result import Destination
from ..settings import read_secret

URL = "MOVABLE_INK_URL"
USERNAME = "MOVABLE_INK_USERNAME"
PASSWORD = "MOVABLE_INK_PASSWORD"  # noqa: S105 - a name
AUTHORIZATION = "MOVABLE_INK_AUTHORIZATION"

_EXAMPLE = "https://collector.movableink-dmz.com/behavioral/KEY"
_BASIC = "basic "


def from_environment(needed_by: str) -> Destination:
    """Where events go; ConfigError for what is not set or makes no sense.

    `needed_by` is the sync or command that a message begins with. No message holds a
    value: the URL has a key in it.
    """
    if not _is_set(URL):
        msg = (
            f"{needed_by}: {URL} is not set. Set it, or {URL}_FILE, to the endpoint "
            f"that Movable Ink gave you, such as {_EXAMPLE}"
        )
        raise ConfigError(msg)
    base, path = _parts(read_secret(URL))
    return Destination(base, Credentials(_basic(needed_by), path))


def shown(to: Destination) -> str:
    """The endpoint as a ledger may keep it: another account is another endpoint."""
    digest = hashlib.sha256(to.credentials.path.encode()).hexdigest()
    return f"{to.endpoint}/#{digest[:8]}"


def _parts(text: str) -> tuple[str, str]:
    """The endpoint without its path, and the path, which is the secret part."""
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        url, host, port = urlsplit(""), "", None
    if url.scheme not in {"http", "https"} or not host or not url.path.strip("/"):
        msg = f"{URL} is not a URL with a key at its end, such as {_EXAMPLE}"
        raise ConfigError(msg)
    if url.username is not None or url.fragment:
        msg = f"{URL}: a user belongs into {USERNAME}, and nothing behind #."
        raise ConfigError(msg)
    if url.scheme == "http" and not is_loopback(host):
        msg = (
            f"{URL}: {host} over plain HTTP would show the password to the network. "
            "Use https://."
        )
        raise ConfigError(msg)
    name = f"[{host}]" if ":" in host else host
    query = f"?{url.query}" if url.query else ""
    base = f"{url.scheme}://{name}" + (f":{port}" if port else "")
    return base, url.path + query


def _basic(needed_by: str) -> str:
    """What stands behind `Basic` in the header."""
    if _is_set(AUTHORIZATION):
        return _ready(_read_authorization())
    for name in (USERNAME, PASSWORD):
        if not _is_set(name):
            msg = (
                f"{needed_by}: {name} is not set. Set {USERNAME} and {PASSWORD}, or "
                f"{AUTHORIZATION} to the value that Movable Ink gave you; each also as "
                "..._FILE."
            )
            raise ConfigError(msg)
    username = read_secret(USERNAME)
    if ":" in username:
        msg = f"{USERNAME} holds a colon, which Basic authentication cannot say."
        raise ConfigError(msg)
    return base64.b64encode(f"{username}:{read_secret(PASSWORD)}".encode()).decode()


def _read_authorization() -> str:
    """The ready value without `Basic `, whose blank no secret may hold."""
    environ = dict(os.environ)
    value = environ.get(AUTHORIZATION, "").strip()
    if not value:
        # Read as a text that may hold the blank; what follows is checked as any secret.
        path = environ.pop(f"{AUTHORIZATION}_FILE")
        value = _content(path)
    if value.lower().startswith(_BASIC):
        value = value[len(_BASIC) :]
    return read_secret(AUTHORIZATION, environ | {AUTHORIZATION: value})


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as named by a person
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        msg = f"{AUTHORIZATION}_FILE: {path}: cannot be read: {reason}."
        raise ConfigError(msg) from None


def _ready(value: str) -> str:
    """Check that a ready value is what Basic authentication wants."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        decoded = b""
    if b":" not in decoded:
        msg = f"{AUTHORIZATION} is not the base64 of a user, a colon and a password."
        raise ConfigError(msg)
    return value


def _is_set(name: str) -> bool:
    return any(os.environ.get(each, "").strip() for each in (name, f"{name}_FILE"))
