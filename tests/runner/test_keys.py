"""`runner keys`: made once, listed without a secret, exchanged, revoked."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.commands.keys import keys
from runner.errors import ConfigError
from runner.store import open_store, opens
from tests.connected_content.stores import fill


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "store"
    fill(folder)
    return folder


@pytest.fixture
def store(filled: Path) -> Path:
    """The same store for every test; whatever keys it has are revoked."""
    opened = open_store(str(filled))
    for key in opened.keys.all():
        opened.keys.revoke(key.id)
    opened.close()
    return filled


def run(store: Path | str, *arguments: str) -> Result:
    environ = {"PERSONALIZATION_STORE": str(store)}
    return CliRunner().invoke(keys, arguments, env=environ)


def made(store: Path, *arguments: str) -> str:
    result = run(store, "create", "--collections", "customer,stores", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def listed(store: Path) -> list[dict[str, Any]]:
    return json.loads(run(store, "list", "--format", "json").stdout)  # type: ignore[no-any-return]


def refusal(store: Path | str, *arguments: str) -> str:
    """The sentence of a refusal that is about configuration."""
    error = run(store, *arguments).exception
    assert isinstance(error, ConfigError)
    return str(error)


def test_a_key_is_printed_alone_and_once(store: Path) -> None:
    result = run(store, "create", "--collections", "customer", "--name", "braze-prod")

    text = result.stdout.strip()
    assert re.fullmatch(r"bzs_[a-z0-9]{10}_[\w-]{43}", text)
    assert text not in result.stderr
    assert "shown this once" in result.stderr
    told = run(store, "list").output + json.dumps(listed(store))
    assert text[15:] not in told
    assert text not in "".join(
        path.read_bytes().decode("latin-1")
        for path in store.rglob("*")
        if path.is_file()
    )


def test_the_key_opens_what_it_names(store: Path) -> None:
    text = made(
        store, "--fields", "customer=user_id, recommendations", "--expires", "12h"
    )
    opened = open_store(str(store))

    key = asyncio.run(opened.keys.find(text.split("_")[1]))

    opened.close()
    assert key is not None
    assert key.collections == ("customer", "stores")
    assert key.fields == {"customer": ("user_id", "recommendations")}
    now = datetime.now(UTC)
    assert opens(key, text, now + timedelta(hours=11))
    assert not opens(key, text, now + timedelta(hours=13))
    assert not opens(key, text + "x", now)


def test_the_list_says_what_each_key_is(store: Path) -> None:
    live = made(store, "--name", "live", "--fields", "customer=tier")
    gone = made(store, "--name", "gone", "--expires", "2w").split("_")[1]
    run(store, "revoke", gone)

    found = {each["id"]: each for each in listed(store)}
    first, second = found[live.split("_")[1]], found[gone]

    assert (first["name"], first["state"], first["expires_at"]) == (
        "live",
        "live",
        None,
    )
    assert first["fields"] == {"customer": ["tier"]}
    assert (second["state"], second["collections"]) == (
        "revoked",
        ["customer", "stores"],
    )
    lasts = datetime.fromisoformat(second["expires_at"]) - datetime.fromisoformat(
        second["created_at"]
    )
    assert lasts == timedelta(weeks=2)
    assert "customer(tier), stores" in run(store, "list").stdout


def test_two_keys_of_one_name_live_at_once_and_no_third(store: Path) -> None:
    first = made(store, "--name", "braze").split("_")[1]
    made(store, "--name", "braze")
    made(store, "--name", "other")

    sentence = refusal(store, "create", "--collections", "customer", "--name", "braze")

    assert sentence.endswith(f"runner keys revoke {first}")
    assert run(store, "revoke", first).exit_code == 0
    made(store, "--name", "braze")


def test_a_revoked_key_opens_nothing(store: Path) -> None:
    text = made(store)

    result = run(store, "revoke", text.split("_")[1])

    assert "is revoked" in result.stdout
    opened = open_store(str(store))
    key = asyncio.run(opened.keys.find(text.split("_")[1]))
    opened.close()
    assert not opens(key, text, datetime.now(UTC))


def test_a_key_typed_in_place_of_its_id_is_not_repeated(store: Path) -> None:
    text = made(store)

    sentence = refusal(store, "revoke", text)

    assert text not in sentence
    assert f"Did you mean '{text.split('_')[1]}'?" in refusal(
        store, "revoke", text.split("_")[1][:-1]
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--collections", "custmer"], "no collection 'custmer'. Did you mean 'cust"),
        (["--collections", "x"], "no collection 'x'. Push it first."),
        (
            ["--collections", "customer", "--fields", "stores=name"],
            "--fields names 'stores', --collections does not: add it there",
        ),
        (
            ["--collections", "customer", "--fields", "customer=teir"],
            "customer has no field 'teir'. Did you mean 'tier'?",
        ),
    ],
)
def test_what_a_key_cannot_open_is_said(
    store: Path, arguments: list[str], sentence: str
) -> None:
    assert sentence in refusal(store, "create", *arguments)
    assert not any(key["state"] == "live" for key in listed(store))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--collections", ","],
        ["--collections", "customer", "--fields", "customer"],
        ["--collections", "customer", "--fields", "customer="],
        ["--collections", "stores", "--fields", "stores=a", "--fields", "stores=b"],
        ["--collections", "customer", "--expires", "90"],
        ["--collections", "customer", "--expires", "0d"],
        ["--collections", "customer", "--name", "two words"],
        [],
    ],
)
def test_what_cannot_be_read_ends_with_2(store: Path, arguments: list[str]) -> None:
    result = run(store, "create", *arguments)

    assert result.exit_code == 2
    assert "Error" in result.stderr
    assert not result.stdout


def test_without_a_store_it_says_how_to_name_one(tmp_path: Path) -> None:
    assert "PERSONALIZATION_STORE is not set" in refusal("", "list")
    assert "no store is there" in refusal(tmp_path / "none", "list")
    assert not (tmp_path / "none").exists()
