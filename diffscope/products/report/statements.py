"""What a pull request changes for its users, in sentences that can be read without the code, from facts alone.

What requests and settings take, what is refused in the words of its error, what classes became, what the author's docstring says of what is
new, and of a fix an edit that can be told without its surroundings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import NOTHING, AuthorsWords
from diffscope.products.report.decisions import Decided, condition_in_words
from diffscope.render.change_summary import clauses_of, is_private, option_of
from diffscope.rules.model import Severity, every_flag
from diffscope.source.profile import places, profile
from diffscope.taxonomy.declared_words import stems_of

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
_NAMED: Final = 6
_SPOKEN: Final = 3
"""Words that a title shares with a new thing and its docstring for that to be what it is about; a class counts one more."""
_SWITCHES: Final = {"False": "off", "None": "", "True": "on"}
_REFUSES: Final = lazy_regex(
    r"(?i)\b(?:reject|refus|valid|limit|enforc|disallow|forbid|check|rais|bound|guard|unsupported|error)\w*"
)
_IDLE: Final = frozenset(
    {
        "value-added",
        "value-removed",
        "condition-return",
        "except-added",
        "except-changed",
        "except-removed",
        "condition-raise",
        "raise-added",
        "condition-exit-gone",
    }
)
"""Edits that say little without what stands around them: values for code that follows, what is done before a return, errors that are caught."""
_EXCHANGES: Final = frozenset(
    {"argument-added", "argument-changed", "argument-removed", "call-changed", "statement-changed"}
)
_CODE_NAME: Final = lazy_regex(r"\w_\w|\w\.\w+_|\w\(\)")
_BITS: Final = lazy_regex(r"\b(\d)-bit\b")
_VALUE_BITS: Final = lazy_regex(r"(?<!\d)(\d)_?bit")
_LONGEST_SAID: Final = 120
_LONGEST_WHOLE: Final = 170
"""Characters of one sentence that is not cut."""
_MEMBER: Final = lazy_regex(r"^[A-Z]\w*\.([A-Z][A-Z0-9_]*)$")
_REFUSED: Final = "IF408"
_REMEDY: Final = lazy_regex(
    r"(?i)\b(?:set|use|pass|specify|decrease|reduce|increase|disable|enable|provide|please|instead)\b"
)
_UNDER, _NOW = ("notice.decided-under", "notice.unset-under"), ("notice.decided-now", "notice.unset-now")
_ENDS: Final = lazy_regex(r"(?<=[.!?])\s+(?=[A-Z])")
_WORD: Final = lazy_regex(r"[A-Za-z][\w-]*_\w+|--[a-z][a-z0-9-]+")
_SENTENCE: Final = lazy_regex(r"(?<!\be\.g)(?<!\bi\.e)[.!?](?:\s|$)")


def statements_of(
    assessment: Assessment, words: AuthorsWords = NOTHING, *, is_inside: bool = False
) -> Iterator[Text]:
    """Yield what is other for readers of a report, the most telling first, sentences without their full stops.

    Of work that no user meets (``is_inside``) what it refuses is not told.
    """
    refused, edits = [] if is_inside else list(_refusals(assessment, words)), list(_edits(assessment))
    if _REFUSES.search(assessment.change.pull.title):
        edits, refused = [*refused, *edits], []
    new = [
        *_of_requests(assessment.symbols),
        *([text_of("plain.figures", said="; ".join(words.figures))] if words.figures else ()),
        *(() if words.deprecations else _of_documents(assessment, dict(words.fields))),
        *_of_roles(assessment),
        *(quoted(text.partition(": ")[2] or text) for text in words.deprecations[:1]),
    ]
    edited = (*edits[:1], *new, *edits[1:]) if assessment.kind == "bugfix" else (*new, *edits)
    # What is new may refuse what it likes.
    yield from (*edited, *(refused if assessment.kind not in ("bugfix", "feature", "model") else ()))
    if assessment.kind == "bugfix" and not edits:
        spoken = stems_of(assessment.change.pull.title)
        whys = [text for text in words.remarks if len(text) <= _LONGEST_SAID and spoken & stems_of(text)]
        yield from map(quoted, sorted(whys, key=lambda text: -len(spoken & stems_of(text)))[:1])
    if not edits and not new:
        yield from list(_exchanges(assessment))[:1]


def switches_of(assessment: Assessment, words: AuthorsWords = NOTHING) -> Iterator[Text]:
    """Yield how something is switched on, with its default: options, variables, values, and fields that no option sets."""
    symbols = [one for one in assessment.symbols if not places().is_test(one.path)]
    listed = list(_of_options(symbols))
    options = dict(words.options)
    for one in symbols:
        names = [value[1:] for value in one.role[1:] if value.startswith("+")]
        # A type that no option has is set by nobody.
        if one.role[:1] == ("value",) and names and one.name in options:
            listed.append(text_of("notice.value", name=options[one.name], names=_listed(names)))
    # Beside an option fields are details.
    yield from listed or list(_of_settings(symbols))[:_SETTINGS]


def costs_of(assessment: Assessment, words: AuthorsWords) -> Iterator[Text]:
    """Yield what a pull request costs or breaks: settings that code overrides, warnings, refusals, public signatures, a title at odds with its code."""
    title = assessment.change.pull.title
    bits = {*_BITS.findall(title)}
    values = [value for one in assessment.symbols if one.role[:1] == ("value",) for value in one.role[1:]]
    known = {bit for value in values for bit in _VALUE_BITS.findall(value)}
    if bits and known and not bits & known:
        yield text_of("cost.title", said=f"{min(bits)}-bit")
    if words.limits:
        yield text_of("cost.limits", said=tuple(f"“{each}”" for each in words.limits[:_MOST_CODE]))
    yield from map(decided, words.decided)
    yield from (text_of("cost.warns", said=short(each)) for each in words.warnings[:1])
    # What is new may refuse what it likes.
    refused = _by_use(met(words))[:1] if assessment.kind != "feature" else ()
    yield from (text_of("plain.refuses", said=short(each)) for each in refused)
    for flag in every_flag(assessment.flags):
        place = flag.evidence[0] if flag.evidence else None
        is_grave = flag.severity.rank >= Severity.MEDIUM.rank and not (words.errors and flag.code == _REFUSED)
        if flag.family == "interface-change" and is_grave and place and place.symbol:
            yield text_of("plain.interface", title=flag.title.en, title_zh=flag.title.zh, name=place.symbol)


def decided(each: Decided) -> Text:
    """Return what code now decides of a setting: what it is if nobody sets it, from which values before, or what it becomes whatever was set."""
    name = f"--{each.name.replace('_', '-')}"
    if each.condition:
        where, code = condition_in_words(each.condition), _UNDER[each.is_unset]
        said = text_of(code, name=name, value=each.value, where=where.en, where_zh=where.zh)
    else:
        said = text_of(_NOW[each.is_unset], name=name, value=each.value)
    if not each.before:
        return said
    code = "notice.before-one" if len(each.before) == 1 else "notice.before-some"
    was = text_of(code, least=each.before[0], most=each.before[-1])
    return text_of("notice.with-before", left=said.en, left_zh=said.zh, right=was.en, right_zh=was.zh)


def _by_use(errors: Iterable[str]) -> list[str]:
    return sorted(errors, key=lambda text: (_REMEDY.search(text) is None, len(text)))


def quoted(text: str, *, most: int = _LONGEST_SAID) -> Text:
    """Return an author's words as a quotation, which is the same in both languages."""
    return Text(en=f"“{short(text, most=most)}”", zh=f"“{short(text, most=most)}”")


def short(text: str, *, most: int = _LONGEST_SAID) -> str:
    """Return the first sentences of a text, as many as fit into so many characters, without the last full stop."""
    text = " ".join(text.replace("`", "'").split())
    ends = [found.end() for found in _SENTENCE.finditer(text)] or [len(text)]
    end = max((end for end in ends if end <= most), default=ends[0])
    said = text[:end].strip()
    if len(said) > max(most, _LONGEST_WHOLE):
        said = f"{said[:_LONGEST_WHOLE].rpartition(' ')[0]}…"
    return said.rstrip(".")


def _about(summary: str) -> dict[str, str]:
    said = _first_sentence(summary)
    return {"about": f": “{said}”" if said else "", "about_zh": f"：“{said}”" if said else ""}


def _first_sentence(text: str) -> str:
    """Return the first sentence of a docstring without its full stop; nothing where it is too long to quote whole."""
    said = _SENTENCE.split(" ".join(text.split()), maxsplit=1)[0].strip()
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


def _listed(names: Sequence[str]) -> tuple[str, ...]:
    """Return names as a list; of very many the first ones, as some of more."""
    shown = tuple(f"`{name}`" for name in names[:_NAMED])
    return (*shown, "…") if len(names) > _NAMED else shown


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


def _of_documents(assessment: Assessment, said: Mapping[str, str]) -> Iterator[Text]:
    """Yield what the author says of the new setting that the title speaks of, one for all: whole sentences of the docstring."""
    spoken, found = stems_of(assessment.change.pull.title), []
    for at, one in enumerate(assessment.symbols):
        last = one.name.rpartition(".")[2].removeprefix("--").replace("-", "_")
        is_new = one.role[:2] == ("config-field", "added") or (
            one.kind in ("cli-flag", "environment-variable") and "added" in one.aspects
        )
        text = said.get(last) or one.summary
        if is_new and not places().is_test(one.path) and len(text) >= _SHORTEST_SAID:
            found.append((-len(spoken & stems_of(f"{last} {text}")), at, text))
    if found:
        yield text_of("plain.documented", said=short(min(found)[2].partition(" - ")[0], most=_LONGEST))


def _of_settings(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield new fields of configurations that no option of their name sets."""
    listed = tuple(symbols)
    options = {one.name for one in listed if one.kind == "cli-flag"}
    gone = {one.name.rpartition(".")[2] for one in listed if one.role[:2] == ("config-field", "removed")}
    for one in (one for one in listed if one.role[:2] == ("config-field", "added")):
        last = one.name.rpartition(".")[2]
        if option_of(one.name) not in options and last not in gone and is_setting(one.name):
            yield text_of(
                "plain.setting", name=last if "_" in last else one.name, **said_default(one.role[3])
            )


def _of_options(symbols: Sequence[SymbolAssessment]) -> Iterator[Text]:
    """Yield new options and variables of the environment, each with what it is at first."""
    fields = {
        option_of(one.name): one.role[3]
        for one in symbols
        if one.role[:2] == ("config-field", "added") and "Config." not in one.role[3]
    }
    for kind in ("cli-flag", "environment-variable"):
        added = [one for one in symbols if one.kind == kind and "added" in one.aspects]
        if len(added) > _SETTINGS:
            names = _listed([one.name for one in added])
            yield text_of("switch.plain", name=names, default="")
        for one in added if len(added) <= _SETTINGS else ():
            default = one.role[2] if len(one.role) == 3 and one.role[2] else fields.get(one.name, "")
            yield text_of("switch.plain", name=f"`{one.name}`", **said_default(default))


def said_default(default: str) -> dict[str, str]:
    """Return the words for a default: off, on, or its value; nothing where there is none to tell."""
    member = _MEMBER.search(default)
    default = member[1].lower() if member else default
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
        and not (one.kind == "class" and "." in one.name)  # a part of another one
        and not places().is_test(one.path)
        and (said := _first_sentence(one.summary))
    ]
    if new and max(new)[0] >= _SPOKEN and assessment.kind != "bugfix":
        yield text_of("plain.new", name=max(new)[2], said=max(new)[3])


def _begun(text: Text) -> Text:
    return Text(en=f"{text.en[:1].upper()}{text.en[1:]}", zh=text.zh)


def _refusals(assessment: Assessment, words: AuthorsWords) -> Iterator[Text]:
    """Yield what is refused now, or no longer, in the words of the error."""
    for error in met(words)[:1]:
        yield text_of("plain.refuses", said=short(error))


def met(words: AuthorsWords) -> list[str]:
    """Return the errors that somebody may meet with what was there before: not those about what the same change declares."""
    return [text for text in words.errors if not {*words.brought} & _named(remedy_of(text)[0] or text)]


def _named(text: str) -> set[str]:
    return {word.strip("-").replace("-", "_") for word in _WORD.findall(text)}


def refusals(assessment: Assessment, words: AuthorsWords) -> list[str]:
    """Return what is refused now with an error that names an option or a field: somebody set it."""
    return _by_use(met(words)) if assessment.kind not in ("test", "ci", "docs") else []


def remedy_of(text: str) -> tuple[str, str]:
    """Return what an author's text says, and its sentences from the first on that say what to do instead."""
    parts = [part for part in _ENDS.split(" ".join(text.split())) if part]
    at = next((at for at, part in enumerate(parts) if _REMEDY.search(part)), len(parts))
    return " ".join(parts[:at]), " ".join(parts[at:])


def _edits(assessment: Assessment) -> Iterator[Text]:
    """Yield edits that can be read without the code around them."""
    if assessment.kind not in _EDITS_TELL:
        return
    yield from (
        effect.says
        for effect in assessment.effects
        if effect.code not in _IDLE
        and not effect.vague
        and not effect.condition
        and not effect.general
        and _is_short(effect.says.en, _LONGEST_EDIT, _LONGEST_CODE)
    )


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
