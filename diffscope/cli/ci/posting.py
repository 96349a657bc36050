"""Posts the result of ``diffscope ci`` on a pull request, and explains where posting is not allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from diffscope.adapters.config.settings import CiSettings
from diffscope.adapters.events import CiEvent, Trigger
from diffscope.adapters.github.posting import CheckAnnotation, CheckReport, Posted, Poster, wanted_labels
from diffscope.assessment.document import Assessment
from diffscope.cli.ci.change import POSTS
from diffscope.cli.options import is_debug
from diffscope.errors import SourceError
from diffscope.render.formats.documents import (
    CHECK_BYTES,
    MARKERS,
    Circumstances,
    headline,
    is_worth_a_comment,
    render_comment,
    render_summary,
)
from diffscope.render.places import LEVELS, has_line, places
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import every_flag
from diffscope.source.attempts import Attempts, is_internal

CHECK_NAME = "diffscope"

_ON_PULL_REQUESTS = frozenset({Trigger.PULL_REQUEST, Trigger.PULL_REQUEST_TARGET, Trigger.WORKFLOW_RUN})
_MOST_ANNOTATIONS = 200
_CHECK_LEVELS = {"error": "failure", "warning": "warning", "note": "notice"}


class Posting(NamedTuple):
    """What is posted, by whom."""

    assessment: Assessment
    event: CiEvent
    settings: CiSettings
    style: Style
    about: Circumstances
    is_failure: bool


def post(posting: Posting, wanted: Sequence[str], poster: Callable[[], Poster]) -> tuple[Posted, ...]:
    """Post what is wanted, one thing after the other, and return what became of each. Never raises for GitHub's sake.

    A comment and labels belong to a pull request; on a push or in the merge queue only the check run is posted. A
    pull request that has another head by now is left to the run of that head.
    """
    on_pull = posting.event.trigger in _ON_PULL_REQUESTS and posting.event.number is not None
    chosen = [what for what in POSTS if what in wanted and (on_pull or what == "check")]
    skipped = [
        Posted(what=what, done="belongs to a pull request; there is none here")
        for what in wanted
        if what not in chosen
    ]
    if not chosen:
        return tuple(skipped)
    try:
        hub = poster()
        if on_pull and (newer := _newer_head(posting, hub)):
            return tuple(Posted(what=what, done=newer) for what in wanted)
    except SourceError as error:
        return tuple(Posted(what=what, done=_reason(error), refused=True) for what in wanted)
    attempt = Attempts(is_debug=is_debug())
    lost = "an internal error; run diffscope ci with --debug to report it"
    return (
        *(
            attempt(
                f"post {what}",
                partial(_post_one, what, posting, hub),
                Posted(what=what, done=lost, refused=True),
            )
            for what in chosen
        ),
        *skipped,
    )


def check_report(posting: Posting) -> CheckReport:
    """Return the check run: worst places first, at most 200 of them."""
    assessment, style = posting.assessment, posting.style
    is_neutral = bool(assessment.flags) or is_internal(assessment.completeness.gaps)
    conclusion = "failure" if posting.is_failure else "neutral" if is_neutral else "success"
    words = Words(style.language)
    found = []
    for flag, place in places(assessment.flags):
        line = place.line if has_line(place) else 1
        old = words.aside(f"{words('old-side')} {place.line}") if place.side == "old" else ""
        found.append(
            CheckAnnotation(
                path=place.path,
                start_line=line,
                end_line=line,
                annotation_level=_CHECK_LEVELS[LEVELS[flag.severity]],
                title=visible(f"{flag.code} {words.pick(flag.title)}"),
                message=f"{visible(words.pick(place.note))}{old}\n{visible(words.pick(flag.asked_at(place)))}",
            )
        )
    return CheckReport(
        name=CHECK_NAME,
        head=assessment.change.pull.head or "",
        conclusion=conclusion,
        title=visible(headline(assessment, style)),
        summary=render_summary(assessment, style, posting.about, limit=CHECK_BYTES),
        annotations=tuple(found)[:_MOST_ANNOTATIONS],
    )


def label_facts(assessment: Assessment) -> Mapping[str, Sequence[str]]:
    """Return the words that a change has earned, by the kinds that a label mapping may name."""
    return {
        "level": [assessment.risk.level.value],
        "family": [flag.family for flag in every_flag(assessment.flags)],
        "area": [share.area for share in assessment.areas],
        "platform": assessment.platforms,
        "kind": [assessment.kind],
        "tag": assessment.tags,
    }


def _newer_head(posting: Posting, poster: Poster) -> str:
    now = poster.head(posting.event.number or 0).head.sha
    judged = posting.assessment.change.pull.head
    return "" if now == judged else f"left to the run of {now[:12]}, which was pushed meanwhile"


def _post_one(what: str, posting: Posting, poster: Poster) -> Posted:
    number, settings, assessment = posting.event.number or 0, posting.settings, posting.assessment
    try:
        if what == "comment":
            return poster.post_comment(
                number,
                render_comment(assessment, posting.style, posting.about),
                markers=MARKERS,
                may_create=is_worth_a_comment(assessment, at_least=settings.comment_from),
            )
        if what == "labels":
            mapping = {row.key: row.label for row in settings.labels}
            labels = wanted_labels(label_facts(assessment), prefix=settings.label_prefix, mapping=mapping)
            return poster.post_labels(
                number, labels, prefix=settings.label_prefix, mapped=tuple(mapping.values())
            )
        return poster.post_check(check_report(posting))
    except SourceError as error:
        return Posted(what=what, done=_reason(error), refused=True)


def _reason(error: SourceError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
