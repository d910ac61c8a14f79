"""A workspace: renders messages, calls servers, and remembers between messages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from io import StringIO

from liquid import Environment, RenderContext
from liquid.exceptions import LiquidError

from ..errors import ConfigError
from .asked import Asked, Credentials, ask
from .clock import Clock
from .filters import FILTERS
from .health import HALTED, MOST_FAILURES, Health
from .kept import Kept
from .message import Abort, Call, Recipient, Rendered
from .syntax import ATTRIBUTES, plain
from .tags import CALLER, AbortTag, ConnectedContentTag
from .wire import NO_CONNECTION, NOT_CALLED, SECONDS, Answer, fetch, host_of

RETRIES = 5
FIRST_WAIT = 60.0
"""Seconds before the first retry; each wait is twice the one before. Braze gives no
number, only that it adds minutes."""


class Workspace:
    """What Braze does with Liquid, for one workspace. Safe to use from many threads.

    `seconds` and `most_failures` are Braze's own unless a test wants them smaller.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        clock: Clock | None = None,
        seconds: float = SECONDS,
        most_failures: int = MOST_FAILURES,
    ) -> None:
        self.clock = clock or Clock()
        self._credentials = credentials or {}
        self._seconds = seconds
        self._health = Health(most_failures)
        self._kept = Kept()
        self._liquid = Environment()
        self._liquid.add_tag(ConnectedContentTag)
        self._liquid.add_tag(AbortTag)
        for name, function in FILTERS.items():
            self._liquid.add_filter(name, function)

    def render(
        self,
        template: str,
        recipient: Recipient | None = None,
        *,
        passes: int = 1,
        in_app: bool = False,
    ) -> Rendered:
        """Render a field of a message for one recipient.

        `passes` is how often Braze renders it: twice or three times for an e-mail, for
        HTML, text and AMP or to validate. An in-app message knows no `:retry`. Raises
        ConfigError with a sentence where the Liquid cannot be read.
        """
        calls: list[Call] = []
        rendered = Rendered("", ())
        try:
            message = self._liquid.from_string(plain(template))
            for _ in range(passes):
                context = RenderContext(message, globals=_globals(recipient))
                context.tag_namespace[CALLER] = _Caller(self, calls, in_app=in_app)
                text = StringIO()
                message.render_with_context(context, text)
                rendered = Rendered(text.getvalue(), tuple(calls))
        except Abort as abort:
            return Rendered("", tuple(calls), abort=str(abort))
        except LiquidError as error:
            line = _line(error)
            msg = f"The Liquid cannot be read{line}: {error.message}"
            raise ConfigError(msg.rstrip(".") + ".") from None
        return rendered

    def ask(self, url: str, options: Mapping[str, str]) -> Asked:
        """Build what a tag asks for, with the credentials that it names."""
        return ask(url, options, self._credentials)

    def call(self, asked: Asked, calls: list[Call]) -> Answer:
        """Answer from the cache or from the server; adds to the calls made."""
        request = asked.request
        if asked.kept_seconds:
            kept = self._kept.find(request, self.clock.now())
            if kept is not None:
                status, body = kept
                calls.append(Call(request.url, status, 0.0, len(body), is_cached=True))
                return Answer(status, body)
        started = time.monotonic()
        answer = self._through_health(asked)
        milliseconds = (time.monotonic() - started) * 1000
        calls.append(
            Call(
                request.url,
                answer.status,
                milliseconds,
                len(answer.body),
                note=answer.failure,
            )
        )
        if answer.is_good and asked.kept_seconds:
            until = self.clock.now() + asked.kept_seconds
            self._kept.keep(request, answer.status, answer.body, until=until)
        return answer

    def _through_health(self, asked: Asked) -> Answer:
        host = host_of(asked.request.url)
        if not self._health.may_call(host, self.clock.now()):
            return Answer(HALTED, failure="The host is halted: it failed too often.")
        answer = fetch(asked.request, self._seconds)
        if answer.status != NOT_CALLED:
            self._health.note(host, answer.status, self.clock.now())
        return answer


class _Caller:
    """What a tag of one rendering calls."""

    def __init__(
        self, workspace: Workspace, calls: list[Call], *, in_app: bool
    ) -> None:
        self._workspace = workspace
        self._calls = calls
        self._in_app = in_app

    def __call__(self, url: str, options: Mapping[str, str]) -> Answer:
        asked = self._workspace.ask(url, options)
        answer = self._workspace.call(asked, self._calls)
        if not asked.is_retried or self._in_app:
            return answer
        for retry in range(RETRIES):
            if not _may_pass(answer.status):
                return answer
            self._workspace.clock.skip(FIRST_WAIT * 2**retry)
            answer = self._workspace.call(asked, self._calls)
        if _may_pass(answer.status):
            msg = f"{RETRIES} retries failed, the last with {answer.status}."
            raise Abort(msg)
        return answer


def _may_pass(status: int) -> bool:
    """Whether another try may end better: a 404 is an answer, a 503 is not."""
    return status in {408, 429} or 500 <= status <= NO_CONNECTION


def _globals(recipient: Recipient | None) -> dict[str, object]:
    found = recipient or Recipient()
    return {
        **found.more,
        ATTRIBUTES: found.attributes,
        "custom_attribute": found.custom,
    }


def _line(error: LiquidError) -> str:
    """Where in the template: " in line 3", or nothing where it is not known."""
    token = error.token
    if token is None or token.start_index < 0:
        return ""
    return f" in line {token.source.count(chr(10), 0, token.start_index) + 1}"
