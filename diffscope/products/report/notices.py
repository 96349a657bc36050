"""What users will notice of a window: new models, endpoints, options and variables, other defaults, what goes, versions of dependencies.

Settings that a later pull request of the window takes back are told with it; what came and went in the window is not told at all.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import NOTHING, AuthorsWords
from diffscope.products.report.counts import name_of, number_of
from diffscope.products.report.link_model import Link
from diffscope.products.report.links.nodes import plain_title
from diffscope.products.report.model import Notice, NoticeKind
from diffscope.products.report.notice_texts import (
    Seen,
    by_whom,
    changed_default,
    explained,
    going,
    how_to_keep,
    is_settled,
    join_new,
    join_renamed,
    of_constant,
    of_decision,
    of_newly_on,
    of_orders,
    of_values,
    to_set,
    told_first,
    with_default,
)
from diffscope.products.report.plain import is_by_default
from diffscope.products.report.requirements import majors_of, of_requirement, of_versions
from diffscope.products.report.statements import (
    decided,
    quoted,
    refusals,
    remedy_of,
    requests_take,
)
from diffscope.render.change_summary import option_of, registry_row
from diffscope.render.words import area_title
from diffscope.rules.model import Severity, every_flag
from diffscope.source.profile import profile

_REGISTRIES: Final = (
    "tool parsers",
    "reasoning parsers",
    "quantization methods",
    "KV connectors",
    "attention backends",
)
"""Registries besides the models whose rows users name on the command line or in a configuration."""
_NEW: Final[Mapping[str, NoticeKind]] = {
    "cli-flag": "option",
    "environment-variable": "variable",
    "metric": "metric",
}
_ORDER: Final[tuple[NoticeKind, ...]] = (
    "default",
    "removed",
    "refused",
    "dependency",
    "model",
    "endpoint",
    "request",
    "option",
    "variable",
    "setting",
    "value",
    "entry",
    "metric",
)
_BACKEND: Final = lazy_regex(r"AttentionBackendEnum\.([A-Z][A-Z0-9_]+)")
"""How a row of the registry of attention backends is called, which is an enumeration."""
_QUALIFIED: Final = lazy_regex(r"\w+(?:\.\w+)*")
_QUALIFIED_WORD: Final = lazy_regex(r"\w+")
_VALUES: Final[tuple[tuple[str, NoticeKind, str], ...]] = (
    ("+", "value", "notice.value"),
    ("-", "removed", "notice.value-removed"),
)
_REFERENCES: Final = (
    "get_field(",
    "field(",
    "Field(",
    *string.ascii_uppercase.replace("T", "").replace("F", "").replace("N", ""),
)
"""How a default begins that is none by itself: a call, or the field of another class."""
_PARTED: Final = lazy_regex(r"[A-Z]\w*(?:Config|Args|Params)\(")
"""A default that is a class of settings, each of which is told by itself."""
_REQUIRED: Final = lazy_regex(
    r"^requirements/(?![\w./-]*(?:test|dev|lint|docs))[\w./-]+\.txt$|^pyproject\.toml$|^docker/Dockerfile"
)
_BASE_CLASSES: Final = ("Config", "Args", "Params")
_DEFAULT_RULE, _NEWLY_ON = "CF501", "CF502"
_WAS_IS: Final = lazy_regex(r": default (\S+) -> ([^\s,()]+)(?=[\s,]|$)")
_BESIDE_KINDS: Final = ("test", "ci", "docs")
_BESIDE: Final = frozenset({"test", "example", "benchmark", "docs"})
_DEPRECATES: Final = lazy_regex(r"(?i)\bdeprecat\w+")
_REMOVES: Final = lazy_regex(r"(?i)\b(?:remov|drop)(?:e|es|ing|s)?\b")
_LATER: Final = lazy_regex(
    r"(?i)\b(?:delay|postpon|defer|undo|fix|warning|message)\w*|(?:^|\] *)(?:add|introduc|support|handl)\w*|\b[a-z]+_\w+"
)
"""Of what goes later or comes, and names of code: the facts tell what users set."""
_MUCH: Final = 500
"""Lines that a pull request takes away, from which on its title says what users lose."""
_POINTS: Final = lazy_regex(r"^(?:\w+: )?(?:The (?:old|new)|This|It|That|These|They)\b")
"""How a sentence begins that does not say by itself what it is about."""
_BELOW: Final = lazy_regex(r"<\d[\d.]*")
_COMMIT: Final = lazy_regex(r"^[0-9a-f]{7,40}$")
_MOST_REQUESTS, _MOST_SAID, _GAPS = 4, 2, 2
"""Values left out of an author's sentence, from which on it says nothing."""


def find_notices(
    assessments: Sequence[Assessment],
    links: Iterable[Link],
    said: Mapping[int, AuthorsWords] = MappingProxyType({}),
) -> tuple[Notice, ...]:
    """Return the notices by kind, first what asks users to act, then what is new; within a kind by importance."""
    undone = {link.target: link.source for link in links if link.reason == "reverts"}
    reverts = set(undone.values())
    joined: dict[tuple[NoticeKind, str], list[Seen]] = {}
    for one in sorted(assessments, key=lambda one: (one.change.pull.merged_at or "", number_of(one))):
        if number_of(one) not in reverts:
            for seen in _notices(one, said.get(number_of(one), NOTHING)):
                joined.setdefault((seen.kind, seen.name), []).append(seen)
    join_new(joined)
    gone = {name for kind, name in joined if kind == "removed"}
    weight = {number_of(one): one.importance.value for one in assessments}
    found = [
        Notice(
            kind=kind,
            name=name,
            text=seen[-1].text,
            pulls=told_first(seen),
            undone_by=undone.get(seen[-1].number),
            is_weighty=any(each.is_weighty for each in seen),
            reason=next((each.reason for each in seen if each.reason), ""),
            keep=seen[-1].keep,
            effect=next((each.effect for each in seen if each.effect), None),
            subject=(change := seen[-1].change) and change.subject,
            was=change and (seen[0].change or change).was,
            now=change and change.now,
            gist=change and change.gist,
        )
        for (kind, name), seen in joined.items()
        if kind in ("removed", "dependency", "default", "refused") or name not in gone
    ]
    came = {name for kind, name in joined if kind not in ("removed", "dependency", "default", "refused")}
    kept = join_renamed([one for one in found if one.kind != "removed" or one.name not in came], said)
    return tuple(
        sorted(
            kept,
            key=lambda one: (
                _ORDER.index(one.kind),
                # A default that code works out now is harder to read than one that became another.
                one.kind == "default" and not one.is_weighty,
                -weight[one.pulls[-1]],
                # Errors stand in the order of their use.
                "" if one.kind == "refused" else one.name,
            ),
        )
    )


def _notices(assessment: Assessment, words: AuthorsWords) -> Iterator[Seen]:
    number = number_of(assessment)
    defaults = {
        option_of(one.name): one.role[3]
        for one in assessment.symbols
        if len(one.role) == 4
        and one.role[:2] == ("config-field", "added")
        and not one.role[3].startswith(_REFERENCES)
    }
    inside = {file.path for file in assessment.files if file.category in _BESIDE}
    # What an example or a test serves is nothing that users of the server meet.
    symbols = [one for one in assessment.symbols if one.path not in inside]
    listed = [each for one in symbols for each in _of_symbol(one, number, defaults)]
    listed += _of_requests(symbols, number)
    listed = list(_moved(listed))
    options = {one.name for one in listed if one.kind == "option"}
    fields = [one for one in listed if one.kind == "setting" and option_of(one.name) not in options]
    told = [one for one in listed if one.kind != "setting"] + fields
    told += _of_flags(assessment, number, {one.name for one in listed})
    told += _of_words(
        assessment, words, {one.name.rpartition(".")[2] for one in told if one.kind == "default"}
    )
    kinds = {one.kind for one in told}
    yield from (explained(one, words) for one in told if not is_settled(one, words))
    change, title = assessment.change, assessment.change.pull.title
    if is_by_default(assessment) and "default" not in kinds:
        yield Seen("default", name_of(number), Text(en=title, zh=title), number)
    is_much = _REMOVES.search(title) is not None and change.deletions - change.additions >= _MUCH
    if (
        assessment.kind not in (*_BESIDE_KINDS, "bugfix", "revert")
        and (is_much or _DEPRECATES.search(plain_title(title)))
        and not _LATER.search(title)
        and "removed" not in kinds
    ):
        yield Seen("removed", name_of(number), Text(en=title, zh=title), number)


def _moved(listed: Sequence[Seen]) -> Iterator[Seen]:
    """Yield what is noticed, a setting that leaves one class of configuration for another one told as moved."""
    came = {one.name.rpartition(".")[2]: one.name for one in listed if one.kind == "setting"}
    for one in listed:
        to = came.get(one.name.rpartition(".")[2]) if one.kind == "removed" and "." in one.name else None
        text = text_of("notice.moved", before=one.name, name=to) if to else one.text
        yield one._replace(text=text)


def _of_words(assessment: Assessment, words: AuthorsWords, told: Collection[str]) -> Iterator[Seen]:
    """Yield what the author's own words ask users to do: what goes, what is refused, what code decides now."""
    number = number_of(assessment)
    new = [one.name for one in assessment.symbols if "added" in one.aspects and one.kind in _NEW]
    whole = [each for each in words.deprecations if not _POINTS.search(each) and each.count("…") < _GAPS]
    for said in [each for each in whole if not any(name in each for name in new)][:_MOST_SAID]:
        text, rest = going(said), remedy_of(said.partition(": ")[2] or said)
        is_whole = not text.en.startswith("“")
        keep = text_of("keep.in-time") if is_whole else by_whom("keep.by-author", rest[1] if rest[0] else "")
        yield Seen("removed", text.en, text, number, is_weighty=is_whole, keep=keep)
    for said in refusals(assessment, words)[:_MOST_SAID]:
        what, way = remedy_of(said)
        text, keep = quoted(what or way), by_whom("keep.by-error", way if what else "")
        yield Seen("refused", text.en, text, number, keep=keep)
    if assessment.kind in _BESIDE_KINDS:
        return
    for each in words.decided:
        is_of_new = not {*words.brought}.isdisjoint(_QUALIFIED_WORD.findall(each.condition))
        if not is_of_new and each.name not in told and (assessment.kind != "bugfix" or each.is_unset):
            keep = how_to_keep(each, words) if each.is_unset else text_of("keep.forced")
            change = of_decision(each)
            yield Seen(
                "default",
                each.name,
                decided(each),
                number,
                is_weighty=True,
                keep=keep,
                change=change,
            )
    platform = area_title(assessment.platforms[0], Language.ENGLISH) if len(assessment.platforms) == 1 else ""
    where = {"where": f" ({platform})", "where_zh": f"（{platform}）"} if platform else {"where": ""}
    yield from (of_constant(name, value, words, where, number) for value, name in words.constants)
    if words.orders:
        yield of_orders(words, number, where)


def _of_requests(symbols: Iterable[SymbolAssessment], number: int) -> list[Seen]:
    """Return what requests take now, each name once."""
    return [
        Seen("request", name, text_of("notice.plain", name=name), number)
        for name in requests_take(symbols)[:_MOST_REQUESTS]
    ]


def _of_symbol(symbol: SymbolAssessment, number: int, defaults: Mapping[str, str]) -> Iterator[Seen]:
    aspect = symbol.aspects[0] if symbol.aspects else ""
    name, role = symbol.name, symbol.role
    match symbol.kind:
        case "registry-row" if role and (role[0] == "models" or role[0] in _REGISTRIES):
            yield from _of_row(symbol, aspect, number)
        case "function" | "method" if len(role) == 2 and aspect in ("added", "removed"):
            route = f"{role[0].upper()} {role[1]}"
            kind: NoticeKind = "endpoint" if aspect == "added" else "removed"
            code = "notice.endpoint" if aspect == "added" else "notice.endpoint-removed"
            yield Seen(kind, route, text_of(code, name=route), number)
        case "cli-flag" | "environment-variable" | "metric":
            yield from _of_setting(symbol, aspect, number, defaults)
        case "variable" if role[:1] == ("config-field",) and len(role) == 4 and _is_set_by_users(name):
            yield from _of_field(symbol, number)
        case "variable" if aspect == "added" and (member := _BACKEND.fullmatch(name)):
            row = registry_row("attention backends")
            text = text_of("notice.row", what=row.en, what_zh=row.zh, name=member[1])
            yield Seen("entry", f"attention backends {member[1]}", text, number)
        case "variable" if role[:1] == ("value",):
            yield from _of_values(symbol, number)
        case "dependency" if len(role) == 4 and _REQUIRED.search(symbol.path):
            yield from _of_dependency(symbol, number)
        case _:
            return


def _of_setting(
    symbol: SymbolAssessment, aspect: str, number: int, defaults: Mapping[str, str]
) -> Iterator[Seen]:
    name, role, kind = symbol.name, symbol.role, _NEW[symbol.kind]
    if aspect == "added":
        default = role[2] if len(role) == 3 and role[2] else defaults.get(name, "")
        yield Seen(kind, name, with_default(name, default), number)
    elif aspect == "removed":
        yield Seen("removed", name, text_of(f"notice-gone.{kind}", name=name), number)
    elif aspect == "default" and len(role) == 3:
        yield changed_default(name, role[1], role[2], number)


def _of_values(symbol: SymbolAssessment, number: int) -> Iterator[Seen]:
    for mark, kind, code in _VALUES:
        names = [value[1:] for value in symbol.role[1:] if value.startswith(mark)]
        if names:
            listed = tuple(f"`{name}`" for name in names)
            # Two pull requests that add other values have nothing in common but the setting.
            yield Seen(
                kind,
                f"{symbol.name} {mark}{','.join(names)}",
                text_of(code, name=symbol.name, names=listed),
                number,
            )


def _of_field(symbol: SymbolAssessment, number: int) -> Iterator[Seen]:
    if symbol.role[1] == "default" and symbol.role[2] and symbol.role[3]:
        yield changed_default(symbol.name, symbol.role[2], symbol.role[3], number)
    elif symbol.role[1] == "added" and not _PARTED.match(symbol.role[3]):
        yield Seen("setting", symbol.name, with_default(symbol.name, symbol.role[3]), number)
    elif symbol.role[1] == "removed":
        yield Seen("removed", symbol.name, text_of("notice-gone.setting", name=symbol.name), number)


def _of_row(symbol: SymbolAssessment, aspect: str, number: int) -> Iterator[Seen]:
    registry, row = symbol.role[0], registry_row(symbol.role[0])
    if aspect == "added":
        kind: NoticeKind = "model" if registry == "models" else "entry"
        code = "notice.plain" if kind == "model" else "notice.row"
        text = text_of(code, what=row.en, what_zh=row.zh, name=symbol.name)
        yield Seen(kind, f"{symbol.name}" if kind == "model" else f"{registry} {symbol.name}", text, number)
    elif aspect == "removed":
        text = text_of("notice.row-removed", what=row.en, what_zh=row.zh, name=symbol.name)
        yield Seen("removed", symbol.name, text, number)


def _of_dependency(symbol: SymbolAssessment, number: int) -> Iterator[Seen]:
    before, after = symbol.role[:2]
    if (
        symbol.aspects[:1] == ("added",)
        and symbol.role[3] == "core"
        and not before
        and "Dockerfile" not in symbol.path
    ):
        yield Seen("dependency", symbol.name, text_of("notice.dependency-new", name=symbol.name), number)
    if (
        before
        and after
        and before != after
        and symbol.aspects[0] in ("raised", "lowered", "changed", "loosened", "tightened")
    ):
        if _COMMIT.search(after):
            return
        text = of_versions(symbol.name, before, after)
        # What the catalogue knows the consequences of is told for any version.
        is_known = f"does.{symbol.name}" in texts(Language.ENGLISH)
        is_weighty = symbol.role[3] == "core" and (is_known or majors_of(before) != majors_of(after))
        bound = _BELOW.search(before)
        # If only an upper bound went, the versions below it are still allowed.
        is_kept = bound is not None and _BELOW.search(after) is None and "==" not in after
        keep = text_of("keep.pin", name=f"{symbol.name}{bound[0]}") if is_kept and bound else None
        change = of_requirement(symbol.name, before, after)
        yield Seen("dependency", symbol.name, text, number, is_weighty=is_weighty, keep=keep, change=change)


def _is_set_by_users(name: str) -> bool:
    owner = name.partition(".")[0]
    return (
        owner.endswith(_BASE_CLASSES)
        and not owner.startswith(("_", *profile().code.arguments))
        and "._" not in name
    )


def _of_flags(assessment: Assessment, number: int, told: Collection[str]) -> Iterator[Seen]:
    """Yield defaults that changed, as rules found them."""
    for flag in every_flag(assessment.flags):
        first = flag.evidence[0] if flag.evidence else None
        if first is None:
            continue
        if flag.code == _NEWLY_ON and flag.severity.rank >= Severity.MEDIUM.rank and first.symbol:
            yield of_newly_on(first.symbol, number, is_option=option_of(first.symbol) in told)
        elif flag.code == _DEFAULT_RULE and flag.severity.rank >= Severity.MEDIUM.rank:
            name = next(iter(_QUALIFIED.findall(first.note.en)), first.symbol or first.path)
            is_named = not {*"_.-"}.isdisjoint(name)
            # Without values the rule saw only that another place decides.
            values = _WAS_IS.search(first.note.en)
            if values and name not in told and is_named:
                was, now = (value.strip("'") for value in values.groups())
                text = text_of("notice.default", name=name, before=was, after=now)
                keep = text_of("keep.value", name=name, value=to_set(name, was)) if was != "None" else None
                yield Seen(
                    "default", name, text, number, keep=keep, change=of_values(name, was, now), value=now
                )
