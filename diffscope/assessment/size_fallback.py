"""Scores and lists files by the size of the diff alone, where an internal error prevented the real computation."""

from __future__ import annotations

from typing import Final

from diffscope.assessment.document import FileAssessment, Score, ScorePart
from diffscope.assessment.signals import doubling
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import ChangeFacts, FileFact
from diffscope.messages.model import message
from diffscope.messages.say import sentence

_EACH: Final = 0.5
"""What each doubling of the changed lines adds; 255 lines make 4."""
_HIGHEST: Final = 10.0


def score_by_size(facts: ChangeFacts) -> Score:
    """Return a score between 0 and 10 from the lines that a change adds and removes; those of product files where it has any."""
    product = [file for file in facts.file if file.category in PRODUCT]
    lines = sum(file.additions + file.deletions for file in product or facts.file)
    value = _sized(lines)
    part = ScorePart(
        name="size",
        value=value,
        why=sentence(message("score.size-only", lines=lines)),
    )
    return Score(value=value, formula="size/1", parts=(part,) if value else ())


def files_by_size(facts: ChangeFacts) -> tuple[FileAssessment, ...]:
    """Return every changed file with what the diff tells of it, the largest first, then by path."""
    files = sorted(facts.file, key=lambda file: (-(file.additions + file.deletions), file.path))
    return tuple(map(_file, files))


def _file(file: FileFact) -> FileAssessment:
    return FileAssessment(
        path=file.path,
        old_path=file.old_path,
        status=file.status,
        category=file.category,
        change_type=file.change_type,
        area=file.area,
        module=file.module,
        owners=file.owners if isinstance(file.owners, tuple) else None,
        additions=file.additions,
        deletions=file.deletions,
        importance=_sized(file.additions + file.deletions),
        symbols=(),
    )


def _sized(lines: int) -> float:
    return round(min(_EACH * doubling(lines), _HIGHEST), 2)
