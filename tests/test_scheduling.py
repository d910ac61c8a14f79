"""The examples of docs/scheduling.md are files that say what the runner understands."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from runner import cli
from runner.errors import ConfigError
from runner.schedule import parse_cron, parse_every

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "scheduling"
PAGE = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def text(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def sections(name: str) -> dict[str, dict[str, str]]:
    """A unit of systemd's; a name that stands twice keeps its last value."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text(name))
    return {section: dict(unit[section]) for section in unit.sections()}


def variables(name: str) -> set[str]:
    """What a text sets in the environment."""
    return set(re.findall(r"\b((?:BRAZE|DBT|RUNNER)_[A-Z_]+)\"?\s*[=:]", text(name)))


class Stand:
    """Stands for Airflow's classes, and keeps what they were told."""

    told: dict[str, dict[str, Any]]

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, **arguments: Any) -> Stand:
        Stand.told[self.name] = arguments
        return self

    def __enter__(self) -> Stand:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def dag(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What the DAG's file tells Airflow, which is not installed here."""
    Stand.told = {}
    places = {
        "DAG": "airflow.sdk",
        "BashOperator": "airflow.providers.standard.operators",
    }
    places["BashOperator"] += ".bash"
    for name, place in places.items():
        parts = place.split(".")
        for at in range(len(parts)):
            module = ModuleType(".".join(parts[: at + 1]))
            monkeypatch.setitem(sys.modules, module.__name__, module)
        setattr(sys.modules[place], name, Stand(name))
    exec(compile(text("airflow_dag.py"), "airflow_dag.py", "exec"), {})
    return Stand.told


def commands(said: str) -> Iterator[list[str]]:
    """The words of every call of the runner in a text."""
    for line in said.splitlines():
        found = re.search(r"(?:^|[/\s=\"])runner ((?!\w+\.)[a-z-]+\b.*)", line)
        if found:
            called = re.split(r" 2>&1| \|| >|\"$|\",$|`", found[1])[0]
            yield shlex.split(called, comments=True)


FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())
CALLS = [
    pytest.param(words, id=f"{path.name}: {' '.join(words)}")
    for path in FILES
    for words in commands(
        "\n".join(
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if not line.lstrip().startswith("#")
        )
    )
] + [
    pytest.param(words, id=f"page: {' '.join(words)}")
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for words in commands(block)
]


def test_there_is_a_call_in_every_example_but_the_timer() -> None:
    silent = [
        path.name
        for path in FILES
        if not list(commands(path.read_text(encoding="utf-8")))
    ]
    assert silent == ["braze-bridge.timer"]


@pytest.mark.parametrize("words", CALLS)
def test_the_command_line_understands_what_is_called(words: list[str]) -> None:
    name, *arguments = words
    command = cli.runner.get_command(click.Context(cli.runner), name)

    assert command, f"no command {name}"
    command.make_context(name, list(arguments))
    # A forgotten `--` would hand the runner's own words to dbt.
    if "--" in arguments:
        arguments = arguments[: arguments.index("--")]
        left = command.make_context(name, arguments).params.get("dbt_arguments")
        assert left == ()


def test_every_file_is_named_on_the_page() -> None:
    links = set(re.findall(r"\]\(\.\./examples/scheduling/([^)]+)\)", PAGE))

    assert links == {path.relative_to(EXAMPLES).as_posix() for path in FILES}


def test_every_variable_is_one_that_is_documented() -> None:
    known = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    known += "DBT_PROFILES_DIR"  # dbt's own

    for path in FILES:
        name = path.relative_to(EXAMPLES).as_posix()
        unknown = {
            word for word in variables(name) if word.removesuffix("_FILE") not in known
        }
        assert unknown == set(), name


# -- when


def test_the_crontab_line_is_one() -> None:
    [line] = [line for line in text("crontab").splitlines() if re.match(r"[*\d]", line)]

    parse_cron(" ".join(line.split()[:5]), NOW)
    # In a crontab a bare % ends the command.
    assert "%" not in line


def test_systemd_waits_a_minute_and_stops_the_runner_alone() -> None:
    """Longer than the 25 s in which a push settles; dbt is the runner's to end."""
    for name in ("braze-bridge.service", "braze-bridge-schedule.service"):
        service = sections(f"systemd/{name}")["Service"]
        assert (service["KillMode"], service["TimeoutStopSec"]) == ("mixed", "60")


def test_the_timer_counts_in_utc_and_makes_up_for_once() -> None:
    timer = sections("systemd/braze-bridge.timer")["Timer"]

    assert timer["OnCalendar"].endswith(" UTC")
    assert timer["Persistent"] == "true"
    assert sections("systemd/braze-bridge.service")["Service"]["Type"] == "oneshot"


def test_systemd_takes_the_end_by_sigterm_for_a_good_one() -> None:
    service = sections("systemd/braze-bridge-schedule.service")["Service"]

    assert service["SuccessExitStatus"] == "143"
    assert service["RestartPreventExitStatus"] == str(ConfigError.exit_code)


def test_the_workflow_leaves_a_turn_at_work_alone() -> None:
    workflow = yaml.safe_load(text("github-actions.yml"))

    # YAML 1.1 reads the word `on` as true.
    parse_cron(workflow[True]["schedule"][0]["cron"], NOW)
    assert workflow["concurrency"]["cancel-in-progress"] is False
    [job] = workflow["jobs"].values()
    assert "self-hosted" in job["runs-on"]


def test_the_dag_has_one_run_at_a_time_and_no_backfill(
    dag: dict[str, dict[str, Any]],
) -> None:
    parse_cron(dag["DAG"]["schedule"], NOW)
    assert (dag["DAG"]["catchup"], dag["DAG"]["max_active_runs"]) == (False, 1)
    assert dag["BashOperator"]["skip_on_exit_code"] == 5
    [words] = commands(dag["BashOperator"]["bash_command"])
    assert words[0] == "run"


def test_the_schedules_on_the_page_can_be_read() -> None:
    for line in re.findall(r'--cron "([^"]+)"', PAGE):
        parse_cron(line, NOW)
    every = re.findall(r"--every (\w+)", PAGE)
    for interval in [*every, *re.findall(r"`(\d+[a-z])`", PAGE)]:
        parse_every(interval, NOW)
