"""SARIF 2.1.0, as GitHub's code scanning reads it: one run, one result a flag, places beyond the first as related locations."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.assessment.values import Assessment
from diffscope.render.json import indented
from diffscope.render.places import LEVELS, has_line, worst_first
from diffscope.render.sanitize import message_text, uri_path
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.values import Evidence, Flag

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LIMIT = 5_000
"""Results beyond that are not shown by GitHub."""
_RELATED_LIMIT = 100
_ROOT = "%SRCROOT%"
_Json = dict[str, object]


def render(assessment: Assessment, style: Style) -> str:
    """Return the log. Waived flags are results with a suppression; unknown rules and gaps are notifications."""
    words = Words(style.language)
    flags = worst_first(assessment.flags)[:LIMIT]
    waived = sorted(assessment.waived, key=lambda waiver: waiver.flag.code)
    rules = _rules([*flags, *(waiver.flag for waiver in waived)], words)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(flag, index[flag.code], words) for flag in flags]
    for waiver in waived:
        suppression = {"kind": "external", "justification": waiver.reason}
        results.append(_result(waiver.flag, index[waiver.flag.code], words) | {"suppressions": [suppression]})
    driver = {"name": "diffscope", "version": assessment.tool.version, "rules": rules}
    run: _Json = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"diffscope/{assessment.change.pull.number or 'change'}"},
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _notifications(assessment)}
        ],
        "results": results,
    }
    return indented({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(flags: Iterable[Flag], words: Words) -> list[_Json]:
    worst = {flag.code: flag for flag in sorted(flags, key=lambda flag: flag.severity.rank)}
    return [
        {
            "id": flag.code,
            "name": flag.name,
            "shortDescription": {"text": words.pick(flag.title)},
            "help": {
                "text": words.pick(flag.advice),
                "markdown": f"{words.pick(flag.advice)}\n\n`diffscope rules show {flag.code}`",
            },
            "defaultConfiguration": {"level": LEVELS[flag.severity]},
            "properties": {"tags": [flag.family, "diffscope"]},
        }
        for _, flag in sorted(worst.items())
    ]


def _result(flag: Flag, index: int, words: Words) -> _Json:
    result: _Json = {
        "ruleId": flag.code,
        "ruleIndex": index,
        "level": LEVELS[flag.severity],
        "message": {"text": message_text(words.pick(flag.message))},
        "locations": [_location(place) for place in flag.evidence[:1]],
        "partialFingerprints": {"diffscope/v1": flag.fingerprint},
        "properties": {"family": flag.family, "severity": flag.severity.value, "confidence": flag.confidence},
    }
    related = flag.evidence[1 : 1 + _RELATED_LIMIT]
    if related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": message_text(words.pick(place.note))}} | _location(place)
            for number, place in enumerate(related, start=1)
        ]
    return result


def _location(place: Evidence) -> _Json:
    physical: _Json = {"artifactLocation": {"uri": uri_path(place.path), "uriBaseId": _ROOT}}
    # Only lines of the new file: a viewer would show any other number beside the wrong code.
    if has_line(place):
        physical["region"] = {"startLine": place.line}
    location: _Json = {"physicalLocation": physical}
    if place.symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": place.symbol}]
    return location


def _notifications(assessment: Assessment) -> list[_Json]:
    notifications: list[_Json] = [
        {
            "level": "warning",
            "message": {"text": f"{rule.code} could not be judged: missing {', '.join(rule.missing)}"},
            "associatedRule": {"id": rule.code},
        }
        for rule in assessment.unknown
    ]
    for gap in assessment.completeness.gaps:
        notification: _Json = {
            "level": "warning",
            "message": {"text": message_text(f"{gap.what}: {gap.reason}")},
        }
        if gap.path:
            place = {"artifactLocation": {"uri": uri_path(gap.path), "uriBaseId": _ROOT}}
            notification["locations"] = [{"physicalLocation": place}]
        notifications.append(notification)
    return notifications
