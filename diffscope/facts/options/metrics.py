"""Removed names of metrics: dashboards and alerts query a server by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.model import OptionFact
from diffscope.patterns import lazy_regex
from diffscope.source.profile import profile
from diffscope.source.text import SourceText

_NAMED = lazy_regex(rb"\bname\s*=\s*[\"']([A-Za-z]\w*:\w+)[\"']")


def collect_metrics(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return a fact for each metric that a source file of the change declared and that none declares after it, by path and line."""
    compared = [one for one in placed if source_comparison(one) is not None]
    standing = {name for one in compared for name in dict(_declared(one.material.after))}
    facts = [
        OptionFact(**one.spot(one.old(line)), what="metric", name=name, change="removed")
        for one in compared
        for name, line in _declared(one.material.before)
        if name not in standing
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.name)))


def _declared(content: SourceText | None) -> Iterator[tuple[str, int]]:
    text, prefix = content.data if content is not None else b"", (profile().metrics or "").encode()
    for match in _NAMED.finditer(text) if prefix and prefix in text else ():
        if match[1].startswith(prefix):
            yield match[1].decode(), text.count(b"\n", 0, match.start(1)) + 1
