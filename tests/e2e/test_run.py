"""`runner run` with nobody there: what it does, what it tells, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Shop, build_models, copy_to_build, texts

ORDERS = {
    # dbt's tests look at `orders` and `page`; the range says how long a build takes.
    "orders.sql": """\
{{ config(materialized='table') }}
select
    'p1' as external_id, 1 as orders,
    (select sum(hash(a.range + b.range)) % 2
     from range(1) as a, range(1000000) as b) as parity
""",
    "orders__pending.sql": """\
{{ braze_bridge.pending_rows(ref('orders'), key='external_id') }}
""",
    "diary.sql": "select 1 as page\n",
    "orders.yml": """\
models:
  - name: orders
    columns:
      - name: orders
        data_tests: [{accepted_values: {arguments: {values: [1], quote: false}}}]
  - name: diary
    columns:
      - name: page
        data_tests: [{accepted_values: {arguments: {values: [1], quote: false}}}]
  - name: orders__pending
    config: {meta: {sync: {destination: braze, object: attributes}}}
""",
}
SLOW_PUSH = {
    "RUNNER_REQUESTS_PER_WINDOW": "1",
    "RUNNER_WINDOW_SECONDS": "1",
    "RUNNER_OBJECTS_PER_REQUEST": "10",
}
QUIET = ("--", "--quiet", "--select", "package:shop")
"""The ledger is built already, and the package's own tests are looked at elsewhere."""
LITTLE = ("--", "--quiet", "--select", "diary")
"""For who asks what comes after the build: all of it is built already."""


@pytest.fixture(scope="module")
def built(built_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a second sync, built once."""
    directory = tmp_path_factory.mktemp("run") / "shop"
    build_models(built_shop, directory, texts(built_shop.directory / "models") | ORDERS)
    return Shop(directory)


@pytest.fixture
def shop(built: Shop, tmp_path: Path) -> NearShop:
    """What ends by itself runs near; what is `started` is a process."""
    return NearShop(copy_to_build(built, tmp_path / "shop").directory)


WRONG_ORDERS = ("orders", "1 as orders", "2 as orders")
WRONG_DIARY = ("diary", "1 as page", "2 as page")
IMPATIENT = """
from runner import cli, stopping
stopping.PATIENCE_SECONDS = 1
cli.main()
"""
"""The command line, but that a statement which hears nothing is given one second."""
BUILT = """
import time
from runner import cli
from runner.commands import turn
def dbt_build(*arguments, **options):
    time.sleep(3.2)
    return "build", 0
turn.dbt_build = dbt_build
cli.main()
"""
"""The command line, but that it takes dbt three seconds to find all of it built."""
ENDLESS_BUILD = ("orders", "range(1)", "range(10000000)")


def edit(shop: Shop, model: str, old: str, new: str) -> None:
    """Change a model: unlike other variables, that is little for dbt to parse."""
    path = shop.directory / "models" / f"{model}.sql"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def children(process: subprocess.Popen[str]) -> list[int]:
    """The living processes that a process started."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in path.read_text(encoding="utf-8").split()]


@contextmanager
def started(
    shop: Shop, *arguments: str, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A run at work, which does not outlive the test."""
    process = shop.start("run", *arguments, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


# -- once


def test_a_run_builds_and_pushes_and_a_second_one_sends_nothing(
    shop: Shop, sandbox: Sandbox
) -> None:
    shop.sql("drop table main.orders")

    first = shop.runner("run", *QUIET, sandbox=sandbox)
    requests = len(sandbox.requests())
    again = shop.runner("run", "--format", "json", *QUIET, sandbox=sandbox)

    assert first.code == 0, first.err
    assert len(sandbox.profiles()) == 300
    assert "build clean; push " in first.err
    assert "301 planned, 301 accepted, 0 rejected, 0 unknown, 0 pending" in first.err
    assert again.code == 0
    assert len(sandbox.requests()) == requests
    assert [each["planned"] for each in again.json["push"]["syncs"]] == [0, 0]


def test_select_is_for_the_push_and_what_follows_the_dashes_for_dbt(
    shop: Shop, sandbox: Sandbox
) -> None:
    shop.sql("drop view main.diary")

    run = shop.runner(
        *("run", "-s", "orders", "--format", "json"),
        *(*QUIET, "--exclude", "diary"),
        sandbox=sandbox,
    )

    assert run.code == 0, run.err
    assert [each["sync"] for each in run.json["push"]["syncs"]] == ["orders"]
    assert set(sandbox.profiles()) == {"p1"}
    named = "select count(*) from duckdb_views() where view_name = 'diary'"
    assert shop.sql(named) == [(0,)]


def test_the_output_can_be_read_in_a_journal(shop: Shop, sandbox: Sandbox) -> None:
    """No colours, no carriage returns, and nothing but the result on stdout."""
    arguments = ("run", "--format", "json", "--", "--select", "diary")
    run = Shop(shop.directory).runner(*arguments, sandbox=sandbox)

    assert "\x1b" not in run.out + run.err
    assert "\r" not in run.err
    assert "Completed successfully" in run.err
    [line] = run.out.splitlines()
    assert set(json.loads(line)) == {
        *("started_at", "finished_at", "build", "push", "held"),
        *("problem", "exit_code", "missed", "next_at"),
    }


# -- dbt's tests


def test_a_failed_test_on_a_mart_holds_back_that_sync_alone(
    shop: Shop, sandbox: Sandbox
) -> None:
    edit(shop, *WRONG_ORDERS)

    run = shop.runner("run", "--format", "json", *QUIET, sandbox=sandbox)

    assert run.code == 3, run.err
    assert run.json["build"] == "some nodes failed"
    assert [each["sync"] for each in run.json["push"]["syncs"]] == ["people"]
    assert list(run.json["held"]) == ["orders"]
    assert "orders: held back: test accepted_values_orders_orders" in run.err
    assert len(sandbox.profiles()) == 300
    assert "orders" not in sandbox.profiles()["p1"].get("custom_attributes", {})

    edit(shop, "orders", "2 as orders", "1 as orders")
    mended = shop.runner("run", "--format", "json", *QUIET, sandbox=sandbox)
    assert (mended.code, mended.json["held"]) == (0, {})
    assert sandbox.profiles()["p1"]["custom_attributes"]["orders"] == 1


def test_a_failed_test_of_what_no_sync_is_made_from_holds_nothing(
    shop: Shop, sandbox: Sandbox
) -> None:
    """Everything is delivered, and the exit code still tells of the test."""
    edit(shop, *WRONG_DIARY)

    run = shop.runner("run", "--format", "json", *QUIET, sandbox=sandbox)

    assert (run.code, run.json["held"]) == (1, {})
    assert [each["accepted"] for each in run.json["push"]["syncs"]] == [1, 300]


def test_where_dbt_cannot_work_nothing_is_sent(shop: Shop, sandbox: Sandbox) -> None:
    (shop.directory / "models" / "orders.sql").write_text("{{ nonsense( }}", "utf-8")

    run = shop.runner("run", "--format", "json", *QUIET, sandbox=sandbox)

    assert (run.code, run.json["build"], run.json["push"]) == (2, "failed", None)
    assert sandbox.requests() == []


# -- on a schedule


def test_a_failed_turn_is_told_and_the_schedule_goes_on(
    shop: Shop, sandbox: Sandbox
) -> None:
    """The key is read anew by each turn, so that it can be changed in between."""
    key = shop.directory / "key"
    key.write_text("not-the-key", "utf-8")
    endpoint = {"BRAZE_REST_ENDPOINT": sandbox.url, "BRAZE_API_KEY_FILE": str(key)}
    arguments = ("--every", "1s", "--format", "json")
    with started(shop, *arguments, env=endpoint, code=BUILT) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        key.write_text("sandbox-key", "utf-8")
        # The second turn may have looked at the key already.
        later = [json.loads(process.stdout.readline())]
        if later[0]["exit_code"]:
            later.append(json.loads(process.stdout.readline()))
        process.terminate()
        _, told = process.communicate(timeout=20)

    assert (first["exit_code"], first["missed"]) == (7, 0)
    assert "key" in first["problem"]
    assert later[-1]["exit_code"] == 0
    # A turn takes three seconds: the two or more between were missed, and are told.
    assert later[-1]["missed"] > 1
    assert f"Missed {later[-1]['missed']} turns" in told
    assert first["finished_at"] <= later[0]["started_at"]
    assert process.returncode == 143


def test_what_no_later_turn_could_mend_ends_the_schedule(shop: Shop) -> None:
    run = shop.runner("run", "--every", "15m")

    assert run.code == 2
    assert "BRAZE_REST_ENDPOINT is not set" in run.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--every", "often"), "such as 15m"),
        (("--cron", "* * *"), "such as '*/15 * * * *'"),
        (("--every", "1h", "--cron", "0 * * * *"), "say one"),
    ],
)
def test_a_schedule_that_is_none_is_refused(
    shop: Shop, arguments: tuple[str, ...], told: str
) -> None:
    run = shop.runner("run", *arguments)

    assert run.code == 2
    assert told in run.err


def test_a_cron_schedule_says_when_it_begins_and_stops_at_once(
    shop: Shop, sandbox: Sandbox
) -> None:
    with started(shop, "--cron", "0 0 29 2 *", sandbox=sandbox) as process:
        assert process.stderr
        assert "-02-29T00:00:00Z" in process.stderr.readline()
        process.terminate()
        assert process.wait(timeout=4) == 143
    assert sandbox.requests() == []


# -- stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_build_ends_dbt_and_sends_nothing(
    shop: Shop, sandbox: Sandbox, number: signal.Signals
) -> None:
    edit(shop, *ENDLESS_BUILD)
    with started(shop, *QUIET, sandbox=sandbox) as process:
        log = shop.directory / "logs" / "dbt.log"
        until(lambda: log.exists() and "model main.orders" in log.read_text("utf-8"))
        [dbt] = children(process)
        process.send_signal(number)
        assert process.wait(timeout=15) == 128 + number

    with pytest.raises(ProcessLookupError):
        os.kill(dbt, 0)
    assert sandbox.requests() == []
    assert shop.sql("select orders from main.orders") == [(1,)]


def test_a_signal_is_heard_while_the_plan_is_frozen(
    shop: Shop, sandbox: Sandbox
) -> None:
    """The warehouse is busy with one statement, and Python hears nothing meanwhile."""
    shop.sql(
        "create or replace view main.people__pending as select pending.* replace ("
        "row_key || (select sum(hash(a.range + b.range)) "
        "from range(10000000) as a, range(1000000) as b) as row_key) "
        "from main.orders__pending as pending"
    )
    arguments = ("-s", "people", *LITTLE)
    with started(shop, *arguments, sandbox=sandbox, code=IMPATIENT) as process:
        until(lambda: children(process))
        until(lambda: not children(process))
        time.sleep(1)
        process.terminate()
        assert process.wait(timeout=20) == 143

    assert sandbox.requests() == []
    assert shop.ledger()["ledger_runs"] == []


def test_a_signal_during_the_push_settles_what_is_in_flight(
    shop: Shop, sandbox: Sandbox
) -> None:
    arguments = ("--every", "1h", "--format", "json")
    options = {"env": SLOW_PUSH, "code": BUILT}
    with started(shop, *arguments, sandbox=sandbox, **options) as process:
        until(lambda: len(sandbox.profiles()) > 1)
        process.terminate()
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 143
    kept = shop.sql("select count(distinct row_key) from main_ledger.ledger_sent_rows")
    assert kept == [(len(sandbox.profiles()),)]
    assert len(sandbox.profiles()) < 300
    assert json.loads(out)["exit_code"] == 143


def test_a_signal_between_two_turns_is_heard_at_once(
    shop: Shop, sandbox: Sandbox
) -> None:
    with started(shop, "--every", "1h", *LITTLE, sandbox=sandbox) as process:
        assert process.stderr
        until(lambda: "next turn 2" in process.stderr.readline())
        process.terminate()
        assert process.wait(timeout=4) == 143
    assert len(sandbox.profiles()) == 300


# -- two at once


def test_a_second_start_during_the_build_says_who_is_at_work(
    shop: Shop, sandbox: Sandbox
) -> None:
    edit(shop, *ENDLESS_BUILD)
    with started(shop, *QUIET, sandbox=sandbox) as first:
        until(lambda: children(first))
        second = shop.runner("run", "--every", "1h", *QUIET, sandbox=sandbox)

        assert second.code == 5
        assert f"process {first.pid} on " in second.err
        first.terminate()
        first.wait(timeout=15)
    third = shop.runner("run", *LITTLE, sandbox=sandbox)
    assert third.code == 0, third.err


def test_a_second_start_during_a_push_says_who_is_at_work_and_builds_nothing(
    shop: Shop, sandbox: Sandbox
) -> None:
    push = shop.start("push", "--yes", sandbox=sandbox, env=SLOW_PUSH)
    try:
        until(sandbox.requests)
        second = shop.runner("run", "--format", "json", sandbox=sandbox)
    finally:
        push.terminate()
        push.communicate()

    assert second.code == 5
    assert f"process {push.pid} on " in second.err
    assert second.json["build"] == "not begun"
