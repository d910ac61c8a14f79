"""The demo: build a small shop, push it to a Braze on this machine, change one value.

Runs the commands a user would type and shows what each one prints; `make demo`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import requests

ROOT = Path(__file__).resolve().parents[1]
RUNNER = Path(sys.executable).with_name("runner")
FOLDER = ROOT / ".demo"
SYNC = "braze_customer_attributes"
# The seeds stay as they are: the raw table was changed by hand.
CHANGED = ["--select", "raw_customers+", "--exclude"]
CHANGED += ["resource_type:seed", "resource_type:unit_test"]
SHOWN = ("first_name", "email", "country")
SHOWN_CUSTOM = ("loyalty_tier", "orders_count", "lifetime_value")


def main() -> None:
    """Run the demo from a fresh warehouse and a fresh Braze."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    shutil.copy(ROOT / "profiles.example.yml", FOLDER / "profiles.yml")
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "DBT_PROFILES_DIR": str(FOLDER),
        "DBT_TARGET_PATH": str(FOLDER / "target"),
        "DBT_LOG_PATH": str(FOLDER / "logs"),
        "BRIDGE_DUCKDB_PATH": str(FOLDER / "demo.duckdb"),
        "BRAZE_REST_ENDPOINT": endpoint,
        "BRAZE_API_KEY": "sandbox-key",
    }
    say("A Braze on this machine", f"runner sandbox --port {port}")
    sandbox = subprocess.Popen(
        [RUNNER, "sandbox", "--port", str(port), "--quiet"], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(endpoint)
        tour(endpoint, environment)
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=10)


def tour(endpoint: str, environment: dict[str, str]) -> None:
    """Build, push, change one value, push, push again."""
    say(
        "dbt builds the shop's models and tests them (about 20 seconds)", "runner build"
    )
    run(environment, "build", "--quiet")

    say("Every customer is sent", "runner push")
    run(environment, "push")
    show_profiles(endpoint)

    customer = change_one_value()
    say(
        f"Customer {customer} became platinum in the raw table; "
        "dbt builds and tests what depends on it (about 10 seconds)",
        shlex.join(["runner", "build", *CHANGED]),
    )
    run(environment, "build", "--quiet", *CHANGED)

    say("One object with one attribute is sent", "runner push")
    run(environment, "push")
    body = requests.get(f"{endpoint}/sandbox/bodies", timeout=10).json()[-1]
    print("\nThe request:", json.dumps(body))

    say("Nothing changed, so nothing is sent", "runner push")
    run(environment, "push")
    meters = requests.get(f"{endpoint}/sandbox/meters", timeout=10).json()
    print(
        f"\nBraze saw {meters['requests']} requests with {meters['objects']} objects "
        f"in all, and knows {meters['profiles']} profiles."
    )
    print("To watch a push arrive: runner sandbox, and open its page.")


def change_one_value() -> str:
    """Change a loyalty tier in the raw table, as the shop's own system would."""
    with duckdb.connect(str(FOLDER / "demo.duckdb")) as connection:
        # Of a customer with several accounts only one account's row would speak.
        row = connection.execute(
            "select external_id from main_marts.braze_customer_attributes "
            "where loyalty_tier = 'silver' and external_id in ("
            "  select external_id from main_intermediate.int_customer_accounts_matched"
            "  group by external_id having count(*) = 1"
            ") order by external_id limit 1"
        ).fetchone()
        customer = str(row[0]) if row else ""
        connection.execute(
            "update main_raw.raw_customers set loyalty_tier = 'Platinum' "
            "where trim(customer_id) = ?",
            [customer],
        )
    return customer


def show_profiles(endpoint: str) -> None:
    """Print the first profiles as Braze has them."""
    profiles = requests.get(f"{endpoint}/sandbox/profiles", timeout=30).json()
    rows = [[key, *row(profile)] for key, profile in sorted(profiles.items())[:6]]
    header = ["external_id", *SHOWN, *SHOWN_CUSTOM]
    widths = [max(len(str(line[at])) for line in [header, *rows]) for at in range(7)]
    print(f"\n{len(profiles)} profiles arrived, the first of them:\n")
    for line in [header, *rows]:
        cells = (f"{cell!s:{width}}" for cell, width in zip(line, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())


def row(profile: dict[str, Any]) -> list[object]:
    """A few of a profile's fields and custom attributes."""
    custom = profile.get("custom_attributes", {})
    fields = [profile.get(name, "-") for name in SHOWN]
    return fields + [custom.get(name, "-") for name in SHOWN_CUSTOM]


def run(environment: dict[str, str], *arguments: str) -> None:
    """Run a command of the runner's and stop the demo when it fails."""
    began = time.monotonic()
    code = subprocess.run(
        [RUNNER, *arguments], cwd=ROOT, env=environment, check=False
    ).returncode
    print(f"(took {time.monotonic() - began:.1f} s)", flush=True)
    if code:
        sys.exit(f"runner {arguments[0]} ended with exit code {code}.")


def say(title: str, command: str) -> None:
    """Announce a step and the command that does it."""
    print(f"\n== {title}\n$ {command}", flush=True)


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(endpoint: str) -> None:
    """Wait until the sandbox answers."""
    for _ in range(100):
        try:
            requests.get(f"{endpoint}/sandbox/meters", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    sys.exit("The sandbox did not start.")


if __name__ == "__main__":
    main()
