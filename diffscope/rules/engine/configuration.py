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
from typing import Final

from diffscope.errors import UsageError
from diffscope.patterns import lazy_regex
from diffscope.rules.language.catalogue import Catalogue, Rule, Stage
from diffscope.rules.model import FAMILIES, Severity
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading, clipped, nearest
from diffscope.yaml.strict import MapNode, Node

KEYS: Final = ("select", "ignore", "severity", "folders")
_CODE_GLOB: Final = lazy_regex(r"[A-Z0-9*?]{1,5}")


class Selector(Value, frozen=True, kw_only=True):
    """One entry of ``select`` or ``ignore`` (or a key of ``severity``) and where it stands."""

    text: str
    line: int = 0


class SeverityOverride(Value, frozen=True, kw_only=True):
    """A severity that a team sets for the flags of a rule."""

    selector: Selector
    severity: Severity


class RuleConfiguration(Value, frozen=True, kw_only=True):
    """Which rules run and how severe they are. The default runs every stable rule as it is."""

    select: tuple[Selector, ...] | None = None
    ignore: tuple[Selector, ...] = ()
    severity: tuple[SeverityOverride, ...] = ()
    folders: tuple[str, ...] = ()
    origin: str = "diffscope.yml"


EVERY_STABLE_RULE: Final = RuleConfiguration()


def read_section(node: Node, reading: Reading) -> RuleConfiguration:
    """Return the section that a node holds; what is wrong lands in ``reading``."""
    entries = reading.mapping(node, "'rules'", known=KEYS)
    return RuleConfiguration(
        select=_selectors(entries["select"].value, "select", reading) if "select" in entries else None,
        ignore=_selectors(entries["ignore"].value, "ignore", reading) if "ignore" in entries else (),
        severity=_severities(entries["severity"].value, reading) if "severity" in entries else (),
        folders=_folders(entries["folders"].value, reading) if "folders" in entries else (),
        origin=reading.path,
    )


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


def _selectors(node: Node, what: str, reading: Reading) -> tuple[Selector, ...]:
    found = []
    for item in reading.items(node, f"'{what}'"):
        text = reading.text(item, f"an entry of '{what}'")
        if text and text not in FAMILIES and not _CODE_GLOB.fullmatch(text):
            message = f"'{clipped(text)}' is not a code, family or glob of codes"
            reading.report(item, message, nearest(text, FAMILIES) or "write CP101, 'CP1*' or core-path")
        found.append(Selector(text=text, line=item.line))
    return tuple(found)


def _severities(node: Node, reading: Reading) -> tuple[SeverityOverride, ...]:
    if not isinstance(node, MapNode):
        reading.mapping(node, "'severity'", known=())
        return ()
    words = [severity.value for severity in Severity]
    found = []
    for entry in node.entries:
        if entry.key not in FAMILIES and not _CODE_GLOB.fullmatch(entry.key):
            message = f"'{clipped(entry.key)}' is not a code, family or glob of codes"
            reading.report(entry, message, "write CP101, 'CP1*' or core-path")
        word = reading.choice(entry.value, "severity", words)
        if word is not None:
            selector = Selector(text=entry.key, line=entry.line)
            found.append(SeverityOverride(selector=selector, severity=Severity(word)))
    return tuple(found)


def _folders(node: Node, reading: Reading) -> tuple[str, ...]:
    found = []
    for item in reading.items(node, "'folders'"):
        text = reading.text(item, "a folder")
        if text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text or "\0" in text:
            message = f"the folder '{clipped(text)}' leads out of the repository"
            reading.report(item, message, "write a path below diffscope.yml")
        found.append(text.rstrip("/"))
    return tuple(found)
