"""What Braze tells comes back: into consent, suppression, engagement and audiences."""

from __future__ import annotations

from runner.sandbox import Sandbox
from tests.conftest import NearShop, Run

from .project import CONSENTS, NEWS

PUSH_CONSENTS = ("push", "--yes", "--format", "json", "-s", "consents")
SENT = {"u6", "u7", "u8"}
"""Who said no before the warehouse's yes, in the year 2035, or never."""


def sent_rows(run: Run) -> int:
    assert run.code == 0, run.out + run.err
    return int(run.json["syncs"][0]["accepted"])


def unsubscribed(sandbox: Sandbox) -> set[str]:
    """Who receives nothing on the channel or group that the warehouse has a yes for."""
    profiles = sandbox.profiles()
    groups = {
        person: {
            group["subscription_group_id"]: group["subscription_state"]
            for group in profile.get("subscription_groups") or []
        }
        for person, profile in profiles.items()
    }
    return {
        person
        for person, channel in CONSENTS.items()
        if (
            groups[person].get(NEWS)
            if channel == "newsletter"
            else profiles[person][f"{channel}_subscribe"]
        )
        == "unsubscribed"
    }


def test_nobody_is_subscribed_again_whom_braze_has_heard_say_no(
    shop: NearShop, braze: Sandbox
) -> None:
    assert unsubscribed(braze) == CONSENTS.keys()

    assert sent_rows(shop.runner(*PUSH_CONSENTS, sandbox=braze)) == len(SENT)

    assert unsubscribed(braze) == CONSENTS.keys() - SENT
    assert shop.runner(*PUSH_CONSENTS, "--full-resync", sandbox=braze).code == 0
    assert unsubscribed(braze) == CONSENTS.keys() - SENT


def test_without_currents_their_no_would_not_be_known(
    before: NearShop, braze: Sandbox
) -> None:
    """What the test above protects against does happen without the files."""
    assert sent_rows(before.runner(*PUSH_CONSENTS, sandbox=braze)) == len(CONSENTS)
    assert unsubscribed(braze) == set()


ENGAGEMENT = """
select
    external_id, message_engagement, preferred_channel, count_sent_30_days,
    count_opens_30_days, count_machine_opens_30_days, count_clicks_30_days,
    count_machine_clicks_30_days, count_sent_90_days
from main_marts.engagement_customers
where external_id like 'e%' order by 1
"""


def test_machines_are_told_apart_and_merged_users_are_one(shop: NearShop) -> None:
    assert shop.sql(ENGAGEMENT) == [
        ("e1", "last 30 days", "email", 2, 1, 1, 0, 1, 5),
        ("e2", "never", None, 2, 0, 2, 0, 0, 5),
        # A click as a visitor, two users before; and two messages read on WhatsApp.
        ("e3", "last 7 days", "whatsapp", 2, 2, 0, 1, 0, 5),
    ]
    assert shop.sql(
        "select count(*), bool_and(external_id = 'e3') "
        "from main_marts.engagement_message_events where user_id = 'braze-e3'"
    ) == [(9, True)]


def test_anonymous_events_are_nobodys_but_are_kept(shop: NearShop) -> None:
    events = "from main_marts.engagement_message_events where external_id is null"
    assert shop.sql(f"select user_id, action {events}") == [("nobody", "unsubscribed")]


def test_what_cannot_count_is_set_aside_and_listed(shop: NearShop) -> None:
    listed = shop.sql(
        "select user_id, set_aside from main_marts.engagement_set_aside_events "
        "order by user_id"
    )

    assert listed == [
        ("braze-s1", "the channel is none with a state of its own"),
        ("braze-s2", "the state is none that we know"),
        ("braze-s3", "channel is missing"),
        ("braze-s4", "subscription_group_id is missing"),
        ("braze-s5", "the subscription group is not in the seed of groups"),
        ("braze-u7", "time lies in the future"),
    ]


def test_engagement_makes_audiences_and_bounces_unmake_them(shop: NearShop) -> None:
    members = shop.sql(
        "select audience_id, list(external_id order by external_id) "
        "from main_marts.audience_candidates group by all order by all"
    )

    others = ("cart_abandoners", "lapsed", "newsletter_prospects", "vip", "voucher")
    assert dict(members) == {
        "engaged": ["e1", "e3"],
        "disengaged": ["e2"],
        # Of b1 and b2 the one whose mailbox took a message later.
        **{audience: ["b2"] for audience in others},
    }


def test_engagement_is_sent_as_attributes_once(
    shop: NearShop, sandbox: Sandbox
) -> None:
    push = ("push", "--yes", "--format", "json", "-s", "braze_message_engagement")

    assert sent_rows(shop.runner(*push, sandbox=sandbox)) > 0
    assert sandbox.profiles()["e3"]["custom_attributes"] == {
        "message_engagement": "last 7 days",
        "preferred_channel": "whatsapp",
    }
    assert "gone" not in sandbox.profiles()
    assert sent_rows(shop.runner(*push, sandbox=sandbox)) == 0


def test_no_address_is_nobodys_address(shop: NearShop) -> None:
    """A project may keep '' for none: it would be everybody's who has none."""
    events = "from main_marts.engagement_message_events where email = ''"
    assert shop.sql(f"select count(*) {events}") == [(0,)]


def test_purchases_have_cents_and_properties_that_are_json(shop: NearShop) -> None:
    assert shop.sql(
        "select price_amount::varchar, currency, event_key, properties::varchar "
        "from main_staging.stg_currents__behaviors order by event_key"
    ) == [
        ("19.99", "EUR", "s9", '{"event_id": "s9"}'),
        ("19.99", "EUR", None, None),
    ]


def test_a_known_lift_is_found(shop: NearShop) -> None:
    lift = shop.sql(
        "select * exclude (started_at, ended_at) from main_marts.engagement_lift "
        "order by campaign_id desc"
    )

    # Variances of 100 and 25, over 2,000 and 500 people.
    error = round((100 / 1999 + 25 / 499) ** 0.5, 4)
    groups = ("voucher", True, 2000, 500, 20.0, 15.0, 5.0, error, 10_000.0)
    assert lift == [("spring", *groups), ("autumn", *groups)]


def test_a_project_that_never_heard_of_currents_has_empty_marts(
    before: NearShop,
) -> None:
    marts = (
        *("customers", "message_events", "undeliverable_addresses"),
        *("set_aside_events", "lift", "deleted_users"),
    )
    for mart in marts:
        assert before.sql(f"from main_marts.engagement_{mart}") == []
