"""What a pull request is to who reads a report: whom it concerns, what is other for them now, and who is affected, in plain statements.

From facts alone: what requests and settings take, what is refused, what classes became, what the author's docstrings say of new code, and
of a fix the one edit that can be told without its surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.assessment.effects import stems_of
from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, texts
from diffscope.patterns import lazy_regex
from diffscope.render.change_summary import clauses_of, is_private, option_of
from diffscope.render.words import area_title
from diffscope.rules.model import Severity, every_flag
from diffscope.source.profile import places

AUDIENCES: Final = ("users", "operators", "developers")
"""Who reads a report, in the order in which they are told: clients of a server, those who run it, those who change its code."""
_USERS: Final = frozenset(
    [
        "frontend",
        "models",
        "multimodal",
        "tool-calling",
        "reasoning",
        "structured-output",
        "sampler",
        "pooling",
        "renderer",
        "tokenizer",
        "lora",
        "rust",
    ]
)
_DEVELOPERS: Final = frozenset(["benchmarks", "build", "ci", "docs", "examples", "tests", "core-utils"])
"""Areas by who notices what changes there; all others are noticed by those who run a server."""
_INSIDE: Final = frozenset({"ci", "test", "docs"})
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
_MOST: Final = 2
_LONGEST: Final = 120
_LONGEST_EDIT: Final = 110
_LONGEST_CODE: Final = 44
_MOST_CODE: Final = 3
_LONGEST_DEFAULT: Final = 40
_SHORTEST_SAID: Final = 12
_MODELS: Final = 2
_CODE: Final = frozenset({"source", "native"})
_MET: Final = frozenset({"cli-flag", "environment-variable", "metric", "registry-row"})
_OWNERS: Final = ("Config", "Args", "Params")
_SETTINGS: Final = 2
_SWITCHES: Final = {"False": "off", "None": "", "True": "on"}
_BY_DEFAULT: Final = lazy_regex(r"(?i)\b(?:enable|disable|turn (?:on|off)|use)\b.+\bby default\b")
_SPAN: Final = lazy_regex(r"`([^`]*)`")
_RAISES: Final = lazy_regex(r"\bnow raises? `\w+\((.*)` if `")
_RAISED: Final = lazy_regex(r"\bon now if `.*`; until now: `raise \w+\((.*)`")
_LITERAL: Final = lazy_regex(
    r"""\b[frbFRB]?"((?:[^"\\]|\\.)*)("|$)|\b[frbFRB]?'((?:[^'\\]|\\.)*)('|$)|"((?:[^"\\]|\\.)*)("|$)"""
)
_HANDS_ON: Final = lazy_regex(r"`(\w+)=(?:\w+\.)*\1`|`(?:self\.)?(\w+)` to `\(?(?:\w+\.)*\2\)?`")
"""A value that is only handed on under its own name."""
_MODEL: Final = lazy_regex(r"(?:^|/)models/(?:\w+/)?(\w+)\.py$")
_SENTENCE: Final = lazy_regex(r"[.!?](?:\s|$)")


class Plain(NamedTuple):
    """One pull request for who reads of it."""

    audience: str
    says: tuple[Text, ...]
    """What is other now, the most telling first, two at most, sentences without their full stops."""
    affects: Text


def in_plain_words(assessment: Assessment) -> Plain:
    """Return whom a pull request concerns, what it says to them, and who is affected."""
    title = assessment.change.pull.title.lower()
    said: dict[Text, None] = {}
    for text in _says(assessment):
        names = [name.lower() for name in _SPAN.findall(text.en)]
        # What the title or a statement before names already needs no second one.
        told = " ".join((title, *(one.en.lower() for one in said)))
        if not names or not all(name in told for name in names):
            said[text] = None
    return Plain(_audience(assessment), tuple(said)[:_MOST], _affects(assessment))


def _audience(assessment: Assessment) -> str:
    area = assessment.areas[0].area if assessment.areas else "tests"
    if is_by_default(assessment) or any(map(_is_met, assessment.symbols)):
        return "users" if area in _USERS else "operators"
    if assessment.kind in _INSIDE or area in _DEVELOPERS:
        return "developers"
    return "users" if area in _USERS else "operators"


def is_by_default(assessment: Assessment) -> bool:
    """Return whether the author says that something is on or off by default now."""
    return assessment.kind not in _INSIDE and _BY_DEFAULT.search(assessment.change.pull.title) is not None


def _is_met(symbol: SymbolAssessment) -> bool:
    """Return whether those who call or run a server meet a symbol: a setting, a row of a registry, what is installed."""
    if symbol.kind == "dependency":
        return symbol.role[-1:] == ("core",) and symbol.aspects[0] in ("raised", "lowered", "changed")
    if symbol.role[:1] == ("config-field",):
        return symbol.role[1] in ("added", "removed", "default") and _is_setting(symbol.name)
    return symbol.kind in _MET or (
        symbol.role[:1] == ("protocol-field",) and symbol.role[1:2] != ("retyped",)
    )


def _is_setting(name: str) -> bool:
    """Return whether a field is one that users set."""
    owner = name.partition(".")[0]
    return owner.endswith(_OWNERS) and not owner.startswith("EngineArgs") and not is_private(name)


def _affects(assessment: Assessment) -> Text:
    """Return who is affected: by the main area, its models by their names, and the one platform that the change serves."""
    area = assessment.areas[0].area if assessment.areas else ""
    switch = _switch(assessment)
    if switch:
        return text_of("affects.when-set", name=switch)
    platform = _platform(assessment)
    if _audience(assessment) == "developers":
        area = "inside"
    elif area in _DEVELOPERS:
        area = next((one.area for one in assessment.areas if one.area not in _DEVELOPERS), "config")
    if area == "platform" and platform:
        area = "everyone"
    models = _models(assessment) if area == "models" else ()
    if models:
        who = text_of("affects.some-models", names=tuple(f"`{name}`" for name in models))
    else:
        known = f"affects.{area}" in texts(Language.ENGLISH)
        who = text_of(f"affects.{area}") if known else _of_area(area)
    if not platform or area == "inside":
        return who
    name = area_title(platform, Language.ENGLISH)
    return text_of("affects.on-platform", who=who.en, who_zh=who.zh, platform=name)


def _switch(assessment: Assessment) -> str:
    """Return the one switch that a feature adds and that is off: nobody else meets it."""
    if assessment.kind != "feature":
        return ""
    new = [one for one in assessment.symbols if _is_met(one) and {"added"} & {*one.aspects} and one.role]
    switches = {
        option_of(one.name) if one.kind == "variable" else one.name: one.name.rpartition(".")[2]
        for one in new
        if one.role[-1] == "False"
    }
    return next(iter(switches.values())) if len(switches) == 1 else ""


def _of_area(area: str) -> Text:
    return text_of(
        "affects.of-area",
        name=area_title(area, Language.ENGLISH),
        name_zh=area_title(area, Language.CHINESE),
    )


def _models(assessment: Assessment) -> tuple[str, ...]:
    found = {
        name[1]
        for file in assessment.files
        if file.category == "source" and file.area == "models" and (name := _MODEL.search(file.path))
    } - {"utils", "interfaces", "registry", "config"}
    return tuple(sorted(found)) if 0 < len(found) <= _MODELS else ()


def _platform(assessment: Assessment) -> str:
    """Return the one platform that the change serves, where its title says so or it touches no other."""
    named = [name for name in assessment.platforms if name != "cuda"]
    words = {*re.findall(r"[a-z0-9]+", assessment.change.pull.title.lower())}
    return named[0] if len(named) == 1 and named[0] in words else ""


def _says(assessment: Assessment) -> Iterator[Text]:
    # A row of a table is told as what it is, wherever else it counts.
    edits = [*_refusals(assessment), *_edits(assessment)]
    new = [
        *_of_requests(assessment.symbols),
        *_of_options(assessment.symbols),
        *list(_of_settings(assessment.symbols))[:_SETTINGS],
        *_of_roles(assessment),
    ]
    yield from (*edits[:1], *new, *edits[1:]) if assessment.kind == "bugfix" else (*new, *edits)
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
    whole = "…" not in said and said.count("`") % 2 == 0
    return said if whole and _SHORTEST_SAID <= len(said) <= _LONGEST else ""


def _of_requests(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield what requests take now."""
    about = {
        one.name.rpartition(".")[2]: one.summary
        for one in symbols
        if one.summary and one.role[:1] == ("config-field",)
    }
    new = {one.name for one in symbols if one.kind == "class" and "added" in one.aspects}
    names = dict.fromkeys(
        one.name.rpartition(".")[2]
        for one in symbols
        if one.role[:2] == ("protocol-field", "added")
        and "Request" in one.name.partition(".")[0]
        # All of a new kind of request is new.
        and one.name.partition(".")[0] not in new
    )
    for name in names:
        yield text_of("plain.request", name=name, **_about(about.get(name, "")))


def _of_settings(symbols: Iterable[SymbolAssessment]) -> Iterator[Text]:
    """Yield new fields of configurations that no option of their name sets."""
    listed = tuple(symbols)
    options = {one.name for one in listed if one.kind == "cli-flag"}
    for one in (one for one in listed if one.role[:2] == ("config-field", "added")):
        if option_of(one.name) not in options and _is_setting(one.name) and _first_sentence(one.summary):
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
    for one in listed:
        if one.kind not in ("cli-flag", "environment-variable") or "added" not in one.aspects:
            continue
        field = fields.get(one.name)
        default = one.role[2] if len(one.role) == 3 else ""
        if not default and field is not None and len(field.role) == 4:
            default = field.role[3]
        yield text_of(
            f"plain.{one.kind}",
            name=one.name,
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
    if new and max(new)[0] > 1:
        yield text_of("plain.new", name=max(new)[2], said=max(new)[3])


def _begun(text: Text) -> Text:
    return Text(en=f"{text.en[:1].upper()}{text.en[1:]}", zh=text.zh)


def _refusals(assessment: Assessment) -> Iterator[Text]:
    """Yield what is refused now, or no longer, in the words of the error."""
    for effect in assessment.effects:
        for pattern, code in ((_RAISES, "plain.refuses"), (_RAISED, "plain.allows")):
            found = pattern.search(effect.says.en)
            said = _quoted(found[1]) if found else ""
            if said:
                yield text_of(code, said=said)


def refusal_at(assessment: Assessment, symbol: str) -> Text | None:
    """Return what a function refuses now, in the words of its error; ``None`` where they are not known whole."""
    for effect in assessment.effects:
        found = _RAISES.search(effect.says.en) if effect.symbol == symbol else None
        said = _quoted(found[1]) if found else ""
        if said:
            return Text(en=f"“{said}”", zh=f"“{said}”")
    return None


def _quoted(arguments: str) -> str:
    """Return the text of the first argument of an exception, whole sentences of it, values by an ellipsis."""
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
    for effect in assessment.effects:
        spans = _SPAN.findall(effect.says.en)
        if (
            not effect.condition
            and not effect.general
            and len(effect.says.en) <= _LONGEST_EDIT
            and len(spans) <= _MOST_CODE
            and all(
                len(span) <= _LONGEST_CODE and "…" not in span and not span.startswith("_") for span in spans
            )
            and not _HANDS_ON.search(effect.says.en)
        ):
            yield effect.says
