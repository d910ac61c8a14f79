"""Braze's REST endpoint, from the spellings people have for it.

Braze's hosts do not follow a pattern, so every instance is written down
(braze-api sheet 1.1, read September 2026); other hosts must be given in full.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from .errors import ConfigError

INSTANCES = {
    **{f"us-0{n}": f"rest.iad-0{n}.braze.com" for n in range(1, 9)},
    "us-10": "rest.us-10.braze.com",
    "eu-01": "rest.fra-01.braze.eu",
    "eu-02": "rest.fra-02.braze.eu",
    "au-01": "rest.au-01.braze.com",
    "id-01": "rest.id-01.braze.com",
    "jp-01": "rest.jp-01.braze.com",
    "kr-01": "rest.kr-01.braze.com",
}
CLUSTERS = {host.split(".")[1]: host for host in INSTANCES.values()}

_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")

_LONGEST_SHOWN = 16


def rest_endpoint(value: str) -> str:
    """Return the base URL for a URL, an instance (US-03) or a cluster (iad-03).

    Raises ConfigError for anything else, and for plain HTTP beyond this machine.
    """
    text = value.strip()
    word = text.lower()
    if word in INSTANCES or word in CLUSTERS:
        return f"https://{INSTANCES.get(word) or CLUSTERS[word]}"
    if "://" not in text:
        if "." not in word and ":" not in word:
            # A long word may be the key, set in the wrong variable.
            shown = f"'{text}'" if len(text) <= _LONGEST_SHOWN else "this"
            msg = (
                f"BRAZE_REST_ENDPOINT: {shown} is no instance of Braze's."
                " Give an instance such as US-03, or the URL shown under Settings > "
                "APIs and Identifiers."
            )
            raise ConfigError(msg)
        text = f"https://{text}"
    return _checked_url(text)


def _checked_url(text: str) -> str:
    if "@" in text:
        msg = (
            "BRAZE_REST_ENDPOINT: a URL with a user or password in it is not accepted."
        )
        raise ConfigError(msg)
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        host, port, url = "", None, urlsplit("")
    plain = url.path.strip("/") == "" and not url.query and not url.fragment
    # urlsplit drops tabs and line ends without a word.
    plain = plain and text.isprintable() and port != 0
    if url.scheme not in {"http", "https"} or not _is_host(host) or not plain:
        msg = (
            f"BRAZE_REST_ENDPOINT: {text!r} is not a URL such as "
            f"https://{INSTANCES['us-03']}, without a path."
        )
        raise ConfigError(msg)
    if url.scheme == "http" and not is_loopback(host):
        msg = (
            f"BRAZE_REST_ENDPOINT: {host} over plain HTTP would show the key to the "
            "network. Use https://."
        )
        raise ConfigError(msg)
    if host.startswith(("sdk.", "dashboard")):
        msg = (
            f"BRAZE_REST_ENDPOINT: {host} is not the REST host. "
            f"Use the one that begins with rest., such as {INSTANCES['us-03']}."
        )
        raise ConfigError(msg)
    shown = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{shown}" + (f":{port}" if port else "")


def _is_host(host: str) -> bool:
    """Only what every parser of URLs reads as the same host."""
    return bool(_NAME.fullmatch(host) or (":" in host and "%" not in host))


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(endpoint: str) -> bool:
    """Whether the base URL is a server on this machine."""
    return is_loopback(urlsplit(endpoint).hostname or "")
