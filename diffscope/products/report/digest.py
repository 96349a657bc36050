"""Assessments of a window -> ``Digest``.

Assessments are cut down to the fields that a digest reads, so that half a year of changes fits in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.assessment.document import Assessment, FileAssessment, report_gap
from diffscope.messages.model import Language, Text
from diffscope.products.report.authors_words import NOTHING
from diffscope.products.report.counts import (
    area_changes,
    authors,
    count,
    families_of,
    hot_files,
    items_of,
    number_of,
    risk_section,
    still_open,
    trend_point,
    with_streaks,
    worked_on,
)
from diffscope.products.report.link_model import Link
from diffscope.products.report.links.build import link_window
from diffscope.products.report.links.chains import telling_lines
from diffscope.products.report.links.lines import is_fix
from diffscope.products.report.links.nodes import Around
from diffscope.products.report.model import (
    Counted,
    Digest,
    Newest,
    Period,
    PullSummary,
    Recheck,
    Revert,
    RuleName,
    TrendPoint,
)
from diffscope.products.report.notices import find_notices
from diffscope.products.report.plain import in_plain_words
from diffscope.products.report.requirements import new_major
from diffscope.render.change_summary import clauses_of
from diffscope.render.sentences import what_to_check
from diffscope.render.words import Words
from diffscope.rules.model import Flag, RuleCode, every_flag
from diffscope.source.model import Gap
from diffscope.source.profile import profile
from diffscope.version import VERSION

HIGHLIGHTED = 24
"""Highlights of a digest. Published weeklies name 18 of about 190; a reader who wants fewer takes the first."""

_PATHS = 40
"""Paths of a pull request in the digest: a sweep over a thousand files is told by its number of files."""


def build_digest(  # noqa: PLR0913 - the window, what it is compared with, and what its source could not give
    assessments: Iterable[Assessment],
    *,
    repository: str,
    period: Period,
    before: Iterable[Assessment] | None = None,
    compared_with: Period | None = None,
    logins: Mapping[str, str] | None = None,
    trend: tuple[TrendPoint, ...] = (),
    gaps: tuple[Gap, ...] = (),
    around: Around | None = None,
    release: str = "",
    newest: Newest | None = None,
    rechecked: tuple[Recheck, ...] = (),
) -> Digest:
    """Return the digest of a window; order of the assessments does not matter. An empty window gives zeros and empty lists."""
    listed = tuple(sorted(assessments, key=lambda one: (number_of(one), one.change.pull.head or "")))
    earlier = None if before is None else tuple(before)
    around = _with_named(around or Around(), listed)
    linked = link_window(listed, around, repository)
    ranked = sorted(listed, key=lambda one: (-one.importance.value, -one.insight.value, number_of(one)))
    section = risk_section(listed, earlier)
    if earlier is not None:
        section = msgspec.structs.replace(section, still_open=still_open(earlier, listed))
    return Digest(
        project=profile().title,
        repository=repository,
        period=period,
        source_pulls=len(listed),
        source_commits=sum(one.change.pull.number is None for one in listed),
        highlighted=len(ranked[:HIGHLIGHTED]),
        mean_importance=_mean(one.importance.value for one in listed),
        mean_insight=_mean(one.insight.value for one in listed),
        additions=sum(one.change.additions for one in listed),
        deletions=sum(one.change.deletions for one in listed),
        kinds=count(listed, lambda one: (one.kind,), before=earlier),
        top_tags=count(listed, lambda one: one.tags, before=earlier),
        top_areas=count(listed, worked_on, before=earlier),
        platforms=count(listed, lambda one: one.platforms, before=earlier),
        top_risks=count(listed, families_of, before=earlier),
        area_map=area_changes(listed),
        hot_files=with_streaks(hot_files(listed), trend),
        hot_modules=_hot_modules(listed),
        authors=authors(listed, logins or {}),
        reverts=_reverts(listed, linked.links),
        risk=section,
        themes=linked.themes,
        links=linked.links,
        related=linked.related,
        notices=find_notices(listed, linked.links, around.said),
        release=release,
        newest=newest,
        rechecked=rechecked,
        highlights=tuple(number_of(one) for one in ranked[:HIGHLIGHTED]),
        pulls=tuple(_summary(one, around) for one in listed),
        compared_with=compared_with,
        compared_pulls=UNSET if earlier is None else len(earlier),
        compared=UNSET if earlier is None or compared_with is None else trend_point(compared_with, earlier),
        trend=trend,
        gaps=tuple(map(report_gap, gaps)),
        rules=_rules(listed),
        rules_hash=",".join(sorted({one.tool.rules_hash for one in listed})),
        version=VERSION,
    )


def _rules(assessments: Iterable[Assessment]) -> tuple[RuleName, ...]:
    flags = {
        flag.code: flag
        for one in assessments
        for flag in every_flag((*one.flags, *(waived.flag for waived in one.waived)))
    }
    return tuple(
        RuleName(code=code, title=flags[code].title, advice=flags[code].advice) for code in sorted(flags)
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return round(sum(listed) / len(listed), 2) if listed else 0.0


def _hot_modules(assessments: Iterable[Assessment]) -> tuple[Counted, ...]:
    counted = count(assessments, lambda one: (module.module for module in one.modules))
    return tuple(one for one in counted if one.count > 1)[:20]


def _reverts(assessments: Iterable[Assessment], links: Iterable[Link]) -> tuple[Revert, ...]:
    """Return what calls itself a revert, or takes back what it does not name."""
    by_number = {number_of(one): one for one in assessments}
    targets = {link.source: link.target for link in links if link.reason == "reverts"}
    found = []
    for number, one in by_number.items():
        if one.kind != "revert" and number not in targets:
            continue
        original = targets.get(number)
        flagged: tuple[RuleCode, ...] | UnsetType = UNSET
        if original in by_number:
            flagged = tuple(flag.code for flag in every_flag(by_number[original].flags))
        found.append(Revert(number=number, title=one.change.pull.title, reverts=original, flagged=flagged))
    return tuple(found)


def _summary(assessment: Assessment, around: Around) -> PullSummary:
    number = number_of(assessment)
    words = around.said.get(number, NOTHING)
    change, plain = assessment.change, in_plain_words(assessment, words)
    return PullSummary(
        number=number,
        title=change.pull.title,
        url=change.pull.url,
        author=change.pull.author,
        merged_at=change.pull.merged_at,
        kind=assessment.kind,
        tags=assessment.tags,
        areas=tuple(share.area for share in assessment.areas),
        platforms=assessment.platforms,
        level=assessment.risk.level.value,
        importance=assessment.importance.value,
        insight=assessment.insight.value,
        additions=change.additions,
        deletions=change.deletions,
        files=change.files,
        flags=items_of(assessment),
        complete=assessment.completeness.complete,
        tests=len(assessment.tests.changed),
        gist=(told := clauses_of(assessment)).clauses,
        telling=told.telling,
        checks=_in_both(assessment, what_to_check),
        audience=plain.audience,
        plain=plain.says,
        affects=plain.affects,
        switch=plain.switch,
        costs=plain.costs,
        paths=_paths(assessment),
        later_fixes=tuple(source for source, target in around.worked.repaired if target == number),
    )


def _with_named(around: Around, assessments: Iterable[Assessment]) -> Around:
    """Return what lies around a window, with later fixes whose titles name a major version that it began to allow."""
    found = [
        (later.number, number_of(one))
        for one in assessments
        for symbol in one.symbols
        if symbol.kind == "dependency"
        and symbol.role[3:] == ("core",)
        and (major := new_major(*symbol.role[:2]))
        for later in around.after
        if is_fix(later.title)
        and re.search(rf"(?i)\b{re.escape(symbol.name)}\W?v?{major}(?:\.[\dx]+)*\b", later.title)
    ]
    worked = around.worked
    worked = worked._replace(
        touched=tuple(dict.fromkeys((*worked.touched, *found))),
        repaired=tuple(dict.fromkeys((*worked.repaired, *found))),
    )
    return msgspec.structs.replace(around, worked=worked)


def _in_both(assessment: Assessment, say: Callable[[Assessment, Words], tuple[str, ...]]) -> tuple[Text, ...]:
    english, chinese = (say(assessment, Words(language)) for language in (Language.ENGLISH, Language.CHINESE))
    return tuple(Text(en=one, zh=other) for one, other in zip(english, chinese, strict=False))


def _paths(assessment: Assessment) -> tuple[str, ...]:
    ranked = sorted(assessment.files, key=lambda file: (-(file.additions + file.deletions), file.path))
    return tuple(file.path for file in ranked[:_PATHS])


_SYMBOLS = 2


def trim_for_digest(assessment: Assessment) -> Assessment:
    """Return the assessment without the fields that no digest reads; a digest of trimmed assessments equals one of whole assessments."""
    pull = assessment.change.pull
    body = "\n".join(telling_lines(pull.body or "")) or None
    title_only = pull if assessment.kind == "revert" else msgspec.structs.replace(pull, body=body)
    return msgspec.structs.replace(
        assessment,
        change=msgspec.structs.replace(assessment.change, pull=title_only),
        importance=msgspec.structs.replace(assessment.importance, parts=()),
        insight=msgspec.structs.replace(assessment.insight, parts=()),
        flags=tuple(map(_trim_flag, assessment.flags)),
        files=tuple(map(_trim_file, assessment.files)),
        symbols=tuple(
            symbol
            for symbol in assessment.symbols
            if symbol.logic or symbol.moved_from or "called" in symbol.aspects
        ),
        look_first=(),
        ci=UNSET,
    )


def _trim_flag(flag: Flag) -> Flag:
    return msgspec.structs.replace(
        flag,
        why=None,
        evidence=flag.evidence[:1],
        more_places=max(0, flag.places - 1),
        covers=tuple(map(_trim_flag, flag.covers)),
    )


def _trim_file(file: FileAssessment) -> FileAssessment:
    return msgspec.structs.replace(file, owners=None, symbols=file.symbols[:_SYMBOLS])
