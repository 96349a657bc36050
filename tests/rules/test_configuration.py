"""The ``rules`` section of diffscope.yml: all mistakes at once, entries that name no rule."""

from __future__ import annotations

from diffscope.rules.engine.configuration import (
    EVERY_STABLE_RULE,
    RuleConfiguration,
    check_against,
    overridden_severity,
)
from diffscope.rules.model import Severity
from diffscope.yaml.reading import Reading
from diffscope.yaml.typed import read_value
from tests.rule_builders import rule_text, rules, told


def section(text: str) -> tuple[RuleConfiguration, list[str]]:
    reading = Reading("diffscope.yml")
    node = reading.parse(text).get("rules")
    assert node is not None
    found = read_value(RuleConfiguration, node, reading, what="'rules'")
    return found, sorted(map(told, reading.mistakes))


def test_section_is_read() -> None:
    """Selectors keep their lines; a code's severity wins over a glob's."""
    found, mistakes = section("""
rules:
  select: ["*", XX101]
  ignore: [missing-tests]
  severity: {XX101: info, "XX*": critical}
  folders: [tools/rules/]
""")
    assert mistakes == []
    assert found.select is not None
    assert [(each.text, each.line) for each in found.select] == [("*", 3), ("XX101", 3)]
    assert [each.text for each in found.ignore] == ["missing-tests"]
    assert found.folders == ("tools/rules/",)
    rule = rules(rule_text()).rules[0]
    assert overridden_severity(rule, found) is Severity.INFO
    assert overridden_severity(rule, EVERY_STABLE_RULE) is None


def test_the_last_severity_that_covers_a_rule_counts() -> None:
    """Without its own code, the later entry wins."""
    found, _ = section('rules: {severity: {core-path: low, "XX*": critical, "YY*": info}}')
    assert overridden_severity(rules(rule_text()).rules[0], found) is Severity.CRITICAL


def test_all_mistakes_at_once() -> None:
    """One run shows everything that is wrong in the section."""
    _, mistakes = section("""
rules:
  selct: [CP101]
  select: CP101
  ignore: [core-pth, 7]
  severity: {CP101: hihg, nonsense: low}
  folders: [/etc, ../up, ~/mine]
""")
    assert mistakes == [
        "diffscope.yml:3: unknown key 'selct' in 'rules' (did you mean 'select'?)",
        "diffscope.yml:4: 'select' of 'rules' must be a list, not the text 'CP101' (write [a, b] or '- ' lines)",
        "diffscope.yml:5: 'core-pth' is not a code, family or glob of codes (did you mean 'core-path'?)",
        "diffscope.yml:5: an entry of 'ignore' of 'rules' must be text, not the number '7' (quote it: \"7\")",
        "diffscope.yml:6: 'nonsense' is not a code, family or glob of codes (write CP101, 'CP1*' or core-path)",
        "diffscope.yml:6: unknown severity 'hihg' in the rule 'CP101' (did you mean 'high'?)",
        "diffscope.yml:7: the folder '../up' leads out of the repository (write a path below diffscope.yml)",
        "diffscope.yml:7: the folder '/etc' leads out of the repository (write a path below diffscope.yml)",
        "diffscope.yml:7: the folder '~/mine' leads out of the repository (write a path below diffscope.yml)",
    ]


def test_entries_that_name_no_rule() -> None:
    """A code that is gone, or never was, is reported with the nearest one."""
    found, _ = section(
        "rules: {select: [XX101, XX110], ignore: [ci-coverage, 'X?1*'], severity: {YY1*: low}}"
    )
    lines = [told(each) for each in check_against(found, rules(rule_text()))]
    assert lines == [
        "diffscope.yml:1: 'XX110' names no rule (did you mean 'XX101'?)",
        "diffscope.yml:1: 'ci-coverage' names no rule (known: XX101, core-path)",
        "diffscope.yml:1: 'YY1*' names no rule (known: XX101, core-path)",
    ]
