"""Promises of the code about itself: who imports whom, and what help there is."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import click
import pytest

from runner import cli

PACKAGE = Path(cli.__file__).parent
MODULES = {
    ".".join(("runner", *path.relative_to(PACKAGE).with_suffix("").parts)): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
PURE = (
    *("outcome", "refusals", "waits", "batches", "operations", "attribute_names"),
    *("gate", "endpoint", "settings", "errors", "manifest", "plan"),
)


def imports(module: str) -> set[str]:
    """What a module imports anywhere in it, by full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            # `from . import x` may name a module or something in one.
            found |= {base, *(f"{base}.{name.name}" for name in node.names)}
    return found


def ours(module: str) -> set[str]:
    """The runner's own modules among what a module imports."""
    return {name for name in imports(module) if name in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_dbt(module: str) -> None:
    dbt = {name for name in imports(module) if name.split(".")[0].startswith("dbt")}
    assert dbt == set()


@pytest.mark.parametrize("module", [name for name in MODULES if "__main__" not in name])
def test_nobody_imports_the_command_line(module: str) -> None:
    assert "runner.cli" not in imports(module)


@pytest.mark.parametrize(
    "module", [name for name in MODULES if ".commands" not in name]
)
def test_only_commands_import_commands(module: str) -> None:
    assert not [name for name in ours(module) if name.startswith("runner.commands")]


@pytest.mark.parametrize("module", [name for name in MODULES if ".sandbox" not in name])
def test_nothing_that_delivers_imports_the_sandbox(module: str) -> None:
    assert not [name for name in imports(module) if name.startswith("runner.sandbox")]


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_touches_neither_the_network_nor_the_warehouse(
    module: str,
) -> None:
    worldly = {"requests", "urllib3", "socket", "duckdb", "subprocess", "click"}
    assert {
        name.split(".")[0] for name in imports(f"runner.{module}")
    } & worldly == set()


def test_imports_run_in_one_direction() -> None:
    graph = {module: ours(module) - {module} for module in MODULES}
    TopologicalSorter(graph).prepare()


NAMES_NOBODY = "runner.serve.options"
"""Looks at the age of its own certificate, in memory; the name in it says nothing."""


@pytest.mark.parametrize("module", MODULES)
def test_certificates_are_always_verified(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    off = ["verify=False", "verify = False", "CERT_NONE"]
    off += [] if module == NAMES_NOBODY else ["check_hostname"]
    assert [words for words in off if words in text] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8")))


# -- help


def run(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True
    ).stdout


def test_help_lists_every_command() -> None:
    lines = run("-m", "runner", "--help").split("Commands:")[1].splitlines()
    assert list(cli.COMMANDS) == [line.split()[0] for line in lines if line.strip()]


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, runner.cli; print(*sys.modules)"
    heavy = {"duckdb", "requests", "yaml", "jinja2", "runner.push"}
    assert heavy & set(run("-c", code).split()) == set()


def command(name: str) -> click.Command:
    found = cli.runner.get_command(click.Context(cli.runner), name)
    assert found
    return found


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_commands_help_has_an_example(name: str) -> None:
    text = command(name).get_help(click.Context(command(name), info_name=name))
    assert f"Example:\n    runner {name}" in text


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_commands_help_begins_with_a_sentence(name: str) -> None:
    first = (command(name).help or "").splitlines()[0]
    assert (first[0].isupper(), first[-1]) == (True, ".")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_option_has_a_name_that_begins_with_two_dashes(name: str) -> None:
    options = [one for one in command(name).params if isinstance(one, click.Option)]
    assert all(any(word.startswith("--") for word in one.opts) for one in options)
