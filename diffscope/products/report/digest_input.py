"""Assessments cut down to the fields that a digest reads, so that half a year of changes fits in memory."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from diffscope.assessment.document import Assessment, FileAssessment
from diffscope.products.report.links.chains import telling_lines
from diffscope.rules.model import Flag

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
        flag, evidence=flag.evidence[:1], covers=tuple(map(_trim_flag, flag.covers))
    )


def _trim_file(file: FileAssessment) -> FileAssessment:
    return msgspec.structs.replace(file, owners=None, symbols=file.symbols[:_SYMBOLS])
