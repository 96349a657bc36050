"""A brief of one change as Markdown or JSON: facts and evidence for whoever writes about it, at most 4,000 characters."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Assessment
from diffscope.render.formats.bounded import OF_CHANGE, Brief, fitted, foreign
from diffscope.render.places import worst_first
from diffscope.render.sentences import what_it_does, what_to_check
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import Evidence, Flag

_PLACES: Final = 3


def render(assessment: Assessment, style: Style) -> str:
    """Return the brief in Markdown."""
    return fitted(brief_of(assessment, Words(style.language)), OF_CHANGE, is_json=False)


def render_json(assessment: Assessment, style: Style) -> str:
    """Return the brief as one line of JSON: ``brief-json``."""
    return fitted(brief_of(assessment, Words(style.language)), OF_CHANGE, is_json=True)


def brief_of(assessment: Assessment, words: Words) -> Brief:
    """Return the facts of a change, the gravest first."""
    change, pull = assessment.change, assessment.change.pull
    unnamed = assessment.tests.unnamed_symbols
    return {
        "change": f"#{pull.number}" if pull.number else (pull.head or "")[:12],
        "title": foreign(pull.title),
        "url": pull.url,
        "merged_at": pull.merged_at,
        "kind": assessment.kind,
        "level": assessment.risk.level.value,
        "areas": [share.area for share in assessment.areas],
        "platforms": list(assessment.platforms),
        "size": f"{change.files} files, +{change.additions} -{change.deletions}",
        "does": list(what_it_does(assessment, words)),
        "check": list(what_to_check(assessment, words)),
        "flags": [_flag(flag, words) for flag in worst_first(assessment.flags)],
        "earlier_work": [
            {"what": past.what, "number": past.number, "subject": foreign(past.subject)}
            for past in assessment.history
        ],
        "tests_changed": list(assessment.tests.changed),
        "symbols_that_no_test_names": [] if unnamed is UNSET else list(unnamed or ()),
        "not_judged": [words.pick(gap.reason) for gap in assessment.completeness.gaps],
    }


def _flag(flag: Flag, words: Words) -> Brief:
    return {
        "code": flag.code,
        "severity": flag.severity.value,
        "what": words.pick(flag.title),
        "message": words.pick(flag.message),
        "check": words.pick(flag.asked),
        "places": [_place(place) for place in flag.evidence[:_PLACES]],
    }


def _place(place: Evidence) -> str:
    at = f"{place.path}:{place.line}" if place.line else place.path
    return f"{at} {place.symbol}" if place.symbol else at
