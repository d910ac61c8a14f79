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
EVERYTHING = [
    "--vars",
    "{audience_encodings: [flags, lists, groups, cohorts], movable_ink: true, "
    "collections: [customers, products, recommendations, stores]}",
]
TODAY = "2026-11-01"
"""The day on which the demo's data ends."""
# The seeds stay as they are: the raw table was changed by hand.
CHANGED = ["--select", "raw_customers+", "--exclude"]
CHANGED += ["resource_type:seed", "resource_type:unit_test"]
DEPENDENT_SECONDS = 1
SHOWN = ("first_name", "email", "country")
SHOWN_CUSTOM = ("loyalty_tier", "orders_count", "lifetime_value")
GUARDED = 3
"""The exit code of a push that left something for a person to approve."""

# Before the demo the shop's app had told Braze of a few people, as apps do.
KNOWN_TO_THE_APP = ("C10024", "C10124", "C10140", "C10050", "C10051")


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
        # Cohorts are for partners; the sandbox takes everybody for one.
        "BRAZE_PARTNER": "demo",
        "BRAZE_PARTNER_API_KEY": "sandbox-partner-key",
        "BRAZE_DATA_IMPORT_KEY": "sandbox-import-key",
        "MOVABLE_INK_URL": f"{endpoint}/behavioral/sandbox-account",
        "MOVABLE_INK_USERNAME": "sandbox",
        "MOVABLE_INK_PASSWORD": "sandbox-password",
        "MOVABLE_INK_SALT": "a-salt-for-the-demo-alone",
        "RUNNER_MOVABLE_INK_EVENTS_PER_REQUEST": "1000",
        "PERSONALIZATION_STORE": str(FOLDER / "store"),
        # Braze asks for five minutes between dependent calls; the sandbox for none.
        "RUNNER_DEPENDENT_SECONDS": str(DEPENDENT_SECONDS),
    }
    say("A Braze on this machine", f"runner sandbox --port {port}")
    sandbox = subprocess.Popen(
        [
            *(RUNNER, "sandbox", "--port", str(port), "--quiet"),
            *("--movable-ink-day", TODAY),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(endpoint)
        tour(endpoint, environment)
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=10)


def tour(endpoint: str, environment: dict[str, str]) -> None:
    """Build, push, push what had to wait, approve, change one value, push nothing."""
    tell_as_the_app_does(endpoint)
    build = ["build", "--quiet", *EVERYTHING]
    say(
        "dbt builds the shop's models and tests them (about a minute)",
        shlex.join(["runner", *build]),
    )
    run(environment, *build)

    say("Everything is sent, but what cannot be undone", "runner push")
    run(environment, "push", expected=GUARDED)
    show_profiles(endpoint)

    time.sleep(DEPENDENT_SECONDS)
    say("What needed these people in Braze goes now", "runner push")
    run(environment, "push", expected=GUARDED)

    for sync in ("braze_user_deletions", "braze_merges"):
        plan_id = pending_plan(environment, sync)
        say(
            "What cannot be undone goes with approval",
            f"runner push -s {sync} --approve {plan_id}",
        )
        run(environment, "push", "-s", sync, "--approve", plan_id)
    time.sleep(DEPENDENT_SECONDS)
    say("And the rest of those people; a few merges more ask", "runner push")
    run(environment, "push", expected=GUARDED)
    show_objects(endpoint)

    say("Connected Content is served from here", "runner collections")
    run(environment, "collections")

    customer = change_one_value()
    build = [*build, *CHANGED]
    say(
        f"Customer {customer} became platinum in the raw table; "
        "dbt builds and tests what depends on it (about 20 seconds)",
        shlex.join(["runner", *build]),
    )
    run(environment, *build)

    attributes = ["push", "-s", "braze_customer_attributes"]
    say("One object with one attribute is sent", shlex.join(["runner", *attributes]))
    run(environment, *attributes)
    body = requests.get(f"{endpoint}/sandbox/bodies", timeout=10).json()[-1]
    print("\nThe request:", json.dumps(body))

    say("Nothing changed, so nothing is sent", shlex.join(["runner", *attributes]))
    run(environment, *attributes)
    meters = requests.get(f"{endpoint}/sandbox/meters", timeout=10).json()
    print(
        f"\nBraze saw {meters['requests']} requests in all, "
        f"and knows {meters['profiles']} profiles."
    )
    print("To watch a push arrive: runner sandbox, and open its page.")


def tell_as_the_app_does(endpoint: str) -> None:
    """Make the profiles that the shop's app made long before this project."""
    people = [{"external_id": each} for each in KNOWN_TO_THE_APP]
    requests.post(
        f"{endpoint}/users/track",
        json={"attributes": people},
        headers={"Authorization": "Bearer sandbox-key"},
        timeout=10,
    ).raise_for_status()


def pending_plan(environment: dict[str, str], sync: str) -> str:
    """The id of what is pending of one sync, as a person reads it off the screen."""
    found = subprocess.run(
        [RUNNER, "plan", "-s", sync, "--format", "json"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return str(json.loads(found.stdout)["plan_id"])


def show_objects(endpoint: str) -> None:
    """Say what Braze holds now, object by object."""

    def held(what: str) -> Any:
        return requests.get(f"{endpoint}/sandbox/{what}", timeout=30).json()

    profiles, catalogs, cohorts = held("profiles"), held("catalogs"), held("cohorts")
    events = sum(len(profile["event_log"]) for profile in profiles.values())
    purchases = sum(len(profile["purchase_log"]) for profile in profiles.values())
    groups = sum(
        len(profile.get("subscription_groups", [])) for profile in profiles.values()
    )
    aliases = sum(len(profile["user_aliases"]) for profile in profiles.values())
    print(f"\nBraze holds {len(profiles)} profiles with")
    for count, what in (
        (events, "custom events, each of them once"),
        (purchases, "purchases, each of them once"),
        (groups, "states in subscription groups"),
        (aliases, "aliases"),
    ):
        print(f"  {count:6,} {what}")
    for name, catalog in sorted(catalogs.items()):
        print(f"  {len(catalog['items']):6,} items in the catalog {name}")
    for cohort in sorted(cohorts.values(), key=lambda one: str(one["name"])):
        print(f"  {len(cohort['members']):6,} people in the cohort '{cohort['name']}'")
    events = held("collected")["events"]
    print(f"\nMovable Ink holds\n  {len(events):6,} events, each of them once")


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


def run(environment: dict[str, str], *arguments: str, expected: int = 0) -> None:
    """Run a command of the runner's and stop the demo when it ends otherwise."""
    began = time.monotonic()
    code = subprocess.run(
        [RUNNER, *arguments], cwd=ROOT, env=environment, check=False
    ).returncode
    print(f"(took {time.monotonic() - began:.1f} s)", flush=True)
    if code != expected:
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
