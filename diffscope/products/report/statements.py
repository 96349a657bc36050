"""What is other with a pull request, in statements that need no code beside them, from facts alone.

What requests and settings take, what is refused in the words of its error, what classes became, what the author's docstring says of what is
new, and of a fix an edit that can be told without its surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from diffscope.assessment.document import Assessment, Effect, SymbolAssessment
from diffscope.assessment.title_words import stems_of
from diffscope.messages.model import Message, Text, message
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.render.change_summary import clauses_of, is_private, option_of
from diffscope.rules.model import Severity, every_flag
from diffscope.source.profile import places, profile

_SPAN: Final = lazy_regex(r"`([^`]*)`")
_EDITS_TELL: Final = frozenset({"bugfix", "performance"})
_PLAIN: Final = frozenset(
    {
        "clause.registers",
        "clause.unregisters",
        "clause.adds-endpoint",
        "clause.removes-endpoint",
        "clause.removes-option",
        "clause.removes-variable",
        "clause.changes-default",
        "clause.becomes",
        "clause.renames-reused",
        "clause.adopts",
        "clause.adds-interface",
    }
)
"""Clauses that say what became of something, and not only which names are new."""
_LONGEST: Final = 120
_LONGEST_EDIT: Final = 110
_LONGEST_CODE: Final = 44
_LONGER_EDIT: Final = 175
_LONGER_CODE: Final = 76
_MOST_CODE: Final = 3
_LONGEST_DEFAULT: Final = 40
_SHORTEST_SAID: Final = 12
_OWNERS: Final = ("Config", "Args", "Params")
_SETTINGS: Final = 2
_NAMED: Final = 3
_SPOKEN: Final = 3
"""Words that a title shares with a new thing and its docstring for that to be what it is about; a class counts one more."""
_SWITCHES: Final = {"False": "off", "None": "", "True": "on"}
_REFUSES: Final = lazy_regex(
    r"(?i)\b(?:reject|refus|valid|limit|enforc|disallow|forbid|check|rais|bound|guard|unsupported|error)\w*"
)
"""How titles speak of what is refused."""
_REFUSALS: Final = {
    "condition-raise": "plain.refuses",
    "raise-added": "plain.refuses",
    "condition-exit-gone": "plain.allows",
}
"""How edits that raise, or raise no longer, are told: in the words of the error."""
_IDLE: Final = frozenset(
    {
        "value-added",
        "value-removed",
        "condition-return",
        "except-added",
        "except-changed",
        "except-removed",
        *_REFUSALS,
    }
)
"""Edits that say little without what stands around them: values for code that follows, what is done before a return, errors that are caught."""
_EXCHANGES: Final = frozenset(
    {"argument-added", "argument-changed", "argument-removed", "call-changed", "statement-changed"}
)
_LITERAL: Final = lazy_regex(
    r"""\b[frbFRB]?"((?:[^"\\]|\\.)*)("|$)|\b[frbFRB]?'((?:[^'\\]|\\.)*)('|$)|"((?:[^"\\]|\\.)*)("|$)"""
)
_CALLED: Final = lazy_regex(r"^[\w.]+\(")
_CODE_NAME: Final = lazy_regex(r"\w_\w|\w\.\w+_|\w\(\)")
_REFUSING: Final = frozenset({"feature", "bugfix"})
_SETTING_NAME: Final = lazy_regex(r"--[a-z]|\b[a-z]+(?:_[a-z0-9]+)+\b")
_SENTENCE: Final = lazy_regex(r"[.!?](?:\s|$)")


def statements_of(assessment: Assessment, *, is_inside: bool = False) -> Iterator[Text]:
    """Yield what is other for readers of a report, the most telling first, sentences without their full stops.

    Of work that no user meets (``is_inside``) what it refuses is not told.
    """
    # A row of a table is told as what it is, wherever else it counts.
    refusals, edits = [] if is_inside else list(_refusals(assessment)), list(_edits(assessment))
    if _REFUSES.search(assessment.change.pull.title):
        edits, refusals = [*refusals, *edits], []
    new = [
        *_of_requests(assessment.symbols),
        *_of_options(assessment.symbols),
        *_of_values(assessment.symbols),
        *list(_of_settings(assessment.symbols))[:_SETTINGS],
        *_of_roles(assessment),
    ]
    edited = (*edits[:1], *new, *edits[1:]) if assessment.kind == "bugfix" else (*new, *edits)
    yield from (*edited, *(refusals if assessment.kind != "bugfix" else ()))
    if not edits and not new:
        yield from list(_exchanges(assessment))[:1]
    for flag in every_flag(assessment.flags):
        place = flag.evidence[0] if flag.evidence else None
        if (
            flag.family == "interface-change"
            and flag.severity.rank >= Severity.MEDIUM.rank
            and place
            and place.symbol
        ):
            title = flag.title
            yield text_of("plain.interface", title=title.en, title_zh=title.zh, name=place.symbol)


def _about(summary: str) -> dict[str, str]:
    said = _first_sentence(summary)
    return {"about": f": “{said}”" if said else "", "about_zh": f"：“{said}”" if said else ""}


def _first_sentence(text: str) -> str:
    """Return the first sentence of a docstring without its full stop; nothing where it is too long to quote whole."""
    said = _SENTENCE.split(" ".join(text.split()), maxsplit=1)[0].strip()
    # A sentence on other names of the code is for who reads the code.
    whole = "…" not in said and "`" not in said and not _CODE_NAME.search(said)
    return said if whole and _SHORTEST_SAID <= len(said) <= _LONGEST else ""


def _of_requests(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield what requests take now."""
    about = {
        one.name.rpartition(".")[2]: one.summary
        for one in symbols
        if one.summary and one.role[:1] == ("config-field",)
    }
    names = requests_take(symbols)
    if len(names) == 1:
        said = _about(about.get(names[0].rpartition(".")[2], ""))
        yield text_of("plain.request", names=f"`{names[0]}`", **said)
    elif names:
        yield text_of("plain.request", names=_listed(names), about="", about_zh="")


def _listed(names: Sequence[str]) -> Message | tuple[str, ...]:
    """Return names as a list, and how many there are beyond."""
    shown = tuple(f"`{name}`" for name in names[:_NAMED])
    rest = len(names) - _NAMED
    return message("list.more", names=shown, more=rest) if rest > 0 else shown


def requests_take(symbols: Iterable[SymbolAssessment]) -> tuple[str, ...]:
    """Return the parameters that requests of a kind that was there take now, each once, by the first kind that takes it."""
    listed = tuple(symbols)
    # All of a new kind of request is new.
    new = {one.name for one in listed if one.kind == "class" and "added" in one.aspects}
    found: dict[str, str] = {}
    for one in listed:
        owner, _, name = one.name.rpartition(".")
        if one.role[:2] == ("protocol-field", "added") and "Request" in owner and owner not in new:
            found.setdefault(name, one.name)
    return tuple(found.values())


def _of_values(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield what settings take now: by these values something new is asked for."""
    for one in symbols:
        names = [value[1:] for value in one.role[1:] if value.startswith("+")]
        if one.role[:1] == ("value",) and names and not places().is_test(one.path):
            yield text_of("notice.value", name=one.name, names=_listed(names))


def _of_settings(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield new fields of configurations that no option of their name sets."""
    listed = tuple(symbols)
    options = {one.name for one in listed if one.kind == "cli-flag"}
    # What leaves one class for another one was there.
    gone = {one.name.rpartition(".")[2] for one in listed if one.role[:2] == ("config-field", "removed")}
    for one in (one for one in listed if one.role[:2] == ("config-field", "added")):
        is_new = option_of(one.name) not in options and one.name.rpartition(".")[2] not in gone
        if is_new and is_setting(one.name) and _first_sentence(one.summary):
            name = one.name.rpartition(".")[2]
            yield text_of("plain.setting", name=name, **said_default(one.role[3]), **_about(one.summary))


def _of_options(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield new options and variables of the environment, with what they are at first and what the author says of them."""
    listed = tuple(symbols)
    fields = {
        option_of(one.name): one
        for one in listed
        if one.role[:2] == ("config-field", "added") and one.summary
    }
    for kind in ("cli-flag", "environment-variable"):
        yield from _of_kind([one for one in listed if one.kind == kind and "added" in one.aspects], fields)


def _of_kind(added: Sequence[SymbolAssessment], fields: Mapping[str, SymbolAssessment]) -> Iterator[Text]:
    """Yield what is new of a kind: one with its default and what the author says of it, several by their names."""
    if len(added) > 1:
        names = _listed([one.name for one in added])
        yield text_of(f"plain.{added[0].kind}", names=names, count=len(added), default="", about="")
    for one in added if len(added) == 1 else ():
        field = fields.get(one.name)
        default = one.role[2] if len(one.role) == 3 else ""
        if not default and field is not None and len(field.role) == 4:
            default = field.role[3]
        yield text_of(
            f"plain.{one.kind}",
            names=f"`{one.name}`",
            count=1,
            **said_default(default),
            **_about(field.summary if field is not None else ""),
        )


def said_default(default: str) -> dict[str, str]:
    """Return the words for a default: off, on, or its value; nothing where there is none to tell."""
    code = _SWITCHES.get(default, "value")
    if (
        not code
        or not default
        or len(default) > _LONGEST_DEFAULT
        or (default[:1].isupper() and code == "value")
    ):
        return {"default": ""}
    text = text_of(f"plain.default-{code}", value=default)
    return {"default": text.en, "default_zh": text.zh}


def _of_roles(assessment: Assessment) -> Iterator[Text]:
    """Yield clauses of roles, and of what is new the one thing that the title speaks of, as its docstring tells it."""
    told = clauses_of(assessment)
    yield from (
        _begun(clause)
        for clause, code in zip(told.clauses[: told.telling], told.codes, strict=False)
        if code in _PLAIN
    )
    spoken = stems_of(assessment.change.pull.title)
    new = [
        (
            len(spoken & stems_of(f"{one.name} {said}")) + (one.kind in ("class", "operator")),
            -at,
            one.name,
            said,
        )
        for at, one in enumerate(assessment.symbols)
        if "added" in one.aspects
        and one.kind in ("class", "function", "method", "operator")
        and not is_private(one.name)
        and not places().is_test(one.path)
        and (said := _first_sentence(one.summary))
    ]
    if new and max(new)[0] >= _SPOKEN:
        yield text_of("plain.new", name=max(new)[2], said=max(new)[3])


def _begun(text: Text) -> Text:
    return Text(en=f"{text.en[:1].upper()}{text.en[1:]}", zh=text.zh)


def _refusals(assessment: Assessment) -> Iterator[Text]:
    """Yield what is refused now, or no longer, in the words of the error."""
    for effect in assessment.effects:
        code, said = _REFUSALS.get(effect.code), _quoted(effect.error)
        if code and said:
            yield text_of(code, said=said)


def refusal_at(assessment: Assessment, symbol: str) -> Text | None:
    """Return what a function refuses now, in the words of its error; ``None`` where they are not known whole."""
    for effect in assessment.effects:
        said = _quoted(effect.error) if effect.symbol == symbol and _refuses(effect) else ""
        if said:
            return Text(en=f"“{said}”", zh=f"“{said}”")
    return None


def refusals_by_name(assessment: Assessment) -> Iterator[Text]:
    """Yield what is refused now with an error that names an option or a field: somebody set it."""
    for effect in assessment.effects if assessment.kind in _REFUSING else ():
        is_ours = effect.path.endswith(".py") and not places().is_test(effect.path)
        said = _quoted(effect.error) if is_ours and _refuses(effect) else ""
        if said and _SETTING_NAME.search(said):
            yield Text(en=f"“{said}”", zh=f"“{said}”")


def _refuses(effect: Effect) -> bool:
    return _REFUSALS.get(effect.code) == "plain.refuses"


def _quoted(error: str) -> str:
    """Return the text of the first argument of an exception, whole sentences of it, values by an ellipsis."""
    arguments = _CALLED.sub("", error)
    parts, is_whole = [], True
    for found in _LITERAL.finditer(arguments):
        parts.append(found[1] or found[3] or found[5] or "")
        is_whole = bool(found[2] or found[4] or found[6])
        if not is_whole:
            break
    said = re.sub(r"\{[^{}]*\}", "…", " ".join("".join(parts).replace("\\n", " ").replace("`", "'").split()))
    if not is_whole or "…" in arguments[-3:]:
        ends = [found.end() for found in _SENTENCE.finditer(said)]
        said = said[: ends[-1]] if ends and ends[-1] < len(said) else ""
    said = said.strip().rstrip(".")
    return said if _SHORTEST_SAID <= len(said) <= _LONGEST else ""


def _edits(assessment: Assessment) -> Iterator[Text]:
    """Yield edits that can be read without the code around them."""
    if assessment.kind not in _EDITS_TELL:
        return
    found = [
        effect.says
        for effect in assessment.effects
        if effect.code not in _IDLE
        and not effect.vague
        and not effect.condition
        and not effect.general
        and _is_short(effect.says.en, _LONGEST_EDIT, _LONGEST_CODE)
    ]
    yield from found


def _exchanges(assessment: Assessment) -> Iterator[Text]:
    """Yield what is handed on or called in another's place, where it is not too long to read."""
    if assessment.kind in _EDITS_TELL:
        for effect in assessment.effects:
            is_read = effect.path.endswith(".py") and effect.code in _EXCHANGES and not effect.vague
            if is_read and _is_short(effect.says.en, _LONGER_EDIT, _LONGER_CODE):
                yield effect.says


def _is_short(said: str, longest: int, longest_code: int) -> bool:
    spans = _SPAN.findall(said)
    return (
        len(said) <= longest
        and len(spans) <= _MOST_CODE
        and all(len(span) <= longest_code and "…" not in span and not span.startswith("_") for span in spans)
    )


def is_setting(name: str) -> bool:
    """Return whether a field is one that users set."""
    owner = name.partition(".")[0]
    return owner.endswith(_OWNERS) and not owner.startswith(profile().code.arguments) and not is_private(name)
