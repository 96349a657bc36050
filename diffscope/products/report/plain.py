"""One pull request for readers of a report -> ``Plain``: whom it concerns, what changes for them, how it is switched on, what it costs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import NOTHING, AuthorsWords
from diffscope.products.report.statements import costs_of, is_setting, statements_of, switches_of
from diffscope.render.change_summary import option_of
from diffscope.render.words import area_title
from diffscope.source.profile import profile

AUDIENCES: Final = ("users", "operators", "developers")
"""Who reads a report, in the order in which they are told: clients of a server, those who run it, those who change its code."""
_INSIDE: Final = frozenset({"ci", "test", "docs"})
_MOST: Final = 2
_MODELS: Final = 2
_MUCH: Final = 0.2
_MET: Final = frozenset({"cli-flag", "environment-variable", "metric"})
_UNSEEN: Final = frozenset({"performance", "refactor"})
"""Kinds of which clients see no more than speed."""
_BY_DEFAULT: Final = lazy_regex(r"(?i)\b(?:enable|disable|turn (?:on|off)|use)\b.+\bby default\b")
_VENDORS: Final = {"amd": "rocm", "intel": "xpu"}
"""How titles call a platform by who makes it."""
_SPAN: Final = lazy_regex(r"`([^`]*)`")
_CONNECTOR: Final = "Connector"
DIAGNOSTIC: Final = lazy_regex(r"(?i)(?:^|[_.-])(?:debug|dump|log|logging|profile|trace|verbose)(?:$|[_.`-])")
"""Names of settings for whoever looks for an error."""
_CARD: Final = lazy_regex(
    r"\b(?:SM\d{2,3}[a-z]?|Blackwell|Hopper|Ampere|Turing|Volta|GB\d{3}|[ABHV]\d{3}|MI\d{3}\w*|gfx\d+\w*|DGX Spark|RISC-?V|PowerPC|s390x|AArch64|Arm)\b"
)
"""How titles call the hardware that a change is for."""
_PARTS: Final[Mapping[str, re.Pattern[str]]] = {
    area: lazy_regex(rf"/{folder}/(?:\w+/)*(\w+)\.py$")
    for area, folder in {
        "attention": "attention/backends",
        "quantization": "quantization",
        "moe": "fused_moe",
        "linear": "kernels/linear",
        "kv-transfer": "kv_connector",
        "distributed": "weight_transfer",
    }.items()
}
"""Where an area has a module for each backend or method."""
_SEVERAL: Final = ("attention", "linear", "kernels", "model-loading")
"""Areas of several backends or ways: by the area alone nobody knows whether theirs is one."""
_SHARED: Final = lazy_regex(
    r"^_|utils|^(?:base\w*|abstract|layer|config|registry|selector|modular_kernel|fused_moe|backend|oracle|factory|metrics|multi_connector)$"
)
"""Modules of these folders that are of no one backend."""
_MODEL: Final = lazy_regex(r"(?:^|/)models/(\w+)(?:/\w+)*(?:\.py)$")


class Plain(NamedTuple):
    """One pull request for who reads of it."""

    audience: str
    says: tuple[Text, ...]
    """What is other now, the most telling first, two at most, sentences without their full stops."""
    affects: Text | None
    """``None`` where nobody in particular is."""
    switch: tuple[Text, ...] = ()
    """How it is switched on, with its default."""
    costs: tuple[Text, ...] = ()
    """What it costs or breaks, two at most."""


def in_plain_words(assessment: Assessment, words: AuthorsWords = NOTHING) -> Plain:
    """Return whom a pull request concerns, what it says to them, how it is switched on, what it costs and who is affected."""
    title, audience = assessment.change.pull.title.lower(), _audience(assessment)
    said: dict[Text, None] = {}
    for text in statements_of(assessment, words, is_inside=audience == "developers"):
        spans = _SPAN.findall(text.en)
        if spans and all(span.startswith("_") for span in spans):
            continue
        # Of a route the path.
        names = [name.lower().rpartition(" ")[2] for name in spans]
        # What the title or a statement before names already needs no second one.
        told = " ".join((title, *(one.en.lower() for one in said)))
        if not names or not all(name in told for name in names):
            said[text] = None
    costs = [text for text in costs_of(assessment, words) if text not in tuple(said)[:_MOST]]
    switch = tuple(switches_of(assessment, words)) if audience != "developers" else ()
    return Plain(audience, tuple(said)[:_MOST], _affects(assessment), switch, tuple(costs)[:_MOST])


def _audience(assessment: Assessment) -> str:
    area = assessment.areas[0].area if assessment.areas else "tests"
    product = {file.path for file in assessment.files if file.category in ("source", "native")}
    is_asked = any(
        _is_asked(one) and (not assessment.files or one.path in product) for one in assessment.symbols
    )
    if is_asked or is_by_default(assessment) or any(map(_is_met, assessment.symbols)):
        return "users" if is_asked else "operators"
    is_product = bool(product)
    if area in profile().readers.developers or (assessment.kind in _INSIDE and not is_product):
        return "developers"
    return "users" if area in profile().readers.users and assessment.kind not in _UNSEEN else "operators"


def is_by_default(assessment: Assessment) -> bool:
    """Return whether the author says that something is on or off by default now."""
    return assessment.kind not in _INSIDE and _BY_DEFAULT.search(assessment.change.pull.title) is not None


def _is_met(symbol: SymbolAssessment) -> bool:
    """Return whether those who run a server meet a symbol: a setting, a metric, what is installed."""
    if symbol.kind == "dependency":
        return symbol.role[-1:] == ("core",) and symbol.aspects[0] in ("raised", "lowered", "changed")
    if symbol.role[:1] == ("config-field",):
        return symbol.role[1] in ("added", "removed", "default") and is_setting(symbol.name)
    return symbol.kind in _MET


def _is_asked(symbol: SymbolAssessment) -> bool:
    """Return whether clients ask for a symbol by its name: a model, a parser, an endpoint, a parameter of requests."""
    is_route = (
        len(symbol.role) == 2 and symbol.kind in ("function", "method") and symbol.role[1].startswith("/")
    )
    is_field = symbol.role[:1] == ("protocol-field",) and symbol.role[1:2] != ("retyped",)
    is_row = symbol.kind == "registry-row" and not {"added", "removed"}.isdisjoint(symbol.aspects)
    return is_route or is_field or is_row


def _affects(assessment: Assessment) -> Text | None:
    """Return who is affected: by the main area, its models or backends by their names, and the one platform or card that the change serves."""
    switch = _switch(assessment)
    if switch:
        return text_of("affects.when-set", name=switch)
    platform, area = _platform(assessment), _main_area(assessment)
    if area in {*profile().readers.everybody, "platform"} and platform:
        area = "everyone"
    models = _models(assessment) if area == "models" else ()
    # Of several models nobody knows by that whether theirs is one.
    is_vague = area in profile().readers.everybody or area == "platform" or (area == "models" and not models)
    card = _CARD.search(assessment.change.pull.title) if area != "inside" else None
    served = area_title(platform, Language.ENGLISH) if platform else card[0] if card else ""
    if is_vague and not served:
        return None
    if is_vague or area == "everyone":
        return text_of("affects.platform-only", platform=served)
    connectors = _connectors(assessment) if area == "kv-transfer" else ()
    parts = None if connectors else _parts(assessment, area)
    if served and parts is None and area in _SEVERAL:
        return text_of("affects.platform-only", platform=served)
    who = parts or _of_area(area, models, connectors)
    if not served or area == "inside":
        return who
    return text_of("affects.on-platform", who=who.en, who_zh=who.zh, platform=served)


def _main_area(assessment: Assessment) -> str:
    """Return the area by which readers are told whom a change concerns: one that not everybody goes through, where there is one."""
    area = assessment.areas[0].area if assessment.areas else ""
    if _audience(assessment) == "developers":
        return "inside"
    if area in profile().readers.developers:
        area = next(
            (one.area for one in assessment.areas if one.area not in profile().readers.developers), "config"
        )
    return next(iter(_besides(assessment)), area) if area in profile().readers.everybody else area


def _besides(assessment: Assessment) -> list[str]:
    """Return the areas that much of a pull request lies in and that not everybody goes through."""
    outside = {*profile().readers.everybody, *profile().readers.developers}
    return [one.area for one in assessment.areas if one.weight >= _MUCH and one.area not in outside]


def _switch(assessment: Assessment) -> str:
    """Return the one switch that a feature adds and that is off: nobody else meets it. What only helps to look for errors is none."""
    if assessment.kind != "feature":
        return ""
    new = {
        option_of(one.name) if one.kind == "variable" else one.name: one
        for one in assessment.symbols
        if _is_met(one) and "added" in one.aspects and one.role and not DIAGNOSTIC.search(one.name)
    }
    only = next(iter(new.values())) if len(new) == 1 else None
    return only.name.rpartition(".")[2] if only is not None and only.role[-1] == "False" else ""


def _of_area(area: str, models: tuple[str, ...], connectors: tuple[str, ...]) -> Text:
    """Return who uses an area: its models or connectors by their names, where those alone changed."""
    for code, named in (("affects.some-models", models), ("affects.connectors", connectors)):
        if named:
            return text_of(code, names=tuple(f"`{name}`" for name in named))
    if f"affects.{area}" in texts(Language.ENGLISH):
        return text_of(f"affects.{area}")
    return text_of(
        "affects.of-area",
        name=area_title(area, Language.ENGLISH),
        name_zh=area_title(area, Language.CHINESE),
    )


def _models(assessment: Assessment) -> tuple[str, ...]:
    """Return the models whose files changed; nothing where they are too many to name."""
    changed = [file for file in assessment.files if file.category == "source" and file.area == "models"]
    found = {name[1] for file in changed if (name := _MODEL.search(file.path))} - set(
        profile().code.shared_models
    )
    return tuple(sorted(found)) if 0 < len(found) <= _MODELS else ()


def _parts(assessment: Assessment, area: str) -> Text | None:
    """Return who runs the backends or methods whose modules alone changed in an area; ``None`` where they are too many to name, or where code of all of them changed."""
    known, found = _PARTS.get(area), set[str]()
    for file in assessment.files if known else ():
        if file.category == "source" and file.area == area and known:
            part = known.search(file.path)
            if part is None or _SHARED.search(part[1]):
                return None
            found.add(part[1])
    if not 0 < len(found) <= _MODELS:
        return None
    names = tuple(f"`{name}`" for name in sorted(found))
    named, called = (area_title(area, language) for language in (Language.ENGLISH, Language.CHINESE))
    return text_of("affects.parts", names=names, area=named, area_zh=called)


def _connectors(assessment: Assessment) -> tuple[str, ...]:
    """Return the connectors whose classes alone changed; nothing where they are too many to name, or where code of all of them changed."""
    source = {file.path for file in assessment.files if file.category == "source"}
    changed = [
        one
        for one in assessment.symbols
        if "called" not in one.aspects and (one.path in source or not assessment.files)
    ]
    roots = {one.name.partition(".")[0] for one in changed}
    is_all = all(name.endswith(_CONNECTOR) for name in roots) and source <= {one.path for one in changed}
    return tuple(sorted(roots)) if is_all and len(roots) <= _MODELS else ()


def _platform(assessment: Assessment) -> str:
    """Return the one platform that the change serves, where its title says so or it touches no other."""
    named = [name for name in assessment.platforms if name != "cuda"]
    words = {*re.findall(r"[a-z0-9]+", assessment.change.pull.title.lower())}
    words |= {_VENDORS[word] for word in words & {*_VENDORS}}
    return named[0] if len(named) == 1 and named[0] in words else ""
