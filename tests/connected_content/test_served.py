"""Blocks and the source document's Liquid against `runner serve` and a real store."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.commands.keys import keys
from runner.commands.liquid import liquid
from runner.connected_content import Recipient, Token, Workspace
from runner.connected_content.wire import Request, fetch
from runner.errors import DeliveryError

from .source_document import CALL, HOST, REFERENCES
from .stores import JANE, fill


@dataclass
class Served:
    """A server of the small store, and a key to all of it."""

    url: str
    store: Path
    key: str

    def make_key(self, *arguments: str) -> str:
        result = CliRunner().invoke(
            keys, ["create", "--store", str(self.store), *arguments]
        )
        assert result.exit_code == 0, result.exception
        return result.stdout.strip()

    def liquid(self, *arguments: str, key: str | None = None) -> Result:
        return CliRunner().invoke(
            liquid,
            ["--store", str(self.store), "--host", self.url, *arguments],
            env={"PERSONALIZATION_KEY": key or self.key},
        )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    store = tmp_path_factory.mktemp("served") / "store"
    fill(store)
    found = Served("", store, "")
    found.key = found.make_key("--collections", "customer,stores")
    command = [sys.executable, "-m", "runner", "serve", "--store", str(store)]
    with subprocess.Popen(
        [*command, "--port", "0", "--workers", "1", "--no-access-log"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stderr is not None
        greeting = process.stderr.readline()
        address = re.search(r"http://\S+", greeting)
        assert address, greeting
        found.url = address[0]
        try:
            _wait_for(f"{found.url}/healthz")
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def _wait_for(url: str) -> None:
    """The greeting comes before the workers do."""
    for _ in range(200):
        if fetch(Request("GET", url)).is_good:
            return
        time.sleep(0.02)
    pytest.fail("runner serve does not answer")


# --- the source document -----------------------------------------------------


@pytest.mark.parametrize(("reference", "text"), REFERENCES)
def test_the_source_documents_liquid_renders(
    served: Served, reference: str, text: str
) -> None:
    call = CALL.replace(HOST, served.url).replace("YOUR-API-KEY", served.key)

    rendered = Workspace().render(call + reference)

    assert rendered.text.strip() == text
    assert rendered.calls[0].status == 200


def test_the_whole_sample_record_is_read(served: Served) -> None:
    call = CALL.replace(HOST, served.url).replace("YOUR-API-KEY", served.key)

    rendered = Workspace().render(
        call
        + "{{customer.user_id}}|{{customer.lifetime_value}}|{{customer.churn_risk}}|"
        "{{customer['90_day_summary'].num_songs_listened}}|"
        "{{customer['90_day_summary'].top_genres | join: ','}}|"
        "{% for concert in customer.recommendations.concerts %}{{concert.event_date}} "
        "{% endfor %}|{{customer.__http_status_code__}}"
    )

    assert rendered.text.strip() == (
        "12345|1492.18|0.04|813|house,techno,ambient|2023-01-31 2023-02-25 |200"
    )


# --- runner liquid -----------------------------------------------------------


def test_the_printed_block_renders_as_it_stands(served: Served) -> None:
    """Pasted, and the key put where the block says: nothing else is needed."""
    printed = served.liquid("customer").stdout
    name = re.search(r"name (\w+),", printed)
    assert name
    workspace = Workspace(
        {name[1]: Token({"Authorization": f"Bearer {served.key}"}, "127.0.0.1")}
    )

    rendered = workspace.render(printed, Recipient({"user_id": "12345"}), passes=3)

    assert "full_name: Jane &lt;Doe&gt; &amp; Co" in rendered.text
    assert "90_day_summary top_genres: house" in rendered.text
    assert "recommendations concerts artist: Aphex Twin" in rendered.text
    assert [call.is_cached for call in rendered.calls] == [False, True, True]


def test_render_prints_the_text_then_the_calls(served: Served) -> None:
    result = served.liquid("customer", "--render", "12345", "--plain")

    assert result.exit_code == 0, result.exception
    assert "full_name: Jane <Doe> & Co" in result.stdout
    assert "lifetime_value: 1492.18" in result.stdout
    first, second = result.stderr.splitlines()
    url = f"{served.url}/v1/collections/customer/records/user_id/12345"
    assert re.fullmatch(rf"GET {re.escape(url)}  200  \d+ bytes  [\d.]+ ms", first)
    assert second.endswith("from Braze's cache")
    assert served.key not in result.output


@pytest.mark.parametrize(
    ("arguments", "asked", "text"),
    [
        (["--index", "email"], "jane@example.com", "user_id: 12345"),
        (["--index", "email"], "john+1@example.com", "full_name: 數 + Zoë"),
        (["--index", "tier"], "gold", "full_name: Jane &lt;Doe&gt; &amp; Co"),
        (["--key-in-header"], "12345", "user_id: 12345"),
        (["--value", "event_properties.${whose}"], "12345", "user_id: 12345"),
        (["--in-app"], "12345", "user_id: 12345"),
    ],
)
def test_every_way_of_writing_the_block_renders(
    served: Served, arguments: list[str], asked: str, text: str
) -> None:
    result = served.liquid("customer", *arguments, "--render", asked)

    assert result.exit_code == 0, result.exception
    assert text in result.stdout


def test_a_default_record_takes_the_place_of_a_missing_one(served: Served) -> None:
    assert "store_id: none" in served.liquid("stores", "--render", "nowhere").stdout
    assert "name: Lyon" in served.liquid("stores", "--render", "lyon").stdout


@pytest.mark.parametrize(
    ("arguments", "asked", "reason"),
    [
        (["customer"], "nobody", "there is no such record"),
        (["customer", "--index", "tier"], "tin", "there is no such record"),
    ],
)
def test_who_has_no_record_gets_no_message(
    served: Served, arguments: list[str], asked: str, reason: str
) -> None:
    result = served.liquid(*arguments, "--render", asked)

    assert isinstance(result.exception, DeliveryError)
    assert reason in str(result.exception)
    assert result.stdout == ""


def test_a_key_that_does_not_open_says_so_without_the_key(served: Served) -> None:
    elsewhere = served.make_key("--collections", "stores", "--name", "stores-only")
    stranger = "bzs_aaaaaaaaaa_" + "x" * 43

    unknown = served.liquid("customer", "--render", "12345", key=stranger)
    other = served.liquid("customer", "--render", "12345", key=elsewhere)

    assert "does not know the key" in str(unknown.exception)
    assert "the key may not see the collection" in str(other.exception)
    told = f"{unknown.output}{unknown.exception}{other.output}{other.exception}"
    assert stranger not in told
    assert elsewhere not in told


def test_a_key_of_some_fields_leaves_the_others_empty(served: Served) -> None:
    some = served.make_key(
        *("--collections", "customer", "--name", "some"),
        *("--fields", "customer=user_id,lifetime_value"),
    )

    text = served.liquid("customer", "--render", "12345", key=some).stdout

    assert "lifetime_value: 1492.18" in text
    assert JANE["full_name"].split()[0] not in text


def test_a_server_that_is_not_there_is_named(served: Served) -> None:
    arguments = ["--host", "http://127.0.0.1:1", "customer", "--render", "12345"]

    result = served.liquid(*arguments)

    assert "nothing answers at http://127.0.0.1:1: start" in str(result.exception)
