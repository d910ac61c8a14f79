"""Every rule of a call: time, size, redirects, cache, retries, credentials, health."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from runner.connected_content import Basic, Recipient, Token, Workspace
from runner.connected_content.health import Health
from runner.connected_content.wire import MOST_BYTES

from .places import Handler, Place

USED = "{% connected_content URL :save r OPTIONS %}[{{r.a}}]"


def used(url: str, options: str = "") -> str:
    return USED.replace("URL", url).replace("OPTIONS", options)


def slow_to_begin(handler: Handler) -> None:
    time.sleep(0.5)
    handler.give(b'{"a":1}')


def slow_to_end(handler: Handler) -> None:
    """Trickle without a promised length: each byte comes in time, the last does not."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.02)
        handler.wfile.write(b'{"a":1}')
    except OSError:
        return


@pytest.mark.parametrize("answering", [slow_to_begin, slow_to_end])
def test_what_is_not_whole_in_time_is_not_inserted(
    workspace: Workspace, place: Place, answering: object
) -> None:
    url = place.says("/r", answering)  # type: ignore[arg-type]

    started = time.monotonic()
    rendered = workspace.render(used(url))

    assert time.monotonic() - started < 0.45
    assert rendered.text == "[]"
    assert rendered.calls[0].status == 408


def test_braze_waits_two_seconds() -> None:
    assert Workspace()._seconds == 2.0


def test_an_answer_has_at_most_a_megabyte(workspace: Workspace, place: Place) -> None:
    filler = MOST_BYTES - len(b'{"a":1,"b":""}')
    fits = b'{"a":1,"b":"' + b"x" * filler + b'"}'
    whole = place.says("/whole", lambda handler: handler.give(fits))
    over = place.says("/over", lambda handler: handler.give(fits + b" "))

    assert workspace.render(used(whole)).text == "[1]"
    rendered = workspace.render(used(over))
    assert rendered.text == "[]"
    assert rendered.calls[0].note == "The answer is larger than 1 MB."


def test_a_redirect_is_not_followed(workspace: Workspace, place: Place) -> None:
    there = place.holds("/there", {"a": 1})
    url = place.says("/r", lambda handler: handler.give(b"", 302, Location=there))

    rendered = workspace.render(used(url))

    assert (rendered.text, rendered.calls[0].status) == ("[]", 302)
    assert [seen.path for seen in place.seen] == ["/r"]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 500, 503])
def test_after_a_bad_status_the_variable_is_null(
    workspace: Workspace, place: Place, status: int
) -> None:
    url = place.holds("/r", {"a": 1}, status)

    rendered = workspace.render(
        used(url)
        + "{% if r == null and r.__http_status_code__ != 200 %}null{% endif %}"
        + f"{{% connected_content {url} %}}"
    )

    assert (rendered.text, rendered.abort) == ("[]null", None)
    assert [call.status for call in rendered.calls] == [status, status]


def test_a_server_that_is_gone_is_599(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    rendered = workspace.render(used(f"http://127.0.0.1:{port}/r"))

    assert (rendered.text, rendered.calls[0].status) == ("[]", 599)


def test_half_an_answer_is_no_answer(workspace: Workspace, place: Place) -> None:
    def cut_off(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"a":1}')

    rendered = workspace.render(used(place.says("/r", cut_off)))

    assert (rendered.text, rendered.calls[0].status) == ("[]", 599)


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("https://api.example.com:8443/r", "Braze calls ports 80 and 443, not 8443."),
        ("ftp://api.example.com/r", "The URL must begin with https:// and a host."),
        ("http://api.example.com:x/r", "The URL cannot be read."),
        ("https://127.0.0.1/{{${user_id}}}", "url_param_escape"),
    ],
)
def test_some_urls_are_never_called(workspace: Workspace, url: str, note: str) -> None:
    rendered = workspace.render(used(url), Recipient({"user_id": "Zoë M"}))

    assert (rendered.text, rendered.calls[0].status) == ("[]", 0)
    assert note in rendered.calls[0].note


def test_a_header_cannot_smuggle_another(workspace: Workspace, place: Place) -> None:
    url = place.holds("/r", {"a": 1})

    rendered = workspace.render(
        used(url, ':headers {"X": "a\\nAuthorization: Bearer stolen"}')
    )

    assert (rendered.text, place.seen) == ("[]", [])
    assert "stolen" not in repr(rendered)


# --- the cache ---------------------------------------------------------------


def test_an_answer_is_kept_for_five_minutes_by_its_url(
    workspace: Workspace, place: Place
) -> None:
    url, other = place.holds("/r", {"a": 1}), place.holds("/r?x", {"a": 2})

    assert [workspace.render(used(url)).text for _ in range(2)] == ["[1]", "[1]"]
    assert workspace.render(used(other)).text == "[2]"
    place.holds("/r", {"a": 9})
    workspace.clock.skip(299)
    assert workspace.render(used(url)).text == "[1]"
    assert workspace.render(used(url)).calls[0].is_cached
    workspace.clock.skip(1.1)
    assert workspace.render(used(url)).text == "[9]"
    assert [seen.path for seen in place.seen] == ["/r", "/r?x", "/r"]


@pytest.mark.parametrize(("asked", "kept"), [(10, 300), (900, 900), (99_999, 14_400)])
def test_cache_max_age_has_a_floor_and_a_ceiling(
    workspace: Workspace, place: Place, asked: int, kept: int
) -> None:
    template = used(place.holds("/r", {"a": 1}), f":cache_max_age {asked}")

    workspace.render(template)
    workspace.clock.skip(kept - 1)
    assert workspace.render(template).calls[0].is_cached
    workspace.clock.skip(1.1)
    assert not workspace.render(template).calls[0].is_cached


def test_nothing_is_kept_with_no_cache_nor_of_a_failure(
    workspace: Workspace, place: Place
) -> None:
    url, missing = place.holds("/r", {"a": 1}), place.holds("/gone", {}, 404)

    for template in (used(url, ":no_cache"), used(missing)):
        workspace.render(template)
        assert not workspace.render(template).calls[0].is_cached


def test_a_post_is_kept_only_where_asked(workspace: Workspace, place: Place) -> None:
    url = place.holds("/r", {"a": 1})
    plain, kept = (
        used(url, f":method post :body a={value} {more}")
        for value, more in ((1, ""), (2, ":cache_max_age 900"))
    )

    assert not any(workspace.render(plain).calls[0].is_cached for _ in range(2))
    workspace.render(kept)
    assert workspace.render(kept).calls[0].is_cached


def test_the_cache_does_not_know_whose_key_it_was(place: Place) -> None:
    """Two keys that see different fields must not share a URL: Braze mixes them up."""
    workspace = Workspace()
    url = place.says(
        "/r",
        lambda handler: handler.give(
            b'{"a":"%s"}' % handler.headers["Authorization"].encode()
        ),
    )

    texts = [
        workspace.render(used(url, f':headers {{"Authorization":"{key}"}}')).text
        for key in ("first", "second")
    ]

    assert texts == ["[first]", "[first]"]


def test_each_rendering_calls_again_unless_the_answer_is_kept(
    workspace: Workspace, place: Place
) -> None:
    url = place.holds("/r", {"a": 1})

    kept = workspace.render(used(url), passes=3)
    not_kept = workspace.render(used(url, ":no_cache"), passes=3)

    assert [call.is_cached for call in kept.calls] == [False, True, True]
    assert [call.is_cached for call in not_kept.calls] == [False] * 3
    assert len(place.seen) == 4


# --- retries -----------------------------------------------------------------


def failing(place: Place, times: int, status: int) -> str:
    """A URL that fails so many times and is good from then on."""
    left = iter([status] * times)

    def answer(handler: Handler) -> None:
        handler.give(b'{"a":1}', next(left, 200))

    return place.says("/flaky", answer)


def test_retry_tries_five_times_more(workspace: Workspace, place: Place) -> None:
    before = workspace.clock.now()

    rendered = workspace.render(used(failing(place, 5, 503), ":retry"))

    assert (rendered.text, rendered.abort) == ("[1]", None)
    assert [call.status for call in rendered.calls] == [503] * 5 + [200]
    assert workspace.clock.now() - before >= 60 + 120 + 240 + 480 + 960


def test_after_the_last_retry_the_message_is_aborted(
    workspace: Workspace, place: Place
) -> None:
    rendered = workspace.render(used(failing(place, 6, 500), ":retry"))

    assert rendered.abort == "5 retries failed, the last with 500."
    assert len(rendered.calls) == 6


def test_a_miss_is_not_retried(workspace: Workspace, place: Place) -> None:
    rendered = workspace.render(used(place.url + "/none", ":retry"))

    assert (rendered.text, rendered.abort) == ("[]", None)
    assert len(rendered.calls) == 1


def test_an_in_app_message_knows_no_retry(workspace: Workspace, place: Place) -> None:
    rendered = workspace.render(used(failing(place, 1, 503), ":retry"), in_app=True)

    assert (rendered.text, rendered.abort) == ("[]", None)
    assert len(rendered.calls) == 1


# --- credentials -------------------------------------------------------------


def test_stored_credentials_open_their_domain_and_no_other(place: Place) -> None:
    workspace = Workspace(
        {
            "reco": Token({"Authorization": "Bearer hidden"}, "127.0.0.1"),
            "other": Token({"Authorization": "Bearer hidden"}, "example.com"),
            "login": Basic("ada", "hidden"),
        }
    )
    url = place.holds("/r", {"a": 1})

    opened = workspace.render(used(url, ":auth_credentials reco"))
    refused = workspace.render(used(url + "?1", ":auth_credentials other"))
    unknown = workspace.render(used(url + "?2", ":auth_credentials rceo"))
    basic = workspace.render(used(url + "?3", ":basic_auth login"))

    assert opened.text == "[1]"
    assert place.seen[0].headers["authorization"] == "Bearer hidden"
    assert refused.abort == "The credential 'other' is not for this domain."
    assert unknown.abort == "There is no credential 'rceo' for :auth_credentials."
    assert place.seen[1].headers["authorization"] == "Basic YWRhOmhpZGRlbg=="
    assert "hidden" not in repr((workspace._credentials, opened, refused, basic))


# --- the unhealthy host ------------------------------------------------------


def test_a_host_that_fails_too_often_is_halted_for_a_minute(place: Place) -> None:
    workspace = Workspace(most_failures=3)
    for _ in range(4):
        workspace.render(used(place.holds("/bad", {}, 503)))
    good = used(place.holds("/r", {"a": 1}))

    halted = workspace.render(good)
    assert (halted.text, halted.calls[0].status) == ("[]", 598)
    assert len(place.seen) == 4
    workspace.clock.skip(60)
    assert workspace.render(good).text == "[1]"


def test_retry_outlives_a_halt(place: Place) -> None:
    workspace = Workspace(most_failures=3)
    for _ in range(4):
        workspace.render(used(place.holds("/bad", {}, 429)))

    rendered = workspace.render(used(place.holds("/r", {"a": 1}), ":retry"))

    assert [call.status for call in rendered.calls] == [598, 200]


def test_three_thousand_failures_are_borne_and_one_more_is_not() -> None:
    health = Health()
    for _ in range(3_000):
        health.note("host", 503, now=0.0)
    assert health.may_call("host", 1.0)

    health.note("host", 503, now=1.0)

    assert not health.may_call("host", 1.0)
    assert not health.may_call("host", 60.9)
    assert health.may_call("other", 1.0)


def test_a_host_with_one_good_answer_in_ten_is_not_halted() -> None:
    health = Health()
    for number in range(40_000):
        health.note("host", 200 if number % 10 == 0 else 503, now=0.0)

        assert health.may_call("host", 0.0)


def test_failures_of_more_than_a_minute_ago_are_forgotten() -> None:
    health = Health()
    for number in range(6_000):
        health.note("host", 503, now=number / 49)

    assert health.may_call("host", 6_000 / 49)


@pytest.mark.parametrize("status", [400, 401, 404, 500, 599])
def test_some_statuses_do_not_count(status: int) -> None:
    health = Health(most_failures=10)
    for _ in range(100):
        health.note("host", status, now=0.0)

    assert health.may_call("host", 0.0)


def test_an_answer_from_before_the_halt_does_not_end_it() -> None:
    health = Health(most_failures=0)
    health.note("host", 503, now=0.0)

    health.note("host", 200, now=1.0)

    assert not health.may_call("host", 1.0)


def test_a_failed_probe_halts_for_another_minute() -> None:
    health = Health(most_failures=0)
    health.note("host", 503, now=0.0)
    assert health.may_call("host", 60.0)

    health.note("host", 503, now=60.0)

    assert not health.may_call("host", 119.9)
    health.note("host", 200, now=120.0)
    assert health.may_call("host", 120.0)


def test_many_threads_may_render(place: Place) -> None:
    workspace = Workspace()
    url = place.holds("/r", {"a": 1})
    texts: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: texts.append(workspace.render(used(url, ":no_cache")).text)
        )
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == ["[1]"] * 20
