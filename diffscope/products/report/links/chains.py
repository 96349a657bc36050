"""Who follows whom: links from a pull request to the earlier one that it takes back, does again, fixes, removes, builds on or uses.

What a pull request added is its own until another removes it, through renames and moves; who touches it later follows it. What the history
of the clone says (``history`` of an assessment) and what titles name comes on top, and reaches pull requests that nobody judged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.products.report.link_model import Link, LinkReason
from diffscope.products.report.links.lines import ABILITY, STYLE, Mended, is_repair
from diffscope.products.report.links.nodes import Merged, Node, Touched, plain_title
from diffscope.products.report.links.terms import terms_of
from diffscope.source.profile import places

_NUMBER: Final = lazy_regex(r"#(\d{2,9})\b")
_SAYS: Final = lazy_regex(
    r"\b(?:follow(?:s|ing)?[ -]?up|after|since|introduced|caused|changed|regress|fix|broke|revert|re-?land|re-?appl)",
    re.IGNORECASE,
)
_REVERT: Final = lazy_regex(r"\brevert(?:s|ed)?\b|\bback(?:s|ed)? out\b", re.IGNORECASE)
_AGAIN: Final = lazy_regex(r"\bre-?(?:land|appl|submit|add|do\b)", re.IGNORECASE)
_BLAMES: Final = lazy_regex(
    r"\b(?:broken? (?:by|since|in)|regress|caused|introduced (?:by|in))", re.IGNORECASE
)
_BARE_NUMBER: Final = lazy_regex(r"(?<![\w.#/-])(\d{4,9})(?![\w.-])")
"""How a revert may name pull requests: those that were merged."""
_QUOTED_NUMBER: Final = lazy_regex(r"""\(#(\d{2,9})\)["”'`]""")
"""How a revert quotes the title of what it takes back, whose number stands last."""
_QUOTED: Final = lazy_regex(r"[\"“'`](.{8,}?)[\"”'`](?:\s*\(#\d+\))?\s*$")
_REVERT_MARK: Final = lazy_regex(r"^\s*(?:\[[^\]]*\]\s*)*\[?revert\]?:?\s*", re.IGNORECASE)
_AGAIN_MARK: Final = lazy_regex(r"^\s*\[?re-?(?:land|appl(?:y|ies)|submit|do)\]?:?\s*", re.IGNORECASE)
_BY_HISTORY: Final[Mapping[str, LinkReason]] = {
    "reverts": "reverts",
    "restores": "reverts",
    "reapplies": "reapplies",
    "reverted-before": "reapplies",
}
_SHARED: Final = 2
_WORDS: Final = 3
_FILES: Final = 2
"""Files that tell of a later pull request that it works on what an earlier one did; as many and one more of one that does it again."""
_SAME: Final = 0.7
_FIXES: Final = lazy_regex(r"(?i)\b(?:bug ?)?fix(?:es|ed)?\b")
_MOSTLY: Final = 0.6
_NAMES: Final = 4
_MOST_OF_IT: Final = 50
"""Percent of a change's lines that are undone, from which on it is taken back and not only touched."""
_WIDE: Final = 24
"""Pull requests that one change follows, from which on it is a sweep over the tree, which tells little of each."""
_PART: Final = 0.1
"""The part of what a pull request touches that must be another one's for it to be a word on that one."""
_WEIGHTS: Final[Mapping[LinkReason, float]] = {
    "fixes": 3.0,
    "removes": 3.0,
    "builds-on": 3.0,
    "uses": 2.0,
    "changes-again": 1.0,
}
_WEAK: Final = frozenset({"builds-on", "uses", "changes-again", "names"})
"""What says less of two pull requests than that one replaces the other one's lines."""
_LATELY: Final = 3
"""Pull requests that may have changed a symbol for a second change of it to be a word on the first."""


class _Trail:
    """Who added and who changed each symbol and file, kept up to date while pull requests go by in their order."""

    def __init__(self) -> None:
        self._adders: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._changers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._classes: dict[str, int] = {}
        self.files: dict[str, int] = {}

    def follow(self, node: Node) -> None:
        """Carry what was there along the renames and moves of a pull request."""
        for new, old in node.renamed.items():
            self._adders[new] = self._adders.pop(old, {})
            if old in self.files:
                self.files[new] = self.files.pop(old)
        for (path, name), (old_path, old_name) in node.moved.items():
            adder = self._adders[old_path].pop(old_name, None)
            if adder is not None:
                self._adders[path][name] = adder

    def adder(self, path: str, name: str) -> int | None:
        """Return who added a symbol, or the innermost one that it lies in."""
        known = self._adders.get(path)
        while known and name:
            if name in known:
                return known[name]
            name = name.rpartition(".")[0]
        return None

    def adder_of_class(self, name: str) -> int | None:
        """Return who added the class of a name."""
        return self._classes.get(name)

    def changers(self, path: str, name: str) -> list[int]:
        """Return who changed a symbol, oldest first."""
        return self._changers.get((path, name), [])

    def record(self, node: Node) -> None:
        """Keep what a pull request adds and changes."""
        # A file that something was moved into is only partly the work of who made it.
        filled = {path for (path, _), (before, _) in node.moved.items() if before != path}
        for path in node.new_files - filled:
            self.files[path] = node.number
        for each in node.touched:
            if each.how == "added":
                self._adders[each.path][each.name] = node.number
                if "." not in each.name and each.name[:1].isupper():
                    self._classes[each.name] = node.number
            elif each.how == "removed":
                self._adders[each.path].pop(each.name, None)
            if each.how in ("changed", "added"):
                self._changers[each.path, each.name].append(node.number)


def find_chains(
    nodes: Iterable[Node],
    around: Iterable[Merged],
    mended: Iterable[Mended] = (),
    touched: Container[tuple[int, int]] | None = None,
) -> tuple[Link, ...]:
    """Return the links, each from the later pull request to the earlier one, by both; at most one for each two pull requests.

    ``touched`` are fixes with whose lines they take away: what no patch tells of a fix is no word on a fault. ``None`` where nobody read patches.
    """
    ordered = sorted(nodes, key=lambda node: node.order)
    by_number = {node.number: node for node in ordered}
    outside = {one.number: one for one in around if one.number not in by_number}
    titles = _titles(ordered, outside.values())
    added = {node.number: sum(each.how == "added" for each in node.touched) for node in ordered}
    known = frozenset((*by_number, *outside))
    trail, found = _Trail(), dict[tuple[int, int], Link]()
    for node in ordered:
        trail.follow(node)
        for link in (*_told(node, known, titles), *_traced(node, trail, added, touched)):
            found.setdefault((link.source, link.target), link)
        trail.record(node)
    for late in sorted(outside.values(), key=lambda one: (one.merged_at, one.number)):
        undone = {link.target for link in found.values() if link.reason == "reverts"}
        told = _told_later(late, by_number, titles)
        for link in (*told, *_alike_later(late, by_number, undone)):
            found.setdefault((link.source, link.target), link)
    merged_at = {one.number: one.merged_at for one in ordered} | {
        one.number: one.merged_at for one in outside.values()
    }
    outside_titles = {one.number: one.title for one in outside.values()}
    _by_lines(found, by_number, merged_at, outside_titles, mended)
    return tuple(found[pair] for pair in sorted(found))


def _by_lines(
    found: dict[tuple[int, int], Link],
    nodes: Mapping[int, Node],
    merged_at: Mapping[int, str],
    titles: Mapping[int, str],
    mended: Iterable[Mended],
) -> None:
    """Add who replaces whose lines, or handles what another one brought, where no stronger word on both is known."""
    undone = {link.target: link.source for link in found.values() if link.reason == "reverts"}
    taking_back = {*undone.values()}
    for source, target, names in mended:
        late, known = nodes.get(source), found.get((source, target))
        if target not in nodes or (known and known.reason not in _WEAK):
            continue
        if target in undone and merged_at.get(undone[target], "") < merged_at.get(source, ""):
            # A revert removed its lines; the same lines now belong to the change that was merged again.
            continue
        # Changes merged after the window count only if they are fixes.
        is_mending = (
            (late is None and not ABILITY.search(titles.get(source, "")))
            or (late is not None and (_mends(late) or is_repair(late.title)))
            or (late is not None and late.kind == "revert" and source not in taking_back)
        )
        reason: LinkReason = "fixes" if is_mending else "builds-on"
        found[source, target] = _link(source, target, reason, names[:_NAMES], _WEIGHTS.get(reason, 3.0))


def _says_fix(title: str) -> bool:
    return is_repair(title) or _BLAMES.search(title) is not None


def _speak_of_one(title: str, other: str, least: int = _SHARED) -> bool:
    """Return whether two titles share words enough to be about one thing."""
    shared = terms_of(title).keys() & terms_of(other).keys()
    return sum(" " not in term and not term.startswith("[") for term in shared) >= least


def telling_lines(body: str) -> tuple[str, ...]:
    """Return the lines of a description that say something of another pull request, by its number."""
    return tuple(
        line.strip() for line in body.split("\n")[:200] if _NUMBER.search(line) and _SAYS.search(line)
    )


def _titles(nodes: Iterable[Node], outside: Iterable[Merged]) -> dict[str, list[tuple[str, int]]]:
    """Return plain title -> (when, number) of who has it, oldest first."""
    found: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    told = [(node.title, node.merged_at, node.number) for node in nodes]
    told += [(one.title, one.merged_at, one.number) for one in outside]
    for title, merged_at, number in told:
        found[plain_title(title)].append((merged_at, number))
    return {title: sorted(each) for title, each in found.items()}


def _told(node: Node, known: Container[int], titles: Mapping[str, list[tuple[str, int]]]) -> Iterator[Link]:
    """Yield what the history, a title and a description say outright."""
    for past in node.history:
        if past.number and past.number != node.number:
            reason = _BY_HISTORY[past.what]
            is_part = past.taken_back is not None and past.taken_back < _MOST_OF_IT
            if (reason == "reverts" and is_part) or (
                past.what == "restores" and not _speak_of_one(node.title, past.subject)
            ):
                # Lines that are again what they were tell of those lines, and not of the whole that once changed them.
                reason = "changes-again"
            yield _link(node.number, past.number, reason, (past.subject,), _WEIGHTS.get(reason, 3.0))
    number = node.number
    mends = node.kind == "bugfix" or _says_fix(node.title)
    yield from _told_by_words(number, node.title, node.merged_at, titles, known, mends=mends)
    for line in telling_lines(node.body):
        for each in map(int, _NUMBER.findall(line)):
            if each < number and each in known:
                told: LinkReason = "fixes" if mends and _BLAMES.search(line) else "names"
                if node.kind == "revert" and _REVERT.search(line):
                    told = "reverts"
                yield _link(number, each, told, (line[:120],), 2.0)


def _told_later(
    late: Merged, nodes: Mapping[int, Node], titles: Mapping[str, list[tuple[str, int]]]
) -> Iterator[Link]:
    """Yield what the title of a pull request that nobody judged says of those of the window."""
    for link in _told_by_words(
        late.number, late.title, late.merged_at, titles, nodes, mends=_says_fix(late.title)
    ):
        if link.target in nodes:
            yield link


def _alike_later(late: Merged, nodes: Mapping[int, Node], undone: Container[int]) -> Iterator[Link]:
    """Yield whose work a later pull request does again, by its files, or mends, by its files and much the same words; of several the last."""
    paths = {path for path in late.paths if path.startswith(places().product) and not places().is_test(path)}
    if len(paths) < _FILES or _REVERT.search(late.title):
        return
    close: list[tuple[str, Node]] = []
    for node in nodes.values():
        shared = paths & node.files
        if node.merged_at >= late.merged_at or not shared:
            continue
        if node.number in undone:
            if len(shared) >= max(_SAME * len(paths | node.files), _FILES + 1):
                yield _link(late.number, node.number, "reapplies", tuple(sorted(shared))[:_NAMES], 2.0)
        elif shared == paths and _FIXES.search(late.title) and _speak_of_one(late.title, node.title, _WORDS):
            close.append((node.merged_at, node))
    if close:
        node = max(close, key=lambda each: each[0])[1]
        yield _link(late.number, node.number, "fixes", tuple(sorted(paths))[:_NAMES], 1.0)


def _told_by_words(
    number: int,
    title: str,
    merged_at: str,
    titles: Mapping[str, list[tuple[str, int]]],
    merged: Container[int],
    *,
    mends: bool,
) -> Iterator[Link]:
    reverting, again = _REVERT.search(title), _AGAIN.search(title)
    is_again = again is not None and (reverting is None or again.start() < reverting.start())
    is_revert = reverting is not None and not is_again
    # A number that nobody merged is most often an issue's; a revert names what it takes back, however long ago.
    named = [
        each for each in map(int, _NUMBER.findall(title)) if each != number and (is_revert or each in merged)
    ]
    quoted_last = _QUOTED_NUMBER.search(title) if is_revert else None
    if quoted_last:
        # Before it stands what the title of that one names.
        named = [int(quoted_last[1])]
    named += [each for each in map(int, _BARE_NUMBER.findall(title)) if is_revert and each in merged]
    for each in named:
        reason: LinkReason = "reapplies" if is_again else "fixes" if mends else "names"
        reason = "reverts" if is_revert else reason
        yield _link(number, each, reason, (title,), 3.0)
    if (is_revert or is_again) and not named:
        quoted = _QUOTED.search(title)
        wanted = plain_title(
            quoted[1] if quoted else (_REVERT_MARK if is_revert else _AGAIN_MARK).sub("", title)
        )
        earlier = [each for when, each in titles.get(wanted, ()) if when < merged_at and each != number]
        if earlier:
            yield _link(number, earlier[-1], "reverts" if is_revert else "reapplies", (wanted,), 3.0)


def _traced(
    node: Node, trail: _Trail, added: Mapping[int, int], fixed: Container[tuple[int, int]] | None
) -> Iterator[Link]:
    """Yield whom a pull request follows by the code that it touches."""
    own, again = _followed(node, trail)
    factor = min(1.0, _WIDE / (len(own) + len(again) + 1))
    for number, touched in sorted(own.items()):
        mends = _mends(node) and (fixed is None or (node.number, number) in fixed)
        reason = _reason(touched, added.get(number, 0), mends=mends)
        if reason != "removes" and len(touched) < _PART * len(node.touched):
            reason = "changes-again"
        yield _link(node.number, number, reason, _names(touched), factor * _WEIGHTS.get(reason, 1.0))
    for path in sorted(node.files - node.new_files):
        number = trail.files.get(path, node.number)
        if number != node.number and number not in own:
            mends = _mends(node) and (fixed is None or (node.number, number) in fixed)
            reason = "fixes" if mends else "builds-on"
            yield _link(node.number, number, reason, (path,), factor * 2.0)
    for number, names in sorted(again.items()):
        if number not in own:
            yield _link(node.number, number, "changes-again", tuple(dict.fromkeys(names))[:_NAMES], factor)


def _followed(node: Node, trail: _Trail) -> tuple[dict[int, list[Touched]], dict[int, list[str]]]:
    """Return by pull request what it added that this one touches, and what it changed last."""
    own: defaultdict[int, list[Touched]] = defaultdict(list)
    again: defaultdict[int, list[str]] = defaultdict(list)
    for each in (*node.touched, *(Touched("", base, "base") for base in sorted(node.bases))):
        adder = trail.adder_of_class(each.name) if each.how == "base" else trail.adder(each.path, each.name)
        if adder not in (None, node.number):
            own[adder or 0].append(each)
        elif each.how == "changed":
            before = [number for number in trail.changers(each.path, each.name) if number != node.number]
            if before and len(set(before)) <= _LATELY:
                again[before[-1]].append(each.name)
    return own, again


def _reason(touched: list[Touched], added: int, *, mends: bool) -> LinkReason:
    removed = sum(each.how == "removed" for each in touched)
    if removed and removed >= _MOSTLY * max(added, 1):
        return "removes"
    if all(each.how in ("called", "base") for each in touched):
        return "uses"
    return "fixes" if mends else "builds-on"


def _mends(node: Node) -> bool:
    return node.kind == "bugfix" and not STYLE.search(node.title) and not ABILITY.search(node.title)


def _names(touched: Iterable[Touched]) -> tuple[str, ...]:
    """Return the outermost names, those that no other of them holds."""
    names = dict.fromkeys(each.name for each in touched)
    outer = [
        name
        for name in names
        if not any(f"{name.rpartition('.')[0]}" == other for other in names if other != name)
    ]
    return tuple(outer)[:_NAMES]


def _link(source: int, target: int, reason: LinkReason, names: tuple[str, ...], weight: float) -> Link:
    return Link(source=source, target=target, reason=reason, names=names, weight=round(weight, 3))
