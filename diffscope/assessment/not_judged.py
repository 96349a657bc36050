"""Why rules could not be judged, once for each reason: ``group_unknown``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.rules.model import Missing, UnknownRule
from diffscope.source.model import PullRequest, SourceKind, Value

_MOST_PLACES: Final = 3
_UNPARSED: Final = message("gap.file-unparsed")
_NO_TREE: Final = message("gap.no-base-tree-no-graph")
_OF_TREE: Final = frozenset({
    "gap.no-graph", "gap.no-steps", "gap.no-declarations", "gap.no-history", "gap.history-short",
    "gap.file-unread",
})  # fmt: skip
"""What is not there for want of the tree of the base; a bare patch lacks each of it for that one reason."""


class NotJudged(Value, frozen=True, kw_only=True):
    """One reason and the rules that it left unjudged."""

    reason: Message
    codes: tuple[str, ...]
    """In order. A rule with two reasons stands with both."""
    paths: tuple[str, ...] = ()
    needs_tree: bool = False
    """It is a bare patch, judged without the tree that it was made against."""

    def message(self, *, most: int | None = None) -> Message:
        """Return reason and rules, at most so many of them by code."""
        rules = _listed(self.codes[:most], len(self.codes[most:]) if most is not None else 0)
        if self.needs_tree:
            return message("not-judged.needs-base", count=len(self.codes), rules=rules)
        return message("not-judged.rules", reason=self.reason, rules=rules)


def group_unknown(
    unknown: Iterable[UnknownRule], *, lines: dict[str, int], pull: PullRequest
) -> tuple[NotJudged, ...]:
    """Return the reasons, that of the most rules first.

    ``lines`` has the line at which a file stops to parse; ``pull`` tells whether the change is a patch that nobody knows the base of.
    """
    is_bare = pull.source is SourceKind.PATCH and pull.base is None
    rules: dict[Message, dict[str, None]] = {}
    places: dict[Message, dict[str, int]] = {}
    for rule in unknown:
        for missing in rule.missing or (None,):
            reason = _reason(missing)
            reason = _NO_TREE if is_bare and reason.code in _OF_TREE else reason
            rules.setdefault(reason, {})[rule.code] = None
            if missing is not None and missing.path:
                places.setdefault(reason, {})[missing.path] = missing.more
    found = (
        NotJudged(
            reason=_placed(reason, places.get(reason, {}), lines),
            codes=tuple(sorted(codes)),
            paths=tuple(sorted(places.get(reason, {}))),
            needs_tree=reason is _NO_TREE,
        )
        for reason, codes in rules.items()
    )
    return tuple(sorted(found, key=lambda one: (-len(one.codes), sentence(one.reason).en)))


def _reason(missing: Missing | None) -> Message:
    if missing is None:
        return message("rule.missing-facts")
    if missing.field is not None:
        return message("rule.field-not-computed", field=f"{missing.family}.{missing.field}")
    reason = missing.arguments.get("reason")
    return reason if isinstance(reason, Message) else missing.message


def _placed(reason: Message, places: dict[str, int], lines: dict[str, int]) -> Message:
    if not places:
        return reason
    is_unparsed = reason == _UNPARSED
    named = [f"{path}:{lines[path]}" if is_unparsed and path in lines else path for path in sorted(places)]
    rest = max(len(named) - _MOST_PLACES, *places.values(), 0)
    listed = _listed(tuple(named[:_MOST_PLACES]), rest)
    if is_unparsed:
        return message("not-judged.unparsed", places=listed, count=len(named))
    return message("not-judged.at", reason=reason, places=listed)


def _listed(names: tuple[str, ...], more: int) -> tuple[str, ...] | Message:
    return message("list.more", names=names, more=more) if more else names
