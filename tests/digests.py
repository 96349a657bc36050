"""Assessments of made-up pull requests, few words each."""

from __future__ import annotations

import msgspec

from diffscope.assessment.document import Assessment, Risk, RiskLevel, Score, TestsAssessment
from diffscope.facts.model import Nearest
from diffscope.products.report.model import Period
from diffscope.rules.model import Flag, Severity
from diffscope.source.model import CommitId
from tests.assessments import a_flag, an_assessment

WEEK = Period(since="2026-03-23", until="2026-03-29", offset="+08:00", label="2026-W13")
WEEK_BEFORE = Period(since="2026-03-16", until="2026-03-22", offset="+08:00", label="2026-W12")


def a_pull(
    number: int,
    *,
    title: str = "[Core] Change something",
    author: str | None = "Ada",
    login: str | None = None,
    kind: str = "feature",
    importance: float = 5.0,
    flags: tuple[Flag, ...] = (),
    level: RiskLevel = RiskLevel.NONE,
    body: str | None = None,
    **fields: object,
) -> Assessment:
    """Return an assessment of pull request ``number``."""
    base = an_assessment()
    pull = msgspec.structs.replace(
        base.change.pull,
        number=number,
        title=title,
        author=author,
        author_login=login,
        body=body,
        head=CommitId(f"{number:040x}"),
        url=f"https://github.com/vllm-project/vllm/pull/{number}",
    )
    return an_assessment(
        change=msgspec.structs.replace(base.change, pull=pull),
        kind=kind,
        importance=Score(value=importance, formula="importance/1", parts=()),
        flags=flags,
        waived=(),
        unknown=(),
        risk=Risk(level=level, because=()),
        **fields,
    )


def flag(code: str, family: str, severity: Severity = Severity.MEDIUM) -> Flag:
    """Return a flag of a family."""
    return a_flag(code, family=family, severity=severity, fingerprint=f"{code}-{family}")


def looked_at(*, changed: tuple[str, ...] = (), nearest: tuple[str, ...] = ()) -> TestsAssessment:
    """Return what tests look at a change."""
    near = tuple(Nearest(path=path, score=1.0, reasons=("imports it",)) for path in nearest)
    return TestsAssessment(changed=changed, nearest=near)
