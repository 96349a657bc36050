"""What users notice of a window, by kind: all of it, and before the fold what stands nowhere else; and what was fixed, by what it repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Digest, Notice, NoticeKind, PullSummary
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import SYMPTOMS, PullStory, is_silent, symptom_of
from diffscope.products.report.render.story.upgrade import Section, UpgradeList
from diffscope.render.words import Words

_SHOWN: Final[Mapping[NoticeKind, int]] = {
    **dict.fromkeys(
        ("default", "removed", "dependency", "model", "option", "request", "variable", "endpoint"), 3
    ),
    "refused": 2,
}
"""Of each kind before the fold, where all of it stands."""
_LISTED: Final[frozenset[NoticeKind]] = frozenset({"default", "removed", "dependency"})
"""Of what asks to act that which is listed whole."""
_LONG_GROUP: Final = 120
"""Characters of what one pull request changes of a kind, from which on it stands below the fold."""
_SHORT_REASON: Final = 90
_GRAVE: Final = 5
"""Fixes of wrong results that are told with their titles, and below of each other symptom."""
_OF_A_SYMPTOM: Final = 2
_QUOTES: Final = "“"


class NoticeStory:
    """What users notice of one digest, in one language."""

    def __init__(self, digest: Digest, words: Words, pulls: PullStory, upgrade: UpgradeList) -> None:
        self._digest = digest
        self._words = words
        self._pulls = pulls
        self._upgrade = upgrade
        self._told: frozenset[int] = frozenset()

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """What users notice, by kind."""
        return tuple(
            Section(self._words(f"notices.{kind}"), tuple(map(self._notice, found)))
            for kind, found in self._by_kind.items()
        )

    @cached_property
    def _by_kind(self) -> dict[NoticeKind, list[Notice]]:
        by_kind: dict[NoticeKind, list[Notice]] = {}
        for notice in self._digest.notices:
            by_kind.setdefault(notice.kind, []).append(notice)
        return by_kind

    def lines(self, told: frozenset[int], decided: frozenset[int] = frozenset()) -> tuple[str, ...]:
        """What users notice before the fold, a line a kind, besides what stands with its pull request above, as for those ``told`` and those of the upgrade list.

        Of those ``decided`` the first sentences tell what changed.
        """
        self._told, told = told, told | self._upgrade.asking
        lines = []
        for kind, found in self._by_kind.items():
            fresh = [
                one
                for one in found
                if not any(one in group for group in self._upgrade.groups)
                and not (one.gist and not decided.isdisjoint(one.pulls))
                and (kind in _LISTED or told.isdisjoint(one.pulls))
            ]
            groups = self._together(fresh)[: _SHOWN.get(kind, 0)]
            if groups:
                name, line = self._words(f"notices.{kind}"), self._words.semicolon.join(groups)
                lines.append(self._words("story.notices", kind=name, line=line))
        return tuple(lines)

    def _together(self, notices: Sequence[Notice]) -> list[str]:
        """Return notices of a kind, those of the same pull requests in one."""
        groups: dict[tuple[tuple[int, ...], int | None], list[Notice]] = {}
        for notice in notices:
            groups.setdefault((notice.pulls, notice.undone_by), []).append(notice)
        return [
            self._with_pulls(self._words.comma.join(map(self._said, group)), pulls, undone_by)
            for (pulls, undone_by), group in groups.items()
            if sum(len(one.text.en) for one in group) <= _LONG_GROUP
        ]

    def _said(self, notice: Notice) -> str:
        said = self._pulls.noticed(notice)
        is_told = not self._told.isdisjoint(notice.pulls) or len(notice.reason) > _SHORT_REASON
        if notice.reason and not is_told:
            return self._words("story.reason", said=said, reason=notice.reason)
        return said

    def _with_pulls(self, said: str, pulls: Sequence[int], undone_by: int | None) -> str:
        text = self._words("story.named-in", name=said, pull=self._pulls.numbers(pulls))
        return text if undone_by is None else self._words("story.undone", text=text, pull=name_of(undone_by))

    def _notice(self, notice: Notice) -> str:
        return self._with_pulls(self._said(notice), notice.pulls, notice.undone_by)


class FixStory:
    """What one digest tells of fixes, in one language."""

    def __init__(self, read: PageView, words: Words, pulls: PullStory, upgrade: UpgradeList) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._pulls = pulls
        self._upgrade = upgrade

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The gravest fixes, a line a symptom, and how many more stand below the fold."""
        words = self._words
        told = tuple(
            words(
                "story.fixes",
                symptom=words(f"symptom.{symptom}"),
                said=words.semicolon.join(map(self._fix, pulls)),
            )
            for symptom, pulls in self.by_symptom.items()
        )
        more = self._more_fixes() if told else ""
        return (*told, more) if more else told

    def _more_fixes(self) -> str:
        words, shown = self._words, self.by_symptom
        left = {symptom: pulls[len(shown.get(symptom, ())) :] for symptom, pulls in self._harmful.items()}
        said = [
            words(f"repaired.{symptom}", pulls=self._pulls.numbers(pull.number for pull in pulls))
            for symptom, pulls in left.items()
            if pulls
        ]
        fixes = [one for one in self._pulls.ranked if one.kind == "bugfix" and one.audience != AUDIENCES[-1]]
        rest = len([one for one in fixes if not any(one in pulls for pulls in self._harmful.values())])
        said += [words("story.fixes-rest", count=rest)] if rest else []
        return words("story.fixes-more", said=words.comma.join(said)) if said else ""

    def _fix(self, pull: PullSummary) -> str:
        words = self._words
        is_built = pull.audience == AUDIENCES[-1]
        says = [
            text
            for text in pull.plain[:1]
            if _QUOTES not in text.en and len(text.en) <= _SHORT_REASON and not is_built
        ]
        of = "" if is_built or self._says_platform(pull) else self._pulls.who(pull)
        who = words("story.fix-who", who=of) if of else ""
        # Lines of a fix that moved on are no word on whether it still holds.
        back = self._pulls.became(pull.number) if pull.number in self._pulls.taken_back else ""
        parts = [*words.picked(says), who, back]
        aside = words.aside(words.semicolon.join(part for part in parts if part)) if any(parts) else ""
        return words("story.fix", pull=name_of(pull.number), title=self._pulls.title(pull.number)) + aside

    def _says_platform(self, pull: PullSummary) -> bool:
        """Return whether those concerned are only those of a platform that the title names."""
        platforms = [
            self._words("affects.platform-only", platform=self._read.area(one)) for one in pull.platforms[:1]
        ]
        is_only = bool(platforms) and self._pulls.who(pull) == platforms[0]
        return is_only and self._read.area(pull.platforms[0]).lower() in pull.title.lower()

    @cached_property
    def by_symptom(self) -> dict[str, list[PullSummary]]:
        """Of the fixes those that are told with their titles."""
        most = {SYMPTOMS[0]: _GRAVE}
        kept = {name: pulls[: most.get(name, _OF_A_SYMPTOM)] for name, pulls in self._harmful.items()}
        return {symptom: pulls for symptom, pulls in kept.items() if pulls}

    @cached_property
    def _harmful(self) -> dict[str, list[PullSummary]]:
        """The fixes by what they repaired, not those of what this window brought itself."""
        own = {
            link.source
            for link in self._digest.links
            if link.reason == "fixes" and self._read.pull(link.target)
        }
        found: dict[str, list[PullSummary]] = {symptom: [] for symptom in SYMPTOMS}
        for pull in self._pulls.ranked:
            symptom = symptom_of(pull.title)
            # How it is built may spoil results, too; a limit against abuse is one of security also where it refuses requests.
            is_met = pull.audience != AUDIENCES[-1] or symptom == SYMPTOMS[0]
            is_asked = pull.number in self._upgrade.asking and symptom != "data"
            if symptom and pull.kind == "bugfix" and is_met and not is_asked and pull.number not in own:
                found[symptom].append(pull)
        found[SYMPTOMS[0]].sort(key=lambda pull: not is_silent(pull.title))
        return found
