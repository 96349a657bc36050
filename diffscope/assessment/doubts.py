"""Why rules could not be judged, once for each reason: ``gather_doubts``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from diffscope.rules.values import Bilingual, UnknownRule
from diffscope.source.attempts import INTERNAL_ERROR
from diffscope.source.model import Gap, PullRequest, SourceKind, Value

_MOST_PLACES: Final = 3
_TREE: Final = "the tree of the base"
_PARSE: Final = "it does not parse"
_UNREAD: Final = "its text before or after the change could not be read"
_OF_FAMILY: Final = re.compile(r"\w+: (?P<reason>.+?)(?: \((?P<path>[^()]+)\))?")
_OF_FIELD: Final = re.compile(
    r"(?P<field>\w+\.\w+): not computed for (?P<path>.+?)(?: and (?P<more>\d+) more)?"
)
_LINE: Final = re.compile(r"line (\d+)")
_ABSENT: Final = {
    "no module graph of the base": "没有基准的模块图",
    "no CI steps at the base": "基准没有 CI 步骤",
    "no CI declarations of the base": "没有基准的 CI 声明",
    "no history of the base": "没有基准的历史",
    "the history of the base is cut off": "基准的历史被截断",
    _UNREAD: "无法读取变更前或变更后的文本",
}
"""What is not there, in Chinese; a bare patch lacks each of it for one reason."""


class Doubt(Value, frozen=True, kw_only=True):
    """One reason and the rules that it left unjudged."""

    reason: Bilingual
    codes: tuple[str, ...]
    """In order. A rule with two reasons stands with both."""
    paths: tuple[str, ...] = ()
    needs_tree: bool = False
    """It is a bare patch, judged without the tree that it was made against."""

    def sentence(self, *, most: int | None = None) -> Bilingual:
        """Return reason and rules, at most so many of them by code."""
        kept, rest = self.codes[:most], len(self.codes[most:]) if most is not None else 0
        en = ", ".join(kept) + (f" and {rest} more" if rest else "")
        zh = "、".join(kept) + (f" 等 {len(self.codes)} 条" if rest else "")
        if self.needs_tree:
            count = len(self.codes)
            who = f"{count} rules need" if count > 1 else "1 rule needs"
            return Bilingual(
                en=f"{who} {_TREE}, which a bare patch does not have: {en}",
                zh=f"{count} 条规则需要基准的目录树，而单独的补丁没有：{zh}",
            )
        return Bilingual(
            en=f"{self.reason.en}; not judged for it: {en}", zh=f"{self.reason.zh}；因此未判定：{zh}"
        )


class _Cause(NamedTuple):
    reason: str
    path: str | None = None
    more: int = 0


def gather_doubts(
    unknown: Iterable[UnknownRule], *, gaps: Iterable[Gap], pull: PullRequest
) -> tuple[Doubt, ...]:
    """Return the reasons, that of the most rules first.

    ``gaps`` tell the line at which a file stops to parse; ``pull`` whether the change is a patch that nobody knows the base of.
    """
    is_bare = pull.source is SourceKind.PATCH and pull.base is None
    found: dict[str, dict[str, None]] = {}
    places: dict[str, dict[str, int]] = {}
    for rule in unknown:
        for cause in map(_cause, rule.missing or ("facts",)):
            reason = _TREE if is_bare and cause.reason in _ABSENT else cause.reason
            found.setdefault(reason, {})[rule.code] = None
            if cause.path:
                places.setdefault(reason, {})[cause.path] = cause.more
    lines = {str(gap.path): str(line[1]) for gap in gaps if gap.path and (line := _LINE.search(gap.reason))}
    doubts = (
        Doubt(
            reason=_said(reason, places.get(reason, {}), lines),
            codes=tuple(sorted(codes)),
            paths=tuple(sorted(places.get(reason, {}))),
            needs_tree=reason == _TREE,
        )
        for reason, codes in found.items()
    )
    return tuple(sorted(doubts, key=lambda one: (-len(one.codes), one.reason.en)))


def _cause(missing: str) -> _Cause:
    if field := _OF_FIELD.fullmatch(missing):
        return _Cause(f"{field['field']} not computed", field["path"], int(field["more"] or 0))
    if missing == INTERNAL_ERROR:
        return _Cause(INTERNAL_ERROR)
    if family := _OF_FAMILY.fullmatch(missing):
        return _Cause(family["reason"], family["path"])
    return _Cause(f"missing {missing}")


def _said(reason: str, places: dict[str, int], lines: dict[str, str]) -> Bilingual:
    named = [
        f"{path}:{lines[path]}" if reason == _PARSE and path in lines else path for path in sorted(places)
    ]
    rest = max(len(named) - _MOST_PLACES, *places.values(), 0) if places else 0
    en = ", ".join(named[:_MOST_PLACES]) + (f" and {rest} more" if rest else "")
    zh = "、".join(named[:_MOST_PLACES]) + (f" 等 {min(len(named), _MOST_PLACES) + rest} 个" if rest else "")
    if reason == _PARSE and named:
        return Bilingual(en=f"{en} {'do' if len(named) > 1 else 'does'} not parse", zh=f"{zh} 无法解析")
    chinese = _ABSENT.get(reason) or _chinese(reason)
    return Bilingual(en=f"{reason} ({en})" if en else reason, zh=f"{chinese}（{zh}）" if zh else chinese)


def _chinese(reason: str) -> str:
    if reason.startswith("missing "):
        return f"缺少 {reason.removeprefix('missing ')}"
    if reason.endswith(" not computed"):
        return f"未计算 {reason.removesuffix(' not computed')}"
    return {_PARSE: "无法解析", INTERNAL_ERROR: "内部错误"}.get(reason, reason)
