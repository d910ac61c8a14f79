"""A project of a user's own with as many customers as a benchmark wants.

dbt builds it with one customer; SQL then replaces the mart. Files are kept in
BENCH_DIR for the next time, and made anew when anything they depend on has changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .measure import Run, note, run

REPOSITORY = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("BENCH_DIR", REPOSITORY / ".bench")).resolve()
DATABASE = "shop.duckdb"
RUNNER = (sys.executable, "-m", "runner")

# 20 columns, about 400 bytes of payload.
CUSTOMERS = """\
select
    'c_' || lpad(i::varchar, 10, '0') as external_id,
    'First' || hash(i) % 5000 as first_name,
    'Last' || hash(i + 1) % 20000 as last_name,
    'user' || i || '@example.com' as email,
    '+49' || 1500000000 + i as phone,
    ['DE', 'US', 'FR', 'GB', 'ES'][1 + (hash(i * 3) % 5)::int] as country,
    ['de', 'en', 'fr'][1 + (hash(i * 7) % 3)::int] as language,
    ['Berlin', 'Hamburg', 'München', 'Köln'][1 + (hash(i * 11) % 4)::int] as home_city,
    ['M', 'F', 'O'][1 + (hash(i * 13) % 3)::int] as gender,
    date '1950-01-01' + (hash(i * 17) % 20000)::int as dob,
    (hash(i * 19) % 300)::int as orders_count,
    ((hash(i * 23) % 1000000) / 100.0)::decimal(12, 2) as lifetime_value,
    ((hash(i * 29) % 10000) / 100.0)::double as average_basket,
    timestamp '2020-01-01' + to_seconds((hash(i * 31) % 150000000)::bigint)
        as last_order_at,
    hash(i * 41) % 2 = 0 as is_member,
    hash(i * 43) % 10 = 0 as is_vip,
    case when hash(i * 47) % 4 > 0 then
        ['gold', 'silver', 'bronze'][1 + (hash(i * 53) % 3)::int]
    end as loyalty_tier,
    ['shoes', 'shirts', 'hats', 'bags'][1 + (hash(i * 59) % 4)::int] as favourite,
    (hash(i * 61) % 100000)::int as points,
    'segment ' || hash(i * 67) % 50 as value_tier
from range({rows}) as numbers(i)
"""

# Half of the events belong to one user in a hundred.
VISITS = """\
select
    'v_' || lpad(i::varchar, 10, '0') as event_key,
    'c_' || case
        when i % 2 = 0 then hash(i) % greatest(({rows} // 3) // 100, 1)
        else hash(i) % greatest({rows} // 3, 1)
    end as external_id,
    'product_viewed' as name,
    timestamp '2026-01-01' + to_seconds(i::bigint) as time,
    {{
        'product_id': 'sku-' || hash(i * 3) % 5000,
        'product_name': 'Article number ' || hash(i * 5) % 5000,
        'price': ((hash(i * 7) % 20000) / 100.0)::decimal(12, 2),
        'currency': 'EUR',
        'source': ['web', 'app', 'store'][1 + (hash(i * 11) % 3)::int],
        'position': (hash(i * 13) % 60)::int,
        'is_on_sale': hash(i * 17) % 5 = 0,
        'categories': ['shoes', 'category ' || hash(i * 19) % 40],
        'campaign': 'autumn campaign number ' || hash(i * 23) % 90
    }} as properties
from range({rows}) as numbers(i)
"""

ITEMS = """\
select
    'item-' || i as id,
    'Article number ' || i as title,
    ((hash(i * 7) % 20000) / 100.0)::double as price,
    hash(i * 11) % 3 = 0 as is_in_stock,
    'A description of what article number ' || i || ' is good for' as description
from range({rows}) as numbers(i)
"""

PROJECT = {
    "dbt_project.yml": """\
name: shop
version: 0.1.0
config-version: 2
profile: shop
models:
  braze_bridge:
    staging: {+enabled: false}
    intermediate: {+enabled: false}
    marts: {+enabled: false}
    sync:
      +enabled: false
      ledger: {+enabled: true}
seeds:
  braze_bridge: {+enabled: false}
""",
    "packages.yml": f"packages: [{{local: {REPOSITORY}}}]\n",
    "profiles.yml": f"""\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: {DATABASE}
      threads: 2
      settings:
        memory_limit: "{{{{ env_var('BENCH_MEMORY', '80%') }}}}"
        temp_directory: spill
""",
    "models/customers.sql": "{{ config(materialized='table') }}\n"
    + CUSTOMERS.format(rows=1),
    "models/customers__pending.sql": """\
{{ braze_bridge.pending_rows(ref('customers')) }}
""",
    "models/visits.sql": "{{ config(materialized='table') }}\n" + VISITS.format(rows=1),
    "models/visits__pending.sql": "{{ braze_bridge.pending_events(ref('visits')) }}\n",
    "models/items.sql": "{{ config(materialized='table') }}\n" + ITEMS.format(rows=1),
    "models/items__pending.sql": """\
{{ braze_bridge.pending_catalog_items(ref('items'), catalog='items') }}
""",
    "models/syncs.yml": """\
models:
  - name: customers__pending
    config:
      meta: {sync: {destination: braze, object: attributes}}
  - name: visits__pending
    config:
      meta: {sync: {destination: braze, object: events, first_run: send}}
  - name: items__pending
    config:
      meta: {sync: {destination: braze, object: catalog}}
""",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A built project with its own warehouse file."""

    directory: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.directory / DATABASE

    def runner(self, *arguments: str, **env: str) -> Run:
        """Run the command line here as a whole process."""
        # The environment's own settings would be measured instead of the defaults.
        clean = {key: "" for key in os.environ if key.startswith(("RUNNER_", "BRAZE_"))}
        return run([*RUNNER, *arguments], cwd=self.directory, env={**clean, **env})


def shop(name: str, *steps: str) -> Shop:
    """Return the shop of this name, filled by the steps of benchmarks.fill."""
    made = Shop(CACHE / name)
    stamp = made.directory / "stamp"
    wanted = _digest(steps)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        note(f"preparing {name}")
        shutil.rmtree(made.directory, ignore_errors=True)
        _build(made)
        for step in steps:
            run([sys.executable, "-m", "benchmarks.fill", made.database, *step.split()])
        stamp.write_text(wanted, encoding="utf-8")
    return made


def _build(made: Shop) -> None:
    for name, text in PROJECT.items():
        path = made.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    made.runner("build", "--quiet")


def _digest(steps: tuple[str, ...]) -> str:
    """What the file's content depends on."""
    sources = [
        *REPOSITORY.glob("macros/**/*.sql"),
        *REPOSITORY.glob("models/sync/**/*"),
    ]
    sources += [Path(__file__), Path(__file__).with_name("fill.py")]
    texts = [path.read_bytes() for path in sorted(sources) if path.is_file()]
    words = [version("duckdb"), sys.executable, *steps]
    return hashlib.sha256(b"".join(texts) + repr(words).encode()).hexdigest()
