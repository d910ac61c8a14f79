"""Whatever is wrong: one message, the right exit code, nothing sent or half-written.

Each case runs the command line, against a built project and a sandbox.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import Sandbox

from ..conftest import LEDGER, PEOPLE, NearShop, Run, Shop, copy_to_build

PUSH = ("push", "--format", "json")
ONCE = {"RUNNER_ATTEMPTS": "1"}
READING = ("plan", "status", "rejected", "check", "push")
"""The commands that open the warehouse."""
ROWS = ("ledger_sent_rows", "ledger_rejected_rows", "ledger_unknown_rows")


@dataclass(frozen=True)
class Aftermath:
    """What a refused command leaves behind; the defaults are what it must."""

    code: int
    stdout: str = ""
    broke: bool = False
    objects: int = 0
    ledger: bool = True
    """Whether the ledger is as it was."""


def refused(
    shop: Shop, sandbox: Sandbox, *arguments: str, **options: Any
) -> tuple[Aftermath, str]:
    """Run a command that must not get anywhere; return what it left and its message."""
    before = shop.ledger()
    options.setdefault("sandbox", sandbox)
    run = shop.runner(*(arguments or PUSH), **options)
    aftermath = Aftermath(
        run.code, run.out, broke(run), received(sandbox), shop.ledger() == before
    )
    return aftermath, run.err


def broke(run: Run) -> bool:
    """Whether the command fell over instead of saying what is wrong."""
    words = ("Traceback", "has a fault", "failed unexpectedly")
    return any(word in run.err for word in words) or not run.err.strip()


def received(sandbox: Sandbox) -> int:
    return sandbox.meters()["objects"]


def rows(shop: Shop) -> dict[str, Any]:
    """The ledger's rows about people, without the runs."""
    return {name: shop.ledger()[name] for name in ROWS}


def leftovers(shop: Shop) -> list[str]:
    """Outboxes and acknowledgements that a finished push must have folded."""
    ledger = shop.ledger()
    boxes = [name for name in ledger if name.startswith("outbox")]
    return boxes + ["ledger_acks"] * bool(ledger["ledger_acks"])


@pytest.fixture
def shop(shop: Shop) -> Shop:
    return NearShop(shop.directory)


@pytest.fixture
def synced_shop(synced_shop: Shop) -> Shop:
    return NearShop(synced_shop.directory)


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# -- the project


def test_no_manifest(shop: Shop, sandbox: Sandbox) -> None:
    shop.manifest.unlink()
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "manifest.json: no such file: dbt has not built yet" in message


@pytest.mark.parametrize("content", ["", "{", '{"nodes":', "[]", "\x00\x01"])
def test_a_corrupt_manifest(shop: Shop, sandbox: Sandbox, content: str) -> None:
    shop.manifest.write_text(content)
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "manifest.json: is not a manifest" in message


def test_an_unknown_sync(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, "-s", "poeple")
    assert aftermath == Aftermath(2)
    assert "No sync matches 'poeple'. Did you mean 'people'?" in message


def test_an_unknown_key_in_meta_sync(shop: Shop, sandbox: Sandbox) -> None:
    def misspell(nodes: dict[str, Any]) -> None:
        nodes["model.shop.people__pending"]["config"]["meta"]["sync"]["mod"] = "update"

    shop.change_manifest(misspell)
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "models/people.yml: model people__pending: unknown key 'mod'" in message


def test_a_ledger_model_that_is_switched_off(shop: Shop, sandbox: Sandbox) -> None:
    shop.change_manifest(
        lambda nodes: nodes.pop("model.braze_bridge.ledger_unknown_rows")
    )
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "model ledger_unknown_rows is missing or disabled" in message


def test_an_unknown_profile(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, "--profile", "shpo")
    assert aftermath == Aftermath(2)
    assert "no profile 'shpo'. Did you mean 'shop'?" in message


def test_an_unknown_target(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, "--target", "prod")
    assert aftermath == Aftermath(2)
    assert "profile 'shop' has no target 'prod'" in message


def test_a_folder_without_a_project(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, "--project-dir", "models")
    assert aftermath == Aftermath(2)
    assert "dbt_project.yml: no such file. Say --project-dir." in message


def test_a_snowflake_target_without_its_driver(shop: Shop, sandbox: Sandbox) -> None:
    if _has_snowflake():
        pytest.skip("Snowflake's driver is installed here")
    aftermath, message = refused(shop, sandbox, *PUSH, "--target", "lake")
    assert aftermath == Aftermath(2)
    assert "pip install 'braze-bridge[snowflake]'" in message


def _has_snowflake() -> bool:
    probe = [sys.executable, "-c", "import snowflake.connector"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def test_a_limit_that_is_no_number(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, env={"RUNNER_IN_FLIGHT": "many"})
    assert aftermath == Aftermath(2)
    assert message == "RUNNER_IN_FLIGHT: 'many' is not a whole number above 0.\n"


@pytest.mark.parametrize("option", ["--lmit=3", "--limit=0", "--format=xml"])
def test_an_option_that_is_none(shop: Shop, sandbox: Sandbox, option: str) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, option)
    assert aftermath == Aftermath(2)
    assert option.partition("=")[0] in message


# -- the warehouse


@contextmanager
def held(shop: Shop) -> Iterator[int]:
    """Let another process hold the DuckDB file, and yield its number."""
    code = (
        f"import duckdb, sys; held = duckdb.connect({str(shop.database)!r}); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        try:
            yield holder.pid
        finally:
            holder.kill()


@pytest.mark.parametrize("command", READING)
def test_a_file_that_another_process_holds(
    shop: Shop, sandbox: Sandbox, command: str
) -> None:
    before = shop.ledger()
    with held(shop) as pid:
        env = {"RUNNER_LOCK_WAIT": "0.2"}
        run = shop.runner(command, "--format", "json", sandbox=sandbox, env=env)
    same = shop.ledger() == before
    aftermath = Aftermath(run.code, run.out, broke(run), received(sandbox), same)
    assert aftermath == Aftermath(1)
    assert f"(PID {pid})" in run.err


def test_a_target_that_was_never_built(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, "--target", "unbuilt")
    assert aftermath == Aftermath(2)
    assert "built for target 'dev', not 'unbuilt'" in message


def test_a_target_that_is_never_built_is_not_created(
    shop: Shop, sandbox: Sandbox
) -> None:
    shop.runner(*PUSH, "--target", "unbuilt", sandbox=sandbox)
    assert not (shop.directory / "unbuilt.duckdb").exists()


def test_a_target_in_memory(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, *PUSH, "--target", "memory")
    assert aftermath == Aftermath(2)
    assert "in-memory DuckDB" in message


@pytest.mark.parametrize("damage", ["garbage", "short", "header", "empty", "folder"])
def test_a_corrupt_file(shop: Shop, sandbox: Sandbox, damage: str) -> None:
    content = shop.database.read_bytes()
    damaged = {
        "garbage": b"this is no database" * 1_000,
        "short": content[: len(content) // 8],
        "header": b"\x00" * 64 + content[64:],
        "empty": b"",
    }
    shop.database.unlink()
    if damage == "folder":
        shop.database.mkdir()
    else:
        shop.database.write_bytes(damaged[damage])
    run = shop.runner(*PUSH, sandbox=sandbox)
    aftermath = Aftermath(run.code, run.out, broke(run), received(sandbox))
    assert aftermath == Aftermath(2)
    assert "shop.duckdb: DuckDB cannot open it" in run.err


@pytest.mark.parametrize("command", ["plan", "check", "push"])
def test_a_pending_view_that_was_dropped(
    shop: Shop, sandbox: Sandbox, command: str
) -> None:
    shop.sql("drop view people__pending")
    aftermath, message = refused(shop, sandbox, command, "--format", "json")
    assert aftermath == Aftermath(2)
    assert "Run: runner build" in message


def test_status_tells_of_a_view_that_was_dropped(shop: Shop) -> None:
    shop.sql("drop view people__pending")
    run = shop.runner("status", "--format", "json")
    assert (run.code, run.json[0]["pending"]) == (0, None)


def test_a_mart_that_was_dropped(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("drop table people")
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "Run: runner build" in message


@pytest.mark.parametrize(
    "table",
    [
        "ledger_sent_rows",
        "ledger_rejected_rows",
        "ledger_runs",
        "ledger_lease",
        "ledger_acks",
        "ledger_unknown_rows",
    ],
)
def test_a_ledger_table_that_was_dropped(
    shop: Shop, sandbox: Sandbox, table: str
) -> None:
    shop.sql(f"drop table {LEDGER}.{table}")
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "Run: runner build" in message


def test_a_mart_with_two_identifiers(shop: Shop, sandbox: Sandbox) -> None:
    """S1-08: Braze refuses every such object, so none is sent."""
    shop.sql("alter table people add column braze_id varchar")
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "people has the columns braze_id and external_id" in message


def test_a_pending_view_that_lacks_a_column(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql(
        "create or replace view people__pending as "
        "select external_id as row_key, 'added' as change from people"
    )
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "people__pending lacks the column payload" in message


def test_a_pending_view_that_fails_on_a_value(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql(
        "create or replace view people__pending as select external_id as row_key, "
        "'added' as change, '{}' as payload, '{}' as row_json, '1' as row_hash, "
        "cast(email as integer) as data_points, 1 as key_count, "
        "null::varchar as problem from people"
    )
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(2)
    assert "@example.com" not in message


# -- the rows


def test_keys_in_more_than_one_row(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql(
        "insert into people select * from people "
        "where external_id in ('p1', 'p2', 'p3', 'p4', 'p5')"
    )
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(3)
    assert "5 keys stand in more than one row of the mart (p1, p2, p3, ...)" in message


def test_a_second_row_beside_one_that_was_sent(
    synced_shop: Shop, sandbox: Sandbox
) -> None:
    """Only the new copy is pending; the other is what Braze has."""
    synced_shop.sql(
        "insert into people select * replace ('new' as note) from people "
        "where external_id = 'p7'"
    )
    aftermath, message = refused(synced_shop, sandbox)
    assert aftermath == Aftermath(3)
    assert "1 key stands in more than one row of the mart (p7)." in message


def test_a_second_row_that_is_the_same_as_what_was_sent(
    synced_shop: Shop, sandbox: Sandbox
) -> None:
    """Two equal rows say one thing: there is nothing to send, and nothing wrong."""
    synced_shop.sql("insert into people select * from people where external_id = 'p7'")
    run = synced_shop.runner(*PUSH, sandbox=sandbox)
    assert (run.code, received(sandbox)) == (0, 0)


def test_rows_without_a_key(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("update people set external_id = null where orders_count = 3")
    (count,) = shop.sql("select count(*) from people where external_id is null")[0]
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(3)
    assert f"{count} rows have NULL as the key" in message


def test_rows_without_a_key_after_a_push(synced_shop: Shop, sandbox: Sandbox) -> None:
    synced_shop.sql("update people set external_id = null where external_id = 'p7'")
    aftermath, message = refused(synced_shop, sandbox)
    assert aftermath == Aftermath(3)
    assert "1 row has NULL as the key" in message


def test_bad_keys_cannot_be_approved(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("insert into people select * from people where external_id = 'p1'")
    plan = shop.runner("plan", "--format", "json")
    approved = (*PUSH, "--approve", plan.json["plan_id"])
    aftermath, _ = refused(shop, sandbox, *approved)
    assert aftermath == Aftermath(3)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("score = 'nan'", "a number is NaN or infinite"),
        ("weight = '-infinity'", "a number is NaN or infinite"),
        ("note = repeat('x', 4_100_000)", "bytes; a request holds"),
    ],
)
def test_a_row_that_the_wire_has_no_form_for(
    shop: Shop, sandbox: Sandbox, change: str, reason: str
) -> None:
    shop.sql(f"update people set {change} where external_id = 'p7'")
    run = shop.runner(*PUSH, sandbox=sandbox)
    (sync,) = run.json["syncs"]
    counts = (run.code, sync["accepted"], sync["rejected"], received(sandbox))
    assert counts == (4, PEOPLE - 1, 1, PEOPLE - 1)
    rejected = shop.ledger()["ledger_rejected_rows"]
    assert [(row[1], reason in str(row)) for row in rejected] == [("p7", True)]


def test_a_row_that_braze_refuses(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("update people set email = 'no address' where external_id = 'p7'")
    run = shop.runner(*PUSH, sandbox=sandbox)
    (sync,) = run.json["syncs"]
    assert (run.code, sync["accepted"], sync["rejected"]) == (4, PEOPLE - 1, 1)


def test_a_refused_row_is_not_sent_again(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql("update people set score = 'nan' where external_id = 'p7'")
    shop.runner(*PUSH, sandbox=sandbox)
    again = shop.runner(*PUSH, sandbox=sandbox)
    assert (again.code, again.json["syncs"][0]["planned"]) == (0, 0)


def test_an_empty_mart(synced_shop: Shop, sandbox: Sandbox) -> None:
    synced_shop.sql("delete from people")
    aftermath, message = refused(synced_shop, sandbox)
    assert aftermath == Aftermath(3)
    assert f"the mart is empty, but {PEOPLE} rows were sent before" in message


def test_an_empty_mart_that_is_meant(synced_shop: Shop, sandbox: Sandbox) -> None:
    synced_shop.sql("delete from people")
    refusal = synced_shop.runner(*PUSH, sandbox=sandbox)
    approve = re.findall(r"runner push (--approve) (\w+)", refusal.err)[0]
    run = synced_shop.runner(*PUSH, *approve, sandbox=sandbox)
    assert (run.code, received(sandbox)) == (0, 0)


def test_an_empty_mart_from_the_start(shop: Shop, sandbox: Sandbox) -> None:
    """Nothing was sent before: an empty mart is as it should be."""
    shop.sql("delete from people")
    assert shop.runner(*PUSH, sandbox=sandbox).code == 0


def test_an_empty_mart_that_is_sent_anew(synced_shop: Shop, sandbox: Sandbox) -> None:
    """A full resync of nothing would forget what Braze holds, and say it went well."""
    synced_shop.sql("delete from people")
    aftermath, _ = refused(synced_shop, sandbox, *PUSH, "--full-resync")
    assert aftermath == Aftermath(3)


def test_a_refused_full_resync_forgets_nothing(
    synced_shop: Shop, sandbox: Sandbox
) -> None:
    synced_shop.sql("update people set external_id = null where external_id = 'p7'")
    aftermath, _ = refused(synced_shop, sandbox, *PUSH, "--full-resync")
    assert aftermath == Aftermath(3)


def test_a_plan_that_would_be_refused(synced_shop: Shop) -> None:
    synced_shop.sql("delete from people")
    run = synced_shop.runner("plan", "--format", "json")
    assert (run.code, run.json["syncs"][0]["sync"]) == (3, "people")


def test_an_approval_of_another_plan(synced_shop: Shop, sandbox: Sandbox) -> None:
    synced_shop.sql("delete from people")
    approved = (*PUSH, "--approve", "0123456789ab")
    aftermath, message = refused(synced_shop, sandbox, *approved)
    assert aftermath == Aftermath(3)
    assert "not 0123456789ab: the data changed" in message


# -- Braze


def test_no_endpoint(shop: Shop, sandbox: Sandbox) -> None:
    env = {"BRAZE_REST_ENDPOINT": ""}
    aftermath, message = refused(shop, sandbox, env=env)
    assert aftermath == Aftermath(2)
    assert "BRAZE_REST_ENDPOINT is not set" in message


def test_an_unknown_instance(shop: Shop, sandbox: Sandbox) -> None:
    env = {"BRAZE_REST_ENDPOINT": "US-93"}
    aftermath, message = refused(shop, sandbox, env=env)
    assert aftermath == Aftermath(2)
    assert (
        "'US-93' is no instance of Braze's. Give an instance such as US-03" in message
    )


def test_plain_http_beyond_this_machine(shop: Shop, sandbox: Sandbox) -> None:
    env = {"BRAZE_REST_ENDPOINT": "http://rest.iad-03.braze.com"}
    aftermath, message = refused(shop, sandbox, env=env)
    assert aftermath == Aftermath(2)
    assert "over plain HTTP would show the key to the network" in message


def test_no_key(shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(shop, sandbox, env={"BRAZE_API_KEY": ""})
    assert aftermath == Aftermath(2)
    assert message.startswith("BRAZE_API_KEY is not set.")


@pytest.mark.parametrize("key", ["'sandbox-key'", "sandbox-key\nX: 1", "sandbox key"])
def test_a_key_that_can_be_none(shop: Shop, sandbox: Sandbox, key: str) -> None:
    aftermath, message = refused(shop, sandbox, env={"BRAZE_API_KEY": key})
    assert aftermath == Aftermath(2)
    assert message.startswith("BRAZE_API_KEY ")


def test_a_key_file_that_is_missing(shop: Shop, sandbox: Sandbox) -> None:
    env = {"BRAZE_API_KEY": "", "BRAZE_API_KEY_FILE": "no-such-file"}
    aftermath, message = refused(shop, sandbox, env=env)
    assert aftermath == Aftermath(2)
    assert "BRAZE_API_KEY_FILE: no-such-file: cannot be read" in message


@dataclass(frozen=True)
class Attempt:
    """What a push leaves that reached Braze's door and got no further."""

    code: int
    accepted: int = 0
    broke: bool = False
    profiles: int = 0
    rows: bool = True
    """Whether the ledger's rows are as they were."""
    leftovers: tuple[str, ...] = ()


def attempt(shop: Shop, sandbox: Sandbox, **env: str) -> tuple[Attempt, Run]:
    """Push once; return what is left of it and how it ended."""
    before = rows(shop)
    run = shop.runner(*PUSH, sandbox=sandbox, env={**ONCE, **env})
    left = Attempt(
        run.code,
        sum(sync["accepted"] for sync in run.json["syncs"]),
        broke(run),
        sandbox.meters()["profiles"],
        rows(shop) == before,
        tuple(leftovers(shop)),
    )
    return left, run


def test_a_wrong_key(shop: Shop, sandbox: Sandbox) -> None:
    left, run = attempt(shop, sandbox, BRAZE_API_KEY="canary-key")
    assert left == Attempt(7)
    assert "401: Braze does not know this key at this endpoint" in run.err
    assert "canary" not in run.out + run.err


def test_a_key_without_the_permission(shop: Shop) -> None:
    with Sandbox(permissions=["users.export.ids"]) as sandbox:
        left, run = attempt(shop, sandbox)
    assert left == Attempt(7)
    assert "403: the key lacks the permission users.track" in run.err


def test_a_host_that_refuses_the_connection(
    shop: Shop, sandbox: Sandbox, closed_port: int
) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    left, run = attempt(shop, sandbox, BRAZE_REST_ENDPOINT=url)
    assert left == Attempt(1)
    assert "the connection was refused" in run.err


def test_a_host_that_does_not_exist(shop: Shop, sandbox: Sandbox) -> None:
    url = "https://no-such-host.invalid"
    left, run = attempt(shop, sandbox, BRAZE_REST_ENDPOINT=url)
    assert left == Attempt(1)
    assert "run push again" in run.err


def test_a_host_without_tls(shop: Shop, sandbox: Sandbox) -> None:
    url = sandbox.url.replace("http://", "https://")
    left, run = attempt(shop, sandbox, BRAZE_REST_ENDPOINT=url)
    assert left == Attempt(1)
    assert "TLS" in run.err


def test_a_redirecting_server(shop: Shop, sandbox: Sandbox) -> None:
    sandbox.set_faults({"rates": {"redirect": 1.0}})
    left, run = attempt(shop, sandbox)
    assert left == Attempt(2)
    assert "307: a redirect, which is never followed" in run.err


def test_a_redirect_is_not_followed(shop: Shop, sandbox: Sandbox) -> None:
    sandbox.set_faults({"rates": {"redirect": 1.0}})
    attempt(shop, sandbox)
    assert {request["path"] for request in sandbox.requests()} == {"/users/track"}


def test_a_server_that_answers_a_page(shop: Shop, sandbox: Sandbox) -> None:
    sandbox.set_faults({"rates": {"html_200": 1.0}})
    left, run = attempt(shop, sandbox)
    assert left == Attempt(1)
    assert "200: the answer is not whole JSON" in run.err


def test_a_url_with_a_path(shop: Shop, sandbox: Sandbox) -> None:
    env = {"BRAZE_REST_ENDPOINT": f"{sandbox.url}/users/track"}
    aftermath, message = refused(shop, sandbox, env=env)
    assert aftermath == Aftermath(2)
    assert "https://rest.iad-03.braze.com, without a path." in message


def test_environment_proxies_do_not_apply(
    shop: Shop, sandbox: Sandbox, closed_port: int
) -> None:
    proxy = f"http://127.0.0.1:{closed_port}"
    env = {"http_proxy": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy, "no_proxy": ""}
    assert shop.runner(*PUSH, sandbox=sandbox, env=env).code == 0


def test_netrc_does_not_replace_the_key(shop: Shop, sandbox: Sandbox) -> None:
    netrc = shop.directory / "netrc"
    netrc.write_text("default login canary password canary\n")
    netrc.chmod(0o600)
    run = shop.runner(*PUSH, sandbox=sandbox, env={"NETRC": str(netrc)})
    assert run.code == 0


# -- another push


def test_a_lease_that_another_machine_holds(shop: Shop, sandbox: Sandbox) -> None:
    shop.sql(
        f"update {LEDGER}.ledger_lease set holder = 'elsewhere/77/5', epoch = 3, "
        "expires_at = now()::timestamp + interval 1 hour"
    )
    aftermath, message = refused(shop, sandbox)
    assert aftermath == Aftermath(5)
    assert "process 77 on elsewhere holds the lease" in message


# -- runner check finds the same


CHECK = ("check", "--format", "json")


@pytest.mark.parametrize(
    ("faults", "env", "code"),
    [
        ({}, {"BRAZE_API_KEY": "canary"}, 7),
        ({}, {"BRAZE_API_KEY": ""}, 2),
        ({}, {"BRAZE_REST_ENDPOINT": "http://127.0.0.1:9"}, 1),
        ({"rates": {"redirect": 1.0}}, {}, 2),
        ({"rates": {"html_200": 1.0}}, {}, 2),
    ],
)
def test_check_finds_what_is_wrong_with_braze(
    shop: Shop,
    sandbox: Sandbox,
    faults: dict[str, Any],
    env: dict[str, str],
    code: int,
) -> None:
    sandbox.set_faults(faults)
    aftermath, _ = refused(shop, sandbox, *CHECK, env=env)
    assert aftermath == Aftermath(code)


def test_check_is_content_with_a_good_project(shop: Shop, sandbox: Sandbox) -> None:
    run = shop.runner(*CHECK, sandbox=sandbox)
    assert (run.code, run.json["syncs"], received(sandbox)) == (0, ["people"], 0)


@pytest.mark.parametrize("fault", ["500", "503_html", "429_retry_after"])
def test_check_knows_an_outage_from_a_wrong_endpoint(
    shop: Shop, sandbox: Sandbox, fault: str
) -> None:
    sandbox.set_faults({"rates": {fault: 1.0}})
    aftermath, _ = refused(shop, sandbox, *CHECK)
    assert aftermath == Aftermath(1)


@pytest.mark.parametrize("command", READING)
def test_no_command_falls_over_before_the_first_build(
    shop: Shop, sandbox: Sandbox, command: str
) -> None:
    shop.manifest.unlink()
    aftermath, _ = refused(shop, sandbox, command, "--format", "json")
    assert aftermath == Aftermath(2)


@pytest.mark.parametrize("command", ["plan", "status", "rejected", "check"])
def test_commands_that_read_print_one_json_value(
    shop: Shop, sandbox: Sandbox, command: str
) -> None:
    run = shop.runner(command, "--format", "json", sandbox=sandbox)
    assert (run.code, json.loads(run.out) is not None) == (0, True)


# -- dbt


@pytest.fixture
def parsed_shop(built_shop: Shop, tmp_path: Path) -> Shop:
    """With what dbt knows of it, since dbt takes part."""
    return copy_to_build(built_shop, tmp_path / "parsed")


def test_a_build_that_fails(parsed_shop: Shop, sandbox: Sandbox) -> None:
    aftermath, message = refused(parsed_shop, sandbox, "build", "--no-such-option")
    assert aftermath == Aftermath(2)
    assert message.endswith("dbt build ended with exit code 2.\n")


def test_dbt_is_not_given_the_key(parsed_shop: Shop, sandbox: Sandbox) -> None:
    model = parsed_shop.directory / "models" / "seen.sql"
    model.write_text('select \'{{ env_var("BRAZE_API_KEY", "nothing") }}\' as seen')
    near = NearShop(parsed_shop.directory)
    near.runner("build", "--select", "seen", sandbox=sandbox)
    assert parsed_shop.sql("select seen from seen") == [("nothing",)]
