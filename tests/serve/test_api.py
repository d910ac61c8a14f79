"""What is answered, header for header, without a socket."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from runner.serve.records import RECORD as ROUTE
from runner.serve.reply import PROBLEMS, Reply
from runner.store import StoreError, open_store

from .asking import RECORD as PATH
from .asking import Asked, Asking, Sent
from .stores import (
    BUILT_AT,
    PRODUCTS,
    RECOMMENDATIONS,
    SCORE,
    SECOND,
    Stored,
    fill,
    row,
    stored,
)
from .stores import RECORD as FIRST


def code(reply: Reply) -> tuple[int, str]:
    """The status and the word of an error, which has all it should have."""
    said = json.loads(reply.body)
    assert set(said) == {"error", "code", "docs"}
    assert said["docs"] == "docs/personalization.md#errors"
    return reply.status, said["code"]


def header(reply: Reply, name: str) -> str | None:
    found = [value for each, value in reply.headers if each == name]
    assert len(found) <= 1
    return found[0] if found else None


# -- records


@pytest.mark.parametrize(
    ("index", "value"), [("user_id", "u1"), ("email", "ann@example.com")]
)
def test_every_index_answers_the_bare_record(
    api: Asking, index: str, value: str
) -> None:
    reply = api.record("recommendations", index, value)

    assert (reply.status, reply.body.decode()) == (200, FIRST)


def test_a_list_index_answers_records_in_its_order(api: Asking) -> None:
    reply = api.record("recommendations", "segment", "gold")

    assert reply.body.decode() == f'{{"records":[{FIRST},{SECOND}]}}'


@pytest.mark.parametrize("value", ["u/2", "тест"])
def test_a_value_of_any_letters_is_found(api: Asking, value: str) -> None:
    reply = api.record("recommendations", "user_id", value)

    assert json.loads(reply.body)["user_id"] == value


def test_a_record_says_how_fresh_it_is(api: Asking) -> None:
    reply = api.record("recommendations", "user_id", "u1")

    assert header(reply, "collection-version") == "1"
    assert header(reply, "collection-built-at") == f"{BUILT_AT:%Y-%m-%dT%H:%M:%SZ}"
    assert 3 * 3600 <= int(header(reply, "collection-age") or 0) < 4 * 3600
    assert header(reply, "vary") == "Authorization"
    assert header(reply, "content-type") == "application/json"
    assert header(reply, "x-content-type-options") == "nosniff"


def test_a_record_may_be_kept_as_long_as_its_collection_says(api: Asking) -> None:
    seldom = api.record("products", "sku", "s1")
    never = api.record("recommendations", "user_id", "u1")

    assert header(seldom, "cache-control") == "private, max-age=60"
    assert header(never, "cache-control") == "private, no-cache"


def test_a_miss_is_not_found(api: Asking) -> None:
    reply = api.record("recommendations", "user_id", "nobody")

    assert code(reply) == (404, "no_record")
    assert header(reply, "collection-version") == "1"


@pytest.mark.parametrize("value", ["nothing", ""])
def test_a_miss_answers_the_default_record_where_there_is_one(
    api: Asking, value: str
) -> None:
    """An empty value is what a template sends for a user without the attribute."""
    reply = api.record("products", "sku", value)

    assert (reply.status, reply.body.decode()) == (200, PRODUCTS.missing)


def test_a_record_that_was_removed_is_gone(api: Asking) -> None:
    assert code(api.record("products", "sku", "s2")) == (410, "gone")


@pytest.mark.parametrize("sent", ["{}", "*", 'W/"x", {}', "W/{}"])
def test_a_known_etag_is_answered_without_a_body(api: Asking, sent: str) -> None:
    etag = header(api.record("recommendations", "user_id", "u1"), "etag") or ""

    reply = api.record(
        "recommendations", "user_id", "u1", if_none_match=sent.format(etag)
    )

    assert (reply.status, reply.body) == (304, b"")
    assert header(reply, "etag") == etag
    assert header(reply, "collection-version") == "1"


def test_another_etag_is_answered_in_full(api: Asking) -> None:
    reply = api.record("recommendations", "user_id", "u1", if_none_match='"x"')

    assert (reply.status, reply.body.decode()) == (200, FIRST)


# -- keys

NOBODY = (401, "unauthorized")
ABSENT = (404, "unknown")
INDEXES = {
    "recommendations": {"user_id": "u1", "email": "ann@example.com", "segment": "gold"},
    "products": {"sku": "s1", "name": "Cup"},
    "staff": {"id": "1", "email": "b@x.y"},
    "unknown": {"id": "1"},
}
SEEN = {
    "both": {"recommendations", "products"},
    "cut": {"recommendations", "products"},
    "products": {"products"},
    "nothing": set(),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("collection", INDEXES)
@pytest.mark.parametrize("key", ["both", "cut", "products", "nothing"])
def test_a_key_sees_its_collections_and_no_other(
    api: Asking, key: str, collection: str, method: str
) -> None:
    absent = api.ask(PATH.format("none", "none", "none"), key, method=method)
    for index, value in INDEXES[collection].items():
        reply = api.record(collection, index, value, key, method=method)

        if collection in SEEN[key]:
            assert reply.status == 200
        else:
            assert (reply.status, reply.headers, reply.body) == (
                absent.status,
                absent.headers,
                absent.body,
            )
            assert code(reply) == ABSENT


@pytest.mark.parametrize("collection", INDEXES)
@pytest.mark.parametrize("key", ["expired", "revoked", None])
def test_a_key_that_is_not_good_sees_nothing(
    api: Asking, key: str | None, collection: str
) -> None:
    for index, value in INDEXES[collection].items():
        reply = api.ask(PATH.format(collection, index, value), key)

        assert code(reply) == NOBODY
        assert (header(reply, "www-authenticate") or "").startswith("Bearer")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"])
@pytest.mark.parametrize("key", ["both", None])
def test_no_other_method_is_answered(api: Asking, key: str | None, method: str) -> None:
    for path in (PATH.format("products", "sku", "s1"), "/metrics", "/healthz", "/x"):
        reply = api.ask(path, key, method=method)

        assert code(reply) == (405, "method_not_allowed")
        assert header(reply, "allow") == "GET, HEAD"


def test_an_unknown_index_is_as_an_unknown_collection(api: Asking) -> None:
    known = api.record("products", "nothing", "s1")
    unknown = api.record("nothing", "sku", "s1")

    assert code(known) == ABSENT
    assert (known.body, known.headers) == (unknown.body, unknown.headers)


@pytest.mark.parametrize(("index", "value"), INDEXES["recommendations"].items())
def test_a_key_sees_only_its_fields(api: Asking, index: str, value: str) -> None:
    found = api.record("recommendations", index, value, "cut")
    one = f'{{"user_id":"u1","score":{SCORE}}}'
    several = f'{{"records":[{one},{{"user_id":"u/2","score":1e3}}]}}'

    assert found.body.decode() == (several if index == "segment" else one)
    assert (
        api.record("products", "sku", "s1", "cut").body == b'{"sku":"s1","name":"Cup"}'
    )


def test_keys_of_other_fields_have_other_etags(api: Asking) -> None:
    full = header(api.record("recommendations", "user_id", "u1"), "etag") or ""
    less = api.record("recommendations", "user_id", "u1", "cut", if_none_match=full)

    assert less.status == 200
    again = api.record(
        "recommendations",
        "user_id",
        "u1",
        "cut",
        if_none_match=header(less, "etag") or "",
    )
    assert again.status == 304


def test_an_etag_tells_nothing_of_what_is_not_seen(tmp_path: Path) -> None:
    """A key of some fields can see neither that another one changed nor to what."""
    asking = Asking(stored(tmp_path / "store"))
    writer = open_store(str(tmp_path / "store"))
    etags = []
    for score, email in ((1, "a@x.y"), (1, "b@x.y"), (2, "b@x.y")):
        record = f'{{"user_id":"u1","email":"{email}","score":{score}}}'
        fill(writer, RECOMMENDATIONS, [row("u1", record)])
        reply = asking.record("recommendations", "user_id", "u1", "cut")
        etags.append(header(reply, "etag") or "")
    writer.close()
    asking.close()

    assert etags[0] == etags[1] != etags[2]
    assert all(re.fullmatch(r'"[^"]+"', each) for each in etags)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer bzs_",
        "Bearer bzs__",
        "Bearer bzs_aaaaaaaaaa_" + "a" * 43,
        "Bearer {key}x",
        "Bearer {key}, Bearer {key}",
        "Basic {key}",
        "{key}",
        "Bearer ключ",
        "Bearer {key}\udc80",
    ],
)
def test_no_other_text_is_a_key(api: Asking, store: Stored, sent: str) -> None:
    sent = sent.format(key=store.keys["both"])

    reply = api.ask(PATH.format("products", "sku", "s1"), authorization=sent)

    assert code(reply) == NOBODY


def test_two_keys_are_none(api: Asking, store: Stored) -> None:
    pairs = [("authorization", f"Bearer {store.keys['both']}")] * 2

    reply = api.send(Asked(PATH.format("products", "sku", "s1"), Sent(pairs)))

    assert code(reply) == NOBODY


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_may_be_in_any_letters(
    api: Asking, store: Stored, scheme: str
) -> None:
    sent = f"{scheme} {store.keys['both']}"

    reply = api.ask(PATH.format("products", "sku", "s1"), authorization=sent)

    assert reply.status == 200


# -- paths


@pytest.mark.parametrize(
    "path",
    [
        *("", "*", "/x", "//", "/v1", "/v1/", "/v1/collections/", "//v1/collections"),
        *("/healthz/", "/HEALTHZ", "/metrics/..", "/v1/../metrics"),
        "/v1/collections/products",
        "/v1/collections/products/records",
        "/v1/collections/products/records/sku",
        "/v1/collections/products/record/sku/s1",
        "/v1/collections/../products/records/sku/s1",
        "/v2/collections/products/records/sku/s1",
    ],
)
def test_there_is_nothing_at_other_paths(api: Asking, path: str) -> None:
    assert code(api.ask(path, "both")) == (404, "no_route")


@pytest.mark.parametrize(
    "value", ["..", "../..", "../../etc/passwd", "'--", "%", "a" * 999]
)
def test_a_value_is_only_looked_up(api: Asking, value: str) -> None:
    assert code(api.record("recommendations", "user_id", value)) == (404, "no_record")


@pytest.mark.parametrize("character", ["\ufffd", "\0"])
def test_what_is_no_text_is_refused(api: Asking, character: str) -> None:
    for path in (PATH.format("products", "sku", character), f"/{character}"):
        assert code(api.ask(path, "both")) == (400, "bad_url")


@pytest.mark.parametrize("key", ["both", None])
def test_a_query_is_no_part_of_a_value(api: Asking, key: str | None) -> None:
    """Whoever forgot to encode `u1?x` must not be told of u1."""
    path = PATH.format("recommendations", "user_id", "u1?x")

    assert code(api.ask(path, key)) == (400, "bad_url")
    assert api.ask("/healthz?x").status == 200


def test_a_long_url_is_refused(api: Asking) -> None:
    path = PATH.format("products", "name", "a" * 2_000)
    for long in (path + "a" * 100, path + "?" + "a" * 100):
        assert code(api.ask(long, "both")) == (414, "url_too_long")


# -- strangers


def test_strangers_are_sent_away_in_a_crowd_and_keys_never(store: Stored) -> None:
    asking = Asking(store, strangers=3)
    path = PATH.format("products", "sku", "s1")
    replies = [asking.ask(path) for _ in range(5)]

    assert [reply.status for reply in replies] == [401, 401, 401, 429, 429]
    assert header(replies[-1], "retry-after") == "1"
    for public in ("/", "/openapi.json", "/x", "/x" * 2_000):
        assert code(asking.ask(public)) == (429, "too_many_strangers")
    assert {
        asking.ask(each, "both").status
        for each in (path, "/", "/openapi.json", "/metrics", "/v1/collections")
    } == {200}
    assert asking.ask("/x", "both").status == 404
    assert asking.ask("/healthz").status == asking.ask("/readyz").status == 200
    asking.close()


# -- the rest


def test_a_key_is_told_what_it_may_ask(api: Asking) -> None:
    def listed(key: str) -> list[dict[str, object]]:
        found = json.loads(api.ask("/v1/collections", key).body)["collections"]
        assert isinstance(found, list)
        return found

    assert [each["collection"] for each in listed("both")] == [
        "products",
        "recommendations",
    ]
    assert [each["collection"] for each in listed("products")] == ["products"]
    assert listed("nothing") == []
    assert listed("cut")[1]["columns"] == ["user_id", "score"]
    assert listed("both")[1]["indexes"] == [
        {"name": "user_id", "list": False},
        {"name": "email", "list": False},
        {"name": "segment", "list": True},
    ]
    assert code(api.ask("/v1/collections")) == NOBODY


def test_metrics_need_a_key_and_tell_of_its_collections(api: Asking) -> None:
    assert api.ask("/metrics", "both").body == b"products recommendations of 2"
    assert api.ask("/metrics", "products").body == b"products of 1"
    assert api.ask("/metrics", "nothing").body == b" of 0"
    assert code(api.ask("/metrics")) == NOBODY


def test_it_is_ready_while_the_data_is_fresh_enough(store: Stored) -> None:
    for hours, status in ((4, 200), (2, 503)):
        asking = Asking(store, max_age=timedelta(hours=hours))
        reply = asking.ask("/readyz")
        asking.close()

        assert reply.status == status
    assert code(reply) == (503, "not_ready")
    assert "3 of 3 collections" in json.loads(reply.body)["error"]


def test_it_is_not_ready_while_nothing_is_held(tmp_path: Path) -> None:
    open_store(str(tmp_path / "store"), create=True).close()
    asking = Asking(Stored(tmp_path / "store", {}))

    assert code(asking.ask("/readyz")) == (503, "not_ready")
    assert asking.ask("/healthz").status == 200
    asking.close()


def test_a_push_is_seen_at_once(tmp_path: Path) -> None:
    asking = Asking(stored(tmp_path / "store"))
    before = asking.record("products", "sku", "s1")
    writer = open_store(str(tmp_path / "store"))
    fill(writer, PRODUCTS, [row("s1", '{"sku":"s1","name":"Mug"}', ["name", "Mug"])])

    after = asking.record("products", "sku", "s1")

    assert json.loads(after.body)["name"] == "Mug"
    assert header(after, "collection-version") == "2"
    assert header(after, "etag") != header(before, "etag")
    assert asking.record("products", "name", "Cup").body.decode() == PRODUCTS.missing
    writer.drop("products")
    assert code(asking.record("products", "sku", "s1")) == ABSENT
    writer.close()
    asking.close()


def test_a_store_that_cannot_be_read_is_no_stack(
    store: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is damaged or out of reach says so to us, and little to the caller."""
    asking = Asking(store)
    for error, expected in (
        (RuntimeError("secret"), (500, "fault")),
        (StoreError("x: broken"), (503, "store_unavailable")),
    ):

        async def broken(*_: str, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(asking.reader, "find", broken)
        assert code(asking.record("products", "sku", "s1")) == expected
    assert asking.complaints == ["a request failed: RuntimeError", "x: broken"]
    asking.close()


def test_a_reply_names_its_place_and_key_and_no_value(api: Asking) -> None:
    found = api.record("recommendations", "email", "ann@example.com")
    hidden = api.record("staff", "email", "b@x.y")

    assert (found.place.route, found.place.collection, found.place.index) == (
        ROUTE,
        "recommendations",
        "email",
    )
    assert found.key_id
    assert found.key_id in api.stored.keys["both"]
    assert (hidden.place.collection, hidden.place.index) == ("", "")


def test_every_problem_has_a_code_of_its_own_that_is_explained() -> None:
    codes = [each.code for each in PROBLEMS]
    docs = Path(__file__).parents[2] / "docs" / "personalization.md"
    rows = {f"| `{each.code}` | {each.status} |" for each in PROBLEMS}

    assert len(set(codes)) == len(codes)
    assert {row for row in rows if row not in docs.read_text()} == set()
    assert {each.text[-1] for each in PROBLEMS} == {"."}
