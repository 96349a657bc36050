"""Words of titles: which of them burst in a window against the titles before, and which say that several pull requests are a series."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_PULL: Final = lazy_regex(r"\s*\(#\d+\)")
_BRACKETS: Final = lazy_regex(r"\[([^\[\]]{1,40})\]")
_PART: Final = lazy_regex(r"[\[(]?\b(\d{1,3})\s*/\s*(\d{1,3}|[nNxX])\b[\])]?")
_WORD: Final = lazy_regex(r"[^\W_]+(?:[._+-][^\W_]+)*")
_STOP: Final = frozenset(
    ["a", "add", "adds", "added", "adding", "allow", "also", "an", "and", "are", "as", "at", "auto", "avoid", "be", "better", "bug", "bugfix", "bugfixes", "build", "by", "case", "check", "ci", "change", "changes", "clean", "cleanup", "code", "compatibility", "config", "core", "correct", "correctly", "default", "deprecate", "disable", "do", "doc", "docs", "documentation", "drop", "during", "enable", "ensure", "error", "errors", "failing", "failure", "feat", "feature", "fix", "fixes", "fixed", "fixing", "flaky", "follow-up", "for", "from", "frontend", "handle", "handling", "hardware", "if", "implement", "improve", "in", "initial", "install", "introduce", "is", "issue", "it", "its", "kernel", "kernels", "load", "loading", "make", "merge", "minor", "misc", "missing", "mode", "model", "models", "more", "move", "new", "no", "not", "of", "on", "only", "op", "ops", "optimize", "or", "other", "part", "perf", "performance", "prevent", "path", "properly", "py", "pr", "refactor", "refactoring", "remove", "removed", "rename", "replace", "restore", "return", "revert", "run", "set", "simplify", "skip", "some", "speed", "support", "supported", "supports", "test", "testing", "tests", "that", "the", "then", "this", "to", "tweak", "typo", "unused", "up", "update", "updates", "use", "used", "user", "using", "ux", "v0", "v1", "via", "was", "when", "where", "with", "without", "wrong", "chore", "small", "various", "ut", "let", "refine", "respect", "when", "instead", "first", "same", "after", "before", "out"]
)  # fmt: skip
_LEAST: Final = 3
_RATIO: Final = 3.0
_G2: Final = 10.83
"""The likelihood ratio that one word in a thousand reaches by chance."""
_COMMON: Final = 0.012
"""Part of all titles before from which on a term is one of the house."""
_LABEL: Final = 0.05
"""Part of all titles before from which on a topic in brackets is a label and no series."""
_LABELS: Final = frozenset(
    [
        "bug",
        "bug-fix",
        "bugfix",
        "bug",
        "fix",
        "ci/build",
        "build",
        "ci/cd",
        "docs",
        "model",
        "models",
        "rocm",
        "xpu",
        "cpu",
        "tpu",
        "cuda",
        "nvidia",
        "amd",
        "intel",
        "gpu",
        "hardware",
        "platform",
        "platforms",
        "release",
        "feature",
        "attention",
        "quantization",
        "multimodal",
        "multi-modal",
        "mm",
        "frontend",
        "api",
        "responses",
        "api",
        "entrypoints",
        "engine",
        "v1",
        "v0",
        "easy",
        "minor",
        "ux",
        "security",
        "deps",
        "dx",
        "compile",
        "torch.compile",
        "kernel",
        "kernels",
        "test",
        "tests",
        "ops",
    ]
) | {"bug fix", "responses api", "feat", "fix", "new model"}
"""Topics that name a kind, an area or a platform, which reports tell apart anyway."""


class Burst(NamedTuple):
    """A term that more titles of the window have than the titles before let expect."""

    term: str
    shown: str
    """As titles write it, most often."""
    numbers: tuple[int, ...]
    strength: float
    is_topic: bool
    """It stands in brackets before titles."""


class Part(NamedTuple):
    """One part of a series."""

    topic: str
    number: int


def words_of_title(title: str) -> tuple[str, ...]:
    """Return the words of a title in their order, as written, its number left out. Scripts without spaces give long words."""
    return tuple(_WORD.findall(_PULL.sub("", _PART.sub(" ", title))))


def terms_of(title: str, short_forms: Collection[str] = ()) -> dict[str, str]:
    """Return the terms of a title, in lower case, as they are written there: words, pairs of neighbours, topics in brackets.

    Words whose first letters make one of the ``short_forms`` (``Model Runner V2``: MRV2) count as that one too.
    """
    words = words_of_title(title)
    found = {word.lower(): word for word in words if _is_telling(word)}
    found |= {short.lower(): spelled for short, spelled in _shortened(words) if short in short_forms}
    for one, other in pairwise(words):
        both = not _is_filler(one.lower()) and not _is_filler(other.lower())
        if both and (_is_telling(one) or _is_telling(other)):
            found[f"{one} {other}".lower()] = f"{one} {other}"
    found |= {f"[{topic}]": shown for topic, shown in _topics(title, short_forms)}
    return found


def _topics(title: str, short_forms: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the topics of a title in lower case, by their short forms where there are any, and as written."""
    for topic in topics_of(title):
        words = _WORD.findall(topic)
        short = [each for each, run in _shortened(words) if each in short_forms and run == " ".join(words)]
        yield (short[0] if short else topic).lower(), topic


def short_forms_of(titles: Iterable[str]) -> frozenset[str]:
    """Return the words in capitals of titles: what longer names may be called."""
    return frozenset(word for title in titles for word in words_of_title(title) if word.isupper())


def _shortened(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each run of two to four words in capitals, by its first letters, with what the run is."""
    for length in (2, 3, 4):
        for at in range(len(words) - length + 1):
            run = words[at : at + length]
            if all(word[0].isupper() for word in run):
                short = "".join(word if len(word) < 3 and word[-1].isdigit() else word[0] for word in run)
                if len(short) >= _LEAST:
                    yield short, " ".join(run)


def is_label(topic: str) -> bool:
    """Return whether a bracketed word says of which kind something is, and not what it is about."""
    plain = topic.strip().lower()
    return plain in _LABELS or _is_filler(plain) or plain[:1].isdigit()


def topics_of(title: str) -> tuple[str, ...]:
    """Return what stands in brackets before a title, parts of series left out."""
    found = _BRACKETS.findall(title)
    return tuple(each.strip() for each in found if not _PART.fullmatch(each.strip()) and each.strip())


def part_of(title: str) -> Part | None:
    """Return the series that a title calls itself a part of, by its topic in brackets, else by its first words; ``None`` without one."""
    match = _PART.search(title)
    if match is None or match[1] == "0":
        return None
    named = [each.lower() for each in topics_of(title) if not _is_filler(each.lower())]
    words = [word.lower() for word in words_of_title(title) if not _is_filler(word.lower())]
    topic = named[-1] if named else " ".join(words[:2])
    return Part(topic, int(match[1])) if topic else None


def bursts(titles: Mapping[int, str], before: Sequence[str]) -> tuple[Burst, ...]:
    """Return the terms that burst, strongest first, then by term; none where too few titles before are known to tell."""
    if len(before) < 10 * _LEAST:
        return ()
    written = short_forms_of(titles.values())
    here, shown = _counted(titles.items(), written)
    past: defaultdict[str, int] = defaultdict(int)
    for title in before:
        for term in terms_of(title, written):
            if term in here:
                past[term] += 1
    found = [
        Burst(term, _most_common(shown[term]), tuple(sorted(numbers)), strength, term.startswith("["))
        for term, numbers in here.items()
        if len(numbers) >= _LEAST
        and (strength := _strength(len(numbers), len(titles), past[term], len(before))) >= _G2
        and past[term] <= _COMMON * len(before)
    ]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.term)))


def _counted(
    titles: Iterable[tuple[int, str]], short_forms: Collection[str]
) -> tuple[dict[str, set[int]], dict[str, list[str]]]:
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    shown: defaultdict[str, list[str]] = defaultdict(list)
    for number, title in titles:
        for term, written in terms_of(title, short_forms).items():
            numbers[term].add(number)
            shown[term].append(written)
    return dict(numbers), dict(shown)


def _strength(here: int, all_here: int, past: int, all_past: int) -> float:
    """Return the likelihood ratio of a term's count (Dunning's G²); 0 where it is not much more frequent than before."""
    rate, rate_past = here / all_here, (past + 0.5) / (all_past + 1)
    if rate < _RATIO * rate_past:
        return 0.0
    whole = (here + past) / (all_here + all_past)
    expected, expected_past = all_here * whole, all_past * whole
    told = here * math.log(here / expected)
    if past:
        told += past * math.log(past / expected_past)
    return round(2 * told, 2)


def _most_common(written: Iterable[str]) -> str:
    listed = sorted(written)
    return min(set(listed), key=lambda one: (-listed.count(one), -sum(map(str.isupper, one)), one))


def _is_filler(word: str) -> bool:
    return word in _STOP or word in places().own


def _is_telling(word: str) -> bool:
    return len(word) > 1 and not _is_filler(word.lower()) and not word.isdigit()


def shared_topics(
    titles: Mapping[int, str], before: Sequence[str]
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield the topics in brackets that two or more titles of the window share and that are no label of many titles before.

    Each as it is compared, as it is written most often, and with the numbers of its titles.
    """
    found: defaultdict[str, list[int]] = defaultdict(list)
    shown: defaultdict[str, list[str]] = defaultdict(list)
    short_forms = short_forms_of(titles.values())
    for number, title in sorted(titles.items()):
        for topic, written in dict(_topics(title, short_forms)).items():
            found[topic].append(number)
            shown[topic].append(written)
    past: defaultdict[str, int] = defaultdict(int)
    for title in before:
        for topic in dict(_topics(title, short_forms)).keys() & found.keys():
            past[topic] += 1
    for topic, numbers in sorted(found.items()):
        is_label = _is_filler(topic) or topic in _LABELS or past[topic] > _LABEL * len(before)
        if len(numbers) > 1 and before and not is_label:
            yield topic, _most_common(shown[topic]), tuple(numbers)
