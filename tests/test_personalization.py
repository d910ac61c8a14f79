"""README's "Personalize a message", followed word by word in a copy."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import environment

ROOT = Path(__file__).parents[1]
PARTS = ("models", "macros", "seeds")

PART_OF_IT = (
    "--quiet --exclude resource_type:test resource_type:unit_test --select "
    "path:models/sync/ledger +personalization_products__pending "
    "+personalization_recommendations__pending"
)
"""What the section needs of the demo: the whole of it takes a minute to build."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the section's commands print, on a port of its own."""
    folder = tmp_path_factory.mktemp("read") / "me"
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "dbt_project.yml", folder)
    shutil.copy(ROOT / "profiles.example.yml", folder / "profiles.yml")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## Personalize a message.*?```sh\n(.*?)```", readme, re.S)
    assert found
    port = free_port()
    commands = (
        found[1]
        .replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        .replace("runner build", f"runner build {PART_OF_IT}")
        .replace("runner serve", f"runner serve --port {port}")
        .replace("--render", f"--host http://127.0.0.1:{port} --render")
    )
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env=environment() | {"DBT_PROFILES_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_section_ends_with_a_block_rendered_from_the_demo(said: str) -> None:
    """The record of a customer, as the template prints it."""
    template, rendered = said.split("{% endif %}", 1)

    assert ":auth_credentials personalization" in template
    assert "user_id: C10009\nfull_name: Maëlys Dubois\n" in rendered
    assert "90_day_summary num_orders: 2\n" in rendered
    assert "recommendations products price: 79.95\n" in rendered
