"""What asks who upgrades to act: who notices it, what was, what is, what that does and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from diffscope.messages.model import Language
from diffscope.messages.say import text_of, texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Notice, NoticeKind, PullSummary
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.statements import quoted
from diffscope.render.sentences import begin
from diffscope.render.words import Words

_NAMED: Final = 3
_ACT: Final[Mapping[NoticeKind, int]] = {"dependency": 1, "default": 4, "removed": 2, "refused": 2}
"""What asks who upgrades to act, and how many pull requests of it the upgrade list names."""
_LINES: Final = 7
_LOST: Final = lazy_regex(r"(?i)\b(?:no longer|not) supported\b")
_OTHERWISE: Final = ("does.first_choice", "does-of.ALLREDUCE")
"""What a changed default does where results may differ."""
_NAMED_SETTING: Final = lazy_regex(r"`(--[a-z-]+|[A-Z]+_[A-Z0-9_]+|[A-Z]\w*(?:Config|Args)\.\w+)`")
_VARIABLE: Final = lazy_regex(r"\b[A-Z]+_[A-Z0-9_]+\b")
_GOES: Final = lazy_regex(r"\bgoes in v\d")
_LOST_BY: Final = lazy_regex(r"“([A-Z][\w.-]*(?: \w+)?) (?:is|are) no longer supported")
_QUOTED_OPTION: Final = lazy_regex(r"['‘](--[a-z][a-z-]*(?:[ =][\w-]+)?)['’] (?:is|are|has been) deprecated")
"""How a warning names an option that goes."""
_METHOD: Final = lazy_regex(r"\b([A-Z]\w*(?<!Config)(?<!Args)(?<!Params)(?<!Request)\.[a-z]\w+)")
_WAS_UNSET: Final = lazy_regex(r"where `([A-Z_]+)` was unset")
_RULE: Final = lazy_regex(r"^(?:When|If|Where) (.+?), (.+)")
"""How an author says when a default does something: nobody else meets it."""
_BESIDES: Final = lazy_regex(r"`([^`]+)` \(where ")
"""How a new state begins that has further conditions behind it."""
_VERSION: Final = lazy_regex(r"will be removed in (v?\d[\d.]*\d)")
_LONG_COST: Final = 120
_CAPPED: Final = "by its tests"
"""How an effect begins that says what runs only with an older version."""
_CODE_SPAN: Final = lazy_regex(r"`[^`]+`")
_COUNT: Final = lazy_regex(r"\d+")


def tidy(sentence: str) -> str:
    """Return a sentence without the space that a Chinese bracket needs no more."""
    return sentence.replace("） ", "）")


class Section(NamedTuple):
    """A heading and what is told under it."""

    title: str
    lines: tuple[str, ...]


class UpgradeList:
    """What asks who upgrades to act, in one language."""

    def __init__(self, read: PageView, words: Words, pulls: PullStory) -> None:
        self._read = read
        self._words = words
        self._pulls = pulls
        self._digest = read.digest

    def lines(self, *, is_short: bool = False) -> tuple[str, ...]:
        """Return a line a change: who, what was and is, what is seen, how to keep it; ``is_short`` without further conditions."""
        return tuple(self._line(group, is_short=is_short) for group in self.groups)

    def _line(self, group: Sequence[Notice], *, is_short: bool) -> str:
        """Return who notices it, what was and is, what that does, and what to do about it."""
        words, pull = self._words, self._read.pull(group[0].pulls[0])
        effects = [self._effect(one, is_short=is_short) for one in group]
        effect = next((each for each in effects if each), "")
        # Of what goes nobody needs the fixes.
        became = (
            ""
            if group[0].kind == "removed"
            else self._pulls.became(group[0].pulls[0], most=1 if is_short else 2)
        )
        who = self.who(group, is_short=is_short)
        changes = [self._without_name(each, who) for each in self._changes(group, pull, is_short=is_short)]
        return words(
            "story.upgrade",
            who=begin(who),
            line=words.semicolon.join(dict.fromkeys(changes)),
            effect=words("story.upgrade-effect", said=begin(effect)) if effect else "",
            keep=words("story.upgrade-do", said=words.semicolon.join(self._duties(group, pull))),
            became=words("pick.open", said=became) if became else "",
            pull=name_of(group[0].pulls[0]),
        )

    def _without_name(self, change: str, who: str) -> str:
        """Return a change, without the name of the setting that those concerned have just been named by."""
        words, name = self._words, next(iter(_CODE_SPAN.findall(who)), "")
        if not name or not change.startswith(name):
            return change
        if change.startswith(f"{name}{words.colon}"):
            return change.removeprefix(f"{name}{words.colon}")
        return words("story.that-setting", said=change.removeprefix(name).strip())

    def _duties(self, group: Sequence[Notice], pull: PullSummary | None) -> list[str]:
        """Return what to do: how to keep what was, and what to test in the area that it concerns."""
        words, first = self._words, group[0]
        keeps = list(dict.fromkeys(words.pick(one.keep) for one in group if one.keep))
        # Of a limit that a setting raises what it is.
        asked = " ".join(one.keep.en for one in group if one.kind == "refused" and one.keep)
        keeps += [
            words.pick(text)
            for text in (pull.switch if pull else ())
            if text.en.partition(" (")[0].strip("`") in asked
        ]
        known = texts(Language.ENGLISH)
        is_named = _NAMED_SETTING.search(" ".join(one.text.en for one in group)) is not None
        by_kind = {
            "removed": "story.do-lost"
            if not self.damage(group)
            else "story.do-removed"
            if is_named
            else "story.do-look",
            "refused": "story.do-refused",
            "dependency": "story.do-dependency",
        }
        areas = [f"probe.{area}" for area in (pull.areas if pull else ()) if f"probe.{area}" in known]
        owners = first.name.split("_") if first.name.isupper() else (first.name.partition(".")[0],)
        codes = [*(f"do-of.{owner}" for owner in owners), by_kind.get(first.kind, ""), *areas]
        code = next((code for code in codes if code in known), "story.do-default")
        if first.kind == "refused":
            return [words(by_kind[first.kind]), *keeps[:2]]
        # What goes is not kept by a test, and what is said of a constant asks for one.
        is_whole = keeps and (first.kind == "removed" or len(keeps) > 1)
        return keeps[:2] if is_whole else [*keeps[:1], words(code)]

    def _changes(self, group: Sequence[Notice], pull: PullSummary | None, *, is_short: bool) -> Iterator[str]:
        words = self._words
        kinds = dict.fromkeys(one.kind for one in group)
        if "default" in kinds:
            # What is refused with another default is told by what to do.
            kinds.pop("refused", None)
        for kind in kinds:
            own = [one for one in group if one.kind == kind]
            for code in ("story.act-deprecated", "story.act-removed", "story.act-refused"):
                plain = [self._pulls.noticed(one) for one in own if _said_by(one) == code]
                version = _VERSION.search(own[0].text.en)
                if plain and version and code == "story.act-deprecated":
                    yield words("story.act-deprecated-in", said=words.comma.join(plain), version=version[1])
                elif plain:
                    yield words(code, said=words.comma.join(plain[:1] if kind == "refused" else plain))
            yield from (self._change(one, is_short=is_short) for one in own if not _said_by(one))
        costs = [text for text in pull.costs if "“" in text.en and len(text.en) <= _LONG_COST] if pull else []
        if "refused" not in {one.kind for one in group} and not any(map(self._effect, group)):
            yield from map(words.pick, costs[:1])

    def _change(self, one: Notice, *, is_short: bool) -> str:
        words = self._words
        if one.subject and one.was and one.now:
            was, now, rule = words.pick(one.was), words.pick(one.now), _RULE.match(one.reason)
            now = words("now.rule", said=rule[2]) if rule else now
            first = _BESIDES.match(one.now.en) if is_short else None
            now = words("now.besides-folded", value=first[1]) if first else now
            return words("story.changed", subject=words.pick(one.subject), was=was, now=now)
        return self._pulls.noticed(one)

    def _effect(self, one: Notice, *, is_short: bool = False) -> str:
        """Return what a change does to a server, in our words, and what its author says of it behind them."""
        words = self._words
        said = quoted(one.reason) if one.reason and not _RULE.match(one.reason) else None
        effect = words.pick(one.effect) if one.effect else ""
        if is_short and effect and one.effect and one.effect.en.startswith(_CAPPED):
            # The first of them stand with who should wait.
            effect = words("story.capped-folded", count=int(_COUNT.findall(one.effect.en)[0]))
        return (
            words("story.effect-quoted", said=effect, quoted=words.pick(said)) if effect and said else effect
        )

    def who(self, group: Sequence[Notice], *, is_short: bool = False) -> str:
        """Return whom a pull request concerns: of what goes who set it, of one of the project's own work those of its platform."""
        words, pull = self._words, self._read.pull(group[0].pulls[0])
        named = _NAMED_SETTING.findall(" ".join(one.text.en for one in group))
        is_default = group[0].kind == "default"
        if (
            group[0].kind == "dependency"
            and group[0].is_weighty
            and (pull is None or len(pull.platforms) != 1)
        ):
            return words("story.everyone-installs")
        lost = self._losers(group, named) if group[0].kind == "removed" else ""
        if lost:
            return lost
        if pull is None or (pull.affects is None and not (is_default and named)):
            return words("story.everyone")
        if (
            len(pull.platforms) == 1
            and pull.platforms != ("cuda",)
            and pull.affects
            and (is_default or pull.audience == AUDIENCES[-1])
        ):
            served = words("affects.platform-only", platform=self._read.area(pull.platforms[0]))
            free = _WAS_UNSET.search(group[0].was.en) if group[0].was else None
            return words("story.unset-of", who=served, name=free[1]) if free else served
        rule = _RULE.match(group[0].reason)
        is_value = is_default and named and group[0].was and not group[0].was.en.startswith("there")
        if is_value and f"`{named[0]}`" == (group[0].subject or group[0].text).en:
            unset = words("story.unset", name=named[0])
            code = "story.unset-folded" if is_short else "story.unset-where"
            return words(code, said=unset, rule=rule[1]) if rule else unset
        return (
            words.pick(pull.affects)
            if pull.affects and pull.audience != AUDIENCES[-1]
            else words("story.everyone")
        )

    def _losers(self, group: Sequence[Notice], named: Sequence[str]) -> str:
        """Return who used what goes: its setting, a kind of models, or a method that only Python code calls."""
        words, lost = self._words, _LOST_BY.search(group[0].text.en)
        named = [*named, *(found[1] for one in group for found in _QUOTED_OPTION.finditer(one.text.en))]
        callers = dict.fromkeys(f"`{name}`" for one in group for name in _METHOD.findall(one.text.en))
        if lost or named:
            return words("story.users-of", name=lost[1]) if lost else words("affects.when-set", name=named[0])
        return words("story.callers-of", names=words.comma.join(callers)) if callers else ""

    @cached_property
    def groups(self) -> tuple[tuple[Notice, ...], ...]:
        """What asks to act, by pull request; what most deployments meet first."""
        kinds = {pull.number: pull.kind for pull in self._digest.pulls}
        fresh = [one.name for one in self._digest.notices if one.kind in ("option", "variable", "setting")]
        found: dict[int, list[Notice]] = {}
        for one in sorted(
            self._digest.notices, key=lambda one: list(_ACT).index(one.kind) if one.kind in _ACT else 0
        ):
            # What is refused with what nobody could set before stops nobody.
            is_of_new = any(name.rpartition(".")[2] in one.text.en for name in fresh)
            is_new = one.kind == "refused" and (kinds.get(one.pulls[0]) == "feature" or is_of_new)
            is_asked = one.kind != "dependency" or one.is_weighty
            # What only a title says asks nobody anything that can be told.
            is_known = one.name != name_of(one.pulls[0])
            if one.kind in _ACT and one.undone_by is None and is_asked and not is_new and is_known:
                found.setdefault(one.pulls[0], []).append(one)
        groups = [tuple(group[:_NAMED]) for group in found.values()]
        groups.sort(key=lambda group: (self.damage(group), self._reach(group[0].pulls[0])))
        kept = [[group for group in groups if group[0].kind == kind][:most] for kind, most in _ACT.items()]
        return tuple([group for group in groups if any(group in of for of in kept)][:_LINES])

    def damage(self, group: Sequence[Notice]) -> int:
        """Return what a change does at worst: 0 something does not load, 1 is refused, 2 other results, 3 other speed or memory, 4 nothing before a later version."""
        first, said = group[0], " ".join(one.text.en for one in group)
        if self.is_lost(group):
            return 0
        if first.kind == "dependency":
            return 0 if self.is_for_all(group) else 2
        if first.kind == "default":
            return 2 if any(one.effect == text_of(code) for one in group for code in _OTHERWISE) else 3
        if first.kind == "refused":
            # Of a limit that a setting raises most never hear.
            return 3 if first.keep and _VARIABLE.search(first.keep.en) else 1
        return 4 if _said_by(first) == "story.act-deprecated" or _GOES.search(said) else 1

    def is_lost(self, group: Sequence[Notice]) -> bool:
        """Return whether something is said to be supported no longer."""
        return _LOST.search(" ".join(one.text.en for one in group)) is not None

    def is_for_all(self, group: Sequence[Notice]) -> bool:
        """Return whether a change concerns all deployments, or all that are installed anew."""
        return self.who(group) in map(self._words, ("story.everyone", "story.everyone-installs"))

    def is_capped(self, group: Sequence[Notice]) -> bool:
        """Return whether tests say that something runs only with an older version of a dependency."""
        return any(one.effect and one.effect.en.startswith(_CAPPED) for one in group)

    def capped(self, group: Sequence[Notice]) -> str:
        """Return what runs only with an older version: the first names, and how many there are beyond."""
        said = next(one.effect.en for one in group if one.effect and one.effect.en.startswith(_CAPPED))
        names, whole = _CODE_SPAN.findall(said), int(_COUNT.findall(said)[0])
        listed = self._words.comma.join(names[:_NAMED])
        return (
            self._words("list.of-models", names=listed, count=whole)
            if whole > len(names[:_NAMED])
            else listed
        )

    def check(self, group: Sequence[Notice]) -> str:
        """Return the test that shows whether a change is met."""
        # What an error says itself is no test.
        at = 0 if group[0].kind == "refused" else -1
        return self._duties(group, self._read.pull(group[0].pulls[0]))[at]

    @cached_property
    def asking(self) -> frozenset[int]:
        """The pull requests of the list."""
        return frozenset(group[0].pulls[0] for group in self.groups)

    def _reach(self, number: int) -> int:
        pull = self._read.pull(number)
        return 0 if pull is None or pull.affects is None else 1 + (len(pull.platforms) == 1)


def _said_by(one: Notice) -> str:
    """Return the message that a notice stands in; nothing where its text is whole."""
    if one.is_weighty or one.kind not in ("removed", "refused"):
        return ""
    if one.kind == "refused":
        return "story.act-refused"
    is_still_there = any(word in one.text.en.lower() for word in ("deprecat", "will be removed"))
    return "story.act-deprecated" if is_still_there else "story.act-removed"
