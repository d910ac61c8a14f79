"""Words that stand in a statement for Snowflake, as they are written.

The parser takes a function that it does not know, and knows those of other warehouses:
so each name is held against allowed_functions.txt, by how it is spelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.dialects.dialect import Dialect
from sqlglot.tokens import Token, TokenType

SNOWFLAKE = Dialect.get_or_raise("snowflake")

# What other warehouses say and Snowflake does not, though the parser takes it.
FOREIGN = (exp.AtTimeZone, exp.Filter, exp.PropertyEQ, exp.Unnest)

TYPES = {
    *("ARRAY", "BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INT"),
    *("OBJECT", "TEXT", "TIME", "DATETIME", "TIMESTAMPNTZ", "TIMESTAMPTZ"),
    *("VARCHAR", "VARIANT"),
}


def listed(file: str) -> set[str]:
    """The words of a list beside this module, without its comments."""
    lines = Path(__file__).with_name(file).read_text("utf-8").splitlines()
    return {word for line in lines for word in line.partition("#")[0].split()}


RESERVED = listed("reserved_words.txt")


def called(sql: str) -> set[str]:
    """Every word before a bracket in upper case: functions, and the grammar's.

    What follows AS or :: is a name of ours or a type.
    """
    tokens = SNOWFLAKE.tokenize(sql)
    return {
        word.text.upper()
        for place, (before, word, bracket) in enumerate(
            zip(tokens, tokens[1:], tokens[2:], strict=False)
        )
        if bracket.token_type == TokenType.L_PAREN
        and before.token_type not in (TokenType.ALIAS, TokenType.DCOLON)
        and word.token_type not in (TokenType.STRING, TokenType.IDENTIFIER)
        and word.text[:1].isalpha()
        and not are_columns(tokens[place + 3 :])
    }


def are_columns(tokens: list[Token]) -> bool:
    """Whether a bracket opens on the columns of a CTE: `walks (a, b) as (`."""
    closing = (
        place
        for place, token in enumerate(tokens)
        if token.token_type == TokenType.R_PAREN
    )
    end = next(closing, len(tokens))
    after = [token.token_type for token in tokens[end + 1 : end + 3]]
    return after == [TokenType.ALIAS, TokenType.L_PAREN]


def faults(sql: str) -> Iterator[str]:
    """What Snowflake would refuse in a statement that the parser takes."""
    tokens = SNOWFLAKE.tokenize(sql)
    for word, text in pairwise(tokens):
        if word.token_type == TokenType.INTERVAL and text.text.strip().isdigit():
            yield f"interval '{text.text}' without its unit in the quotes"
    for node in parse_one(sql, read="snowflake").walk():
        if isinstance(node, FOREIGN):
            yield f"{type(node).__name__}: {node.sql()[:60]}"
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
            yield f"IS TRUE, IS FALSE: {node.sql()[:60]}"
        if isinstance(node, exp.DataType) and node.this.name not in TYPES:
            yield f"type {node.sql()}"
        if isinstance(node, exp.In) and node.args.get("query") and not is_alone(node):
            yield f"subquery outside of WHERE, or beside OR: {node.sql()[:60]}"
        if isinstance(node, exp.Update) and node.this.alias:
            yield f"an alias of what is updated: {node.sql()[:60]}"
        if isinstance(node, exp.Having) and not node.parent.args.get("group"):
            yield f"HAVING without GROUP BY: {node.sql()[:60]}"
        if is_name(node) and node.name.lower() in RESERVED:
            yield f"reserved word {node.name}"


def is_name(node: exp.Expression) -> bool:
    """Whether it is a name that is not quoted."""
    return isinstance(node, exp.Identifier) and not node.quoted


def is_alone(subquery: exp.In) -> bool:
    """Whether it is a condition of a WHERE, by itself or with AND, as documented."""
    parent = subquery.parent
    while isinstance(parent, (exp.And, exp.Not, exp.Paren)):
        parent = parent.parent
    return isinstance(parent, exp.Where)
