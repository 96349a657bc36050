"""The question that an edit leaves by its kind, or that of its file, alone: which other value, reader or caller it has to be right for.

Asked where nothing more telling is: of a value that became another one, of something handed over, called, kept or listed.
"""

from __future__ import annotations

import re
from typing import Final

from diffscope.assessment.edit_groups import EditGroup, exit_of
from diffscope.assessment.effect_sentences import NO_CODE, code_of
from diffscope.facts.model import Edit
from diffscope.messages.model import Argument, message
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_NUMBER: Final = lazy_regex(r"-?[\d_]+(?:\.\d+)?(?:e-?\d+)?")
_SIZED: Final = lazy_regex(
    r"\.(?:shape|size|numel|stride|nbytes|element_size)\b|\blen\(|//|_sizes?\b|\bnum_\w+"
)
"""What counts or measures: rows, columns, bytes."""
_UNSET: Final = lazy_regex(r"(?:torch|np)\.empty(?:_like)?\(")
_FILLED: Final = lazy_regex(r"(?:torch|np)\.(?:zeros|ones|full)(?:_like)?\(")
_ENTRY: Final = lazy_regex(r"([\w.]+)\[[\"'](\w+)[\"']\]")
_PLAIN: Final = lazy_regex(r"[\w.]+|[\"'][^\"']*[\"']")
_NEEDED: Final = lazy_regex(r"([A-Za-z_][\w.]*)\[[\"'](\w+)[\"']\]")
_READS: Final = frozenset({"handed", "listed"})
_NAMED: Final = lazy_regex(r"^(\w+)=(?!=)")
_KINDS: Final = {
    "argument-carried": "carried", "region-changed": "region", "place-changed": "place-other", "argument-added": "handed", "argument-changed": "differs", "argument-removed": "default-holds",
    "value-added": "kept", "value-changed": "differs", "value-from": "differs", "value-removed": "no-longer",
    "value-new": "takes-over", "value-from-new": "takes-over", "variable-changed": "differs",
    "loop-added": "loops", "with-added": "within", "with-changed": "within", "statement-changed": "differs",
    "call-added": "runs", "call-changed": "replaces", "call-removed": "no-longer",
    "element-added": "listed", "element-changed": "listed", "element-removed": "unlisted", "entry-removed": "unlisted",
    "parameter-added": "parameter", "parameter-removed": "parameter-gone", "parameter-changed": "parameter-gone",
    "decorator-added": "decorated", "decorator-changed": "decorated", "decorator-removed": "undecorated",
    "assert-removed": "unasserted", "return-added": "gives", "return-changed": "gives", "return-removed": "no-longer",
}  # fmt: skip
_OF_LINES: Final = {
    "of-command": lazy_regex(r"\bpytest\b|\btest_\w+\.py\b|^- (?:bash|python3?) "),
    "of-timeout": lazy_regex(r"^timeout_in_minutes:"),
    "of-depends": lazy_regex(r"^-? ?depends_on:"),
    "of-source": lazy_regex(r"^- [\w.-]+/[\w./-]*$"),
    "of-pin": lazy_regex(r"^[\w.\[\]-]+ ?[=~<]=? ?[\d.]+"),
}
"""Which question a line of a pipeline, an image or requirements leaves."""
_OPTION: Final = lazy_regex(r"--[A-Za-z]")
_NO_JOB: Final = lazy_regex(
    r"\.lock$|(?:^|/)(?:\.git(?:ignore|attributes|modules)|\.dockerignore|CODEOWNERS)$"
)
"""What a tool writes, or only names files: no job runs with a line of it."""
_OFTEN: Final = {"per_step": "runs-each-step", "start_up": "runs-at-start"}
_ANSWERS: Final = {("True", "False"): "says-no", ("False", "True"): "says-yes"}
_HEADS: Final = ("condition-", "branch-", "and-", "or-")

QUESTIONS: Final = {
    "order-added": "order", "order-removed": "order",
    "condition-return": "skipped", "condition-stop": "passed-over", "condition-break": "passed-over", "condition-raise": "raised", "condition-exit-gone": "allowed",
    "condition-added": "branch", "condition-removed": "no-branch", "condition-guards": "narrowed", "condition-splits": "splits", "condition-unguards": "widened",
    "and-more": "narrowed", "and-less": "widened", "or-more": "widened-or", "or-less": "no-branch", "condition-changed": "decided", "condition-part": "decided",
    "branch-changed": "decided", "loop-changed": "loop", "loop-more": "loop-ends", "loop-less": "", "except-added": "except", "except-changed": "except",
    "except-removed": "not-caught", "argument-added": "argument", "argument-changed": "argument", "argument-removed": "argument-gone",
    "call-changed": "call", "call-added": "called", "value-added": "value", "value-changed": "value-changed",
    "value-from": "value-changed", "value-new": "from-new", "value-from-new": "from-new", "variable-version": "version", "steps-added": "of-steps", "step-renamed": "of-label", "exit-to-assert": "exit-to-assert", "variable-changed": "variable", "parameter-added": "parameter",
    "parameter-removed": "parameter", "parameter-changed": "parameter", "parameter-default": "parameter-default", "parameter-compiled": "compiled",
    "element-added": "element", "element-changed": "element",
    "element-removed": "element-gone", "entry-added": "entry", "entry-changed": "entry", "entry-removed": "element-gone",
    "return-added": "return", "return-changed": "return", "assert-added": "assert", "assert-changed": "assert", "raise-added": "raised", "raise-removed": "unraised",
}  # fmt: skip
"""Which question a sentence leaves; what is removed otherwise asks who relied on it."""


def usual_question(group: EditGroup, words: dict[str, Argument]) -> tuple[str, dict[str, Argument]]:
    """Return which question the kind of an edit leaves, and what it quotes; none of other languages than Python, whose statements are told as they are written."""
    edit, code = group.first, code_of(group.first)
    if not edit.path.endswith(".py"):
        return "", words
    told = {**words, "reader": _reader(edit, words), "name": _name_of(edit)}
    told["owner"], _, told["field"] = (
        edit.after.partition("=")[2].rpartition(".")
        if _NAMED.match(edit.after)
        else edit.after.rpartition(".")
    )
    told["at"] = message("check.where", guard=edit.guard) if edit.guard else ""
    if code.startswith(_HEADS):
        return ("sides" if edit.before and edit.after else ""), told
    kind = _KINDS.get(code, "no-longer" if code.endswith("-removed") else "")
    if kind in _READS and (entry := _NEEDED.search(edit.after)) and entry[0] not in edit.before:
        return "needs-entry", {**told, "owner": entry[1], "field": entry[2]}
    return _fitting(kind, edit, group.reached), told


def _fitting(kind: str, edit: Edit, reached: str) -> str:
    """Return a kind of question as it fits what the edit quotes; empty for none."""
    if kind == "differs":
        return _by_numbers(edit)
    if kind == "kept":
        return _of_name(edit)
    if kind == "runs":
        return _OFTEN.get(reached, kind)
    others = {
        "replaces": "filled" if _UNSET.match(edit.before) and _FILLED.match(edit.after) else kind,
        "default-holds": kind if _NAMED.match(edit.before) else "no-longer-handed",
        "no-longer": "" if edit.what == "return" and _PLAIN.fullmatch(edit.before) else kind,
        "gives": _ANSWERS.get((edit.before, edit.after), kind),
    }
    return others.get(kind, kind)


def _of_name(edit: Edit) -> str:
    """Return which question a name that is set newly leaves, by who keeps it."""
    if edit.target.startswith("self."):
        return "kept"
    if "." in edit.target or not (edit.then and edit.target.isidentifier()):
        return "kept-elsewhere" if "." in edit.target else ""
    is_own = re.search(rf"(?<![\w.]){re.escape(edit.target)}(?![\w=])", edit.after) is not None
    return "wraps" if is_own else "gives-on"


def _by_numbers(edit: Edit) -> str:
    """Return how to ask for a value that became another one: by what a number was measured on, by sizes, else by where the two differ."""
    sides = [text.partition("=")[2] if _NAMED.match(text) else text for text in (edit.before, edit.after)]
    if (key := _ENTRY.fullmatch(sides[0])) and sides[1] == f"{key[1]}.{key[2]}":
        return "has-attribute"
    if all(map(_NUMBER.fullmatch, sides)):
        return "number"
    return "sized" if all(map(_SIZED.search, sides)) else "differs"


def _name_of(edit: Edit) -> str:
    text = edit.after or edit.before
    return found[1] if (found := _NAMED.match(text)) else edit.target


def _reader(edit: Edit, words: dict[str, Argument]) -> Argument:
    """Return what works with the value: the statement that reads it, what is called, else the function."""
    if edit.then and edit.target:
        return message("check.reader", then=edit.then, line=edit.then_line)
    return f"`{edit.callee}`" if edit.callee else words["where"]


def is_no_code(edit: Edit) -> bool:
    """Return whether an edit is one of a test or of a file that is no code."""
    code = code_of(edit)
    return code == "wording" or code.startswith("file") or places().is_test(edit.path)


def question_of_file(edit: Edit, code: str) -> str:
    """Return which question an edit of a test, or of a file that is no code, leaves."""
    kind = NO_CODE.get(edit.what, "test")
    if code == "wording" and not _OPTION.match(edit.after):
        return "of-wording"
    leaves = exit_of(edit) in ("return", "continue", "raise") or any("skip(" in one for one in edit.held)
    if kind == "test" and edit.change == "added" and leaves:
        return "of-test-case"
    if kind == "docs" and _OPTION.match(edit.after):
        return "of-option"
    if kind == "infra" and _NO_JOB.search(edit.path):
        return ""
    if kind == "infra" and edit.after:
        return next((asked for asked, line in _OF_LINES.items() if line.search(edit.after)), "of-infra")
    return f"of-{kind}" if edit.after else "of-test-gone" if kind == "test" else "of-gone"
