"""SARIF 2.1.0, as GitHub's code scanning reads it: one run, one result a flag, places beyond the first as related locations."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from diffscope.assessment.document import Assessment
from diffscope.render.formats.json import indented
from diffscope.render.places import LEVELS, has_line, nearest_line, place_key, worst_first
from diffscope.render.sanitize import message_text, uri_path, visible
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import Evidence, Flag

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LIMIT = 5_000
"""Results beyond that are not shown by GitHub."""
_RELATED_LIMIT = 100
_ROOT = "%SRCROOT%"
_INFORMATION = "urn:diffscope:tool"
"""What the format asks for where a tool has no page of its own: an absolute URI that names it. The same is asked of each rule."""
_Json = dict[str, object]


def render(assessment: Assessment, style: Style) -> str:
    """Return the log. Waived flags are results with a suppression; unknown rules and gaps are notifications."""
    words = Words(style.language)
    flags = worst_first(assessment.flags)[:LIMIT]
    waived = sorted(assessment.waived, key=lambda waiver: waiver.flag.code)
    rules = _rules([*flags, *(waiver.flag for waiver in waived)], words)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(flag, index[flag.code], assessment, style) for flag in flags]
    for waiver in waived:
        suppression = {"kind": "external", "justification": waiver.reason}
        result = _result(waiver.flag, index[waiver.flag.code], assessment, style)
        results.append(result | {"suppressions": [suppression]})
    driver = {
        "name": "diffscope",
        "version": assessment.tool.version,
        "informationUri": _INFORMATION,
        "rules": rules,
    }
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
            "fullDescription": {"text": words.pick(flag.why or flag.advice)},
            "helpUri": f"urn:diffscope:rule:{flag.code}",
            "help": {
                "text": words.pick(flag.advice),
                "markdown": f"{words.pick(flag.advice)}\n\n`diffscope rules show {flag.code}`",
            },
            "defaultConfiguration": {"level": LEVELS[flag.severity]},
            "properties": {"tags": [flag.family, "diffscope"]},
        }
        for _, flag in sorted(worst.items())
    ]


def _result(flag: Flag, index: int, assessment: Assessment, style: Style) -> _Json:
    words = Words(style.language)
    # The title of the rule and what it found: readers list results by their messages alone.
    said = message_text(words.pick(flag.message)) + _old_line(flag.evidence[:1], words)
    result: _Json = {
        "ruleId": flag.code,
        "ruleIndex": index,
        "level": LEVELS[flag.severity],
        "message": {"text": words("titled", title=words.pick(flag.title), text=said)},
        "locations": [_location(place, assessment, style) for place in flag.evidence[:1]],
        "partialFingerprints": {"diffscope/v1": flag.fingerprint},
        "properties": {
            "family": flag.family,
            "severity": flag.severity.value,
            "confidence": flag.confidence,
            "places": flag.places,
        },
    }
    related = _related(flag, assessment, words)[:_RELATED_LIMIT]
    if related:
        result["relatedLocations"] = [{"id": number} | one for number, one in enumerate(related, start=1)]
    return result


def _related(flag: Flag, assessment: Assessment, words: Words) -> list[_Json]:
    """Return the places beyond the first, and the definition that the first belongs to, each with its words."""
    found: list[_Json] = []
    for number, place in enumerate(flag.evidence):
        if number:
            text = message_text(words.pick(place.note)) + _old_line((place,), words)
            found.append({"message": {"text": text}} | _location(place, assessment))
        if not number and place.definition is not None:
            defined = place.definition
            where = msgspec.structs.replace(place, line=defined.line, side=defined.side, definition=None)
            found.append({"message": {"text": words("definition")}} | _location(where, assessment))
    return found


def _old_line(places: tuple[Evidence, ...], words: Words) -> str:
    """Return the line of a place on the old side, in words: its region can only be one of the new side."""
    if not places or places[0].side != "old" or not places[0].line:
        return ""
    return words.aside(f"{words('old-side')} {places[0].line}")


def _location(place: Evidence, assessment: Assessment, style: Style | None = None) -> _Json:
    # GitHub wants a region of every location (GH1003) and shows it in the file as it is now: for a place on the old side
    # the nearest line that is known of that, for a file as a whole, or one that is gone, the first.
    line = place.line if has_line(place) else nearest_line(place, place.path, assessment)
    region: _Json = {"startLine": max(1, line)}
    shown = dict(
        text.split(" + ", 1)
        for text in (style.excerpts.get(place_key(place), ()) if style else ())
        if " + " in text
    )
    if has_line(place) and str(line) in shown:
        region["snippet"] = {"text": visible(shown[str(line)])}
    physical: _Json = {
        "artifactLocation": {"uri": uri_path(place.path), "uriBaseId": _ROOT},
        "region": region,
    }
    location: _Json = {"physicalLocation": physical}
    if place.symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": place.symbol}]
    return location


def _notifications(assessment: Assessment) -> list[_Json]:
    notifications: list[_Json] = [
        {
            "level": "warning",
            "message": {
                "text": f"{rule.code} could not be judged: missing {', '.join(each.en for each in rule.missing)}"
            },
            "associatedRule": {"id": rule.code},
        }
        for rule in assessment.unknown
    ]
    for gap in assessment.completeness.gaps:
        notification: _Json = {
            "level": "warning",
            "message": {"text": message_text(f"{gap.what}: {gap.reason.en}")},
        }
        if gap.path:
            place = {
                "artifactLocation": {"uri": uri_path(gap.path), "uriBaseId": _ROOT},
                "region": {"startLine": 1},
            }
            notification["locations"] = [{"physicalLocation": place}]
        notifications.append(notification)
    return notifications
