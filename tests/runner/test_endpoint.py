"""Where the key is sent: every instance by name, and no hostile spelling of a URL."""

from __future__ import annotations

import pytest

from runner.endpoint import rest_endpoint
from runner.errors import ConfigError

# braze-api sheet 1.1, written out again: a table that copies itself proves nothing.
INSTANCES = {
    "US-01": "https://rest.iad-01.braze.com",
    "US-02": "https://rest.iad-02.braze.com",
    "US-03": "https://rest.iad-03.braze.com",
    "US-04": "https://rest.iad-04.braze.com",
    "US-05": "https://rest.iad-05.braze.com",
    "US-06": "https://rest.iad-06.braze.com",
    "US-07": "https://rest.iad-07.braze.com",
    "US-08": "https://rest.iad-08.braze.com",
    "US-10": "https://rest.us-10.braze.com",
    "EU-01": "https://rest.fra-01.braze.eu",
    "EU-02": "https://rest.fra-02.braze.eu",
    "AU-01": "https://rest.au-01.braze.com",
    "ID-01": "https://rest.id-01.braze.com",
    "JP-01": "https://rest.jp-01.braze.com",
    "KR-01": "https://rest.kr-01.braze.com",
}

CLUSTERS = {url.split(".")[1]: url for url in INSTANCES.values()}

GOOD_URLS = {
    "https://rest.iad-03.braze.com": "https://rest.iad-03.braze.com",
    "https://rest.iad-03.braze.com/": "https://rest.iad-03.braze.com",
    "  https://rest.iad-03.braze.com\n": "https://rest.iad-03.braze.com",
    "HTTPS://REST.IAD-03.BRAZE.COM": "https://rest.iad-03.braze.com",
    "rest.iad-03.braze.com": "https://rest.iad-03.braze.com",
    "https://rest.us-09.braze.com": "https://rest.us-09.braze.com",
    "https://braze.example.com:8443": "https://braze.example.com:8443",
    "https://[2001:db8::1]:8443": "https://[2001:db8::1]:8443",
    "http://localhost:8025": "http://localhost:8025",
    "http://127.0.0.1:8025": "http://127.0.0.1:8025",
    "http://127.8.9.1": "http://127.8.9.1",
    "http://[::1]:8025": "http://[::1]:8025",
}

HOSTILE_URLS = [
    # a user or password in it: the host is not what the eye reads
    "https://rest.iad-03.braze.com@evil.example",
    "https://user@rest.iad-03.braze.com",
    "https://user:password@rest.iad-03.braze.com",
    "https://:password@rest.iad-03.braze.com",
    "https://@rest.iad-03.braze.com",
    "https://rest.iad-03.braze.com:443@evil.example",
    "https://rest.iad-03.braze.com%40evil.example",
    # the end of the host is elsewhere for another parser
    "https://evil.example#rest.iad-03.braze.com",
    "https://evil.example#@rest.iad-03.braze.com",
    "https://evil.example?rest.iad-03.braze.com",
    "https://evil.example\\@rest.iad-03.braze.com",
    "https://rest.iad-03.braze.com\\.evil.example",
    "https:\\\\rest.iad-03.braze.com",
    "https://rest.iad-03.braze.com;evil.example",
    "https://rest.iad-03.braze.com,evil.example",
    # paths, queries and fragments are not part of a base URL
    "https://rest.iad-03.braze.com/users/track",
    "https://rest.iad-03.braze.com/../x",
    "https://rest.iad-03.braze.com/?key=1",
    "https://rest.iad-03.braze.com/#x",
    # characters that no host has
    "https://rest.iad-03.bra\nze.com",
    "https://rest.iad-03.bra\tze.com",
    "https://rest.iad-03.bra\rze.com",
    "https://rest.iad-03.bra\x00ze.com",
    "https://rest.iad-03.bra\x7fze.com",
    "https://rest.iad-03.bra ze.com",
    "https://rest.iad-03.bra%00ze.com",
    "https://rest.iad-03.bra%0d%0aze.com",
    "https://rest.iad-03.braze.com%2eevil.example",
    "https://rest.iad-03.braze.com<x>",
    'https://"rest.iad-03.braze.com"',
    "'https://rest.iad-03.braze.com'",
    "https://$(whoami).example",
    # other alphabets, and dots that are none
    "https://rest.iad-03.bräze.com",
    "https://rest.iad-03.brаze.com",  # noqa: RUF001 - a Cyrillic letter is the point
    "https://rest.iad-03.braze。com",
    "https://rest.iad-03.braze.com.",
    "https://rest..braze.com",
    "https://.rest.iad-03.braze.com",
    "https://-rest.iad-03.braze.com",
    # no host, no port, no scheme of ours
    "https://",
    "https:///users",
    "https://:443",
    "https://rest.iad-03.braze.com:0",
    "https://rest.iad-03.braze.com:65536",
    "https://rest.iad-03.braze.com:-1",
    "https://rest.iad-03.braze.com:port",
    "https://[::1",
    "https://[rest.iad-03.braze.com]",
    "https://[::1%25eth0]",
    "ftp://rest.iad-03.braze.com",
    "file:///etc/passwd",
    "javascript://rest.iad-03.braze.com",
    "//rest.iad-03.braze.com",
    "://rest.iad-03.braze.com",
    # another of Braze's hosts
    "https://sdk.iad-03.braze.com",
    "https://dashboard-03.braze.com",
    "https://dashboard.au-01.braze.com",
]

PLAIN_HTTP = [
    "http://rest.iad-03.braze.com",
    "HTTP://rest.iad-03.braze.com",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://2130706433",  # 127.0.0.1 as one number, for resolvers that take it
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.1",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://169.254.169.254",
    "http://[2001:db8::1]",
    "http://[fe80::1]",
]


@pytest.mark.parametrize(("name", "url"), INSTANCES.items())
def test_an_instance_is_its_rest_host(name: str, url: str) -> None:
    assert url == rest_endpoint(name)


@pytest.mark.parametrize(("name", "url"), CLUSTERS.items())
def test_a_cluster_is_its_rest_host(name: str, url: str) -> None:
    assert url == rest_endpoint(name)


def test_the_case_of_an_instance_does_not_count() -> None:
    assert rest_endpoint("US-03") == rest_endpoint(" us-03 ")


@pytest.mark.parametrize(("given", "url"), GOOD_URLS.items())
def test_a_good_url_is_taken_as_its_base(given: str, url: str) -> None:
    assert url == rest_endpoint(given)


@pytest.mark.parametrize("given", HOSTILE_URLS)
def test_a_hostile_url_is_refused(given: str) -> None:
    with pytest.raises(ConfigError):
        rest_endpoint(given)


@pytest.mark.parametrize("given", PLAIN_HTTP)
def test_plain_http_is_refused_beyond_this_machine(given: str) -> None:
    with pytest.raises(ConfigError, match="plain HTTP"):
        rest_endpoint(given)


@pytest.mark.parametrize("given", ["US-09", "EU-03", "US-11", "frankfurt", "-", "us"])
def test_an_unknown_instance_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="no instance of Braze's"):
        rest_endpoint(given)


def test_no_other_instance_is_guessed_at() -> None:
    """The nearest name is another customer's Braze."""
    with pytest.raises(ConfigError) as refusal:
        rest_endpoint("us-99")
    assert "Did you mean" not in str(refusal.value)


@pytest.mark.parametrize("host", ["rest.iad-03.braze.com", "[::1", "a\tb", "x:port"])
def test_a_password_in_a_url_is_not_repeated(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rest_endpoint(f"https://user:canary@{host}")
    assert "canary" not in str(caught.value)


def test_a_key_in_the_place_of_the_endpoint_is_not_repeated() -> None:
    key = "0b5b8f6a-3a1e-4c1d-9f55-canary"
    with pytest.raises(ConfigError) as caught:
        rest_endpoint(key)
    assert key not in str(caught.value)
