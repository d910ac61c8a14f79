"""Whose visits are whose: the anonymous ids of people who must never be sent again.

Once somebody is erased nothing says any more that a visitor was them, so this is asked
of the ledger and of the models before either forgets it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..named import user_hash
from ..warehouse.session import portions

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..manifest import Relation
    from ..warehouse import Session


def visitors_of(
    ledger: Ledger,
    users: Iterable[str] | None = None,
    told_by: Collection[Relation] = (),
) -> list[str]:
    """The anonymous ids of these users, or of everybody who is suppressed.

    Users are texts such as 'external_id:c1', and what is returned is such as
    'anonymous_id:4f2a'. Looks into what was said to Movable Ink, or was to be said, and
    into those of the relations `told_by` that are built and have both ids.
    Raises ConfigError where one of them cannot be read, or may be there and is not for
    this role to see.
    """
    words = ledger.connection
    user = words.sha256("'external_id:' || user_id")
    values: list[list[str]] = [[]]
    known = str(ledger.suppressed)
    if users is not None:
        known = f"{words.rows_of({'user_hash': 'varchar'})} as users"
        values = [[some] for some in portions([user_hash(each)] for each in users)]
    pairs = {
        table: f"""
        select
            {words.member(content, "user_id")} as user_id,
            {words.member(content, "anonymous_id")} as anonymous_id
        from {table} where left({content}, {len(beginning)}) = '{beginning}'
        """
        for table, content, beginning in (
            (ledger.sent, "row_json", '{"event":"identify",'),
            (ledger.rejected, "payload", '{"type":"identify",'),
            (ledger.unknown, "payload", '{"type":"identify",'),
        )
    }
    pairs |= {each: _BOTH_IDS.format(each) for each in told_by}
    visitors: set[str] = set()
    for relation, both_ids in pairs.items():
        with _naming(words, relation):
            if relation in told_by and not _has_both_ids(words, relation):
                continue
            for some in values:
                rows = words.execute(
                    f"""
                    select distinct 'anonymous_id:' || anonymous_id
                    from ({both_ids}) as pairs
                    where
                        anonymous_id <> ''
                        and {user} in (select user_hash from {known})
                    """,
                    some,
                ).fetchall()
                visitors |= {str(visitor) for (visitor,) in rows}
    return sorted(visitors)


_BOTH_IDS = (
    "select cast(user_id as varchar) as user_id, "
    "cast(anonymous_id as varchar) as anonymous_id from {}"
)


def _has_both_ids(connection: Session, relation: Relation) -> bool:
    if connection.sees_all and not connection.has(relation):
        return False
    return {"user_id", "anonymous_id"} <= {*connection.columns_of(relation)}


@contextmanager
def _naming(connection: Session, relation: Relation) -> Iterator[None]:
    """Read a relation; where that fails, say which one it was."""
    try:
        yield
    except Exception as error:
        if connection.fault(error) not in {"missing", "statement"}:
            raise
        msg = (
            f"{relation}, upstream of Movable Ink's events, cannot be read, so it is "
            "not known which visitor an erased customer was. Nobody was erased. Run: "
            "runner build"
            + (
                ""
                if connection.sees_all
                else ", or grant what examples/snowflake/grants.sql grants"
            )
        )
        raise ConfigError(msg) from None
