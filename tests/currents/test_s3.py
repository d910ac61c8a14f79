"""A bucket, on a local server that speaks S3."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import IncompleteReadError, ResponseStreamingError
from botocore.response import StreamingBody
from moto.server import ThreadedMotoServer

from runner.currents import s3
from runner.currents.s3 import S3Place
from runner.errors import DeliveryError

from .files import OPEN, SEND, Desk, events, write

BUCKET = "currents-bucket"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The server's address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def bucket(endpoint: str) -> Iterator[Any]:
    """A bucket, and an environment in which boto3 finds it; a test has its prefix."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def put(
    client: Any, prefix: str, path: Path, kept: str = "STANDARD", key: str | None = None
) -> str:
    """Move a file into the bucket; return its key."""
    layout = path.as_posix().partition("/files/")[2]
    key = f"{prefix}/{key or layout}"
    content = path.read_bytes()
    client.put_object(Bucket=BUCKET, Key=key, Body=content, StorageClass=kept)
    path.unlink()
    return key


def test_a_bucket_is_loaded_once(desk: Desk, bucket: Any) -> None:
    for number in range(12):
        path = desk.path(OPEN if number % 2 else SEND, offset=number)
        key = put(bucket, "once", write(path, events(range(number, number + 5))))

    first = desk.load(f"s3://{BUCKET}/once/")
    second = desk.load(f"s3://{BUCKET}/once/")
    put(bucket, "once", write(path, events(range(100))))
    rewritten = desk.load(f"s3://{BUCKET}/once/")

    assert (first["files"], first["events"], first["new_events"]) == (12, 60, 2 * 15)
    assert (second["files"], second["known_files"]) == (0, 12)
    assert (rewritten["files"], rewritten["new_events"]) == (1, 100 - 15)
    head = bucket.head_object(Bucket=BUCKET, Key=key)
    assert desk.sql(
        f"select size, etag, hour::varchar from currents_files "
        f"where path = 's3://{BUCKET}/{key}'"
    ) == [(head["ContentLength"], head["ETag"].strip('"'), "2026-11-01 00:00:00")]


def test_only_the_prefix_is_read_and_a_key_names_no_file_of_ours(
    desk: Desk, bucket: Any
) -> None:
    put(bucket, "elsewhere", write(desk.path(OPEN), events([1])))
    trick = f"../../../event_type={OPEN}/date=2026-11-01-00/x.avro"
    put(bucket, "a", write(desk.path(OPEN), events([2])), key=trick)
    # A folder, not the beginning of a name.
    put(bucket, "ab", write(desk.path(OPEN), events([3])))

    result = desk.load(f"s3://{BUCKET}/a")

    assert result["new_events"] == 1
    assert not list(desk.directory.parent.rglob("x.avro"))


def test_an_object_that_is_gone_is_left(
    desk: Desk, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between listing and reading anything may happen."""
    key = put(bucket, "gone", write(desk.path(OPEN), events([1])))
    put(bucket, "gone", write(desk.path(SEND), events([2])))
    fetch = S3Place.fetch

    def late(self: S3Place, path: str, etag: str, copy: Path) -> Path:
        if OPEN in path:
            bucket.delete_object(Bucket=BUCKET, Key=key)
        return fetch(self, path, etag, copy)

    monkeypatch.setattr(S3Place, "fetch", late)

    result = desk.load(f"s3://{BUCKET}/gone")

    assert result["new_events"] == 1
    assert [each["reason"] for each in result["partial"]] == [
        "it was gone, or another, when it was to be read"
    ]


def test_an_object_that_s3_keeps_back_is_set_aside_and_tried_again(
    desk: Desk, bucket: Any
) -> None:
    archived = put(bucket, "cold", write(desk.path(OPEN), events([1])), "GLACIER")
    put(bucket, "cold", write(desk.path(SEND), events([2])))

    run = desk.run("load", f"s3://{BUCKET}/cold", "--format", "json")
    bucket.restore_object(Bucket=BUCKET, Key=archived, RestoreRequest={"Days": 1})
    restored = desk.load(f"s3://{BUCKET}/cold")

    assert (run.code, run.json["new_events"]) == (4, 1)
    assert run.json["unreadable"] == [
        {
            "path": f"s3://{BUCKET}/{archived}",
            "reason": "it is archived (InvalidObjectState): restore it in S3",
        }
    ]
    assert (restored["new_events"], restored["unreadable"]) == (1, [])


def test_what_was_read_before_the_bucket_failed_is_kept(
    desk: Desk, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        put(bucket, "fails", write(desk.path(OPEN, offset=number), events([number])))
    fetch = S3Place.fetch

    def failing(self: S3Place, path: str, etag: str, copy: Path) -> Path:
        if path.endswith("+5.avro"):
            msg = "S3 answered SlowDown."
            raise DeliveryError(msg)
        return fetch(self, path, etag, copy)

    with monkeypatch.context() as patch:
        patch.setattr(S3Place, "fetch", failing)
        run = desk.run("load", f"s3://{BUCKET}/fails")

    assert (run.code, run.err) == (1, "S3 answered SlowDown.\n")
    assert desk.load(f"s3://{BUCKET}/fails")["known_files"] == 5


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("s3://no-such-bucket-here/x", 2, "there is no such bucket."),
        (f"s3://{BUCKET}/none", 2, "no Avro file lies in Currents' layout"),
        ("s3://Not A Bucket!/x", 2, "this is no name of a bucket"),
    ],
)
def test_a_wrong_bucket_is_one_sentence(
    desk: Desk, url: str, code: int, sentence: str
) -> None:
    run = desk.run("load", url)

    assert (run.code, run.out) == (code, "")
    assert sentence in run.err
    assert len(run.err.strip().splitlines()) == 1


@pytest.fixture
def stranger(endpoint: str, bucket: Any) -> Iterator[dict[str, str]]:
    """Keys of somebody who may do nothing; from now on the server looks at them."""
    users = boto3.client("iam")
    users.create_user(UserName="stranger")
    key = users.create_access_key(UserName="stranger")["AccessKey"]
    requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=5)
    yield {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    requests.post(f"{endpoint}/moto-api/reset-auth", data="inf", timeout=5)
    for policy in users.list_user_policies(UserName="stranger")["PolicyNames"]:
        users.delete_user_policy(UserName="stranger", PolicyName=policy)
    users.delete_access_key(UserName="stranger", AccessKeyId=key["AccessKeyId"])
    users.delete_user(UserName="stranger")


def test_a_bucket_without_leave_is_one_sentence(
    desk: Desk, stranger: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stranger.items():
        monkeypatch.setenv(name, value)

    run = desk.run("load", f"s3://{BUCKET}/x")

    assert (run.code, run.out) == (7, "")
    assert run.err == (
        f"s3://{BUCKET}/x: these credentials may not list or read here (AccessDenied): "
        "they need s3:ListBucket and s3:GetObject.\n"
    )


def become(
    stranger: dict[str, str],
    endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    **leave: str,
) -> None:
    """Be the stranger, who may do this to what lies there, and nothing else."""
    statement = [
        {
            "Effect": "Allow",
            "Action": f"s3:{action}",
            "Resource": f"arn:aws:s3:::{BUCKET}{resource}",
        }
        for action, resource in leave.items()
    ]
    requests.post(f"{endpoint}/moto-api/reset-auth", data="inf", timeout=5)
    boto3.client("iam").put_user_policy(
        UserName="stranger",
        PolicyName="half",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )
    requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=5)
    for name, value in stranger.items():
        monkeypatch.setenv(name, value)


def test_objects_without_leave_are_set_aside(
    desk: Desk,
    bucket: Any,
    endpoint: str,
    stranger: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They may list all of it, and read what lies in the folder of one type.

    However many are shut and come first, what may be read is read.
    """
    requests.post(f"{endpoint}/moto-api/reset-auth", data="inf", timeout=5)
    shut = [
        put(bucket, "half", write(desk.path(OPEN, offset=number), events([1])))
        for number in range(4)
    ]
    put(bucket, "half", write(desk.path(SEND), events([2])))
    monkeypatch.setattr(s3, "REFUSALS", 2)
    leave = {"ListBucket": "", "GetObject": f"/half/*{SEND}/*"}
    become(stranger, endpoint, monkeypatch, **leave)

    result = desk.load(f"s3://{BUCKET}/half")

    assert result["new_events"] == 1
    assert [each["path"] for each in result["unreadable"]] == [
        f"s3://{BUCKET}/{key}" for key in shut
    ]
    assert "S3 keeps it back (AccessDenied)" in result["unreadable"][0]["reason"]


def test_without_leave_for_any_object_the_load_stops(
    desk: Desk,
    bucket: Any,
    endpoint: str,
    stranger: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests.post(f"{endpoint}/moto-api/reset-auth", data="inf", timeout=5)
    for number, kind in enumerate((OPEN, OPEN, SEND)):
        put(bucket, "shut", write(desk.path(kind, offset=number), events([1])))
    monkeypatch.setattr(s3, "REFUSALS", 2)
    become(stranger, endpoint, monkeypatch, ListBucket="")

    run = desk.run("load", f"s3://{BUCKET}/shut")

    assert (run.code, run.out) == (7, "")
    assert re.search(r"may not list or read here .* s3:GetObject\.\n$", run.err)


_BROKEN = "the connection broke off while it was fetched"


@pytest.mark.parametrize(
    ("failures", "left"),
    [
        ([ResponseStreamingError(error="broken")], []),
        ([IncompleteReadError(actual_bytes=1, expected_bytes=2)] * 9, [_BROKEN]),
    ],
)
def test_a_body_that_breaks_off_is_fetched_again_and_then_left(
    desk: Desk,
    bucket: Any,
    monkeypatch: pytest.MonkeyPatch,
    failures: list[Exception],
    left: list[str],
) -> None:
    put(bucket, "broken", write(desk.path(OPEN), events([1])))
    chunks, to_come = StreamingBody.iter_chunks, iter(failures)

    def breaking(self: StreamingBody, size: int) -> Iterator[bytes]:
        error = next(to_come, None)
        if error:
            yield b"Obj"
            raise error
        yield from chunks(self, size)

    monkeypatch.setattr(StreamingBody, "iter_chunks", breaking)

    result = desk.load(f"s3://{BUCKET}/broken")

    assert [each["reason"] for each in result["partial"]] == left
    assert result["new_events"] == (0 if left else 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_named_and_not_the_runners_fault(
    desk: Desk, bucket: Any
) -> None:
    put(bucket, "full", write(desk.path(OPEN), events([1])))
    place = S3Place(f"s3://{BUCKET}/full")
    (listed,) = place.list()

    with pytest.raises(DeliveryError, match="No space left on device"):
        place.fetch(listed.path, listed.etag, Path("/dev/full"))


@pytest.mark.usefixtures("stranger")
def test_a_wrong_key_is_one_sentence(desk: Desk) -> None:
    run = desk.run("load", f"s3://{BUCKET}/x")

    assert (run.code, run.out) == (7, "")
    assert "S3 does not accept these credentials." in run.err


@pytest.mark.usefixtures("bucket")
def test_no_credentials_are_one_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    run = desk.run("load", f"s3://{BUCKET}/x")

    assert run.code == 7
    assert "no AWS credentials" in run.err


@pytest.mark.usefixtures("bucket")
def test_a_server_that_is_away_is_one_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    run = desk.run("load", f"s3://{BUCKET}/x")

    assert run.code == 1
    assert "S3 cannot be reached (EndpointConnectionError)" in run.err
