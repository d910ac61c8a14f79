"""Typed values made variants, arrays of them, and what flatten finds deep inside."""

from __future__ import annotations

import fakesnow.macros
from sqlglot import exp

from .functions import duckdb_type, node

MACROS = """
create or replace macro {catalog}._fs_typeof_typed(value) as (
    case
        when value is null then null
        when typeof(value) = 'JSON' then case json_type(to_json(value))
            when 'NULL' then 'NULL_VALUE'
            when 'BIGINT' then 'INTEGER'
            when 'UBIGINT' then 'INTEGER'
            else json_type(to_json(value))
        end
        when typeof(value) = 'TIMESTAMP WITH TIME ZONE' then 'TIMESTAMP_TZ'
        when starts_with(typeof(value), 'TIMESTAMP') then 'TIMESTAMP_NTZ'
        when ends_with(typeof(value), ']') then 'ARRAY'
        when starts_with(typeof(value), 'STRUCT') then 'OBJECT'
        when starts_with(typeof(value), 'MAP') then 'OBJECT'
        when starts_with(typeof(value), 'DECIMAL') then 'DECIMAL'
        when ends_with(typeof(value), 'INT') or typeof(value) = 'INTEGER' then 'INTEGER'
        when typeof(value) = 'FLOAT' then 'DOUBLE'
        else typeof(value)
    end
);
create or replace macro {catalog}._fs_flatten_deep(input) as table
    select
        null as seq,
        case when typeof(key) = 'VARCHAR' then key end as key,
        fullkey[3:] as path,
        null as index,
        cast(json_tree.value as json) as value,
        null as this
    from json_tree(input)
    where fullkey <> '$' or input is null;
"""


def install() -> None:
    """Add the macros to each database."""
    creation_sql = fakesnow.macros.creation_sql

    def mended_creation_sql(catalog: str) -> str:
        return creation_sql(catalog) + MACROS.format(catalog=catalog)

    fakesnow.macros.creation_sql = mended_creation_sql


@node
def type_of_typed(each: exp.Expression) -> exp.Expression:
    """TYPEOF(TO_VARIANT(x)): a moment in a variant is one, and no text."""
    if isinstance(each, exp.Typeof) and isinstance(each.this, exp.ToVariant):
        value = each.this.this
        return exp.Anonymous(this="_fs_typeof_typed", expressions=[value])
    return each


@node
def moment_of_variant(each: exp.Expression) -> exp.Expression:
    """CAST(TO_VARIANT(x) AS TIMESTAMP_TZ): so it is one, too, when it is taken out."""
    if not (isinstance(each, exp.Cast) and isinstance(each.this, exp.ToVariant)):
        return each
    if not each.to.is_type(*exp.DataType.TEMPORAL_TYPES):
        return each
    text = exp.Cast(this=each.this.this, to=duckdb_type("varchar"))
    return exp.TryCast(this=text, to=each.to)


@node
def filtered_array(each: exp.Expression) -> exp.Expression:
    """FILTER(array, lambda) knew lists alone, and no array of variants."""
    if not isinstance(each, exp.ArrayFilter):
        return each
    shape = exp.Literal.string('["JSON"]')
    items = exp.Anonymous(this="from_json", expressions=[each.this, shape])
    # DuckDB 2 reads an arrow as the path into JSON.
    each.expression.set(arg_key="colon", value=True)
    kept = exp.Anonymous(this="list_filter", expressions=[items, each.expression])
    return exp.Anonymous(this="to_json", expressions=[kept])


@node
def array_or_null(each: exp.Expression) -> exp.Expression:
    """AS_ARRAY(variant) is unknown."""
    if not (isinstance(each, exp.Anonymous) and each.name.upper() == "AS_ARRAY"):
        return each
    (value,) = each.expressions
    kind = exp.Anonymous(this="json_type", expressions=[value])
    return exp.If(
        this=exp.EQ(this=kind, expression=exp.Literal.string("ARRAY")), true=value
    )


@node
def deepest_flatten(each: exp.Expression) -> exp.Expression:
    """FLATTEN(..., recursive => true) did not go down."""
    if not (isinstance(each, exp.Lateral) and isinstance(each.this, exp.Explode)):
        return each
    options = {option.name.lower() for option in each.this.expressions}
    if options != {"recursive", "outer"}:
        return each
    for cast in each.find_ancestor(exp.Select).find_all(exp.Cast):
        value = cast.this
        if (
            isinstance(value, exp.Column)
            and value.table == each.alias
            and value.name.upper() == "VALUE"
        ):
            root = exp.JSONPath(expressions=[exp.JSONPathRoot()])
            cast.replace(exp.JSONExtractScalar(this=value.copy(), expression=root))
    flattened = exp.Anonymous(
        this="_fs_flatten_deep", expressions=[each.this.this.expression]
    )
    return exp.Table(this=flattened, alias=each.args.get("alias"))
