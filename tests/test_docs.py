"""What the pages claim is what the code does."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
import yaml

from runner import errors
from runner.cli import COMMANDS
from runner.columns import PENDING_COLUMNS, WAITS, WHOLE_COLUMNS
from runner.objects import OBJECTS
from runner.settings import Limits

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *ROOT.glob("*.md")]


def page(name: str) -> str:
    """The text of a page under docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def first_cells(text: str, heading: str) -> list[str]:
    """The code words in the first column of the first table under a heading."""
    section = text.split(heading, 1)[1]
    rows = re.search(r"\n\| ?-.*?\n((?:\|.*\n)+)", section)
    assert rows, heading
    return [
        word
        for row in rows[1].splitlines()
        for word in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]


def test_every_command_has_its_line_and_no_other_has() -> None:
    assert first_cells(page("cli.md"), "# Commands") == list(COMMANDS)


def test_every_limit_stands_with_its_default() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", page("configuration.md"), re.M)
    )

    expected = {f.name: f"{f.default:g}" for f in dataclasses.fields(Limits)}
    assert {name: f"{float(value):g}" for name, value in rows.items()} == expected


def test_every_key_of_meta_sync_stands_with_its_values() -> None:
    text = page("syncs.md")
    keys = first_cells(text, "## meta.sync")

    known = {"destination", "object"}
    for objects in OBJECTS.values():
        for each in objects.values():
            known |= set(each.options)
            for value in (
                value for values in each.options.values() for value in values
            ):
                assert f"`{value}`" in text
    assert set(keys) == known
    for destination, objects in OBJECTS.items():
        for word in (destination, *objects):
            assert f"`{word}`" in text


def test_every_pending_column_is_explained() -> None:
    assert first_cells(page("pending-rows.md"), "# Pending rows") == list(
        PENDING_COLUMNS
    )


def test_every_column_of_whole_rows_is_explained() -> None:
    text = page("pending-rows.md").split("besides:")[1]
    assert first_cells("# besides\n" + text, "# besides") == [*WHOLE_COLUMNS, WAITS]


def test_the_objects_stand_in_the_order_of_a_push() -> None:
    words = first_cells(page("syncs.md"), "## Objects")
    assert words == list(OBJECTS["braze"])


def test_every_exit_code_of_an_error_is_in_the_table() -> None:
    section = page("cli.md").split("## Exit codes")[1]
    codes = {int(code) for code in re.findall(r"^\| (\d+)", section, re.M)}

    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RunnerError)
    }
    assert raised | {0, errors.REJECTED_EXIT_CODE} <= codes


def test_every_generic_test_is_named_and_exists() -> None:
    named = set(first_cells(page("models.md"), "## Generic tests"))

    files = {path.stem for path in (ROOT / "macros" / "generic_tests").glob("*.sql")}
    assert named == files


def test_every_cleaning_macro_that_is_named_exists() -> None:
    section = page("models.md").split("## Cleaning macros")[1].split("## ")[0]
    named = {word for word in re.findall(r"`(\w+)`", section) if "braze_" not in word}

    files = {path.stem for path in (ROOT / "macros" / "clean").glob("*.sql")}
    assert named <= files


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_and_paths_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    paths = re.findall(
        r"`((?:models|macros|seeds|tests|docs|examples)/[\w/.*-]+)`", text
    )

    missing = [link for link in links if not (path.parent / link).exists()]
    missing += [name for name in paths if not list(ROOT.glob(name))]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_samples_of_json_and_yaml_can_be_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for sample in re.findall(r"```json\n(.*?)```", text, re.S):
        json.loads(sample)
    for sample in re.findall(r"```yaml\n(.*?)```", text, re.S):
        yaml.safe_load(sample)


def test_the_ledger_is_described_table_by_table() -> None:
    folder = ROOT / "models" / "sync" / "ledger"
    described = yaml.safe_load((folder / "_ledger__models.yml").read_text("utf-8"))

    names = [model["name"] for model in described["models"]]
    assert sorted(names) == sorted(path.stem for path in folder.glob("*.sql"))
    # By texts that begin alike Snowflake would sort nothing, and take credits for it.
    assert not [each for each in described["models"] if "cluster_by" in str(each)]
