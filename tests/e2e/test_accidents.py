"""Accidents that readers of the code found by trying, each told once."""

from __future__ import annotations

import http.server
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from runner.sandbox import Sandbox
from tests.conftest import Shop, copy, environment

from .objects import Objects
from .test_once_crash import DRIVER

DRIVEN = (sys.executable, "-c", DRIVER)
PUSH = ("push", "--yes", "--format", "json")
SALE = ("sku", "EUR", 10, 1, "2026-01-01", None)
EVENT = ("e1", "c2", "visited", "2026-01-01", None)


def crash(objects: Objects, sandbox: Sandbox, *options: str) -> None:
    """Push, and die when the run is about to be folded."""
    subprocess.run(
        [*DRIVEN, "runner.push:finish_run:before:1", "push", "--yes", *options],
        cwd=objects.directory,
        env=environment(sandbox),
        capture_output=True,
        check=False,
    )


def kept(objects: Objects, key: str) -> list[tuple[object, ...]]:
    """What the ledger knows of a row key."""
    return objects.sql(
        f"select sync from main_ledger.ledger_sent_rows where row_key = '{key}'"
    )


def test_an_erased_customer_takes_no_order_with_the_same_number_along(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("1042", "gold", 1), ("c2", "gold", 1)])
    objects.fill("sales", [("1042", "c2", *SALE), ("1043", "c2", *SALE)])
    objects.deliver(sandbox, "people", "sales")

    objects.runner("forget", "1042", "--yes", sandbox=sandbox)

    objects.push(sandbox, "sales")
    assert len(sandbox.purchases()) == 2


def test_an_address_is_not_erased_while_its_owner_would_be_sent_again(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.sql("drop table main.people")
    objects.sql(
        "create table main.people as select 'c1' as external_id, "
        "'ada@example.com' as email, 'gold' as tier"
    )
    objects.deliver(sandbox, "people")
    forget = ("forget", "ADA@example.com", "--by", "email", "--yes")

    done = objects.runner(*forget, sandbox=sandbox)

    assert done.code == 3
    assert "runner forget c1 --by external_id" in done.err
    assert list(sandbox.profiles()) == ["c1"]


def test_whom_braze_deleted_is_scrubbed_though_the_push_died(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("c1", "gold", 1), ("c2", "gold", 1)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill("erasures", [("c1",)])
    crash(objects, sandbox, "-s", "erasures", "--approve", objects.plan_id("erasures"))
    objects.push(sandbox, "erasures", "people")
    assert kept(objects, "c1") == []
    suppressed = (
        "select deleted_at is not null from main_ledger.ledger_suppressed_users"
    )
    assert objects.sql(suppressed) == [(True,)]


def test_a_push_that_died_brings_no_forgotten_user_back(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("c1", "gold", 1), ("c2", "gold", 1)])
    crash(objects, sandbox, "-s", "people")
    objects.runner("forget", "c1", "--yes", sandbox=sandbox)
    objects.push(sandbox, "people")
    assert kept(objects, "c1") == []


def test_a_merge_that_nobody_approved_makes_nobody_wait(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("c1", "gold", 1), ("c2", "gold", 1)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill("duplicates", [("c1", "c2", None, None)])
    objects.fill("people", [("c1", "silver", 1), ("c2", "silver", 1)])

    done = objects.push(sandbox, "people", "duplicates")

    assert done.code == 3
    assert objects.pending("people") == []


def test_the_plan_that_is_shown_is_the_plan_that_is_approved(
    objects: Objects, sandbox: Sandbox
) -> None:
    """Approved merges make their users wait, and the id stays the same."""
    objects.fill("people", [("c1", "gold", 1), ("c2", "gold", 1)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill("duplicates", [("c1", "c2", None, None)])
    objects.fill("people", [("c1", "silver", 1), ("c2", "silver", 1)])
    plan = objects.runner(
        "plan", "--format", "json", "-s", "people", "-s", "duplicates"
    )

    approved = ("--approve", plan.json["plan_id"])
    done = objects.push(sandbox, "people", "duplicates", options=approved)

    accepted = {each["sync"]: each["accepted"] for each in done.json["syncs"]}
    assert (done.code, accepted) == (0, {"duplicates": 1, "people": 0})


def test_a_cohort_with_two_names_stops_no_other_cohort(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [(f"c{number}", "gold", 1) for number in range(4)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill("members", [("a", "A", "c0"), ("b", "B", "c1")])
    objects.deliver(sandbox, "members")
    objects.fill(
        "members",
        [("a", "A", "c0"), ("a", "A", "c2"), ("b", "B", "c1"), ("b", "B2", "c3")],
    )

    done = objects.push(sandbox, "members")

    assert sandbox.cohorts()["a"]["members"] == ["c0", "c2"]
    assert done.code in {1, 4}


def test_an_event_that_left_the_mart_is_not_lost_by_a_resend(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("visits", [EVENT])
    sandbox.set_faults({"script": ["500"]})
    objects.push(sandbox, "visits")
    objects.fill("visits", [])

    done = objects.runner("unknown", "--resend")

    assert done.code == 3
    assert "1 of 1 rows are not in the mart" in done.err
    unknown = objects.sql("select row_key from main_ledger.ledger_unknown_rows")
    assert unknown == [("e1",)]


@pytest.mark.parametrize("options", [(), ("--limit", "2")])
def test_the_command_that_a_refusal_prints_is_the_one_that_works(
    objects: Objects, sandbox: Sandbox, options: tuple[str, ...]
) -> None:
    objects.fill("people", [(f"c{number}", "gold", 1) for number in range(10)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill(
        "duplicates", [(f"c{2 * n}", f"c{2 * n + 1}", None, None) for n in range(5)]
    )
    refused = objects.push(sandbox, "duplicates", options=options)

    words = refused.err.strip().rpartition("runner ")[2].split()

    done = objects.runner(*words, "--yes", sandbox=sandbox)
    assert done.code == 0, done.err


def test_a_new_user_stays_new_when_changed(objects: Objects, sandbox: Sandbox) -> None:
    for tier in ("gold", "silver"):
        objects.fill("people", [("c1", tier, 1)])
        objects.deliver(sandbox, "people")
    objects.fill("members", [("a", "A", "c1")])
    done = objects.push(sandbox, "members")
    assert (
        sum(each["accepted"] for each in done.json["syncs"]) == 1
    )  # the cohort itself


def test_what_is_never_sent_twice_is_not_left_out_of_another_braze(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("visits", [EVENT])
    objects.deliver(sandbox, "visits")
    elsewhere = {"BRAZE_REST_ENDPOINT": "US-03"}
    done = objects.runner(
        *("push", "--yes", "--full-resync", "-s", "visits"),
        sandbox=sandbox,
        env=elsewhere,
    )
    assert done.code == 3
    assert "never sent twice" in done.err


def test_what_was_delivered_is_told_when_the_warehouse_fails_later(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("c1", "gold", 1)])
    objects.fill("visits", [EVENT])
    failing = DRIVER.replace(
        "os._exit(137)",
        "raise __import__('runner.errors').errors.DeliveryError('it is held')",
    )
    assert failing != DRIVER
    chosen = ("-s", "people", "-s", "visits")
    done = subprocess.run(
        [*DRIVEN[:2], failing, "runner.push:finish_run:before:2", *PUSH, *chosen],
        cwd=objects.directory,
        env=environment(sandbox),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, '"accepted": 1' in done.stdout) == (1, True)
    assert objects.sql("select holder from main_ledger.ledger_lease") == [("",)]


def test_a_full_resync_that_is_held_back_forgets_nothing(
    objects: Objects, sandbox: Sandbox
) -> None:
    everybody = [(f"c{number}", "gold", 1) for number in range(40)]
    objects.fill("people", everybody)
    objects.fill("flags", [("c1", True)])
    objects.deliver(sandbox, "people", "flags")
    renamed = [(f"d{number}", "gold", 1) for number in range(30)]
    objects.fill("people", [*renamed, *everybody[:10]])
    objects.push(sandbox, "people", "flags", options=("--full-resync",))

    objects.fill("people", everybody)

    assert objects.push(sandbox, "people").json["syncs"][0]["planned"] == 0


def test_a_rename_whose_answer_was_lost_is_in_doubt_and_not_rejected(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("a", "gold", 1)])
    objects.deliver(sandbox, "people")
    objects.pass_time()
    objects.fill("renames", [("a", "b", None, None)])
    sandbox.set_faults({"script": ["lost_answer"]})
    done = objects.push(sandbox, "renames")
    (sync,) = done.json["syncs"]
    assert (sync["rejected"], sync["unknown"]) == (0, 1)


def test_one_view_that_cannot_be_read_stops_no_other_sync(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("people", [("c1", "gold", 1)])
    objects.fill("visits", [EVENT])
    objects.sql(
        "create or replace view main.people__pending as select cast('x' as int)"
    )

    done = objects.push(sandbox, "people", "visits")

    assert (done.code, [each["sync"] for each in done.json["syncs"]]) == (2, ["visits"])
    # What a guard holds back is told, too, beside the worse news.
    objects.fill("erasures", [("c9",)])
    done = objects.push(sandbox, "people", "erasures", "visits")
    assert done.code in {2, 3}
    assert "cannot be undone" in done.err
    assert len(sandbox.events()) == 1
    assert objects.runner("plan", "-s", "people", "-s", "visits").code == 2
    assert objects.runner("status", "--format", "json").code == 0


def test_events_whose_keys_were_renamed_are_not_sent_once_more(
    objects: Objects, sandbox: Sandbox
) -> None:
    def visits(prefix: str) -> list[tuple[object, ...]]:
        rows = range(40)
        return [(f"{prefix}{n}", f"c{n}", "seen", "2026-01-01", None) for n in rows]

    objects.fill("visits", visits("e"))
    objects.deliver(sandbox, "visits")
    objects.fill("visits", visits("ev"))
    done = objects.push(sandbox, "visits")
    assert (done.code, len(sandbox.events())) == (3, 40)
    assert "40 of 40 rows were sent before under another key" in done.err


def test_history_that_was_adopted_is_not_called_sent(
    objects: Objects, sandbox: Sandbox
) -> None:
    objects.fill("visits", [EVENT])
    yaml = next(objects.directory.glob("models/*.yml"))
    text = yaml.read_text(encoding="utf-8")
    assert "object: events, first_run: send" in text
    manifest = objects.directory / "target" / "manifest.json"
    sent = manifest.read_text(encoding="utf-8")
    manifest.write_text(sent.replace('"first_run": "send"', '"first_run": "adopt"'))
    objects.push(sandbox, "visits")
    said = objects.runner("explain", "e1", "-s", "visits").out
    assert "was adopted as history" in said
    assert "was sent" not in said


@pytest.mark.parametrize(
    ("sync", "permission"),
    [
        ("people", "users.track"),
        ("erasures", "users.delete"),
        ("duplicates", "users.merge"),
        ("products", "catalogs.get"),
    ],
)
def test_check_asks_for_the_permissions_that_the_syncs_need(
    objects: Objects, sync: str, permission: str
) -> None:
    with Sandbox(permissions=[permission]) as sandbox:
        assert objects.runner("check", "-s", sync, sandbox=sandbox).code == 0
        assert not sandbox.profiles()
    with Sandbox(permissions=["events.list"]) as sandbox:
        refused = objects.runner("check", "-s", sync, sandbox=sandbox)
    assert refused.code == 7
    assert permission.partition(".")[0] in refused.err


class Doors(http.server.ThreadingHTTPServer):
    """Lets everybody in at once: with the usual five places some knock for minutes."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Those who did not wait for their answer are what the test is about."""


class Late(http.server.BaseHTTPRequestHandler):
    """Answers one second after it was told to, one request after another."""

    protocol_version = "HTTP/1.1"
    told = threading.Event()
    since = 0.0
    lock = threading.Lock()
    requests = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with Late.lock:
            Late.requests += 1
            mine = Late.requests
        Late.told.wait()
        time.sleep(max(0.0, Late.since + 1.0 + mine * 0.015 - time.monotonic()))
        body = b'{"message":"success"}'
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_an_answer_after_the_end_is_not_written_into_the_warehouse(
    built_events: Shop, tmp_path: Path
) -> None:
    """The number of the closed journal was the warehouse's a moment later."""
    shop = copy(built_events, tmp_path / "shop")
    server = Doors(("127.0.0.1", 0), Late)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    to = {
        "BRAZE_REST_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "BRAZE_API_KEY": "key",
        "RUNNER_OBJECTS_PER_REQUEST": "20",
    }
    process = subprocess.Popen(
        [*DRIVEN, "runner.interrupts:DRAIN_SECONDS:is:1", *PUSH],
        cwd=shop.directory,
        env=environment(None, to),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while Late.requests < 60:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    Late.since = time.monotonic()
    Late.told.set()
    process.communicate()
    server.shutdown()
    with duckdb.connect(str(shop.database)) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]
