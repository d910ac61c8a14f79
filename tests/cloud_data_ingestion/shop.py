"""A shop whose marts Braze pulls. A day passes with each build.

A project with our macros and our ledger and no other model of ours, so that dbt reads
it in a second; one process builds it three times.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import REPOSITORY, environment, write

_DAY = "(select count(*) from {{ ref('days') }})"

MODELS = {
    "days": """\
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false
) }}
select 1 as day
""",
    # fine: changes on day 2, loses a value on day 3; left: leaves on day 3; same:
    # stays; wrong: has no form in JSON; twice: two rows; gone: is deleted on day 2.
    "people": f"""\
select external_id, first_name, cast(score as double) as score
from (
    select
        'fine "1"' as external_id,
        case {_DAY} when 3 then null else 'Ana, "A"' end as first_name,
        1.5 * least({_DAY}, 2) as score
    union all select 'left', 'Ben', 2
    union all select 'same', 'Cem', 3
    union all select 'wrong', 'Dan', cast('nan' as double)
    union all select 'twice', 'Eva', 4
    union all select 'twice', 'Eve', 5
    union all select 'gone', 'Fay', {_DAY}
) as people
where external_id <> 'left' or {_DAY} < 3
""",
    "people__offered": """\
{{ braze_bridge.offered_rows(
    braze_bridge.pending_rows(ref('people'), on_removed='unset')
) }}
""",
    "cdi_people": "{{ braze_bridge.cdi_rows(ref('people__offered'), 'attributes') }}",
    "members": f"""\
select 'm,"1' as alias_name, 'crm' as alias_label, {_DAY} as visits,
    cast('12345678901234567890.123' as decimal(38, 3)) as exact
""",
    "members__offered": """\
{{ braze_bridge.offered_rows(
    braze_bridge.pending_rows(ref('members'), key=['alias_name', 'alias_label']),
    user='user_alias'
) }}
""",
    "cdi_members": """\
{{ braze_bridge.cdi_rows(ref('members__offered'), 'attributes', user='user_alias') }}
""",
    # One event a day; the first one's properties change every day.
    "visits": f"""\
select 'v' || day as event_key, 'c@x.example' as email, 'visited' as name,
    timestamp '2026-01-01 10:00:00' as time, {{'today': {_DAY}}} as properties
from range(1, {_DAY} + 1) as days(day)
""",
    "visits__offered": """\
{{ braze_bridge.offered_rows(
    braze_bridge.pending_events(ref('visits'), user='email'), user='email'
) }}
""",
    "cdi_visits": """\
{{ braze_bridge.cdi_rows(ref('visits__offered'), 'events', user='email') }}
""",
    # Before each build what was offered moves an hour ahead: a clock that went back.
    "history__offered": """\
{{ config(pre_hook="{% if is_incremental() %}update {{ this }}
    set updated_at = updated_at + interval '1 hour'{% endif %}") }}
{{ braze_bridge.offered_rows(
    braze_bridge.pending_events(ref('visits'), user='email'), user='email'
) }}
""",
    "goods": f"""\
select 'g1' as id, {_DAY} as stock
union all
select 'g2' as id, 7 as stock where {_DAY} < 3
""",
    "goods__offered": """\
{{ braze_bridge.offered_rows(
    braze_bridge.pending_catalog_items(ref('goods'), 'goods')
) }}
""",
    "cdi_goods": "{{ braze_bridge.cdi_rows(ref('goods__offered'), 'catalog') }}",
    "leavers": f"select 'gone' as external_id where {_DAY} > 1",
    "leavers__offered": """\
{{ braze_bridge.offered_rows(braze_bridge.pending_deletions(ref('leavers'))) }}
""",
    "cdi_leavers": "{{ braze_bridge.cdi_rows(ref('leavers__offered'), 'deletions') }}",
    # What must not be built.
    "both__pending": "{{ braze_bridge.pending_rows(ref('people')) }}",
    "both__offered": """\
{{ braze_bridge.offered_rows(braze_bridge.pending_rows(ref('people'))) }}
""",
    "parts__offered": """\
{{ braze_bridge.offered_rows(
    braze_bridge.pending_rows(ref('people'), min_interval={'score': '7 days'})
) }}
""",
    "odd__offered": """\
{{ braze_bridge.offered_rows(
    braze_bridge.pending_deletions(ref('leavers'), user='email'), user='email'
) }}
""",
}

_OBJECTS = {
    "people": "object: attributes",
    "members": "object: attributes",
    "visits": "object: events, first_run: send",
    "history": "object: events",
    "goods": "object: catalog",
    "leavers": "object: deletions",
    "both": "object: attributes",
    "parts": "object: attributes",
    "odd": "object: deletions, first_runs: send",
}

PROPERTIES = (
    "models:"
    + "".join(
        f"""
  - name: {name}__offered
    config: {{meta: {{cloud_data_ingestion: {{{words}}}}}}}"""
        for name, words in _OBJECTS.items()
    )
    + """
  - name: both__pending
    config: {meta: {sync: {destination: braze, object: attributes}}}
"""
)

WRONG = ("both__offered", "parts__offered", "odd__offered")
"""Models that must be refused."""

PROJECT = """\
name: braze_bridge
version: 0.1.0
config-version: 2
profile: shop
models:
  braze_bridge:
    ledger:
      +materialized: incremental
      +full_refresh: false
"""

BUILD = """\
import json, sys
from dbt.cli.main import dbtRunner
dbt = dbtRunner(manifest=dbtRunner().invoke(["parse"]).result)
chosen = sys.argv[1:] or ["*"]
for flags in [], [], ["--full-refresh"]:
    done = dbt.invoke(["run", *flags, "-s", *chosen, "--exclude", *WRONG])
    assert done.success, done.exception or [result.message for result in done.result]
refusals = {}
for name in [] if sys.argv[1:] else WRONG:
    done = dbt.invoke(["compile", "-s", name])
    refusals[name] = str(done.exception or done.result[0].message)
json.dump(refusals, open("refusals.json", "w"))
"""


def build(directory: Path, output: Mapping[str, Any], *models: str) -> None:
    """Build these models on three days, or all and what must be refused."""
    profile = {"shop": {"target": "dev", "outputs": {"dev": dict(output)}}}
    files = {f"models/{name}.sql": f"{text}\n" for name, text in MODELS.items()}
    write(
        directory,
        {
            **files,
            "models/models.yml": PROPERTIES,
            "dbt_project.yml": PROJECT,
            "profiles.yml": yaml.safe_dump(profile),
        },
    )
    (directory / "macros").symlink_to(REPOSITORY / "macros")
    shutil.copytree(REPOSITORY / "models/sync/ledger", directory / "models/ledger")
    names = [*WRONG, "both__pending"]
    done = subprocess.run(
        [sys.executable, "-c", f"WRONG = {names!r}\n{BUILD}", *models],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
