"""What users notice of a window, by kind: all of it, and before the fold what stands nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Digest, Notice, NoticeKind
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.render.story.upgrade import Section, UpgradeList
from diffscope.render.words import Words

_SHOWN: Final[Mapping[NoticeKind, int]] = {
    **dict.fromkeys(("default", "removed", "dependency", "model"), 4),
    **dict.fromkeys(("option", "request", "variable", "endpoint", "refused"), 3),
}
"""Of each kind before the fold, where all of it stands."""
_LISTED: Final[frozenset[NoticeKind]] = frozenset({"default", "removed", "dependency"})
"""Of what asks to act that which is listed whole."""
_LONG_GROUP: Final = 120
"""Characters of what one pull request changes of a kind, from which on it stands below the fold."""
_SHORT_REASON: Final = 90


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

    def lines(self, told: frozenset[int]) -> tuple[str, ...]:
        """What users notice before the fold, a line a kind, besides what stands with its pull request above, as for those ``told`` and those of the upgrade list."""
        self._told, told = told, told | self._upgrade.asking
        lines = []
        for kind, found in self._by_kind.items():
            fresh = [
                one
                for one in found
                if not any(one in group for group in self._upgrade.groups)
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
