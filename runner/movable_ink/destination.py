"""Movable Ink's endpoint and credentials, from the environment.

The URL ends in a key that says whose account it is: it is kept and shown as a secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from urllib.parse import urlsplit

from ..endpoint import is_loopback
from ..errors import ConfigError
from ..operations import Credentials
from ..result import Destination
from ..settings import read_secret, read_setting

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
    if not read_setting(URL):
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
    ready = read_setting(AUTHORIZATION)
    if ready:
        return _checked(ready)
    for name in (USERNAME, PASSWORD):
        if not read_setting(name):
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


def _checked(ready: str) -> str:
    """A ready value without `Basic `; ConfigError where it cannot be one."""
    value = ready[len(_BASIC) :] if ready.lower().startswith(_BASIC) else ready
    try:
        decoded = base64.b64decode(value.strip(), validate=True)
    except (ValueError, binascii.Error):
        decoded = b""
    if b":" not in decoded:
        msg = f"{AUTHORIZATION} is not the base64 of a user, a colon and a password."
        raise ConfigError(msg)
    return value.strip()
