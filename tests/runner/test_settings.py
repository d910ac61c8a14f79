"""Limits and secrets: what is refused, and that no message holds a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConfigError
from runner.settings import Limits, load_limits, read_secret

CANARY = "0b5b8f6a-canary-4a1e"


def test_the_defaults_are_the_documented_ones() -> None:
    expected = (75, 4_000_000, 3_000, 3.0)
    limits = load_limits({}, {})
    assert expected == (
        limits.objects_per_request,
        limits.bytes_per_request,
        limits.requests_per_window,
        limits.window_seconds,
    )


@pytest.mark.parametrize(
    ("variables", "environ", "expected"),
    [
        ({"objects_per_request": 50}, {}, Limits(objects_per_request=50)),
        ({"objects_per_request": "50"}, {}, Limits(objects_per_request=50)),
        ({"window_seconds": 1}, {}, Limits(window_seconds=1.0)),
        ({"removed_rows_share": 0.5}, {}, Limits(removed_rows_share=0.5)),
        ({}, {"RUNNER_IN_FLIGHT": "2"}, Limits(in_flight=2)),
        ({"in_flight": 9}, {"RUNNER_IN_FLIGHT": "2"}, Limits(in_flight=2)),
        ({"in_flight": 9}, {"RUNNER_IN_FLIGHT": ""}, Limits(in_flight=9)),
        ({}, {"RUNNER_OTHER": "2"}, Limits()),
    ],
)
def test_variables_are_merged_and_the_environment_wins(
    variables: dict[str, Any], environ: dict[str, str], expected: Limits
) -> None:
    assert expected == load_limits(variables, environ)


@pytest.mark.parametrize(
    "value",
    [0, -1, "", "many", "1.5", 1.5, None, True, [], {}, "nan", "inf", "-inf", "1e3"],
)
def test_what_is_no_whole_number_above_zero_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"vars\.runner\.in_flight: .* whole number"):
        load_limits({"in_flight": value}, {})


@pytest.mark.parametrize("value", [0, -0.5, "", "nan", "inf", "1e999", None, "3 s"])
def test_what_is_no_number_above_zero_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"vars\.runner\.window_seconds: "):
        load_limits({"window_seconds": value}, {})


def test_a_bad_variable_of_the_environment_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^RUNNER_LOCK_WAIT: 'soon' is not a number"):
        load_limits({}, {"RUNNER_LOCK_WAIT": "soon"})


def test_an_unknown_limit_brings_the_nearest_word() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'objects_per_request'"):
        load_limits({"objects_per_requests": 75}, {})


@pytest.mark.parametrize("name", [75, None, True])
def test_a_limit_named_by_no_text_is_refused(name: Any) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        load_limits({name: 75}, {})


# -- secrets


@pytest.mark.parametrize("value", [CANARY, f" {CANARY} ", f"{CANARY}\n", f"\t{CANARY}"])
def test_a_secret_is_read_without_the_blanks_around_it(value: str) -> None:
    assert read_secret("KEY", {"KEY": value}) == CANARY


@pytest.mark.parametrize("content", [CANARY, f"{CANARY}\n", f"{CANARY}\r\n"])
def test_a_secret_is_read_from_a_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content.encode())
    assert read_secret("KEY", {"KEY_FILE": str(path)}) == CANARY


def test_the_variable_wins_over_the_file() -> None:
    assert read_secret("KEY", {"KEY": CANARY, "KEY_FILE": "/nowhere"}) == CANARY


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}, {"KEY": " \n"}, {"KEY_FILE": ""}])
def test_a_missing_secret_is_named_with_its_two_variables(
    environ: dict[str, str],
) -> None:
    with pytest.raises(ConfigError, match=r"^KEY is not set.*KEY_FILE"):
        read_secret("KEY", environ)


BAD_SECRETS = [
    f"'{CANARY}'",
    f'"{CANARY}"',
    f'"{CANARY}',
    f"{CANARY}\nX-Evil: 1",
    f"{CANARY}\r{CANARY}",
    f"{CANARY} {CANARY}",
    f"{CANARY}\x00",
    f"{CANARY}\x7f",
    f"{CANARY}é",
    f"\N{LEFT DOUBLE QUOTATION MARK}{CANARY}\N{RIGHT DOUBLE QUOTATION MARK}",
    f"{CANARY}\N{ZERO WIDTH SPACE}",
]


@pytest.mark.parametrize("value", BAD_SECRETS)
def test_a_secret_with_a_character_that_no_key_has_is_refused(value: str) -> None:
    with pytest.raises(ConfigError):
        read_secret("KEY", {"KEY": value})


@pytest.mark.parametrize("value", BAD_SECRETS)
def test_a_refused_secret_is_not_in_the_message(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_secret("KEY", {"KEY": value})
    assert CANARY not in str(caught.value)


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"KEY_FILE: .*no-such-file.*No such file"):
        read_secret("KEY", {"KEY_FILE": str(tmp_path / "no-such-file")})


def test_a_secret_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_secret("KEY", {"KEY_FILE": str(tmp_path)})


def test_a_secret_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not text"):
        read_secret("KEY", {"KEY_FILE": str(path)})


def test_an_empty_secret_file_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch()
    with pytest.raises(ConfigError, match="KEY is not set"):
        read_secret("KEY", {"KEY_FILE": str(path)})
