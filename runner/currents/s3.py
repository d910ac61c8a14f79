"""Files of Currents in a bucket, through boto3, which the extra `currents` brings."""

from __future__ import annotations

import importlib
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import AuthError, ConfigError, DeliveryError, RunnerError
from .container import Partial, Unreadable
from .layout import Listed

SCHEME = "s3://"
REFUSALS = 20
"""So many objects are refused before it is asked whether any may be read."""
ATTEMPTS = 3
"""At a body that breaks off; what comes before it boto3 repeats itself."""
_NO_LEAVE = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled"}
_BAD_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_KEPT_BACK = {*_NO_LEAVE, "InvalidRequest"}
"""Said of one object: others may have another key, or be open to more."""
_GONE = {"NoSuchKey", "404", "PreconditionFailed", "412"}


class S3Place:
    """A bucket and a prefix in it; credentials and endpoint are boto3's affair."""

    waits = True
    links = ()

    def __init__(self, url: str) -> None:
        bucket, _, self._prefix = url.removeprefix(SCHEME).partition("/")
        if self._prefix and not self._prefix.endswith("/"):
            # A folder, as people mean it: "prod" is not "prod-staging".
            self._prefix += "/"
        if not bucket:
            msg = f"{url}: say {SCHEME}bucket/prefix."
            raise ConfigError(msg)
        self._bucket = bucket
        self._newest: dict[str, str] = {}
        """Folder of an event type -> the key that was listed last."""
        self._refusals = itertools.count(1)
        with self._words(self._refusal):
            self._client = _client()

    def list(self) -> Iterator[Listed]:
        """Yield every Avro object below the prefix, a thousand a request."""
        with self._words(self._refusal):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    if found["Key"].endswith(".avro"):
                        folder, date, _ = found["Key"].partition("/date=")
                        if date:
                            self._newest[folder] = found["Key"]
                        path = f"{SCHEME}{self._bucket}/{found['Key']}"
                        yield Listed(path, found["Size"], found["ETag"].strip('"'))

    def fetch(self, path: str, etag: str, copy: Path) -> Path:
        """Copy an object under a name of ours.

        Raises Partial when it is another by now or does not come whole, Unreadable
        when S3 keeps it back, DeliveryError when this machine has no room for it.
        """
        key = path.removeprefix(f"{SCHEME}{self._bucket}/")
        for _ in range(ATTEMPTS):
            with self._words(self._refusal_of_object):
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=key, IfMatch=f'"{etag}"'
                )
                if _saved(answer["Body"], copy, path):
                    return copy
        msg = "the connection broke off while it was fetched"
        raise Partial(msg)

    @contextmanager
    def _words(self, refusal: Callable[[str], Exception]) -> Iterator[None]:
        """What boto3 raises, as one sentence; `refusal` makes it of S3's error code."""
        errors: Any = importlib.import_module("botocore.exceptions")
        try:
            yield
        except errors.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an unknown error")
            raise refusal(str(code)) from None
        except (errors.NoCredentialsError, errors.PartialCredentialsError):
            msg = (
                f"{self._where}: no AWS credentials. Set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or a profile, as for the aws command."
            )
            raise AuthError(msg) from None
        except (errors.ParamValidationError, ValueError):
            msg = f"{self._where}: this is no name of a bucket, or no endpoint."
            raise ConfigError(msg) from None
        except errors.BotoCoreError as error:
            msg = (
                f"{self._where}: S3 cannot be reached ({type(error).__name__}). "
                "Nothing is lost: run again."
            )
            raise DeliveryError(msg) from None

    def _refusal_of_object(self, code: str) -> Exception:
        """What is said of one object alone; else as of the bucket."""
        if code in _GONE:
            return Partial("it was gone, or another, when it was to be read")
        if code == "InvalidObjectState":
            return Unreadable(f"it is archived ({code}): restore it in S3")
        # Once, whichever thread counts to it.
        if (
            code in _NO_LEAVE
            and next(self._refusals) == REFUSALS
            and not self._may_read_any()
        ):
            return self._refusal(code)
        if code in _KEPT_BACK or code.startswith("KMS."):
            return Unreadable(
                f"S3 keeps it back ({code}): reading it needs s3:GetObject, and "
                "kms:Decrypt where it is encrypted"
            )
        return self._refusal(code)

    def _may_read_any(self) -> bool:
        """Whether the newest object of any type may be read.

        That the first ones may not says little: they are of one type, or old ones of
        another account or key.
        """
        return any(map(self._may_read, self._newest.values()))

    def _may_read(self, key: str) -> bool:
        try:
            with self._words(self._refusal):
                self._client.head_object(Bucket=self._bucket, Key=key)
        except RunnerError as error:
            return not isinstance(error, AuthError)
        return True

    def _refusal(self, code: str) -> Exception:
        if code == "NoSuchBucket":
            return ConfigError(f"{self._where}: there is no such bucket.")
        if code in _NO_LEAVE:
            return AuthError(
                f"{self._where}: these credentials may not list or read here "
                f"({code}): they need s3:ListBucket and s3:GetObject."
            )
        if code in _BAD_KEY:
            return AuthError(f"{self._where}: S3 does not accept these credentials.")
        return _again(self._where, code)

    @property
    def _where(self) -> str:
        return f"{SCHEME}{self._bucket}/{self._prefix.removesuffix('/')}"


def _saved(body: Any, copy: Path, path: str) -> bool:
    """Write an object's body into the copy; whether all of it came."""
    errors: Any = importlib.import_module("botocore.exceptions")
    try:
        with copy.open("wb") as file:
            for piece in body.iter_chunks(1 << 20):
                file.write(piece)
    # A timeout is an OSError too, so this comes first.
    except (errors.HTTPClientError, errors.IncompleteReadError):
        return False
    except OSError as error:
        msg = f"{path}: no copy can be made: {error.strerror}. Mend that, run again."
        raise DeliveryError(msg) from None
    return True


def _again(where: str, code: str) -> RunnerError:
    return DeliveryError(f"{where}: S3 answered {code}. Nothing is lost: run again.")


_made = threading.Lock()


def _client() -> Any:
    try:
        boto3: Any = importlib.import_module("boto3")
        config: Any = importlib.import_module("botocore.config")
    except ImportError:
        msg = "s3:// needs boto3. Run: pip install 'braze-bridge[currents]'"
        raise ConfigError(msg) from None
    retries = {"max_attempts": 5, "mode": "standard"}
    with _made:
        return boto3.session.Session().client(
            "s3",
            config=config.Config(
                retries=retries,
                connect_timeout=10,
                read_timeout=60,
                max_pool_connections=16,
            ),
        )
