"""However the files come, the tables are those of a clean load."""

from __future__ import annotations

from pathlib import Path

from .replay import replay


def test_a_bad_month_ends_with_the_tables_of_a_clean_one(tmp_path: Path) -> None:
    clean, bad, kills = replay(tmp_path, 60, seed=5)

    assert kills >= 1
    assert len(clean.tables()) == 3
    assert bad.tables() == clean.tables()
    assert bad.sql("select status, count(*) from currents_files group by all") == [
        ("loaded", 60 + 12)
    ]
    for desk in (clean, bad):
        total = sum(len(rows) for _, rows in desk.tables().values())
        assert desk.sql("select sum(new_rows) from currents_files") == [(total,)]
