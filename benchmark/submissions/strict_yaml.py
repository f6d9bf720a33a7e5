"""YAML of which nothing is left but texts, numbers, lists and mappings.

Values are made from the parser's events by hand: no loader of objects is involved, and a
document is left at its first tag, anchor or level too deep, before anything grows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from benchmark.submissions.findings import fault, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 6
MAX_NODES = 2000
# The plain scalars of JSON; all others are texts, also what YAML 1.1 takes for a boolean, a date
# or a number to the base 60. Longer digits are texts too, which no number's field takes.
_WORDS = {"true": True, "false": False, "null": None, "": None, "~": None}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?")


def parse_yaml(text: str, where: str) -> Any:
    """Return the content of the one document in a text.

    Args:
        text: Its length is limited by the caller.
        where: Name of the file, for messages.

    Raises:
        Refused: It is not YAML, or has a tag, an anchor, an alias, a directive, a key twice, a
            key that is no text, several documents, or too many or too deep values.

    Example:
        >>> parse_yaml("a: [1, 2.5, 'x']", "file")
        {'a': [1, 2.5, 'x']}
    """
    try:
        return _Maker(yaml.parse(text, Loader=yaml.SafeLoader), where).document()
    except (yaml.YAMLError, ValueError) as error:
        found = quoted(re.sub(r"\s+", " ", str(error)))
        raise fault(code="bad_yaml", what="this is not YAML", where=where, found=found) from error


class _Maker:
    """Values from the events of a parser."""

    def __init__(self, events: Iterator[Any], where: str) -> None:
        self._events = events
        self._where = where
        self._nodes = 0

    def document(self) -> Any:
        """Return the value of the only document."""
        next(self._events)  # the stream begins
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            raise fault(code="bad_yaml", what="nothing in it", where=self._where)
        if start.version or start.tags:
            raise fault(
                code="yaml_tag", what="a directive", where=self._at(start), remedy="Remove it."
            )
        value = self._value(next(self._events), 0)
        next(self._events)  # the document ends
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise fault(code="bad_yaml", what="more than one document", where=self._where)
        return value

    def _at(self, event: Any) -> str:
        return f"{self._where}, line {event.start_mark.line + 1}"

    def _value(self, event: Any, depth: int) -> Any:
        self._refuse_powers(event)
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise fault(
                code="yaml_too_much",
                what="too many values, or too deep",
                where=self._at(event),
                expected=f"at most {MAX_NODES} values and {MAX_DEPTH} levels",
            )
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.style is None else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(depth)
        return self._mapping(depth)

    def _list(self, depth: int) -> list[Any]:
        found = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse_powers(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise fault(code="bad_yaml", what="a key that is no text", where=self._at(event))
            if event.value in found:
                raise fault(
                    code="duplicate_key",
                    what="a key stands twice",
                    where=self._at(event),
                    found=quoted(event.value),
                    remedy="Keep one of the two.",
                )
            self._nodes += 1
            found[event.value] = self._value(next(self._events), depth + 1)
        return found

    def _refuse_powers(self, event: Any) -> None:
        """Refuse what lets YAML name types, or repeat itself."""
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise fault(
                code="yaml_alias",
                what="an anchor or an alias",
                where=self._at(event),
                found=quoted(event.anchor),
                remedy="Write the value out.",
            )
        if event.tag is not None:
            raise fault(
                code="yaml_tag",
                what="a tag",
                where=self._at(event),
                found=quoted(event.tag),
                remedy="Remove it: values are texts, numbers, lists and mappings.",
            )


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
