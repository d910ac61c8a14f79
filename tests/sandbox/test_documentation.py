"""docs/sandbox.md names every endpoint, limit, fault and route, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from runner.sandbox.admin import ROUTES
from runner.sandbox.api.routes import NAMES
from runner.sandbox.faults import KINDS
from runner.sandbox.rates import POOLS

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
# What the page alone asks for.
INTERNAL = {"overview", "profile", "catalog"}


def words(heading: str, column: int) -> set[str]:
    """The code words in one column of the table under a heading."""
    section = PAGE.split(heading)[1].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")]
    return {word for row in rows[2:] for word in re.findall(r"`([^`]+)`", row[column])}


def test_every_endpoint_is_listed() -> None:
    listed = {re.sub(r"^[A-Z]+ ", "", word) for word in words("## What it serves", 1)}
    verbs = {"POST", "PATCH", "PUT"}
    assert listed - verbs == {name.split()[1] for name in NAMES}


def test_every_limit_is_listed() -> None:
    assert words("## What it serves", 2) - {"--rate-limit"} == set(POOLS)


def test_every_fault_is_listed() -> None:
    assert words("## Faults", 1) == set(KINDS)


def test_every_route_is_listed() -> None:
    named = set(re.findall(r"/sandbox/(\w+)", PAGE))
    routes = {path.removeprefix("/sandbox/") for _, path in ROUTES if path != "/"}
    assert named == routes - INTERNAL
