"""The pull requests worth a reader's time, each with its strongest facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.assessment.document import Assessment
from diffscope.products.report.change_summary import gist_of
from diffscope.products.report.counts import number_of
from diffscope.products.report.model import Highlight
from diffscope.rules.values import Bilingual

_MOST_FACTS = 2
_FAR = 20
"""Modules. Fewer are no reach worth a word."""


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
        facts=tuple(_facts(assessment)),
    )


def _facts(assessment: Assessment) -> Iterator[Bilingual]:
    """Yield clauses that the facts carry: what it does, how far it reaches, how large it is, which tests came along."""
    yield from gist_of(assessment)[:_MOST_FACTS]
    yield from _reach(assessment)
    yield _size(assessment)


def _reach(assessment: Assessment) -> Iterator[Bilingual]:
    reached = [
        module for module in assessment.modules if isinstance(module.reach, int) and module.reach >= _FAR
    ]
    if reached:
        widest = max(reached, key=lambda module: (module.reach, module.module))
        yield Bilingual(
            en=f"{widest.reach} modules depend on `{widest.module}` within two imports",
            zh=f"两层导入以内有 {widest.reach} 个模块依赖 `{widest.module}`",
        )


def _size(assessment: Assessment) -> Bilingual:
    change, tests = assessment.change, len(assessment.tests.changed)
    return Bilingual(
        en=f"{change.files} {'file' if change.files == 1 else 'files'} +{change.additions}/-{change.deletions}, "
        + (f"{tests} of them tests" if tests else "no test among them"),
        zh=f"{change.files} 个文件 +{change.additions}/-{change.deletions}，"
        + (f"其中测试文件 {tests} 个" if tests else "未改动测试"),
    )
