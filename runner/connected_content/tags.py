"""The two tags: `connected_content` and `abort_message`."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any, TextIO

from liquid import BoundTemplate, RenderContext, Token, TokenStream
from liquid.ast import Node
from liquid.exceptions import LiquidSyntaxError
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG

from .message import Abort
from .wire import Answer
from .written import WrongTag, read

CALLER = "connected_content"
"""Under this name the context holds a function: URL and options -> Answer."""

STATUS = "__http_status_code__"

_REASON = re.compile(r"\(\s*(?:(?P<quote>['\"])(?P<text>.*?)(?P=quote))?\s*\)", re.S)


class ConnectedContentNode(Node):
    """One call, wherever in the message it stands."""

    def __init__(
        self, token: Token, url: BoundTemplate, options: dict[str, BoundTemplate]
    ) -> None:
        super().__init__(token)
        self._url = url
        self._options = options
        # It may insert text: a block that holds nothing else is not empty.
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Call, then insert the text or keep the JSON under its name."""
        options = {name: _text(value, context) for name, value in self._options.items()}
        try:
            answer: Answer = context.tag_namespace[CALLER](
                _text(self._url, context), options
            )
        except WrongTag as error:
            raise LiquidSyntaxError(str(error), token=self.token) from None
        value, is_json = _content(answer)
        saved = options.get("save")
        if saved:
            context.assign(saved, value)
        elif is_json or not answer.is_good:
            context.assign("connected", value)
        elif value is not None:
            return buffer.write(value)
        return 0


class ConnectedContentTag(Tag):
    """`{% connected_content URL :option value ... %}`."""

    name = "connected_content"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Read the tag; its URL and values are templates of their own."""
        token = stream.eat(TOKEN_TAG)
        text = stream.expect(TOKEN_EXPRESSION).value
        try:
            written = read(text)
        except WrongTag as error:
            raise LiquidSyntaxError(str(error), token=token) from None
        return ConnectedContentNode(
            token,
            self.env.from_string(written.url),
            {
                name: self.env.from_string(value)
                for name, value in written.options.items()
            },
        )


class AbortNode(Node):
    """Ends the message."""

    def __init__(self, token: Token, reason: str) -> None:
        super().__init__(token)
        self._reason = reason
        self.blank = False

    def render_to_output(self, _context: RenderContext, _buffer: TextIO) -> int:
        """Raise Abort, which ends the rendering."""
        raise Abort(self._reason)


class AbortTag(Tag):
    """`{% abort_message() %}`, or with a reason in quotes."""

    name = "abort_message"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Read the reason: a text, in which Liquid means nothing."""
        token = stream.eat(TOKEN_TAG)
        found = None
        if stream.current.kind == TOKEN_EXPRESSION:
            found = _REASON.fullmatch(stream.current.value)
        if found is None:
            msg = "abort_message needs brackets: abort_message('reason')."
            raise LiquidSyntaxError(msg, token=token)
        return AbortNode(token, found["text"] or "aborted without a reason")


def _text(template: BoundTemplate, context: RenderContext) -> str:
    buffer = StringIO()
    template.render_with_context(context, buffer, partial=True)
    return buffer.getvalue().strip()


def _content(answer: Answer) -> tuple[Any, bool]:
    """What an answer is in Liquid, and whether it is JSON.

    The status is added to a good answer that is a JSON object, and to no other; after
    any other status the variable is null, whatever the body says.
    """
    if not answer.is_good:
        return None, False
    try:
        value = json.loads(answer.body)
    except ValueError:
        return answer.body.decode("utf-8", "replace"), False
    if isinstance(value, dict):
        value[STATUS] = answer.status
    return value, True
