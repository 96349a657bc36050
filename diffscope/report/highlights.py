"""The pull requests worth a reader's time, each with its strongest facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.assessment.values import Assessment
from diffscope.report.counts import number_of
from diffscope.report.values import Highlight
from diffscope.rules.values import Bilingual, Severity

_MOST_FACTS = 4


def highlights(assessments: Iterable[Assessment], *, most: int) -> tuple[Highlight, ...]:
    """Return the most important pull requests, most important first; ties by insight, then by number."""
    ranked = sorted(assessments, key=lambda one: (-one.importance.value, -one.insight.value, number_of(one)))
    return tuple(_highlight(one) for one in ranked[:most])


def _highlight(assessment: Assessment) -> Highlight:
    return Highlight(
        number=number_of(assessment),
        title=assessment.change.pull.title,
        url=assessment.change.pull.url,
        kind=assessment.kind,
        level=assessment.risk.level.value,
        importance=assessment.importance.value,
        insight=assessment.insight.value,
        areas=tuple(share.area for share in assessment.areas[:3]),
        platforms=assessment.platforms,
        facts=tuple(_facts(assessment))[:_MOST_FACTS],
    )


def _facts(assessment: Assessment) -> Iterator[Bilingual]:
    """Yield clauses that the facts carry: the worst flags, what is new, where it sits, how large it is, which tests came along."""
    for flag in sorted(assessment.flags, key=lambda flag: (-flag.severity.rank, flag.code)):
        if flag.severity.rank >= Severity.MEDIUM.rank:
            yield flag.message
    yield from _key_symbols(assessment)
    yield from _reach(assessment)
    yield _size(assessment)


def _key_symbols(assessment: Assessment) -> Iterator[Bilingual]:
    files = sorted(assessment.files, key=lambda file: (-file.importance, file.path))
    names = [name for file in files if file.category in ("source", "native") for name in file.symbols[:2]][:4]
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        yield Bilingual(en=f"key symbols: {listed}", zh=f"关键符号：{listed.replace(', ', '、')}")


def _reach(assessment: Assessment) -> Iterator[Bilingual]:
    reached = [module for module in assessment.modules if isinstance(module.reach, int) and module.reach > 0]
    if reached:
        widest = max(reached, key=lambda module: (module.reach, module.module))
        yield Bilingual(
            en=f"`{widest.module}` is reached by {widest.reach} modules within two imports",
            zh=f"`{widest.module}` 在两层导入内被 {widest.reach} 个模块触达",
        )


def _size(assessment: Assessment) -> Bilingual:
    change, tests = assessment.change, len(assessment.tests.changed)
    return Bilingual(
        en=f"+{change.additions}/-{change.deletions} in {change.files} files, {tests} of them tests",
        zh=f"{change.files} 个文件 +{change.additions}/-{change.deletions}，其中测试 {tests} 个",
    )
