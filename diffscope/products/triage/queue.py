"""Candidates and what was found among them -> the queue of reviewers: what to take first, what needs a decision, what waits on its author."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, title
from diffscope.patterns import Regex, compile_regex, lazy_regex
from diffscope.products.triage.candidates import Candidate
from diffscope.products.triage.model import Bucket, Conflict, Duplicate, Entry, Load, Mends, OrderLink


def _named(pattern: str) -> Regex:
    return compile_regex(rf"(?i)(?:^|[^a-z0-9_])(?:{pattern})(?:$|[^a-z0-9_])")


SMALL: Final = 80
"""Lines of code up to which a change is read in one go."""
SHORT: Final = 300
"""Lines of every kind, tests and documents too."""
LARGE: Final = 1000
_SIZES: Final = (5, 20, 80, 250, 1000)
_LEVELS: Final = ("none", "low", "medium", "high", "critical")
_WORTH: Final = (frozenset({"bugfix", "revert"}), frozenset({"feature", "performance"}))
BUCKETS: Final[tuple[Bucket, ...]] = ("first", "review", "expert", "after", "decide", "other", "author")
_SHARE: Final = 8
"""One change of so many is to be taken first, however many are ready: a list of half the queue tells nobody where to begin."""
_FEWEST: Final = 5
_FIXES: Final = frozenset({"bugfix", "revert"})
_MENDS: Final[tuple[tuple[Mends, Regex], ...]] = (
    (
        "security",
        _named(
            r"securit\w+|cve-\d+\S*|ghsa\S*|dos|denial of service|injection|travers\w+|ssrf|redos|untrusted|trust_remote_code|sandbox\w*"
        ),
    ),
    (
        "hang",
        _named(
            r"hangs?|hanging|hung|deadlocks?|stuck|freez\w+|livelock\w*|infinite loops?|never (?:returns?|finish\w*|releas\w+)|starv\w+"
        ),
    ),
    (
        "crash",
        _named(
            r"crash\w*|segfault\w*|segv|panics?|abort\w*|exceptions?|\w+error|asserts?|assertions?|illegal memory\w*|illegal access\w*|out[- ]of[- ](?:bounds|range|memory)"
            r"|oob|ooms?|overflow\w*|50\d|fail(?:s|ed|ing)?|start-?up|cannot start|leak\w*|unhandled|missing (?:import|attribute|argument|key)s?"
        ),
    ),
    (
        "wrong-output",
        _named(
            r"wrong\w*|incorrect\w*|correct\w*|corrupt\w*|garbage|garbled|gibberish|nans?|accurac\w+|numeric\w*|precision|mismatch\w*|stale|inconsistent\w*|silent\w*"
            r"|off-by-one|overcount\w*|double[- ]count\w*|truncat\w+|lost|diverg\w+|misalign\w*|misreport\w*|repeated tokens?|uninitiali[sz]ed|rac(?:e|es|y)"
        ),
    ),
)
"""Words of a title that tell what goes wrong; of two kinds the one that is named for sure counts before the one that many words may mean."""
_GRAVITY: Final[tuple[Mends | None, ...]] = ("wrong-output", "crash", "security", "hang", "unnamed", None)
_FORBIDS: Final = _named(r"must|never|cannot|not|no longer|instead of|limits?|invalid|rejects?|rejected")
_REFUSES: Final = _named(r"reject\w*|refus\w*|guard\w*|validat\w*|invalid|disallow\w*|forbid\w*|bound\w*")
_HOT: Final = frozenset({"per_step", "per_request"})
_IS_FIX: Final = lazy_regex(r"(?i)bug|fix|revert|correct|repair|security")
_RAISES: Final = lazy_regex(r"(?i)\b(?:rais(?:e|es|ing)|use)\s+`?\w+`?")
"""An error that is named as what comes instead of something else."""
_NO_FIX: Final = _named(
    r"ci|ut|build\w*|wheels?|tests?|testing|docs?|benchmarks?|lint\w*|typos?|logs?|logging|warnings?|metrics?|stat(?:s|istics)|profil\w+|perf|performance|speed\w*|faster"
)
"""Words of a title by which a fix is none of what users are served."""
_MUTUAL: Final = frozenset({"setting", "registry", "operator", "requirement", "constant", "same-name"})
"""Conflicts in which neither follows the other: one of the two has to be chosen."""
_DECISIONS: Final = frozenset({"interface-change", "config-default", "dependency-version", "security"})
"""Families whose flags at medium or above ask for somebody who may decide, not only for somebody who reads."""


def mends_of(one: Candidate) -> Mends | None:
    """Return what goes wrong until a fix is merged: by the words of its title; else that something does, where every step or request runs what it edits.

    ``None`` for what is no fix, and where neither tells. What fails in building, testing or measuring goes wrong for no user.
    """
    if one.kind not in _FIXES or not one.code_lines or not _IS_FIX.search(one.title):
        return None
    named = named_by_title(one)
    if named != "security" and _NO_FIX.search(one.title):
        return None
    is_hot = one.reached in _HOT or (one.reached == "unknown" and one.edits_native)
    return named or ("unnamed" if is_hot or is_plain_refusal(one) else None)


def named_by_title(one: Candidate) -> Mends | None:
    """Return what goes wrong by the words of a title."""
    title = _RAISES.sub("", one.title)
    return next((kind for kind, words in _MENDS if words.search(title)), None)


def said_of(one: Candidate) -> str:
    """Return the sentence of its new tests and comments that tells best what goes wrong: one that names a harm, else one that forbids something, else the first; empty for none."""
    said = (*(each for each in one.footprint.says if " " in each), *sorted(one.footprint.says, key=len)[::-1])
    words = (*(words for _, words in _MENDS), _FORBIDS)
    return next(
        (each for each in said if any(one.search(each.replace("_", " ")) for one in words)), (*said, "")[0]
    )


def is_plain_refusal(one: Candidate) -> bool:
    """Return whether a fix only refuses, in few lines and with a test, what could never work."""
    is_small = one.code_lines <= _SIZES[1] and one.test_lines and one.is_tested and not one.tests_needed
    is_alone = not (one.gone or one.settings or one.footprint.signatures)
    asks = {family for family in one.families if family in _DECISIONS}
    is_refusal = one.refusals and one.kind in _FIXES and _REFUSES.search(one.title)
    return bool(is_small and is_alone and is_refusal and asks <= {"interface-change"})


def build_queue(
    candidates: Sequence[Candidate],
    conflicts: Sequence[Conflict],
    duplicates: Sequence[Duplicate],
    order: Sequence[OrderLink],
) -> tuple[Entry, ...]:
    """Return every change, those to take first at the top."""
    links = _Links(candidates, conflicts, duplicates, order)
    entries = sorted((_entry(one, links) for one in candidates), key=_rank)
    ready = [entry for entry in entries if entry.bucket == "first"]
    most = max(_FEWEST, len(entries) // _SHARE)
    later = {entry.number: replace(entry, bucket="review") for entry in ready[most:]}
    return tuple(sorted((later.get(entry.number, entry) for entry in entries), key=_rank))


def load_of(entries: Iterable[Entry], field: str) -> tuple[Load, ...]:
    """Return what waits for each name of a field (``owners``, ``areas``), the most first; what waits on its author is left out."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.bucket != "author":
            for name in getattr(entry, field):
                found[name].append(entry)
    loads = (
        Load(
            name=name,
            waiting=len(listed),
            first=sum(entry.bucket == "first" for entry in listed),
            code_lines=sum(entry.code_lines for entry in listed),
        )
        for name, listed in found.items()
    )
    return tuple(sorted(loads, key=lambda load: (-load.waiting, load.name)))


class _Links:
    """What was found, by number."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        conflicts: Sequence[Conflict],
        duplicates: Sequence[Duplicate],
        order: Sequence[OrderLink],
    ) -> None:
        fixes = {one.number for one in candidates if one.kind in _FIXES}
        self.met = set[int]()
        self.chooses: defaultdict[int, set[int]] = defaultdict(set)
        self.follows: defaultdict[int, set[int]] = defaultdict(set)
        self.mended: defaultdict[int, set[int]] = defaultdict(set)
        self.collides: defaultdict[int, set[int]] = defaultdict(set)
        self.stale: defaultdict[int, set[int]] = defaultdict(set)
        self.same: defaultdict[int, set[int]] = defaultdict(set)
        self.after: defaultdict[int, set[int]] = defaultdict(set)
        aside = {one.number for one in candidates if one.is_aside}
        for one in conflicts:
            self._read(one, aside)
        for pair in duplicates:
            self.same[pair.first].add(pair.second)
            self.same[pair.second].add(pair.first)
        for link in order:
            if link.kind == "reverts":
                self.chooses[link.first].add(link.then)
                self.chooses[link.then].add(link.first)
                continue
            self.after[link.then].add(link.first)
            if link.lines > 1 and link.then in fixes:
                self.mended[link.first].add(link.then)

    def _read(self, one: Conflict, aside: set[int]) -> None:
        """Keep what a conflict means for its two changes; no product waits for a test or a document."""
        first, then = one.first, one.second
        if first in aside and then not in aside:
            first, then = then, first
        is_one_sided = (first in aside) != (then in aside)
        self.met.update({then} if is_one_sided else {first, then}, aside.intersection(one.also))
        self.stale[first].add(then)
        if one.certainty == "breaks":
            self.follows[then].add(first)
        if not is_one_sided and (one.kind in _MUTUAL or one.kind == "same-symbol"):
            self.stale[then].add(first)
        for waits, other in ((then, first), (first, then))[: 1 if is_one_sided else 2]:
            if one.certainty == "breaks":
                self.collides[waits].add(other)
            if one.kind in _MUTUAL:
                self.chooses[waits].add(other)


def _entry(one: Candidate, links: _Links) -> Entry:
    collides, same, after = links.collides[one.number], links.same[one.number], links.after[one.number]
    bucket, reasons = _placed(one, links)
    if others := _names(links.mended[one.number]):
        reasons.append(text_of("triage.why-mended", others=others))
    return Entry(
        number=one.number,
        title=one.title,
        author=one.author,
        url=one.url,
        head=one.head,
        bucket=bucket,
        reasons=tuple(reasons),
        level=one.level,
        kind=one.kind,
        areas=one.areas,
        owners=one.owners,
        labels=one.labels,
        lines=one.lines,
        code_lines=one.code_lines,
        test_lines=one.test_lines,
        opened_at=one.state.opened_at,
        updated_at=one.state.updated_at,
        does=one.does,
        flags=one.flags,
        hints=one.hints,
        collides=tuple(sorted(collides)),
        same_as=tuple(sorted(same)),
        after=tuple(sorted(after)),
        makes_stale=tuple(sorted(links.stale[one.number])),
        mends=mends_of(one),
        mended_by=tuple(sorted(links.mended[one.number])),
    )


def _placed(one: Candidate, links: _Links) -> tuple[Bucket, list[Text]]:
    """Return the first state that one belongs in, with what says so."""
    collides, same, after = links.collides[one.number], links.same[one.number], links.after[one.number]
    if author := list(_waits_on_author(one)):
        return "author", author
    linked = list(link_reasons(collides, same, after))
    if decide := [*linked, *_needs_decision(one)]:
        if len(decide) > len(linked) or same or links.chooses[one.number]:
            return "decide", [*decide, *_for_experts(one)]
        if after or links.follows[one.number]:
            return "after", linked
    if one.level in _LEVELS[3:] or one.code_lines > LARGE:
        return "expert", [*linked, *_for_experts(one)]
    if not one.code_lines:
        return "other", [*linked, text_of("triage.why-first-other", **_sizes(one))]
    left = [*linked, *_not_first(one, links)]
    # What has a fix of its own is taken with it, and not first.
    is_held = left or links.mended[one.number]
    return ("review", left) if is_held else ("first", list(_why_first(one)))


def _waits_on_author(one: Candidate) -> Iterator[Text]:
    if one.state.is_draft:
        yield text_of("triage.why-draft")
    if one.state.decision == "changes-requested":
        yield text_of("triage.why-changes-requested")
    if one.state.merges is False:
        yield text_of("triage.why-textual")


def link_reasons(collides: Iterable[int], same: Iterable[int], after: Iterable[int]) -> Iterator[Text]:
    """Yield the reasons that name other changes: those that do the same work, come first, or collide."""
    for code, numbers in (("same", same), ("after", after), ("collides", collides)):
        if others := _names(numbers):
            yield text_of(f"triage.why-{code}", others=others)


def _needs_decision(one: Candidate) -> Iterator[Text]:
    families = [family for family in one.families if family in _DECISIONS and not is_plain_refusal(one)]
    if families:
        english, chinese = (
            tuple(title("family", name, language) for name in families) for language in Language
        )
        yield text_of("triage.why-decision", families=english, families_zh=chinese)


def _for_experts(one: Candidate) -> Iterator[Text]:
    if one.level in _LEVELS[3:]:
        yield _risk(one)
    if one.code_lines > LARGE:
        yield text_of("triage.why-large", count=one.code_lines)


def _not_first(one: Candidate, links: _Links) -> Iterator[Text]:
    if one.level not in _LEVELS[:2] and not (is_plain_refusal(one) and {*one.families} <= _DECISIONS):
        yield _risk(one)
    if one.code_lines > SMALL:
        yield text_of("triage.why-large", count=one.code_lines)
    elif one.lines > SHORT:
        yield text_of("triage.why-size", count=one.lines)
    if one.tests_needed:
        yield text_of("triage.why-tests")
    elif not one.is_tested or not one.test_lines:
        yield text_of("triage.why-untested" if one.is_tested else "triage.why-unreached")
    if not one.is_complete:
        yield text_of("triage.why-incomplete")
    yield from _in_the_way(one, links)


def _in_the_way(one: Candidate, links: _Links) -> Iterator[Text]:
    """Yield what speaks against taking one first that is small and tested."""
    mends = mends_of(one)
    if mends is None:
        yield text_of("triage.why-unclear" if one.kind in _FIXES else "triage.why-no-fix")
    if one.refusals and mends not in ("security", "crash", "hang") and not is_plain_refusal(one):
        yield text_of("triage.why-refuses")
    if one.mirrored:
        yield text_of("triage.why-mirrored", others=one.mirrored[:2])
    if one.number in links.met and not links.collides[one.number]:
        yield text_of("triage.why-met")


def _why_first(one: Candidate) -> Iterator[Text]:
    named, says = named_by_title(one), said_of(one)
    if named is None and is_plain_refusal(one):
        yield text_of("mends.refuses")
    elif named is None and says:
        yield text_of("mends.said", says=says)
    else:
        yield text_of(f"mends.{mends_of(one)}")
    yield text_of("triage.why-first", **_sizes(one))


def _sizes(one: Candidate) -> dict[str, str | int]:
    return {"count": one.lines, "code": one.code_lines, "tests": one.test_lines, **_level(one)}


def _risk(one: Candidate) -> Text:
    if not one.gravest:
        return text_of("triage.why-level", **_level(one))
    english, chinese = (
        tuple(title("family", name, language) for name in one.gravest) for language in Language
    )
    return text_of("triage.why-risk", **_level(one), families=english, families_zh=chinese)


def _level(one: Candidate) -> dict[str, str]:
    return {"level": one.level, "level_zh": title("word", one.level, Language.CHINESE)}


def _names(numbers: Iterable[int]) -> tuple[str, ...]:
    listed = sorted(numbers)
    return (*(f"#{number}" for number in listed[:4]), *((f"+{len(listed) - 4}",) if len(listed) > 4 else ()))


def _rank(entry: Entry) -> tuple[int, int, int, int, int, str, int]:
    """Order by state; then by what goes wrong until it is merged; then fixes before features; then by risk and size; of the same size the one that waits longest."""
    level = _LEVELS.index(entry.level) if entry.level in _LEVELS else len(_LEVELS)
    size = bisect_left(_SIZES, entry.code_lines)
    worth = next((at for at, kinds in enumerate(_WORTH) if entry.kind in kinds), len(_WORTH))
    if not entry.code_lines:
        worth = len(_WORTH)  # a fix of a test, a document or a build
    gravity = _GRAVITY.index(entry.mends)
    return BUCKETS.index(entry.bucket), gravity, worth, level, size, entry.opened_at or "", entry.number
