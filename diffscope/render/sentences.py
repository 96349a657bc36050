"""What a change does and what to check of it, in a few sentences: the head of every report on one change."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Assessment
from diffscope.render.change_summary import clauses_of, is_private
from diffscope.render.places import worst_first
from diffscope.render.words import Words
from diffscope.rules.language.template import clip
from diffscope.rules.model import HINTS, Flag

_LONGEST: Final = 420
_LONGEST_LEADING: Final = 600
"""Of all that is told, where some of it leads."""
_LONGEST_NOTE: Final = 240
_LONGEST_SUMMARY: Final = 80
_OF_PLACES: Final = frozenset({"core-path", "platform-compat"})
"""Families whose rules say where something changed, and not what was done there."""
_CODE: Final = frozenset({"source", "native"})
_OF_PATHS: Final = frozenset({"core-path", "kernel-safety", "quantization-numerics", "platform-compat"})
"""Families whose question is much the same for whatever changed there: asked only where nothing else is."""
_NEVER: Final = frozenset(
    {"CP101", "CP102", "CP103", "CP104", "CP105", "CP106", "CP107", "CP109", "CP110", "CP111", "PF306"}
)
"""Rules that say where something changed: what to ask of it only its statements tell."""
_AFTER_EDITS: Final = frozenset({"concurrency"})
_OF_TESTS: Final = frozenset({"missing-tests", "insufficient-tests", "ci-coverage"})
"""Families that ask how it is shown; what to show comes first."""
_OF_FIXES: Final = "TC205"
"""The rule that asks for the input by which a fix would fail before."""
_ASKED_FIRST: Final = frozenset(
    {
        "point-written",
        "point-asserted",
        "point-demanded",
        "point-due",
        "point-partly",
        "point-needed",
    }
)
"""Effects that a change may have beside what it is for: told behind that."""
_PARTS_OF_ROUTE: Final = 2
"""Of the part that a function plays as an endpoint: method and path."""
_MOST_TOLD: Final = 2
_MOST_CHECKS: Final = 2
_MOST_NAMED: Final = 3
_SHARED: Final = 3
"""Words from which on two tests are called alike, however long their names are."""
_SETTINGS: Final = frozenset({"clause.adds-option", "clause.adds-variable"})
_ONLY_ASKED: Final = frozenset({"point-due", "point-partly"})
_WHOLE: Final = frozenset({"clause.changes-default", "clause.moves-dependency", "clause.registers"})
"""Clauses to which a rule has nothing to add."""
_BY_EDITS: Final = frozenset({"bugfix", "performance", "revert"})
"""Kinds of which the edits are the point, and not what is new."""


def what_it_does(assessment: Assessment, words: Words) -> tuple[str, ...]:
    """Return what a change does, a sentence each without its full stop, two at most: what is new, and what edits do.

    Of a language whose statements are not laid side by side the gravest rule tells most; of a change without code what it touches.
    """
    told = clauses_of(assessment)
    leading, edits = (
        [
            words.pick(one.says)
            for one in assessment.effects
            if (one.leads and one.code not in _ASKED_FIRST) is first and one.code not in _ONLY_ASKED
        ]
        for first in (True, False)
    )
    is_told = any(effect.code == "point-option" for effect in assessment.effects)
    is_moved = any(effect.code == "moves" and effect.leads for effect in assessment.effects)
    new = [
        words.pick(clause)
        for clause, code in zip(told.clauses[: told.telling], told.codes, strict=False)
        if not (is_told and code in _SETTINGS) and not (is_moved and code == "clause.moves")
    ]
    new[:1] = [_with_summary(one, assessment, words) for one in new[:1]]
    if assessment.kind in _BY_EDITS:
        found = [*edits[:1], *new[:1], *edits[1:], *new[1:]]
    else:
        found = [*new[:1], *edits[:1], *new[1:], *edits[1:]]
    found = [*leading, *found][:_MOST_TOLD]
    flags = _flags(assessment)
    flags = [flag for flag in flags if flag.family not in _OF_TESTS or not new]
    is_whole = bool(new) and (told.codes[0] in _WHOLE or bool(_only_removes(assessment)))
    if not assessment.effects and flags and not is_whole:
        found = [*found[:1], _by_rule(flags[0], words)]
    found = found or [words.pick(clause) for clause in told.clauses[:1]]
    sentences = [clip(begin(one), _LONGEST).rstrip("。.") for one in found]
    # Who has half a minute reads no more.
    lengths = accumulate(map(len, sentences))
    shown = [
        one
        for one, length in zip(sentences, lengths, strict=True)
        if length <= (_LONGEST_LEADING if leading else _LONGEST) or one is sentences[0]
    ]
    grave = [begin(words.pick(one.says)) for one in assessment.effects if one.grave]
    hidden = sum(clip(one, _LONGEST).rstrip("。.") not in shown for one in grave)
    return (*shown, words("more-edits", count=hidden)) if hidden else tuple(shown)


def what_to_check(assessment: Assessment, words: Words) -> tuple[str, ...]:
    """Return what to check, a question each, two at most.

    First what the gravest rule asks of this very change, then what the first edits leave open; a rule's general remedy where there is neither.
    """
    flags, effects = _flags(assessment), assessment.effects
    asked = [flag for flag in flags if flag.check and flag.code not in _NEVER]
    if not effects and (gone := _only_removes(assessment)):
        return (words("check-removed", names=words.comma.join(f"`{name}`" for name in gone[:_MOST_NAMED])),)
    asking = [flag for flag in asked if flag.family not in _OF_PATHS]
    leading = [words.pick(check) for effect in effects if effect.leads for check in effect.checks[:1]]
    places = {(effect.path, effect.symbol) for effect in effects if effect.leads and effect.checks}
    # What is asked of the same place already is not asked in the words of a rule.
    asking = [flag for flag in asking if not places & {(one.path, one.symbol) for one in flag.evidence[:1]}]
    if any(effect.code == "moves" and effect.leads and effect.checks for effect in effects):
        moved_to = {file.path for file in assessment.files if file.status == "renamed"}
        asking = [flag for flag in asking if flag.evidence and flag.evidence[0].path not in moved_to]
    first = [words.pick(flag.asked) for flag in asking if flag.family not in _OF_TESTS][:1]
    at = {(one.path, one.symbol) for flag in asking[:1] for one in flag.evidence[:1]}
    telling = [
        effect
        for effect in effects
        if not (effect.general or effect.leads or (effect.error and (effect.path, effect.symbol) in at))
    ]
    edits = [words.pick(check) for effect in telling[:1] for check in effect.checks]
    edits += [words.pick(effect.checks[0]) for effect in telling[1:] if effect.checks]
    # What the kind of an edit leaves to ask comes behind what is asked of this very one.
    usual = [words.pick(effect.checks[0]) for effect in effects if effect.general and effect.checks]
    last = [words.pick(flag.asked) for flag in asked if flag.family in _OF_PATHS][:1]
    # What the numbers are worth is asked behind what decides that they are computed so.
    late = bool(edits) and bool(asking) and asking[0].family in _AFTER_EDITS
    found = [*leading, *edits[:1], *first, *edits[1:]] if late else [*leading, *first, *edits]
    found += usual[: 1 if found else _MOST_CHECKS]
    found = [*_of_new(assessment, words), *found]
    if lost := _lost_tests(assessment):
        names = words.listed([f"`{name}`" for name in lost], _MOST_NAMED - 1)
        found.append(words("check-lost", names=names, count=len(lost)))
    rest = [words.pick(one.asked) for one in flags if not one.check][:1]
    found = found or last
    # Where something is asked of what a fix does, its missing test is told by the flag alone.
    tests = [flag for flag in asking if flag.family in _OF_TESTS and not (found and flag.code == _OF_FIXES)]
    found = [*found, *(words.pick(flag.asked) for flag in tests[:1])] or rest
    found = found or _of_moved(assessment, words)
    if not found:
        found = _unshown(assessment, words)
    return tuple(clip(begin(one), _LONGEST) for one in dict.fromkeys(found))[:_MOST_CHECKS]


def _of_moved(assessment: Assessment, words: Words) -> list[str]:
    """Return the question who still imports public code from where it stood."""
    code = {file.path for file in assessment.files if file.category in _CODE}
    public = (one for one in assessment.symbols if one.path in code and not is_private(one.name))
    moved = list(dict.fromkeys(one.name for one in public if "moved" in one.aspects))
    names = words.comma.join(f"`{name}`" for name in moved[:_MOST_NAMED])
    return [words("check-moved", names=names)] if moved else []


def _of_new(assessment: Assessment, words: Words) -> Iterator[str]:
    """Yield what to ask of new models and endpoints, whatever their code is."""
    if models := _new_models(assessment):
        yield words("check-model", names=words.listed([f"`{one}`" for one in models], _MOST_NAMED))
    routes = [one.role for one in assessment.symbols if one.kind == "function" and "added" in one.aspects]
    names = [f"`{role[0].upper()} {role[1]}`" for role in routes if len(role) == _PARTS_OF_ROUTE]
    if names:
        told = words.listed(list(dict.fromkeys(names)), _MOST_NAMED)
        yield words("check-endpoint", names=told, count=len(names))


def _new_models(assessment: Assessment) -> list[str]:
    """Return the registered models whose class comes with the change."""
    new = {one.name for one in assessment.symbols if one.kind == "class" and "added" in one.aspects}
    rows = (one for one in assessment.symbols if one.kind == "registry-row" and one.role[:1] == ("models",))
    return [
        one.name for one in rows if "removed" not in one.aspects and one.role[-1].rpartition(".")[2] in new
    ]


def _unshown(assessment: Assessment, words: Words) -> list[str]:
    """Return what to ask of a change that leaves nothing else: who has the methods that are gone, or what shows it right where no test is found that runs it."""
    code = {file.path for file in assessment.files if file.category in _CODE}
    gone = [one for one in assessment.symbols if one.path in code and "removed" in one.aspects]
    classes = {one.name for one in gone if one.kind == "class"}
    methods = [
        f"`{one.name}`"
        for one in gone
        if one.kind == "method" and not is_private(one.name) and one.name.rpartition(".")[0] not in classes
    ]
    if methods:
        return [words("check-removed", names=words.listed(methods, _MOST_NAMED))]
    missing = assessment.tests.not_run
    if missing is UNSET or not missing or assessment.tests.changed or not assessment.effects:
        return []
    is_named = assessment.tests.nearest is not UNSET and any(test.by for test in assessment.tests.nearest)
    if is_named or not any(file.additions for file in assessment.files if file.path in code):
        return []
    return [words("check-not-run", name=".".join(missing[0].split(".")[-2:]))]


def _lost_tests(assessment: Assessment) -> list[str]:
    """Return the tests that are gone from files that stay, while no new one has most of the words of their names; none of code that went too."""
    kept = {file.path: file.category for file in assessment.files if file.status != "deleted"}
    names: dict[str, list[str]] = {"added": [], "removed": [], "code": []}
    for one in assessment.symbols:
        category, last = kept.get(one.path, ""), one.name.rpartition(".")[2]
        aspect = next((each for each in ("added", "removed") if each in one.aspects), "")
        if category == "test" and aspect and last.startswith("test_") and "moved" not in one.aspects:
            names[aspect].append(last)
        elif category in _CODE:
            names["code"] += [f"test_{last}"] * (aspect == "removed")
    new, gone = ([_words_of(name) for name in names[each]] for each in ("added", "code"))
    return [
        name
        for name in names["removed"]
        if _CODE & {*kept.values()}
        and not any(len(one & _words_of(name)) >= min(_SHARED, len(one) / 2 + 0.5) for one in new)
        and not any(one <= _words_of(name) for one in gone)
    ]


def _words_of(test: str) -> frozenset[str]:
    return frozenset(test.lower().strip("_").split("_")[1:])


def begin(text: str) -> str:
    """Return a text as the beginning of a sentence: with a capital, unless its first word is a path or a name of the code."""
    return f"{text[:1].upper()}{text[1:]}" if text.partition(" ")[0].rstrip(",:").isalpha() else text


def _with_summary(clause: str, assessment: Assessment, words: Words) -> str:
    """Return a clause with what the author says of the first new thing that it names."""
    first = clause.partition("`")[2].partition("`")[0]
    summary = next((one.summary for one in assessment.symbols if one.summary and one.name == first), "")
    if not summary:
        return clause
    return f"{clause}{words('says-of', summary=clip(summary.rstrip('.'), _LONGEST_SUMMARY))}"


def _only_removes(assessment: Assessment) -> list[str]:
    """Return the public code that a change removes where it does nothing else to code."""
    logic = [one for one in assessment.symbols if one.logic]
    gone = [
        one.name for one in logic if "removed" in one.aspects and one.kind in ("class", "function", "method")
    ]
    if any("removed" not in one.aspects for one in logic if one.kind != "module"):
        return []
    # A member goes with its class.
    listed = [name for name in gone if name.rpartition(".")[0] not in gone and name != "<module>"]
    return [name for name in listed if not is_private(name)] or listed


def _flags(assessment: Assessment) -> list[Flag]:
    return [flag for flag in worst_first(assessment.flags) if flag.family != HINTS]


def _by_rule(flag: Flag, words: Words) -> str:
    """Return the title of a rule, its first place, and after a family of places what a covered rule tells of that file."""
    place = flag.evidence[0] if flag.evidence else None
    notes = [words.pick(flag.message if place is None else place.note)]
    notes += [
        words.pick(one.evidence[0].note)
        for one in flag.covers
        if place is not None
        and flag.family in _OF_PLACES
        and one.family not in _OF_PLACES
        and one.evidence
        and one.evidence[0].path == place.path
    ][:1]
    said = words.semicolon.join(clip(note, _LONGEST_NOTE) for note in notes)
    return f"{words.pick(flag.title)}{words.colon}{said}"
