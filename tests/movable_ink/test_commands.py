"""`runner movable-ink`: a sample to share, and a template; its test: test_push.py."""

from __future__ import annotations

import json
import re
import time

import pytest
from click.testing import CliRunner, Result

from runner.commands.movable_ink import movable_ink
from runner.errors import ConfigError

from .warehouse import ROOT


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        movable_ink, arguments, env={"DBT_PROJECT_DIR": str(ROOT)}
    )


def test_the_sample_is_json_of_now_and_of_nobody() -> None:
    done = run("sample", "order_completed")
    payload = json.loads(done.stdout)

    assert done.exit_code == 0
    assert payload["event"] == "order_completed"
    assert abs(payload["timestamp"] - time.time() * 1000) < 60_000
    assert not re.search(r"@|\+\d{7}", done.stdout)


def test_the_template_names_the_event() -> None:
    arguments = ("webhook", "wishlist_add", "--property", "amount:number")
    done = run(*arguments, "--users", "known")

    assert '"event": "wishlist_add"' in done.stdout
    assert '"amount": {{event_properties.${amount} | plus: 0}}' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("sample", "product_view!"), "Did you mean 'product_viewed'?"),
        (("sample", "Wish"), "is no event."),
        (("webhook", "wish", "--property", "a b"), "is not like amount:number"),
        (("webhook", "wish", "--property", "a:date"), "is not like amount:number"),
        (("webhook", "wish", "--property", "size"), "a word of Liquid's own"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: tuple[str, ...], sentence: str
) -> None:
    error = run(*arguments).exception

    assert isinstance(error, ConfigError)
    assert sentence in str(error)
