"""Variants: JSON's numbers keep their digits, and its objects have no order of keys.

DuckDB reads the numbers of a JSON text as doubles; Snowflake keeps up to 38 digits.
"""

from __future__ import annotations

import fakesnow.macros
import fakesnow.server
from fakesnow import info_schema
from sqlglot import exp

from .functions import duckdb_type, node

# A macro is a text: what it says of an argument twice is bound and planned twice, and
# 4 times in a macro of it. Those that are nested say it once, to a lambda.
# _fs_flatten stands in the place of fakesnow's, whose INDEX did not keep to the array.
MACROS = """
create or replace macro {catalog}._fs_get(object, name) as (
    list_transform(
        [struct_pack(o := object, n := name)],
        lambda given: case
            when not regexp_matches(cast(given.o as varchar), ':-?[0-9.]{{16,}}[,}}]')
                then json_extract(given.o, given.n)
            else coalesce(
                cast(list_filter(
                    regexp_extract_all(
                        cast(given.o as varchar),
                        regexp_escape(cast(to_json(given.n) as varchar))
                        || ':(-?[0-9]+[.]?[0-9]*)[,}}]',
                        1
                    ),
                    lambda digits: try_cast(digits as double) = try_cast(
                        cast(json_extract(given.o, given.n) as varchar) as double
                    )
                )[1] as json),
                json_extract(given.o, given.n)
            )
        end
    )[1]
);
create or replace macro {catalog}._fs_regexp_instr(subject, pattern) as (
    list_transform(
        [subject],
        lambda given: case
            when regexp_matches(given, pattern)
                then length(string_split_regex(given, pattern)[1]) + 1
            when given is not null then 0
        end
    )[1]
);
create or replace macro {catalog}._fs_raw(value) as (cast(value as varchar));
create or replace macro {catalog}._fs_typeof(value) as (
    list_transform(
        [value],
        lambda given: case json_type(given)
            when 'BIGINT' then 'INTEGER'
            when 'UBIGINT' then 'INTEGER'
            when 'DOUBLE'
                then case contains(cast(given as varchar), 'e')
                    when true then 'DOUBLE' else 'DECIMAL'
                end
            when 'NULL' then 'NULL_VALUE'
            else json_type(given)
        end
    )[1]
);
create or replace macro {catalog}._fs_flatten(input) as table
    select
        hash(to_json(input)) as seq,
        each.k as key,
        coalesce(each.k, '[' || each.i || ']') as path,
        each.i as index,
        each.v as value,
        to_json(input) as this
    from (
        select unnest(
            case json_type(to_json(input))
                when 'OBJECT' then list_transform(
                    json_keys(to_json(input)),
                    lambda name: struct_pack(
                        k := name,
                        v := cast(to_json(input) -> name as json),
                        i := cast(null as bigint)
                    )
                )
                else list_transform(
                    cast(to_json(input) as json[]),
                    lambda item, place: struct_pack(
                        k := cast(null as varchar), v := item, i := place - 1
                    )
                )
            end,
            recursive := true
        )
    ) as each(k, v, i);
create or replace macro {catalog}._fs_flatten_objects(input) as table
    select
        null as seq,
        key,
        fullkey[3:] as path,
        null as index,
        cast(json_tree.value as json) as value,
        null as this
    from json_tree(input)
    where
        key is not null
        and not contains(
            regexp_replace(fullkey, '"(\\\\.|[^"\\\\])*"', '', 'g'), '['
        );
create or replace macro {catalog}._fs_canonical(text) as (
    select cast(to_json(list_sort(list(concat(
        json_tree.fullkey,
        ' ',
        case
            when json_tree.type in ('UBIGINT', 'BIGINT', 'DOUBLE')
                then concat(
                    cast(try_cast(json_tree.atom as double) as varchar),
                    ' ',
                    try_cast(json_tree.atom as decimal(38, 9))
                )
            else concat(json_tree.type, json_tree.atom)
        end
    )))) as varchar)
    from json_tree(text)
);
"""


# DuckDB's types that `describe` did not translate.
NESTED = """
     when ends_with(columns.data_type, ']') then 'ARRAY'
     when starts_with(columns.data_type, 'STRUCT') then 'OBJECT'
     when starts_with(columns.data_type, 'MAP') then 'OBJECT'
     when ends_with(columns.data_type, 'INT') then 'NUMBER'
     when columns.data_type = 'INTEGER' then 'NUMBER'
"""
# A sum of whole numbers is as wide as Snowflake's numbers are, not 128 bits.
WIDE = "case when columns.data_type='BIGINT' then 38"
WHOLE = "case when ends_with(columns.data_type, 'INT') then 38"


def install() -> None:
    """Add the macros to each database, and tell of nested columns in `describe`."""
    columns = info_schema.SQL_CREATE_GLOBAL_INFORMATION_SCHEMA_COLUMNS_VIEW
    described = columns.replace("create view if not exists", "create or replace view")
    described = described.replace("'VARIANT'", f"'VARIANT'\n{NESTED}")
    described = described.replace(WIDE, WHOLE)
    fakesnow.server.shared_fs.duck_conn.execute(described)
    creation_sql = fakesnow.macros.creation_sql

    def mended_creation_sql(catalog: str) -> str:
        return creation_sql(catalog) + MACROS.format(catalog=catalog)

    fakesnow.macros.creation_sql = mended_creation_sql


@node
def raw_json(each: exp.Expression) -> exp.Expression:
    """PARSE_JSON(text) wrote the text anew, with the digits of a double."""
    if isinstance(each, exp.ParseJSON):
        cast = exp.TryCast if each.args.get("safe") else exp.Cast
        return cast(this=each.this, to=duckdb_type("json"))
    return each


@node
def double_or_null(each: exp.Expression) -> exp.Expression:
    """AS_DOUBLE(variant) is unknown."""
    if not (isinstance(each, exp.Anonymous) and each.name.upper() == "AS_DOUBLE"):
        return each
    text = exp.Cast(this=each.expressions[0], to=duckdb_type("varchar"))
    return exp.TryCast(this=text, to=duckdb_type("double"))


@node
def sorted_json(each: exp.Expression) -> exp.Expression:
    """TO_JSON(PARSE_JSON(text)): an object had the order of keys of the text.

    What comes instead is good for comparing alone: a list of paths and values, sorted.
    """
    cast = each.this if isinstance(each, exp.JSONFormat) else None
    if isinstance(cast, exp.Cast) and cast.to.is_type("json"):
        return exp.Anonymous(this="_fs_canonical", expressions=[cast])
    return each


@node
def exact_member(each: exp.Expression) -> exp.Expression:
    """GET(object, name): a number lost the digits that a double has not."""
    if isinstance(each, exp.GetExtract) and not each.expression.is_int:
        return exp.Anonymous(this="_fs_get", expressions=[each.this, each.expression])
    return each


@node
def json_of_member(each: exp.Expression) -> exp.Expression:
    """TO_JSON(GET(object, name)) would write the number anew."""
    member = each.this if isinstance(each, exp.JSONFormat) else None
    if isinstance(member, exp.Anonymous) and member.name == "_fs_get":
        return exp.Anonymous(this="_fs_raw", expressions=[member])
    return each


@node
def type_of_variant(each: exp.Expression) -> exp.Expression:
    """TYPEOF(variant) was JSON whatever it held."""
    if isinstance(each, exp.Typeof):
        return exp.Anonymous(this="_fs_typeof", expressions=[each.this])
    return each


@node
def deep_flatten(each: exp.Expression) -> exp.Expression:
    """FLATTEN(..., recursive => true, mode => 'OBJECT') did not go down."""
    if not (isinstance(each, exp.Lateral) and isinstance(each.this, exp.Explode)):
        return each
    options = {option.name.lower() for option in each.this.expressions}
    if options != {"recursive", "mode"}:
        return each
    flattened = exp.Anonymous(
        this="_fs_flatten_objects", expressions=[each.this.this.expression]
    )
    return exp.Table(this=flattened, alias=each.args.get("alias"))


@node
def place_of_pattern(each: exp.Expression) -> exp.Expression:
    """REGEXP_INSTR(text, pattern) said its text six times, and took long to plan."""
    if not isinstance(each, exp.RegexpInstr):
        return each
    start = [each.args.get(name) for name in ("position", "occurrence", "option")]
    if [name and name.name for name in start] not in ([None] * 3, ["1", "1", "0"]):
        return each
    flags, found = each.args.get("parameters"), each.expression
    if flags:
        prefix = exp.Literal.string(f"(?{flags.name})")
        found = exp.DPipe(this=prefix, expression=found)
    return exp.Anonymous(this="_fs_regexp_instr", expressions=[each.this, found])


@node
def pattern(each: exp.Expression) -> exp.Expression:
    r"""REGEXP_REPLACE: the pattern's backslashes were read twice, `\\` as `\`."""
    if isinstance(each, exp.RegexpReplace) and isinstance(each.expression, exp.Literal):
        doubled = each.expression.name.replace("\\", "\\\\")
        each.set("expression", exp.Literal.string(doubled))
    return each


@node
def text_of_member(each: exp.Expression) -> exp.Expression:
    """GET(object, name)::varchar is the text itself, not a text in quotes."""
    if not (isinstance(each, exp.Cast) and isinstance(each.this, exp.Anonymous)):
        return each
    if each.this.name != "_fs_get" or not each.to.is_type(*exp.DataType.TEXT_TYPES):
        return each
    root = exp.Literal.string("$")
    return exp.Anonymous(this="json_extract_string", expressions=[each.this, root])
