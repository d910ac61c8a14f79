"""Where things are in Redis, and the scripts that look at or change many at once.

A collection has two slots of two keys: a hash of its records and a sorted set of its
index entries. A push on top of a slot becomes an overlay of it with one script, however
large it is; what lies in an overlay counts and what it covers does not, so that it can
be worked into the slot little by little without anybody noticing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from .redis_client import NOTES, PREFIX, STAMPS, Client
from .state import State, read_state


@dataclass(frozen=True, slots=True)
class Pair:
    """A hash of records and the sorted set of the entries that lead to them."""

    records: str
    entries: str

    @property
    def both(self) -> tuple[str, str]:
        """Both keys."""
        return self.records, self.entries


def slot(collection: str, name: str) -> Pair:
    """A slot of a collection, `a` or `b`."""
    return _pair(name, collection)


def overlay(collection: str) -> Pair:
    """Changes that lie over the slot; an empty record is one that was removed."""
    return _pair("overlay", collection)


def staging(collection: str) -> Pair:
    """Changes of a push that is not committed."""
    return _pair("staging", collection)


def undo(collection: str) -> str:
    """What the last push replaced: records, empty where none was."""
    return f"{PREFIX}undo:{collection}"


def staged_undo(collection: str) -> str:
    """What a push that is not committed will have replaced."""
    return f"{PREFIX}staged-undo:{collection}"


def all_of(collection: str) -> list[str]:
    """Every key of a collection but its note."""
    pairs = [slot(collection, "a"), slot(collection, "b")]
    pairs += [overlay(collection), staging(collection)]
    keys = [key for pair in pairs for key in pair.both]
    return [*keys, undo(collection), staged_undo(collection)]


def note(client: Client, collection: str) -> State | None:
    """What is noted about a collection, if it is held."""
    found = client.hget(NOTES, collection)
    return None if found is None else read_state(found)


def write_note(pipe: Any, state: State) -> None:
    """Note the state of a collection; its new stamp tells readers."""
    name = state.definition.collection
    pipe.hset(NOTES, name, state.text())
    pipe.hset(STAMPS, name, uuid.uuid4().hex)


def move(pipe: Any, old: str, new: str) -> None:
    """Put a key in the place of another; where it is not there, nothing is left."""
    pipe.eval(_MOVE, 2, old, new)


def _pair(kind: str, collection: str) -> Pair:
    return Pair(
        f"{PREFIX}{kind}:records:{collection}", f"{PREFIX}{kind}:entries:{collection}"
    )


_MOVE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RENAME', KEYS[1], KEYS[2])
else
  redis.call('UNLINK', KEYS[2])
end
"""

LOCK = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('INCR', KEYS[2])
end
return 0
"""
"""Take the lock; returns the epoch, which rises with every holder, or 0."""

FIND = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return false
end
local has_overlay = ARGV[3] == '1'
if ARGV[4] == 'key' then
  local over = has_overlay and redis.call('HGET', KEYS[4], ARGV[5])
  return {over or redis.call('HGET', KEYS[2], ARGV[5]) or ''}
end
local first, last, most = '[' .. ARGV[5], '(' .. ARGV[6], tonumber(ARGV[7])
local found, count = {}, 0
local function key_of(entry)
  return string.sub(entry, -1 - string.byte(entry, -1), -2)
end
while count < most do
  local entries = redis.call('ZRANGEBYLEX', KEYS[3], first, last, 'LIMIT', 0, most)
  for _, entry in ipairs(entries) do
    local key = key_of(entry)
    if not (has_overlay and redis.call('HEXISTS', KEYS[4], key) == 1) then
      found[#found + 1] = entry
      found[#found + 1] = redis.call('HGET', KEYS[2], key) or ''
      count = count + 1
      if count == most then break end
    end
  end
  if #entries < most then break end
  first = '(' .. entries[#entries]
end
if has_overlay then
  local entries = redis.call(
    'ZRANGEBYLEX', KEYS[5], '[' .. ARGV[5], last, 'LIMIT', 0, most)
  for _, entry in ipairs(entries) do
    found[#found + 1] = entry
    found[#found + 1] = redis.call('HGET', KEYS[4], key_of(entry)) or ''
  end
end
return found
"""
"""Find by key (one record, empty when there is none) or by index (entries and records
in turns, those of the overlay last). False when the collection's stamp is another.

KEYS: stamps, the slot's records and entries, the overlay's.
ARGV: collection, stamp, 1 for an overlay, 'key' and the key, or 'index', where its
entries begin and end, and how many are wanted.
"""
