"""Functions and expressions: each shim returns its node, or another in its place.

They run before fakesnow's own rewriting, children before parents, and build what they
return from the node's parts or from a copy of it.
"""

from __future__ import annotations

from collections.abc import Callable

from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp, parse_one
from sqlglot.dialects.dialect import Dialect

Shim = Callable[[exp.Expression], exp.Expression]

NODES: list[Shim] = []


def node(shim: Shim) -> Shim:
    """Let this function see every node of every statement."""
    NODES.append(shim)
    return shim


def install() -> None:
    """Mend every statement before fakesnow splits and rewrites it."""
    explode = FakeSnowflakeCursor._transform_explode

    def mended_explode(
        self: FakeSnowflakeCursor, statement: exp.Expression
    ) -> list[exp.Expression]:
        return explode(self, mended(statement))

    FakeSnowflakeCursor._transform_explode = mended_explode
    # SUM(number) became SUM(TRY_CAST(number AS DOUBLE)): decimals lost their cents.
    transforms.numeric_agg_implicit_cast = numeric_agg_implicit_cast


def numeric_agg_implicit_cast(expression: exp.Expression) -> exp.Expression:
    """In the place of a rewriting of fakesnow's that does harm."""
    return expression


def mended(statement: exp.Expression) -> exp.Expression:
    """The statement after every shim has seen every node."""
    for each in reversed(list(statement.walk(bfs=True))):
        current = each
        for shim in NODES:
            changed = shim(current)
            if changed is not current:
                current = current.replace(changed)
        if each is statement:
            statement = current
    return statement


def duckdb_type(name: str) -> exp.DataType:
    """A type as DuckDB spells it."""
    return exp.DataType.build(name, dialect="duckdb")


def strftime_format(snowflake: str) -> str:
    """Snowflake's format as strftime's; what is in double quotes stands for itself."""
    dialect = Dialect.get_or_raise("snowflake")
    return "".join(
        part if quoted % 2 else dialect.format_time(exp.Literal.string(part)).name
        for quoted, part in enumerate(snowflake.split('"'))
        if part
    )


@node
def written_moment(each: exp.Expression) -> exp.Expression:
    """TO_CHAR(moment, 'YYYY...'): the format was ignored, silently."""
    format_ = each.args.get("format")
    if not (isinstance(each, exp.ToChar) and isinstance(format_, exp.Literal)):
        return each
    if "%" not in (strftime := strftime_format(format_.name)):
        return each  # a number's
    return exp.TimeToStr(this=each.this, format=exp.Literal.string(strftime))


@node
def quoted_part(each: exp.Expression) -> exp.Expression:
    """What a format has in double quotes stands for itself, without the quotes."""
    formatted = (exp.StrToTime, exp.TimeToStr, exp.TsOrDsToDate)
    if isinstance(each, formatted) and each.args.get("format"):
        unquoted = each.args["format"].name.replace('"', "")
        each.set("format", exp.Literal.string(unquoted))
    return each


@node
def untyped_moment(each: exp.Expression) -> exp.Expression:
    """TRY_TO_TIMESTAMP_NTZ(text) and the like without a format, or with AUTO."""
    kinds = {
        "TRY_TO_TIMESTAMP": "timestamp",
        "TRY_TO_TIMESTAMP_NTZ": "timestamp",
        "TRY_TO_TIMESTAMP_TZ": "timestamptz",
        "TRY_TO_TIMESTAMP_LTZ": "timestamptz",
        "TO_TIMESTAMP_TZ": "timestamptz",
        "TO_TIMESTAMP_LTZ": "timestamptz",
    }
    if isinstance(each, exp.StrToTime) and each.args["format"].name == "AUTO":
        cast = exp.TryCast if each.args.get("safe") else exp.Cast
        return cast(this=each.this, to=each.args["target_type"])
    if not (isinstance(each, exp.Anonymous) and len(each.expressions) == 1):
        return each
    name = each.name.upper()
    if name not in kinds:
        return each
    cast = exp.TryCast if name.startswith("TRY_") else exp.Cast
    return cast(this=each.expressions[0], to=duckdb_type(kinds[name]))


@node
def tried_moment(each: exp.Expression) -> exp.Expression:
    """TRY_CAST(text AS TIMESTAMP_NTZ) failed where it should have been null."""
    naive = (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ)
    if isinstance(each, exp.TryCast) and each.to.this in naive:
        # DATETIME is TIMESTAMP by another name, which fakesnow leaves alone.
        each.set("to", exp.DataType(this=exp.DataType.Type.DATETIME))
    return each


@node
def array_value(each: exp.Expression) -> exp.Expression:
    """ARRAY_CONSTRUCT and [...] are JSON, as every ARRAY, OBJECT and VARIANT is here.

    fakesnow made one of them where it stood alone in a select, and a list elsewhere.
    """
    if isinstance(each, exp.Array):
        return exp.Anonymous(this="json_array", expressions=each.expressions)
    return each


@node
def gathered_array(each: exp.Expression) -> exp.Expression:
    """ARRAY_AGG leaves nulls out, and an array of nothing is empty, not null."""
    order = None
    if isinstance(each, exp.WithinGroup) and isinstance(each.this, exp.ArrayAgg):
        each, order = each.this, each.expression
    elif not isinstance(each, exp.ArrayAgg) or isinstance(
        each.parent, (exp.WithinGroup, exp.Window)
    ):
        return each
    value = each.this
    shown = value.expressions[0] if isinstance(value, exp.Distinct) else value
    known = exp.Not(this=exp.Is(this=shown.copy(), expression=exp.Null()))
    if order:
        value = exp.Order(this=value, expressions=order.expressions)
    # LIST by another name: fakesnow rewrites ARRAY_AGG and would leave its filter out.
    found = exp.Filter(
        this=exp.Anonymous(this="list", expressions=[value]),
        expression=exp.Where(this=known),
    )
    json = exp.Anonymous(this="to_json", expressions=[found])
    return exp.Coalesce(
        this=json, expressions=[exp.Anonymous(this="json_array", expressions=[])]
    )


@node
def compact_array(each: exp.Expression) -> exp.Expression:
    """ARRAY_CONSTRUCT_COMPACT of texts: they were read as JSON, and were none."""
    if not isinstance(each, exp.ArrayConstructCompact):
        return each
    compact = parse_one("to_json(list_filter([], x -> x is not null))", read="duckdb")
    compact.find(exp.Array).set("expressions", each.expressions)
    return compact


@node
def overlapping_arrays(each: exp.Expression) -> exp.Expression:
    """ARRAYS_OVERLAP compared lists, and an ARRAY is JSON."""
    if not isinstance(each, exp.ArrayOverlaps):
        return each
    sides = [listed(each.this), listed(each.expression)]
    return exp.Anonymous(this="list_has_any", expressions=sides)


@node
def contained_value(each: exp.Expression) -> exp.Expression:
    """ARRAY_CONTAINS looked into a list, and an ARRAY is JSON."""
    if not isinstance(each, exp.ArrayContains):
        return each
    value = exp.Anonymous(this="to_json", expressions=[each.expression])
    sides = [listed(each.this), value]
    return exp.Anonymous(this="list_contains", expressions=sides)


def listed(array: exp.Expression) -> exp.Expression:
    """A JSON array as DuckDB's list of JSON; fakesnow leaves the type alone so."""
    cast = parse_one("json_transform(array, '[\"JSON\"]')", read="duckdb")
    cast.find(exp.Column).replace(array)
    return cast


@node
def cast_to_variant(each: exp.Expression) -> exp.Expression:
    """'x'::VARIANT is a text in a VARIANT, and was read as JSON."""
    if not (isinstance(each, exp.Cast) and each.to.this == exp.DataType.Type.VARIANT):
        return each
    if isinstance(each.this, exp.Null):
        return each
    return exp.ToVariant(this=each.this)


@node
def hexadecimal_number(each: exp.Expression) -> exp.Expression:
    """TO_NUMBER(text, 'XXXX') has a format, and formats are not implemented."""
    format_ = each.args.get("format")
    if not (isinstance(each, exp.ToNumber) and isinstance(format_, exp.Literal)):
        return each
    if not format_.is_string or set(format_.name.upper()) != {"X"}:
        return each
    prefixed = exp.DPipe(this=exp.Literal.string("0x"), expression=each.this)
    cast = exp.TryCast if each.args.get("safe") else exp.Cast
    return cast(this=exp.Paren(this=prefixed), to=duckdb_type("bigint"))


@node
def byte_length(each: exp.Expression) -> exp.Expression:
    """OCTET_LENGTH of a text is how many bytes its UTF-8 has."""
    if isinstance(each, exp.ByteLength):
        return exp.Anonymous(this="strlen", expressions=[each.this])
    return each


@node
def signed_hash(each: exp.Expression) -> exp.Expression:
    """HASH() has a sign in Snowflake, and the wire has no unsigned 64 bits."""
    if not (isinstance(each, exp.Anonymous) and each.name.upper() == "HASH"):
        return each
    unsigned = exp.Anonymous(this="hash", expressions=each.expressions)
    wide = exp.Cast(this=unsigned, to=duckdb_type("hugeint"))
    half = exp.Literal.number(2**63)
    signed = exp.Paren(this=exp.Sub(this=wide, expression=half))
    return exp.Cast(this=signed, to=duckdb_type("bigint"))


@node
def text_of_variant(each: exp.Expression) -> exp.Expression:
    """A text in a VARIANT is cast to itself, not to a text in quotes."""
    if not (isinstance(each, exp.Cast) and isinstance(each.this, exp.ToVariant)):
        return each
    if not each.to.is_type(*exp.DataType.TEXT_TYPES):
        return each
    return exp.Cast(this=each.this.this, to=each.to)
