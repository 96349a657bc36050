"""One pull request in a report: its title, what is other for whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

from diffscope.messages.model import Language
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.link_model import Link, LinkReason
from diffscope.products.report.model import Notice, PullSummary, Theme
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.titles import (
    WORDS_FILE,
    bare_title,
    chinese_titles,
    topic_of,
)
from diffscope.render.sentences import begin
from diffscope.render.words import Words
from diffscope.taxonomy.declared_words import stems_of

_NAMED: Final = 3
_SOON: Final = 30
"""Days within which a fix of the same lines is a word on who wrote them, whatever its title."""
_COMMON: Final = "fix add support model models kernel use new update default with backend bug error"
"""Words that titles of any subject share."""
_VAGUE: Final = ("affects.attention", "affects.linear", "affects.kernels", "affects.model-loading")
_SHORT: Final = 170
_SHORT_COSTS: Final = 220
_FOLLOWS: Final[tuple[tuple[LinkReason, str], ...]] = (
    ("reverts", "story.reverted"),
    ("fixes", "story.fixed"),
    ("removes", "story.removed"),
    ("reapplies", "story.reapplied"),
)
"""What may follow a pull request, the gravest first."""
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
_REVERTS: Final = 4
_LONG_TITLE: Final = 90
_DAYS_FROM: Final = 72
"""Hours, from which on days are told."""
_FULL_STOP: Final = lazy_regex(r"(?<=[.])\s|(?<=\u3002)")
GAINS: Final = frozenset({"feature", "performance", "model"})
"""Kinds that give users something."""
_TIDY: Final = lazy_regex(
    r"(?i)\b(?:abstraction|refactor\w*|reorgani[sz]\w*|consolidat\w*|clean(?:s|ed)?[ -]?up|restructur\w*|migrat\w*|simplif\w*)\b"
)
"""Words of what only moves code, whatever its tag says."""
_TIDIED: Final = -2.0
_QUIET: Final = -2.5
_MUTE: Final = -3.0
_BY_TITLE: Final = frozenset({"bugfix", "feature", "performance"})
"""Kinds of which the title alone is worth a line, where it speaks of no code."""
_CODE: Final = lazy_regex(r"\b[a-z]+_\w+|\b[A-Z][a-z]+[A-Z][a-z]+\w*")
_OF, _STIFF = "\u7684", ("\u5411", "\u4ee5\u514d\u4e8e", "\u6765\u81ea", "\u7684\uff08")
_SECURITY: Final = lazy_regex(r"(?i)\bsecurity\b")
_HARMLESS: Final = lazy_regex(
    r"(?i)\b(?:logs?|logging|messages?|typos?|docs?|document\w*|docstrings?|\w*warnings?|comments?|metrics?|tests?|mypy|pre-?commit|misnamed|hf runner|evals?)\b"
)
SYMPTOMS: Final = ("wrong", "data", "hang", "memory", "crash")
"""What a fix repairs, by the words of its title, the gravest first."""
_BY_SYMPTOM: Final = (
    ("data", lazy_regex(r"(?i)\b(?:security|cve|vulnerab\w+|isolation|deserializ\w+|(?:other|another|per|between|across|cross)[- ](?:users?|tenants?))\b|\btrust_remote_code\b|\bcache_salt\b")),
    ("memory", lazy_regex(r"(?i)\bmemory leak|\bleak\w*\b.*\bmemory\b|\boom\b|\bout[- ]of[- ]memory\b|\bnot releasing\b")),
    (
        "wrong",
        lazy_regex(
            r"(?i)\b(?:silent(?:ly)?|corrupt\w*|nans?|accuracy|gibberish|garbage|garbled|all[- ]zeros?|data loss|parameter loss|"
            r"truncat\w*|repetition|precision|stale (?:\w+ ){0,2}(?:blocks?|tokens?|kv|caches?|data|states?|values?|weights?|entries|masks?|metadata|buffers?|outputs?)|leak(?:s|ed|ing|age)?|batch invarian\w+|in fp32|duplicat\w+ (?:blocks?|tokens?|kv)|(?:attn|attention)_masks?|position_ids?)\b"
            r"|\bcorrect (?:\w+ )?(?:strides?|offsets?|index|shapes?|masks?|scales?|dtypes?)\b"
            r"|\b(?:wrong|incorrect)(?:ly)? (?:\w+ ){0,2}(?:outputs?|results?|tokens?|texts?|logits?|logprobs?|scores?|answers?|embeddings?)\b"
            r"|(?:\b|_)scales? (?:\w+ )?(?:weight|mismatch|handling|loading|not)\b"
        ),
    ),
    ("hang", lazy_regex(r"(?i)\b(?:hangs?|hanging|stuck|deadlock\w*|freez\w*|stalls?|infinite loop)\b")),
    (
        "crash",
        lazy_regex(
            r"(?i)\b(?:crash\w*|segfault\w*|illegal|overflow\w*|races?|race condition|broken|fail(?:s|ed|ure|ures)?|assertion|(?<!performance )(?<!perf )regress\w*|"
            r"(?:key|index|type|name|attribute|value|runtime|assertion|import)[ ]?errors?|shape mismatch|dtype mismatch|loading error)\b"
        ),
    ),
)  # fmt: skip
_SILENT: Final = lazy_regex(
    r"(?i)\b(?:silent(?:ly)?|corrupt\w*|nans?|accuracy|gibberish|garbage|garbled|all[- ]zeros?|precision|stale)\b"
)
_INSIDE: Final = frozenset({"refactor", "test", "ci", "docs"})


class PullStory:
    """The sentences of single pull requests of one digest in one language. ``own`` has files of the user's own by name."""

    def __init__(self, read: PageView, words: Words, own: Mapping[str, str]) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._chinese = chinese_titles(own.get(WORDS_FILE))

    def title(self, number: int, *, is_bare: bool = False) -> str:
        """Return what a pull request is called, without the tags before it: in Chinese where all its words are known; ``is_bare`` without what it is about."""
        title = self._raw_title(number)
        if not title:
            return ""
        said = self._chinese.said(title) if self._words.language is Language.CHINESE else ""
        if said.count(_OF) > 2 or said.startswith(_STIFF) or any(each in said for each in _STIFF[1:]):
            # Behind each other such words read as no Chinese: the title keeps its own words.
            said = ""
        bare = bare_title(title).rstrip(".").strip()
        if len(bare) > _LONG_TITLE:
            bare = _FULL_STOP.split(bare, maxsplit=1)[0].rstrip(".")
        said = said or begin(bare)
        topic = topic_of(title)
        if not topic and _SECURITY.search(title) and not _SECURITY.search(bare):
            topic = self._words("story.security")
        is_needed = topic and not any(word[:_STEM].lower() in bare.lower() for word in topic.split())
        return f"{topic}{self._words.colon}{said}" if is_needed and not is_bare else said

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

    def _costs(self, pull: PullSummary) -> Iterator[str]:
        # By one language for both: a second one only beside a short one.
        is_short = sum(len(text.en) for text in pull.costs) <= _SHORT_COSTS
        yield from self._words.picked(pull.costs if is_short else pull.costs[:1])
        if pull.kind in GAINS and not pull.tests:
            yield self._words("story.untested")

    def noticed(self, notice: Notice) -> str:
        """Return what a notice says: of what only its title tells the title."""
        is_title = notice.name == name_of(notice.pulls[0])
        return self.title(notice.pulls[0]) if is_title else self._words.pick(notice.text)

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

    def became(self, number: int, *, most: int = 2) -> str:
        """Return what became of a pull request, in the window and after it, the gravest first; nothing where nothing followed.

        Of its fixes ``most`` are told with their titles.
        """
        words, parts = self._words, list[str]()
        for reason, code in _FOLLOWS:
            sources = self._followers(number, reason)
            if reason == "fixes":
                parts += self._mended(number, most)
            elif sources:
                parts.append(words(code, pulls=self.numbers(sources)))
        return words.semicolon.join(parts)

    def _followers(self, number: int, reason: LinkReason) -> list[int]:
        """Return who follows a pull request so."""
        return [link.source for link in self._links if link.target == number and link.reason == reason]

    def fixes_of(self, number: int) -> list[int]:
        """Return the fixes since of what a pull request brought, as who reads both sees it, the gravest first.

        Soon after it, or of the same subject by their titles.
        """
        pull, found = self._read.pull(number), []
        direct = {
            link.source
            for link in self._links
            if link.target == number
            and link.reason == "fixes"
            and any(name_of(number) in name for name in link.names)
        }
        own = stems_of(bare_title(self._raw_title(number))) - stems_of(_COMMON)
        for fix in dict.fromkeys((*direct, *(pull.later_fixes if pull else ()))):
            is_same = not own.isdisjoint(stems_of(bare_title(self._raw_title(fix))))
            if _HARMLESS.search(self._raw_title(fix)):
                continue
            if is_same or fix in direct or self._days(number, fix) <= _SOON:
                found.append(fix)
        return sorted(found, key=lambda fix: (self._gravity(fix), fix not in direct, fix))

    def _day(self, number: int) -> str:
        """Return when a fix was merged, of one of the window that it was."""
        words, merged = self._words, self._times.get(number) or ""
        if self._read.pull(number):
            return words("story.same-window", is_week=self._read.is_week)
        return words("story.on-day", day=merged[:10]) if merged else ""

    def _gravity(self, number: int) -> int:
        symptom = symptom_of(self._raw_title(number))
        return SYMPTOMS.index(symptom) if symptom else len(SYMPTOMS)

    def _mended(self, number: int, most: int) -> Iterator[str]:
        """Yield the gravest fixes of what a pull request brought, with what they repaired."""
        words, fixes = self._words, self.fixes_of(number)
        told = [
            words("story.fix-of", pull=name_of(fix), title=self.title(fix), day=self._day(fix))
            for fix in fixes[:most]
        ]
        if told:
            # What is not named here stands below the fold.
            code = "story.fixed" if len(fixes) <= most else "story.fixed-first"
            yield words(code, count=len(fixes), fixes=words.comma.join(told))

    def late_fixes(self, number: int, *, is_grave: bool = False) -> list[int]:
        """Return the fixes that what a pull request brought got only after the window; ``is_grave`` those of wrong results, hangs and crashes."""
        late = [fix for fix in self.fixes_of(number) if self._read.pull(fix) is None and self._times.get(fix)]
        return [fix for fix in late if not is_grave or self._gravity(fix) < len(SYMPTOMS)]

    def repaired(self, fix: int) -> str:
        """Return a fix with the day of its merge, of wrong results, hangs and crashes also with what it repaired."""
        words = self._words
        if self._gravity(fix) == len(SYMPTOMS):
            return self.dated(fix)
        return words("story.fix-of", pull=name_of(fix), title=self.title(fix), day=self._day(fix))

    def dated(self, number: int) -> str:
        """Return a pull request with the day of its merge."""
        return self._words("story.named-in", name=name_of(number), pull=(self._times.get(number) or "")[:10])

    def who(self, pull: PullSummary) -> str:
        """Return whom a pull request concerns; nothing where only its area tells, whose parts nobody knows by name, or its switch does."""
        is_vague = pull.affects in [text_of(code) for code in _VAGUE]
        return self._words.pick(pull.affects) if pull.affects and not (pull.switch or is_vague) else ""

    def served(self, pull: PullSummary) -> str:
        """Return whom a pull request is for, those included who have to switch it on; nothing where only its area tells."""
        is_vague = pull.affects in [text_of(code) for code in _VAGUE]
        return self._words.pick(pull.affects) if pull.affects and not is_vague else ""

    @cached_property
    def _links(self) -> tuple[Link, ...]:
        return tuple(link for link in self._digest.links if link.reason in dict(_FOLLOWS))

    def theme_of(self, pull: PullSummary) -> str:
        """Return what the line of work of a pull request is called, else its area."""
        theme = self.themes.get(pull.number)
        if theme is not None:
            return self.heading(theme)
        return self._read.area(pull.areas[0] if pull.areas else "other")

    @cached_property
    def themes(self) -> dict[int, Theme]:
        """The line of work of each pull request that is in one with a name."""
        return {
            number: theme
            for theme in self._digest.themes
            for number in theme.pulls
            # What a community is called by is the title of one of its pull requests.
            if theme.seed not in ("chain", "together")
        }

    def heading(self, theme: Theme) -> str:
        """Return what a theme is called, with its area where its name does not say it."""
        title, area = self._words.pick(theme.title), self._read.area(theme.area)
        if theme.seed == "registry":
            return area
        is_said = theme.seed in ("area", "chain", "together") or area.lower() in title.lower()
        return title if is_said else self._words("story.of-area", title=title, area=area)

    def numbers(self, numbers: Iterable[int]) -> str:
        """Return numbers as a list, each once."""
        return self._words.comma.join(name_of(number) for number in dict.fromkeys(numbers))

    def weight(self, pull: PullSummary) -> float:
        """Return how much a pull request is to a reader: its importance, more where users notice it, less where it only tidies."""
        noticed = pull.number in self._noticed
        is_quiet = not noticed and (pull.kind in _INSIDE or pull.audience == "developers")
        is_said = pull.kind in _BY_TITLE and not _CODE.search(bare_title(pull.title))
        is_mute = not pull.plain and not is_said
        is_tidy = pull.kind in GAINS and not noticed and _TIDY.search(pull.title) is not None
        is_aid = any(_AID.search(text) for text in (pull.title, *(said.en for said in pull.plain)))
        return (
            pull.importance
            + _AIDED * is_aid
            + _TIDIED * is_tidy
            + _MUTE * is_mute
            + _NOTICED * noticed
            + _NEW * (pull.kind in GAINS)
            + _QUIET * is_quiet
        )

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
    def reverts(self) -> tuple[str, ...]:
        """What was taken back, in the window and after it: a line for each two pull requests."""
        found = [
            link
            for link in self._links
            if link.reason == "reverts" and (self._read.pull(link.target) or self._read.pull(link.source))
        ]
        found.sort(key=lambda link: (self._read.pull(link.target) is None, link.target, link.source))
        return tuple(map(self.pair, found[:_REVERTS]))

    def pair(self, link: Link) -> str:
        """Return what was taken back, by whom, how soon, and who did it again."""
        return self._words(
            "story.pair",
            source=name_of(link.source),
            target=name_of(link.target),
            after=self._after(link.target, link.source),
            title=self.title(link.target) + self._again(link.target),
        )

    def _again(self, number: int) -> str:
        """Return who did again what was taken back; nothing where nobody did."""
        sources = self._followers(number, "reapplies")
        return self._words("story.pair-again", pulls=self.numbers(sources)) if sources else ""

    def _raw_title(self, number: int) -> str:
        pull = self._read.pull(number)
        return pull.title if pull else self._titles.get(number, "")

    @cached_property
    def _titles(self) -> dict[int, str]:
        return {one.number: one.title for one in self._digest.related}

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


def is_silent(title: str) -> bool:
    """Return whether a title says that results went wrong without an error."""
    return _SILENT.search(title) is not None


def symptom_of(title: str) -> str:
    """Return what a fix repairs by its title, one of ``SYMPTOMS``; nothing where the title names none, or speaks of logs, documents, tests."""
    if _HARMLESS.search(title):
        return ""
    return next((symptom for symptom, words in _BY_SYMPTOM if words.search(title)), "")
