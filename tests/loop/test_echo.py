"""A no that Braze told too late for a push is not lost to the push, nor to its echo."""

from __future__ import annotations

from runner.sandbox import Sandbox
from tests.conftest import LEDGER, NearShop

from .test_loop import PUSH_CONSENTS, SENT, sent_rows, unsubscribed

STATES = "main_currents.users_behaviors_subscription_globalstatechange"
LINKS = "main_currents.users_messages_email_unsubscribe"
OVERWRITTEN = {"u1", "u3"}
ECHO = f"""
insert into {STATES} (id, user_id, external_user_id, time, subscription_status, channel,
    state_change_source)
select 'echo', 'braze-u1', 'u1', epoch(timestamp '2026-10-30 10:05:00')::bigint,
    'Opted In', 'email', 'REST API'
"""


def test_a_no_told_after_the_push_that_overwrote_it_is_restored(
    shop: NearShop, braze: Sandbox
) -> None:
    late = {STATES: "user_id = 'braze-u3'", LINKS: "user_id = 'braze-u1'"}
    for table, whose in late.items():
        shop.sql(f"create table {table}_late as from {table} where {whose}")
        shop.sql(f"delete from {table} where {whose}")
    assert sent_rows(shop.runner(*PUSH_CONSENTS, sandbox=braze)) == len(SENT) + 2
    assert not unsubscribed(braze) & OVERWRITTEN
    shop.sql(f"update {LEDGER}.ledger_sent_rows set sent_at = '2026-10-30 10:00:00'")
    # Braze wrote its no of the day before, and what our push did.
    for table in late:
        shop.sql(f"insert into {table} by name from {table}_late")
    shop.sql(ECHO)

    assert sent_rows(shop.runner(*PUSH_CONSENTS, sandbox=braze)) == len(OVERWRITTEN)

    assert unsubscribed(braze) >= OVERWRITTEN
    assert sent_rows(shop.runner(*PUSH_CONSENTS, sandbox=braze)) == 0
