"""What travels back: types, values of nested columns, errors."""

from __future__ import annotations

import json
import logging
from typing import Any

import fakesnow.arrow
import fakesnow.rowtype
import fakesnow.server
import pyarrow as pa
import pyarrow.compute as pc
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

QUERIES = "/queries/v1/query-request"

# DuckDB's types that fakesnow cannot name -> the nearest that it can.
NEAREST = {
    "FLOAT": "DOUBLE",
    "SMALLINT": "BIGINT",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_S": "TIMESTAMP",
    "TINYINT": "BIGINT",
    "UINTEGER": "BIGINT",
    "USMALLINT": "BIGINT",
    "UTINYINT": "BIGINT",
    "UUID": "VARCHAR",
}

as_rowtype = fakesnow.rowtype.describe_as_rowtype
as_arrow = fakesnow.server.to_sf
as_struct = fakesnow.arrow.timestamp_to_sf_struct
answered = fakesnow.server.query_request


def install() -> None:
    """Put what is below in the place of the server's."""
    fakesnow.rowtype.describe_as_rowtype = rowtype
    fakesnow.server.describe_as_rowtype = rowtype
    fakesnow.server.to_sf = arrow
    fakesnow.arrow.timestamp_to_sf_struct = moments
    routes = fakesnow.server.app.router.routes
    (place,) = (
        number
        for number, route in enumerate(routes)
        if isinstance(route, Route) and route.path == QUERIES
    )
    routes[place] = Route(QUERIES, answer, methods=["POST"])
    logging.getLogger("fakesnow.server").setLevel(logging.CRITICAL)


def nested_type(duckdb_type: str) -> str | None:
    """array, object, or nothing for a type without members."""
    if duckdb_type.endswith("]"):
        return "array"
    return "object" if duckdb_type.startswith(("STRUCT", "MAP")) else None


def rowtype(described: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Columns as the connector is told of them, who knows no type of DuckDB's."""
    nested = [nested_type(column_type) for _, column_type, *_ in described]
    plain = [
        (name, "JSON" if kind else NEAREST.get(column_type, column_type), *rest)
        for kind, (name, column_type, *rest) in zip(nested, described, strict=True)
    ]
    columns = as_rowtype(plain)
    for kind, column in zip(nested, columns, strict=True):
        column["type"] = kind or column["type"]
    return columns


def arrow(table: pa.Table, columns: list[dict[str, Any]]) -> pa.Table:
    """Rows as the connector reads them: an ARRAY and an OBJECT travel as JSON text."""
    for place, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            texts = [
                None if value is None else json.dumps(value, default=str)
                for value in table.column(place).to_pylist()
            ]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return as_arrow(table, columns)


def moments(times: pa.ChunkedArray) -> pa.StructArray:
    """Timestamps as the connector reads them; a null one was read as 1970."""
    whole = as_struct(times)
    parts = [pc.fill_null(part, 0) for part in whole.flatten()]
    missing = pc.is_null(times.combine_chunks())
    return pa.StructArray.from_arrays(parts, fields=list(whole.type), mask=missing)


async def answer(request: Request) -> JSONResponse:
    """An answer, or an error of SQL: a 500 is repeated by the connector for ever."""
    try:
        response = await answered(request)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return refusal(f"{type(error).__name__}: {error}")
    if response.status_code < 500:
        return response
    return refusal(json.loads(response.body)["message"])


def refusal(message: str) -> JSONResponse:
    """What Snowflake answers to a statement that it does not take."""
    return JSONResponse(
        {
            "data": {"errorCode": "001003", "sqlState": "42000"},
            "code": "001003",
            "message": f"SQL compilation error: {message}",
            "success": False,
        }
    )
