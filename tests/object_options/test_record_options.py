"""A mistake in the options of pending_records() is one error that names every fault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner.rendering import CompilerError

from .collection import model, rendered

MISTAKES: dict[str, dict[str, Any]] = {
    "collection 'our-things' is not of letters and digits": {
        "collection": "our-things"
    },
    "key 'Größe' is not a letter or _, then letters, digits and _": {"key": "Größe"},
    "columns is a list of columns: ['email']": {"columns": "id"},
    "columns is empty: name the columns that may leave": {"columns": []},
    "columns: one of them stands twice": {"columns": ["id", "id"]},
    "ID and id are one column: spell it one way": {"columns": ["ID"]},
    "'a\"b' cannot name a column": {"columns": ["id", 'a"b']},
    "_text_1 is a name of ours, rename the column": {"columns": ["id", "_text_1"]},
    "on_removed 'remove' is none of delete, keep, tombstone": {"on_removed": "remove"},
    "missing is none or the members of a default record": {"missing": []},
    "cache_seconds '-1' is no number from 0 to 86400": {"cache_seconds": -1},
    "cache_seconds '5m' is no number from 0 to 86400": {"cache_seconds": "5m"},
    "personal is a list of columns: ['email']": {"personal": "email"},
    "personal: email is not among columns": {"personal": ["email"]},
    "indexes names options for each column": {"indexes": ["email"]},
    "index id: the key is an index without being named": {"indexes": {"id": {}}},
    "index 'e-mail' is not a letter or _": {"indexes": {"e-mail": {}}},
    "index city: its options are {} or {'order': ['rank'], 'most': 20}": {
        "indexes": {"city": ["rank"]}
    },
    "index city: 'limit' is none of order, most": {
        "indexes": {"city": {"order": ["rank"], "limit": 5}}
    },
    "index city: order is a list of columns": {"indexes": {"city": {"order": "rank"}}},
    "index city: order 'rank down' is not like 'score'": {
        "indexes": {"city": {"order": ["rank down"]}}
    },
    "index city: most is for a list, which has an order": {
        "indexes": {"city": {"most": 5}}
    },
    "index city: most '0' is no number from 1 to 1000": {
        "indexes": {"city": {"order": ["rank"], "most": 0}}
    },
}


def fault(text: str) -> str:
    """What a model is refused with."""
    with pytest.raises(CompilerError) as error:
        rendered(text)
    return str(error.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str) -> None:
    said = fault(model(**MISTAKES[mistake]))

    assert said.startswith("pending_records: ")
    assert mistake in said


def test_all_mistakes_come_at_once() -> None:
    said = fault(model(on_removed="remove", missing=3, indexes={"city": {"most": 2}}))

    assert len(said.split("; ")) == 3


# What dbt knows of the project; without it, as in a unit test, nothing is asked.
GRAPH = """
{{%- do graph.update({{'nodes': {{'a': {{
    'relation_name': 'db.marts.things', 'columns': {columns}
}}}}}}) -%}}
"""


@pytest.mark.parametrize(
    ("columns", "name", "is_personal"),
    [
        ({}, "First_Name", True),
        ({}, "email", True),
        ({}, "favourite_category", False),
        ({"note": {"config": {"meta": {"personal": True}}}}, "note", True),
        ({"note": {"meta": {"pii": True}}}, "note", True),
        ({"Name": {"config": {"meta": {"personal": False}}}}, "name", False),
    ],
)
def test_what_names_a_person_leaves_with_leave_alone(
    columns: dict[str, Any], name: str, *, is_personal: bool
) -> None:
    graph = GRAPH.format(columns=columns)

    rendered(graph + model(columns=["id", name], personal=[name]))
    rendered(graph + model(indexes={name.lower(): {}}))
    if is_personal:
        said = fault(graph + model(columns=["id", name]))
        assert said.startswith(f"pending_records: {name} is personal")
        assert f"personal=['{name}']" in said
    else:
        rendered(graph + model(columns=["id", name]))


def test_a_column_that_the_mart_has_not_is_named_beside_those_it_has() -> None:
    text = model(indexes={"city": {"order": ["score desc"]}}, user="person")
    # A relation, as ref() gives it: of a select the columns are not known.
    text = text.replace("'db.marts.things'", "mart_of('ID', 'City')")

    assert fault(text) == "pending_records: " + "; ".join(
        f"db.marts.things has no column {name}, it has ID, City"
        for name in ("score", "person")
    )
