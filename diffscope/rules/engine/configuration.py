"""The ``rules`` section of ``diffscope.yml``: which rules run, their severity, additional folders of rules.

::

    rules:
      select: ["*", QN811]        # codes, families or globs of codes; left out: every stable rule
      ignore: [CP107, "TC2*"]     # the same; wins over select
      severity: {PF305: info}     # the severity of every flag of a rule, whatever the rule says
      folders: [tools/rules]      # more rule folders, relative to diffscope.yml

A rule that is not stable runs only where ``select`` names its very code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from diffscope.errors import UsageError
from diffscope.patterns import lazy_regex
from diffscope.rules.language.catalogue import Catalogue, Rule, Stage
from diffscope.rules.model import FAMILIES, Severity
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, clipped, nearest
from diffscope.yaml.typed import Check, FileName, Inline, Line, Rows

_CODE_GLOB: Final = lazy_regex(r"[A-Z0-9*?]{1,5}")


def _selector_problem(text: str) -> tuple[str, str] | None:
    if text in FAMILIES or _CODE_GLOB.fullmatch(text):
        return None
    hint = nearest(text, FAMILIES) or "write CP101, 'CP1*' or core-path"
    return f"'{clipped(text)}' is not a code, family or glob of codes", hint


def _folder_problem(text: str) -> tuple[str, str] | None:
    if not (text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text or "\0" in text):
        return None
    return f"the folder '{clipped(text)}' leads out of the repository", "write a path below diffscope.yml"


class Selector(Value, frozen=True, kw_only=True):
    """One entry of ``select`` or ``ignore`` (or a key of ``severity``) and where it stands."""

    text: Annotated[str, Check(_selector_problem)]
    line: Annotated[int, Line] = 0


_Selected = Annotated[Selector, Inline("text")]


class SeverityOverride(Value, frozen=True, kw_only=True):
    """A severity that a team sets for the flags of a rule."""

    selector: _Selected
    severity: Severity


class RuleConfiguration(Value, frozen=True, kw_only=True):
    """Which rules run and how severe they are. The default runs every stable rule as it is."""

    select: tuple[_Selected, ...] | None = None
    ignore: tuple[_Selected, ...] = ()
    severity: Annotated[tuple[SeverityOverride, ...], Rows("selector", value="severity", what="rule")] = ()
    folders: tuple[Annotated[str, Check(_folder_problem)], ...] = ()
    origin: Annotated[str, FileName] = "diffscope.yml"


EVERY_STABLE_RULE: Final = RuleConfiguration()


def select_rules(*, select: Iterable[str] | None, ignore: Iterable[str] = ()) -> RuleConfiguration:
    """Return the configuration of a command line's ``--select`` and ``--ignore``."""
    chosen = None if select is None else tuple(Selector(text=text) for text in select)
    return RuleConfiguration(select=chosen, ignore=tuple(Selector(text=text) for text in ignore))


def check_against(configuration: RuleConfiguration, catalogue: Catalogue) -> tuple[Mistake, ...]:
    """Return the entries that name no rule of the catalogue, each with the nearest code."""
    overrides = tuple(override.selector for override in configuration.severity)
    return tuple(
        Mistake(
            path=configuration.origin,
            line=max(selector.line, 1),
            message=f"'{clipped(selector.text)}' names no rule",
            hint=hint,
        )
        for selector, hint in _naming_none(
            (*(configuration.select or ()), *configuration.ignore, *overrides), catalogue
        )
    )


def check_options(asked: RuleConfiguration, catalogue: Catalogue) -> None:
    """Check a ``--select`` and ``--ignore``.

    Raises:
        UsageError: one of them names no rule.
    """
    for option, selectors in (("--select", asked.select or ()), ("--ignore", asked.ignore)):
        for selector, hint in _naming_none(selectors, catalogue):
            raise UsageError(
                f"{option} '{clipped(selector.text)}' names no rule",
                hint=hint or "diffscope rules list shows every code and family",
            )


def _naming_none(selectors: Iterable[Selector], catalogue: Catalogue) -> Iterator[tuple[Selector, str]]:
    """Yield the selectors that name no rule of the catalogue, each with the nearest code."""
    words = {word for rule in catalogue.rules for word in (rule.code, rule.family)}
    for selector in selectors:
        if not any(covers(selector.text, rule) for rule in catalogue.rules):
            yield selector, nearest(selector.text, words)


def is_on(rule: Rule, configuration: RuleConfiguration) -> bool:
    """Say whether a rule runs."""
    if any(covers(selector.text, rule) for selector in configuration.ignore):
        return False
    if rule.status.stage is not Stage.STABLE:
        return any(selector.text == rule.code for selector in configuration.select or ())
    return configuration.select is None or any(covers(each.text, rule) for each in configuration.select)


def is_requested(rule: Rule, configuration: RuleConfiguration) -> bool:
    """Say whether a rule that does not run is among those that somebody selected, or everything was: on trial, or turned off."""
    return configuration.select is None or any(covers(each.text, rule) for each in configuration.select)


def overridden_severity(rule: Rule, configuration: RuleConfiguration) -> Severity | None:
    """Return the severity that the configuration sets for a rule: by its code first, then by the last entry that covers it."""
    fitting = [each for each in configuration.severity if covers(each.selector.text, rule)]
    exact = [each for each in fitting if each.selector.text == rule.code]
    return (exact or fitting)[-1].severity if fitting else None


def covers(selector: str, rule: Rule) -> bool:
    """Say whether a code, a family or a glob of codes covers a rule."""
    if selector in (rule.code, rule.family):
        return True
    if not _CODE_GLOB.fullmatch(selector):
        return False
    pattern = re.escape(selector).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, rule.code) is not None
