"""The `sandbox` command, run as its users run it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import pytest
import requests
from click.testing import CliRunner

from runner.sandbox.command import sandbox as command

from .conftest import customer

COMMAND = [sys.executable, "-m", "runner.sandbox", "--port", "0"]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run the command, and read the lines to paste."""
    process = subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        pasted = [process.stdout.readline().split("export ", 1)[1] for _ in range(8)]
        names = dict(line.strip().split("=", 1) for line in pasted)
        assert process.stdout.readline().startswith("# open http://127.0.0.1:")
        yield process, names
    finally:
        process.kill()
        process.communicate()


def send(names: dict[str, str]) -> requests.Response:
    """Send what the printed lines allow."""
    return requests.post(
        f"{names['BRAZE_REST_ENDPOINT']}/users/track",
        json={"attributes": [customer()]},
        headers={"Authorization": f"Bearer {names['BRAZE_API_KEY']}"},
        timeout=5,
    )


def test_the_printed_lines_are_enough_to_send() -> None:
    with running() as (_, names):
        assert send(names).status_code == 201


def test_another_key_is_printed_and_needed() -> None:
    with running("--api-key", "mine") as (_, names):
        assert (names["BRAZE_API_KEY"], send(names).status_code) == ("mine", 201)


def test_options_reach_the_sandbox() -> None:
    with running("--rate-limit", "1/3600", "--dialect", "seconds") as (_, names):
        headers = [send(names).headers for _ in range(2)][1]
        assert "x-ratelimit-retry-after" in headers


def test_the_printed_lines_are_enough_for_cohorts() -> None:
    with running("--data-import-key", "mine") as (_, names):
        answer = requests.post(
            f"{names['BRAZE_REST_ENDPOINT']}/partners/{names['BRAZE_PARTNER']}/cohorts",
            json={
                "partner_api_key": names["BRAZE_PARTNER_API_KEY"],
                "client_secret": names["BRAZE_DATA_IMPORT_KEY"],
                "cohort_id": "c1",
                "name": "One",
            },
            timeout=5,
        )
    assert (answer.status_code, names["BRAZE_DATA_IMPORT_KEY"]) == (201, "mine")


def test_groups_delay_and_limits_reach_the_sandbox() -> None:
    options = ["--subscription-groups", "g1", "--delay", "60", "--no-limits"]
    with running(*options) as (_, names):
        url = names["BRAZE_REST_ENDPOINT"]
        headers = {"Authorization": f"Bearer {names['BRAZE_API_KEY']}"}
        group = {
            "subscription_group_id": "g2",
            "subscription_state": "subscribed",
            "external_ids": ["a"],
        }
        refused = requests.post(
            f"{url}/v2/subscription/status/set",
            json={"subscription_groups": [group]},
            headers=headers,
            timeout=5,
        )
        alias = {"alias_name": "n", "alias_label": "l"}
        requests.post(
            f"{url}/users/alias/new",
            json={"user_aliases": [alias]},
            headers=headers,
            timeout=5,
        )
        listed = requests.get(f"{url}/catalogs", headers=headers, timeout=5)
        profiles = requests.get(f"{url}/sandbox/profiles", timeout=5).json()
    assert (refused.status_code, profiles) == (400, {})
    assert listed.headers["x-ratelimit-limit"] == "250000"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(sign: signal.Signals) -> None:
    with running("--quiet") as (process, _):
        process.send_signal(sign)
        output = process.communicate(timeout=10)
        assert (process.returncode, *output) == (0, "", "")


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(command, ["--port", str(port)])
    assert result.exit_code == 2
    assert f"127.0.0.1:{port}" in result.output
    assert "--port" in result.output


@pytest.mark.parametrize(
    "options",
    [
        ["--rate-limit", "fast"],
        ["--rate-limit", "0/1"],
        ["--rate-limit", "1/0"],
        ["--faults", "strom"],
        ["--faults", "[]"],
        ["--faults", '{"script": ["50"]}'],
        ["--port", "99999"],
        ["--dialect", "other"],
    ],
)
def test_a_mistaken_option_is_a_usage_error(options: list[str]) -> None:
    with pytest.raises(click.UsageError) as caught:
        command.make_context("sandbox", options)
    assert caught.value.exit_code == 2
