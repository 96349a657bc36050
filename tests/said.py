"""Gaps, reasons and missing facts with words of a test's own."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.assessment.document import ReportedGap, report_gap
from diffscope.messages.model import Language, Message, Sentence, message
from diffscope.messages.say import say_message, sentence
from diffscope.source.model import Gap, GapKind, RepoPath


def stated(text: str) -> Message:
    """Return a message that says just that, in both languages."""
    return message("gap.stated", text=text)


def said(text: str) -> Sentence:
    """Return it with its words."""
    return sentence(stated(text))


def a_gap(what: GapKind, text: str, path: str | None = None) -> Gap:
    """Return a gap for a reason in words."""
    return Gap(what=what, message=stated(text), path=None if path is None else RepoPath(path))


def a_reported_gap(what: GapKind, text: str, path: str | None = None) -> ReportedGap:
    """Return the same as documents hold it."""
    return report_gap(a_gap(what, text, path))


def sentences(messages: Iterable[Message | Sentence]) -> str:
    """Return what messages say in English, as one line."""
    return ", ".join(say_message(each, Language.ENGLISH) for each in messages)
