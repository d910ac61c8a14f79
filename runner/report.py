"""Results as aligned text, JSON and Markdown. Pure: values in, text out."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

from .masking import masked_payload
from .plan import Plan, SyncPlan
from .result import PushResult
from .settings import Limits


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Align columns: text to the left, numbers to the right."""
    grid = [list(header), *([_cell(value) for value in row] for row in rows)]
    lines = []
    columns = [
        (
            max(_width(line[at]) for line in grid),
            bool(rows) and all(isinstance(row[at], int | float) for row in rows),
        )
        for at in range(len(header))
    ]
    for line in grid:
        cells = [
            _pad(text, width, right=right)
            for text, (width, right) in zip(line, columns, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width, _ in columns))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if _is_wide(char) else 1
        for char in text
    )


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


# -- plan

PLAN_COLUMNS = ("added", "changed", "removed", "requests", "data_points")


def plan_json(plan: Plan) -> str:
    """The plan as the one JSON object that design 5.4 describes."""
    syncs = [
        {
            "sync": each.sync.name,
            "destination": each.sync.destination,
            "object": each.sync.object,
            **{name: getattr(each, name) for name in PLAN_COLUMNS},
        }
        for each in plan.syncs
    ]
    return json.dumps({"plan_id": plan.plan_id, "syncs": syncs})


def plan_text(plan: Plan, limits: Limits) -> str:
    """The plan for a person: counts, cost and a few masked payloads."""
    rows = [
        [
            each.sync.name,
            *(getattr(each, name) for name in PLAN_COLUMNS),
            _duration(each.minutes(limits) * 60),
        ]
        for each in plan.syncs
    ]
    header = ["sync", "added", "changed", "removed", "requests", "data points", "takes"]
    lines = [f"Plan {plan.plan_id}", "", table(header, rows)]
    for each in plan.syncs:
        lines += _remarks(each)
    return "\n".join(lines)


def _remarks(plan: SyncPlan) -> list[str]:
    lines = []
    if plan.samples:
        lines += ["", f"{plan.sync.name}, the first of {plan.sendable:,} objects:"]
        lines += [
            f"  {change:8}{masked_payload(payload, plan.sync.pii)}"
            for change, payload in plan.samples
        ]
    rows, profiles = plan.reach
    awaited = (
        "an earlier change of the same user to settle"
        if plan.sync.is_to_braze
        else "the identify of their pair to be accepted (see: runner unknown, runner "
        "rejected), or are of somebody whom this plan erases"
    )
    remarks = [
        (plan.refused, "{:,} rows cannot be sent as they are."),
        (plan.held, f"{{:,}} rows wait for {awaited}."),
        (plan.adopted, "{:,} rows of history will be adopted, not sent (first_run)."),
        (rows, f"{{:,}} rows by e-mail or phone reach {profiles:,} profiles."),
    ]
    for text in plan.said:
        lines += ["", f"{plan.sync.name}: {text}"]
    if plan.problem:
        lines += ["", f"{plan.sync.name}: {plan.problem}"]
    for count, text in remarks:
        if count:
            lines += ["", f"{plan.sync.name}: {_counted(text.format(count))}"]
    return lines


def _counted(text: str) -> str:
    """A sentence about rows, with the grammar of one row."""
    if not text.startswith("1 rows"):
        return text
    words = {"1 rows": "1 row", " wait ": " waits ", " reach ": " reaches "}
    for many, one in words.items():
        text = text.replace(many, one, 1)
    return text


def plan_markdown(plan: Plan, limits: Limits) -> str:
    """The plan as a comment on a pull request."""
    lines = [
        f"### Plan `{plan.plan_id}`",
        "",
        "| sync | added | changed | removed | requests | data points | takes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for each in plan.syncs:
        numbers = " | ".join(f"{getattr(each, name):,}" for name in PLAN_COLUMNS)
        took = _duration(each.minutes(limits) * 60)
        lines.append(f"| {each.sync.name} | {numbers} | {took} |")
    for each in plan.syncs:
        if each.samples:
            lines += ["", f"`{each.sync.name}`", "", "```json"]
            lines += [
                masked_payload(payload, each.sync.pii) for _, payload in each.samples
            ]
            lines.append("```")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "< 1 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


# -- push


def push_json(result: PushResult) -> str:
    """The push as the one JSON object that design 5.4 describes."""
    syncs = [
        {
            "sync": each.sync,
            "planned": each.planned,
            "accepted": each.counts.accepted,
            "rejected": each.counts.rejected,
            "unknown": each.counts.unknown,
            "requests": each.requests,
            "seconds": round(each.seconds, 3),
        }
        for each in result.syncs
    ]
    return json.dumps(
        {"run_id": result.run_id, "plan_id": result.plan_id, "syncs": syncs}
    )


def push_text(result: PushResult) -> str:
    """The push for a person; the classes of each line add up to planned."""
    header = [
        "sync",
        "planned",
        "accepted",
        "rejected",
        "unknown",
        "pending",
        "requests",
        "seconds",
    ]
    rows = [
        [
            each.sync,
            each.planned,
            each.counts.accepted,
            each.counts.rejected,
            each.counts.unknown,
            each.pending,
            each.requests,
            each.seconds,
        ]
        for each in result.syncs
    ]
    return f"Run {result.run_id}, plan {result.plan_id}\n\n{table(header, rows)}"
