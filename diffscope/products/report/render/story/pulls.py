"""One pull request in a report: its title, what is other for whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

from diffscope.messages.model import Language, Text
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.link_model import Link, LinkReason
from diffscope.products.report.model import Notice, PullSummary
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.titles import (
    WORDS_FILE,
    bare_title,
    chinese_titles,
    topic_of,
)
from diffscope.render.sentences import begin
from diffscope.render.words import Words

_NAMED: Final = 3
_NAMED_MORE: Final = 2
_OFTEN: Final = 2
"""Fixes soon after, from which on to wait is the better part."""
_SOON: Final = 30
"""Days within which a fix is soon after."""
_SHORT: Final = 170
_LONGEST_CHECK: Final = 150
_SHORT_COSTS: Final = 220
_FOLLOWS: Final[tuple[tuple[LinkReason, str], ...]] = (
    ("reverts", "story.reverted"),
    ("fixes", "story.fixed"),
    ("removes", "story.removed"),
    ("reapplies", "story.reapplied"),
    ("builds-on", "story.built-on"),
)
"""What may follow a pull request, the gravest first."""
_TELLING: Final = 2.0
"""Weight of a link, from which on going on with what another one added is a word on it."""
_AID: Final = lazy_regex(
    r"(?i)\b(?:synthetic|dummy|debug\w*|testing|profil\w*|benchmark\w*)|_synthetic|synthetic_"
)
"""Words of what serves those who test."""
_STEM: Final = 4
"""Letters by which a word of a tag is found in the title behind it."""
_AIDED: Final = -2.5
_NOTICED: Final = 1.5
_NEW: Final = 1.0
_SWITCHES: Final = 2
_PAIRS: Final = 3
"""That are told with a title; of the others the numbers."""
_MOST_PAIRS: Final = 4
_LONG_TITLE: Final = 90
_DAYS_FROM: Final = 72
"""Hours, from which on days are told."""
_FULL_STOP: Final = lazy_regex(r"(?<=[.])\s|(?<=\u3002)")
_GAINS: Final = frozenset({"feature", "performance"})
_QUIET: Final = -2.5
_MUTE: Final = -3.0
_BY_TITLE: Final = frozenset({"bugfix", "feature", "performance"})
"""Kinds of which the title alone is worth a line, where it speaks of no code."""
_CODE: Final = lazy_regex(r"\b[a-z]+_\w+|\b[A-Z][a-z]+[A-Z][a-z]+\w*")
_SECURITY: Final = lazy_regex(r"(?i)\bsecurity\b")
_HARMLESS: Final = lazy_regex(
    r"(?i)\b(?:logs?|logging|messages?|typos?|docs?|document\w*|docstrings?|warnings?|comments?|metrics?|tests?)\b"
)
_HURTS_MOST: Final = lazy_regex(
    r"(?i)\b(?:silent\w*|corrupt\w*|nans?|accuracy|degrad\w*|wrong\w*|incorrect\w*|garbage|garbled|data loss|all[- ]zeros?)\b"
)
_HURTS_MANY: Final = lazy_regex(r"(?i)\b(?:security|vulnerabilit\w+|cve)\b")
_HURTS_MUCH: Final = lazy_regex(
    r"(?i)\b(?:hangs?|hanging|stuck|deadlock\w*|leak\w*|oom|out[- ]of[- ]memory|illegal|overflow\w*)\b"
)
_HURTS: Final = lazy_regex(
    r"(?i)\b(?:crash\w*|inf|freez\w*|broken|fail\w*|mismatch\w*|regress\w*|degrad\w*|wrong|incorrect|hangs?|hanging|stuck|deadlock\w*|leak\w*|oom|out[- ]of[- ]\w+|"
    r"races?|segfault\w*|(?:key|index|type|name|attribute|value|runtime|assertion|import)[ ]?errors?|"
    r"not releasing|loading error)\b"
)
"""Words of what hurts who meets it."""
_INSIDE: Final = frozenset({"refactor", "test", "ci", "docs"})


class PullStory:
    """The sentences of single pull requests of one digest in one language. ``own`` has files of the user's own by name."""

    def __init__(self, read: PageView, words: Words, own: Mapping[str, str]) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._chinese = chinese_titles(own.get(WORDS_FILE))

    def title(self, number: int) -> str:
        """Return what a pull request is called, without the tags before it: in Chinese where all its words are known."""
        pull = self._read.pull(number)
        if pull is None:
            return ""
        said = ""
        if self._words.language is Language.CHINESE:
            said = self._chinese.said(pull.title)
        bare = bare_title(pull.title).rstrip(".").strip()
        if len(bare) > _LONG_TITLE:
            bare = _FULL_STOP.split(bare, maxsplit=1)[0].rstrip(".")
        said = said or begin(bare)
        topic = topic_of(pull.title)
        if not topic and _SECURITY.search(pull.title) and not _SECURITY.search(bare):
            topic = self._words("story.security")
        is_needed = topic and not any(word[:_STEM].lower() in bare.lower() for word in topic.split())
        return f"{topic}{self._words.colon}{said}" if is_needed else said

    def told(self, number: int, *, is_listed: bool = False) -> str:
        """Return a pull request in a few sentences: what one gets, how it is switched on, what it costs, whom it concerns, what followed."""
        words, pull = self._words, self._read.pull(number)
        if pull is None:
            return name_of(number)
        parts = {
            "story.says": ""
            if is_listed and pull.kind == "bugfix"
            else words("story.between").join(self._says(pull)),
            "story.switch": words.semicolon.join(words.picked(pull.switch)[:_SWITCHES]),
            # What the upgrade list tells is not told again.
            "story.costs": "" if is_listed else words.semicolon.join(self._costs(pull)),
            # Who does not switch it on does not meet it.
            "story.affects": words.pick(pull.affects) if pull.affects and not pull.switch else "",
            "story.became": self.became(number),
        }
        told = {
            code.partition(".")[2]: words(code, said=said) if said else "" for code, said in parts.items()
        }
        return words("story.pull", pull=name_of(number), title=self.title(number), **told)

    def in_short(self, pull: PullSummary) -> str:
        """Return a pull request in two sentences: its title, and what is other now, how it is switched on, or whom it concerns."""
        words = self._words
        said = list(self._says(pull)[:1])
        said += words.picked(pull.switch)[:1] if not any("`" in one for one in said) else ()
        parts = words.semicolon.join(part for part in (*said, self.became(pull.number)) if part)
        return words("story.in-short", pull=name_of(pull.number), title=self.title(pull.number), said=parts)

    def _costs(self, pull: PullSummary) -> Iterator[str]:
        # By one language for both: a second one only beside a short one.
        is_short = sum(len(text.en) for text in pull.costs) <= _SHORT_COSTS
        yield from self._words.picked(pull.costs if is_short else pull.costs[:1])
        if pull.kind in _GAINS and not pull.tests:
            yield self._words("story.untested")

    def noticed(self, notice: Notice) -> str:
        """Return what a notice says: of what only its title tells the title."""
        is_title = notice.name == name_of(notice.pulls[0])
        return self.title(notice.pulls[0]) if is_title else self._words.pick(notice.text)

    def state(self, number: int, *, is_on: bool) -> str:
        """Return whether a pull request is ready for use, to be tried or to be waited for: its default, what its tests say, and the fixes until the newest commit."""
        pull, words = self._read.pull(number), self._words
        if pull is None:
            return ""
        fixes = list(dict.fromkeys((*self._fixes_of(number), *pull.later_fixes)))
        soon = [fix for fix in fixes if self._days(number, fix) <= _SOON]
        if soon:
            lead = "state-of.wait" if len(soon) >= _OFTEN else "state-of.try"
        else:
            lead = "state-of.on" if is_on else "state-of.off" if pull.switch else "state-of.ready"
        skips, caps, turned = pull.weakened
        lost = {"state-of.skips": skips, "state-of.caps": caps, "state-of.turned": turned}
        given_up = [words(code, count=count) for code, count in lost.items() if count]
        tests = "state-of.with-tests" if pull.tests else "state-of.untested"
        parts = [
            words(lead),
            words("state-of.weakened", names=given_up) if given_up else words(tests),
        ]
        if self._digest.newest is not None:
            code, day = "state-of.fixed" if fixes else "state-of.not-fixed", self._digest.newest.day
            parts.append(words(code, count=len(fixes), pulls=self.numbers(fixes, _NAMED), day=day))
        return words.semicolon.join(part for part in parts if part)

    def _fixes_of(self, number: int) -> list[int]:
        return [link.source for link in self._links if link.target == number and link.reason == "fixes"]

    def _days(self, target: int, source: int) -> float:
        """Return how many days after a pull request another one was merged; very many where it is not known."""
        first, second = self._times.get(target), self._times.get(source)
        if not first or not second:
            return float("inf")
        return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds() / 86_400

    @cached_property
    def _times(self) -> dict[int, str | None]:
        related = {one.number: one.merged_at for one in self._digest.related}
        return related | {one.number: one.merged_at for one in self._digest.pulls}

    def _says(self, pull: PullSummary) -> tuple[str, ...]:
        """Return what is other now: a second statement only beside a short one."""
        # By one language for both, so that both say the same.
        is_short = sum(len(text.en) for text in pull.plain) <= _SHORT
        return self._words.picked(pull.plain if is_short else pull.plain[:1])

    @staticmethod
    def checks(pull: PullSummary) -> list[Text]:
        """Return what to check of a pull request that is short and names nothing private."""
        return [text for text in pull.checks if len(text.en) <= _LONGEST_CHECK and "`_" not in text.en]

    def has_own_words(self, pull: PullSummary) -> bool:
        """Return whether something is known of a pull request besides the area that it lies in."""
        return bool(self.checks(pull) or self.became(pull.number))

    def named(self, number: int) -> str:
        """Return the title of a pull request with its number, and what became of it."""
        became = self.became(number)
        aside = self._words.semicolon.join(part for part in (name_of(number), became) if part)
        return f"{self.title(number)}{self._words.aside(aside)}"

    def became(self, number: int) -> str:
        """Return what became of a pull request, in the window and after it, the gravest first; nothing where nothing followed."""
        parts = []
        for reason, code in _FOLLOWS:
            sources = [
                link.source
                for link in self._links
                if link.target == number
                and link.reason == reason
                # Who works on after the window is no news of it.
                and (reason != "builds-on" or (self._read.pull(link.source) and link.weight >= _TELLING))
            ]
            if sources:
                parts.append(self._words(code, pulls=self.numbers(sources, _NAMED)))
            pull = self._read.pull(number) if sources and reason == "fixes" else None
            told = {link.source for link in self._links if link.target == number}
            # Where fixes are told the others are, too: a list that ends reads as if there were no more.
            more = [fix for fix in (pull.later_fixes if pull else ()) if fix not in told]
            if more:
                few = self._words.aside(self.numbers(more, len(more))) if len(more) <= _NAMED_MORE else ""
                parts.append(self._words("story.touched", count=len(more)) + few)
        return self._words.semicolon.join(parts)

    @cached_property
    def _links(self) -> tuple[Link, ...]:
        return tuple(link for link in self._digest.links if link.reason in dict(_FOLLOWS))

    def numbers(self, numbers: Iterable[int], most: int) -> str:
        """Return numbers as a list, each once."""
        return self._words.listed([name_of(number) for number in dict.fromkeys(numbers)], most)

    def weight(self, pull: PullSummary) -> float:
        """Return how much a pull request is to a reader: its importance, more where users notice it, less where it only tidies."""
        noticed = pull.number in self._noticed
        is_quiet = not noticed and (pull.kind in _INSIDE or pull.audience == "developers")
        is_said = pull.kind in _BY_TITLE and not _CODE.search(bare_title(pull.title))
        is_mute = not pull.plain and not is_said
        is_aid = any(_AID.search(text) for text in (pull.title, *(said.en for said in pull.plain)))
        return (
            pull.importance
            + _AIDED * is_aid
            + _MUTE * is_mute
            + _NOTICED * noticed
            + _NEW * (pull.kind in _GAINS)
            + _QUIET * is_quiet
        )

    @staticmethod
    def is_harmless(pull: PullSummary) -> bool:
        """Return whether a title speaks of logs, documents, tests and the like."""
        return _HARMLESS.search(pull.title) is not None

    @staticmethod
    def hurts(pull: PullSummary) -> int:
        """Return how much what a title names hurts: wrong results that nobody sees, then what opens a server or stops it, then errors."""
        if PullStory.is_harmless(pull):
            return 0
        grades = (_HURTS_MOST, _HURTS_MANY, _HURTS_MUCH, _HURTS)
        return next((len(grades) - at for at, words in enumerate(grades) if words.search(pull.title)), 0)

    @cached_property
    def _noticed(self) -> frozenset[int]:
        return frozenset(number for notice in self._digest.notices for number in notice.pulls)

    @cached_property
    def taken_back(self) -> frozenset[int]:
        """What another pull request took back, in the window or after it."""
        return frozenset(link.target for link in self._links if link.reason == "reverts")

    @cached_property
    def ranked(self) -> tuple[PullSummary, ...]:
        """The pull requests to tell, those that are most to a reader first, without reverts and what was taken back."""
        kept = [
            pull
            for pull in self._digest.pulls
            if pull.kind != "revert" and pull.number not in self.taken_back
        ]
        return tuple(sorted(kept, key=lambda pull: (-self.weight(pull), pull.number)))

    @cached_property
    def pairs(self) -> tuple[str, ...]:
        """What was taken back, in the window and after it, and whose new code was mended in it: a line for each two pull requests."""
        return tuple(self._pairs())

    def _pairs(self) -> Iterator[str]:
        words, found = self._words, []
        for link in self._links:
            is_target, is_source = (self._read.pull(one) is not None for one in (link.target, link.source))
            is_undone = link.reason == "reverts" and (is_target or is_source)
            if is_undone or (link.reason == "fixes" and is_target and is_source):
                found.append((link.reason == "fixes", not is_target, link.target, link.source))
        found.sort(key=lambda each: (*each[:2], -self._importance(each[2]), each[2:]))
        for is_fix, _, target, source in found[:_PAIRS]:
            yield words(
                "story.pair",
                pair=self._pair(is_fix=is_fix, target=target, source=source),
                after=self._after(target, source),
                title=self._titled(source if is_fix else target) + self._again(target),
            )
        rest = [self._pair(is_fix=each[0], target=each[2], source=each[3]) for each in found[_PAIRS:]]
        if rest:
            yield words("story.pairs-besides", names=words.listed(rest, _MOST_PAIRS))

    def _again(self, number: int) -> str:
        """Return who did again what was taken back; nothing where nobody did."""
        sources = [
            link.source for link in self._links if link.target == number and link.reason == "reapplies"
        ]
        return self._words("story.pair-again", pulls=self.numbers(sources, _NAMED)) if sources else ""

    def _pair(self, *, is_fix: bool, target: int, source: int) -> str:
        code = "story.pair-fixes" if is_fix else "story.pair-reverts"
        return self._words(code, source=name_of(source), target=name_of(target))

    def _importance(self, number: int) -> float:
        pull = self._read.pull(number)
        return pull.importance if pull else 0.0

    def _titled(self, number: int) -> str:
        if self._read.pull(number):
            return self.title(number)
        return next((bare_title(one.title) for one in self._digest.related if one.number == number), "")

    def _after(self, target: int, source: int) -> str:
        """Return how long after a pull request another one was merged; nothing where it is not known."""
        days = self._days(target, source)
        second = self._times.get(source)
        if second is None or days == float("inf"):
            return ""
        hours = max(round(days * 24), 1)
        is_soon = hours < _DAYS_FROM
        code = "story.after-hours" if is_soon else "story.after-days"
        day = "" if self._read.pull(source) else self._words("story.on-day", day=second[:10])
        return self._words(code, count=hours if is_soon else round(hours / 24), day=day)
