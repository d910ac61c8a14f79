"""The Connected Content block: what it says, path by path, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.commands.liquid import _leaves, liquid
from runner.errors import ConfigError
from runner.liquid import Block, recipient_value, variable, written
from runner.record_paths import Leaf, leaves, reference
from runner.store import Definition, Index
from tests.connected_content.stores import CUSTOMER, fill

HOST = "https://personalization.example.com"


def record(**members: Any) -> str:
    return json.dumps({"indexes": [], "record": members})


def block(**changes: Any) -> str:
    made = Block(CUSTOMER, "user_id", HOST, (), "reco_key", "${user_id}")
    return written(replace(made, **changes))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("title",), "r.title"),
        (("concerts", 0, "artist"), "r.concerts[0].artist"),
        (("90_day_summary", "top", 0), "r['90_day_summary'].top[0]"),
        (("a-b", "é", ""), "r['a-b']['é']['']"),
        (("it's",), 'r["it\'s"]'),
        (("both ' and \"",), None),
        (("100%", "{a}", "2026-01-31"), "r['100%']['{a}']['2026-01-31']"),
        (("by", "a}}{% connected_content https://x.example %}"), None),
        (("{{x",), None),
        (("%}",), None),
        (("two\nlines",), None),
        (("two\u2028lines",), None),
        (("by", "ann@example.com", 0), None),
        (("+44 20 7946 0958",), None),
        (("447700900123",), None),
    ],
)
def test_a_path_is_written_as_liquid_reads_it(path: Any, text: str | None) -> None:
    assert reference("r", path) == text


def test_paths_come_from_all_records_together() -> None:
    found = leaves(
        ("id", "tags", "offer", "never", "many", "hidden"),
        [
            '{"tombstone":true}',
            record(id=1, tags=None, offer={"price": 2}, many=[]),
            record(id=2, tags=["a", "b"], offer={"price": 3, "label": "x"}, many=[{}]),
            record(id="3", tags=[], offer=None, many=[{"a": 1}, {"b": {"c": True}}]),
        ],
    )

    assert found == (
        Leaf(("id",), is_text=True),
        Leaf(("tags", 0), is_text=True),
        Leaf(("offer", "price"), is_text=False),
        Leaf(("offer", "label"), is_text=True),
        Leaf(("never",), is_text=True),
        Leaf(("many", 0, "a"), is_text=False),
        Leaf(("many", 0, "b", "c"), is_text=False),
        Leaf(("hidden",), is_text=True),
    )


def test_a_number_of_any_length_is_a_path() -> None:
    payload = '{"indexes":[],"record":{"id":' + "9" * 5_000 + "}}"

    assert leaves(("id",), [payload]) == (Leaf(("id",), is_text=False),)


def test_a_record_that_is_too_deep_is_one_sentence() -> None:
    payload = '{"indexes":[],"record":{"id":' + "[" * 5_000 + "]" * 5_000 + "}}"

    with pytest.raises(ConfigError, match="nested too deeply"):
        _leaves(CUSTOMER, [payload])


def test_a_column_that_is_not_served_has_no_path() -> None:
    assert leaves(("id",), [record(id=1, secret="s")]) == (
        Leaf(("id",), is_text=False),
    )


@pytest.mark.parametrize(
    ("collection", "name"),
    [("customer", "customer"), ("2024", "the_2024"), ("empty", "the_empty")],
)
def test_the_variable_is_one_that_liquid_allows(collection: str, name: str) -> None:
    assert variable(collection) == name


@pytest.mark.parametrize(
    ("index", "value"),
    [
        ("user_id", "${user_id}"),
        ("external_id", "${user_id}"),
        ("email", "${email_address}"),
        ("store", "custom_attribute.${store}"),
    ],
)
def test_the_recipient_is_looked_up_by_what_braze_knows(index: str, value: str) -> None:
    assert recipient_value(index) == value


def test_the_key_stays_with_braze_unless_asked_otherwise() -> None:
    stored, shown = block(), block(credential=None)

    assert ":auth_credentials reco_key\n" in stored
    assert "header Authorization" in stored
    assert "allowed domain personalization.example.com" in stored
    assert ":headers" not in stored
    assert ':headers {"Authorization": "Bearer PASTE-THE-KEY-HERE"}\n' in shown
    assert ":auth_credentials" not in shown


@pytest.mark.parametrize(
    ("seconds", "option"),
    [(0, ""), (300, ""), (900, ":cache_max_age 900"), (99_999, ":cache_max_age 14400")],
)
def test_longer_caching_is_asked_for_as_braze_allows(seconds: int, option: str) -> None:
    text = block(definition=replace(CUSTOMER, cache_seconds=seconds))

    assert (option in text) if option else (":cache_max_age" not in text)


def test_an_in_app_message_knows_no_retry() -> None:
    assert ":retry" in block()
    assert ":retry" not in block(in_app=True)


def test_text_is_escaped_in_html_and_nowhere_else() -> None:
    shown = (Leaf(("name",), is_text=True), Leaf(("price",), is_text=False))

    html, plain = block(leaves=shown), block(leaves=shown, is_html=False)

    assert "{{customer.name | escape}}" in html
    assert "{{customer.price}}" in html
    assert "{{customer.name}}" in plain
    assert "In HTML, add: | escape" in plain


def test_it_warns_of_addresses_in_urls() -> None:
    warning = "Braze logs each URL for 30 days"

    assert warning in block(index="email")
    assert warning not in block()


def test_a_list_is_missing_when_it_is_empty() -> None:
    text = block(index="tier", leaves=(Leaf(("name",), is_text=False),))

    assert "or customer.records[0] == null %}" in text
    assert "{{customer.records[0].name}}" in text


def test_a_default_record_is_said() -> None:
    said = "Who has no record gets the default record of the collection."

    assert said in block(definition=replace(CUSTOMER, missing='{"a":1}'))
    assert said not in block()


def test_no_note_is_liquid_of_its_own() -> None:
    odd = Definition("odd", "a%}{{b", (Index("x"),), ("a%}{{b",), None, 0)
    text = block(
        definition=odd,
        value="custom_attribute.${tier}",
        leaves=(Leaf(("a%}{{b",), is_text=True),),
    )

    notes = text.split("{% comment %}")[1].split("{% endcomment %}")[0]
    assert "{" not in notes
    assert "The user_id is the recipient's custom attribute tier" in notes


def test_it_says_how_many_names_are_left_out() -> None:
    names = ("ann@example.com", "a}}{{b", "line\nend", "fine")
    text = block(leaves=tuple(Leaf(("by", name), is_text=False) for name in names))

    assert "Left out: 3 with a name" in text
    assert "fine" in text
    assert not [name for name in names[:3] if name in text]
    assert "Left out" not in block()


# --- the command -------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("liquid") / "store"
    fill(folder)
    return folder


def run(store: Path, *arguments: str, **environ: str) -> Result:
    environ["PERSONALIZATION_STORE"] = str(store)
    return CliRunner().invoke(liquid, arguments, env=environ)


def test_the_block_alone_goes_to_stdout(store: Path) -> None:
    result = run(store, "customer", "--host", f"{HOST}/")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("{% comment %}")
    assert f"     {HOST}/v1/collections/customer/records/user_id/" in result.stdout
    assert "{{customer['90_day_summary'].top_genres[0] | escape}}" in result.stdout
    assert "{{customer.recommendations.concerts[0].artist | escape}}" in result.stdout
    assert "Aphex" not in result.stdout


def test_it_says_that_braze_cannot_reach_this_machine(store: Path) -> None:
    assert "Braze cannot reach http://127.0.0.1:8080" in run(store, "customer").stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["custmer"], "no collection 'custmer'. Did you mean 'customer'?"),
        (["customer", "--index", "emial"], "no index 'emial'. Did you mean 'email'?"),
        (["customer", "--host", "http://api.example.com"], "use https://."),
        (["customer", "--host", "https://api.example.com:8443"], "on port 443 alone"),
        (["customer", "--host", "api.example.com"], "not an address such as"),
        (["customer", "--host", "https://a:b"], "not an address such as"),
        (["customer", "--host", "https://api.example.com/v1"], "nothing behind it"),
        (["customer", "--value", "x | y"], "${user_id} or custom_attribute.${store}."),
        (["customer", "--credential", "a b"], "not letters, digits, _ and -"),
        (["customer", "--render", "1"], "PERSONALIZATION_KEY is not set."),
    ],
)
def test_what_cannot_work_is_refused(
    store: Path, arguments: list[str], sentence: str
) -> None:
    error = run(store, *arguments).exception

    assert isinstance(error, ConfigError)
    assert sentence in str(error)
