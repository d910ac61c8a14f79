"""The container file and the systemd unit name what is there and start what starts.

No engine builds the image here: the file is read, and its commands are run as they are.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from runner import cli
from runner.serve.options import free_port

from ..serve.serving import PATIENCE
from ..serve.stores import Stored
from .proxy import EXAMPLES

ROOT = Path(__file__).parents[2]
RUNNER = [sys.executable, "-m", "runner"]

Instruction = tuple[str, str]


def instructions() -> list[list[Instruction]]:
    """Name and argument of each instruction, by stage."""
    text = (EXAMPLES / "Containerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    stages: list[list[Instruction]] = []
    for line in filter(None, text.splitlines()):
        name, _, argument = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, argument.strip()))
    return stages


def last(name: str) -> str:
    """The argument of the last stage's instruction of that name."""
    [found] = [argument for each, argument in instructions()[-1] if each == name]
    return found


def words(argument: str) -> list[str]:
    """The words of an instruction in JSON; the shell's form is none."""
    found = json.loads(argument)
    assert isinstance(found, list)
    return found


def succeeds(command: list[str]) -> bool:
    """Whether a command ends well."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_all_that_is_copied_is_there() -> None:
    build, final = instructions()
    sources = {
        word
        for name, argument in build
        if name == "COPY"
        for word in argument.split()[:-1]
    }

    assert {source for source in sources if not (ROOT / source).exists()} == set()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = set(
        re.findall(r'^(?:readme = |license-files = \[)"(\w[^"]*)"', project, re.M)
    )
    assert needed == {"README.md", "LICENSE"}
    assert sources == needed | {"pyproject.toml", "runner"}
    stage = dict(build)["FROM"].rsplit(" AS ", 1)[1]
    [copied] = [argument for name, argument in final if name == "COPY"]
    assert copied.startswith(f"--from={stage} ")
    installed = re.findall(r"'\.\[(\w+)\]'", dict(build)["RUN"])
    assert [f"\n{extra} = [" in project for extra in installed] == [True]


def test_it_runs_as_nobody_in_particular() -> None:
    user = last("USER")

    assert user.isdigit()
    assert user != "0"
    [made] = [argument for name, argument in instructions()[-1] if name == "RUN"]
    assert f"--uid {user}" in made


def test_the_image_serves_a_store_and_is_healthy(store: Stored) -> None:
    """Its command and its health check, on another port, with its environment."""
    environment = dict(pair.split("=", 1) for pair in shlex.split(last("ENV")))
    assert environment["PERSONALIZATION_STORE"] == "/store"
    port = str(free_port("0.0.0.0", 0))
    assert last("EXPOSE") == "8080"
    program, *arguments = words(last("CMD"))
    assert program == "runner"
    assert arguments[arguments.index("--port") + 1] == "8080"
    health = words(last("HEALTHCHECK").partition(" CMD ")[2])
    python, *check = [word.replace(":8080/", f":{port}/") for word in health]
    assert (python, ":8080/healthz" in health[-1]) == ("python", True)

    served = subprocess.Popen(
        [*RUNNER, *(port if word == "8080" else word for word in arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PERSONALIZATION_STORE": str(store.path)},
    )
    try:
        is_healthy = False
        deadline = time.monotonic() + PATIENCE
        while not is_healthy and time.monotonic() < deadline:
            assert served.poll() is None
            is_healthy = succeeds([sys.executable, *check])
        assert is_healthy
        served.send_signal(getattr(signal, last("STOPSIGNAL")))
        assert served.wait(timeout=PATIENCE) == 0
        assert not succeeds([sys.executable, *check])
    finally:
        served.kill()
        served.communicate()


def unit(section: str = "Service") -> dict[str, str]:
    """A section of systemd's unit; this one says how it runs."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    text = (EXAMPLES / "braze-bridge-serve.service").read_text(encoding="utf-8")
    parser.read_string(text)
    return dict(parser[section])


def test_systemd_starts_what_the_command_line_understands() -> None:
    _, name, *arguments = shlex.split(unit()["ExecStart"])
    command = cli.runner.get_command(click.Context(cli.runner), name)

    assert command
    told = command.make_context(name, arguments).params
    assert (told["host"], told["port"]) == ("127.0.0.1", 8080)
    assert unit()["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_systemd_never_gives_it_up() -> None:
    """Not for its exit code, and not for how often it ended."""
    assert unit()["Restart"] == "on-failure"
    assert not {*unit()} & {"RestartPreventExitStatus", "SuccessExitStatus"}
    assert unit("Unit")["StartLimitIntervalSec"] == "0"


def test_systemd_lets_it_write_the_store_alone() -> None:
    store = unit()["Environment"].removeprefix("PERSONALIZATION_STORE=")

    assert unit()["ReadWritePaths"] == store
    assert (unit()["ProtectSystem"], unit()["PrivateTmp"]) == ("strict", "true")


@pytest.mark.parametrize("name", ["nginx.conf", "Containerfile"])
def test_all_examples_mean_the_same_port(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")

    assert {*re.findall(r":(80\d\d)\b|--port (\d+)", text)} <= {
        ("8080", ""),
        ("", "8080"),
    }
    assert "8080" in text


def test_a_caller_with_many_connections_is_no_stranger_yet() -> None:
    """Braze's addresses may be missing from the list; all of ours must not be taken."""
    text = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    found = re.search(r"limit_conn addresses (\d+);", text)
    room = re.search(r"worker_connections (\d+);", text)

    assert found
    assert room
    # Each connection has another one to the server behind it.
    assert 1_000 <= int(found[1]) <= int(room[1]) // 4
