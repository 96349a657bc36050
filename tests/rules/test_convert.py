"""Format 1 -> format 2: every operator that went, severities, comments."""

from __future__ import annotations

import pytest

from diffscope.rules.authoring.convert import convert_rule
from diffscope.rules.language.load import load_catalogue
from tests.rule_builders import told

AT = "rules/CP199-old-rule/rule.yml"
OLD = """\
code: "CP199"
name: "old-rule"
family: "core-path"
status: {is: "stable", since: "0.1.0"}
severity: "medium"
title: {en: "A title", zh: "标题"}
why: {en: "A reason: it is one.", zh: "原因。"}
remedy: {en: "Look.", zh: "查看。"}
evidence:
  fact: symbol
  where:
    # Only what runs.
    logic: true
    kind: {in: {$list: code}}
    joined: {none: test, same: path}
  worst_by: code_added
when:
  all:
    - any: evidence
    # A revert restores what was there.
    - none: change
      where: {kind: "revert"}
says: {en: "{symbol} changed", zh: "{symbol} 变更"}
escalate:
  - to: "high"
    when: {sum: evidence, of: code_added, more_than: 99}
  - to: "critical"
    when: {count: evidence, is: 9}
lower:
  # One line is nothing.
  - to: "info"
    when: {none: evidence, where: {code_added: {more_than: 1}}}
"""
NEW = """\
status: {is: stable, since: "0.1.0"}
title: A title
why: "A reason: it is one."
remedy: Look.
evidence:
  symbol:
    # Only what runs.
    logic: true
    kind: $code
    not: {same_path: {test: {}}}
worst_by: code_added
when:
  # A revert restores what was there.
  not: {change: {kind: revert}}
severity:
  - critical: {count: evidence, at_least: 9, at_most: 9}
  - high: {sum: code_added, of: evidence, at_least: 100}
  # One line is nothing.
  - info: {not: {evidence: {code_added: {at_least: 2}}}}
  - medium
says: "{symbol} changed"
"""
CHINESE = """\
title: "标题"
why: "原因。"
remedy: "查看。"
says: "{symbol} 变更"
"""


def converted(text: str) -> dict[str, str]:
    found = convert_rule(text, at=AT)
    assert found is not None
    assert [told(each) for each in found.mistakes] == []
    return dict(found.files)


def test_rule_is_converted_with_its_comments() -> None:
    """The whole of a rule: texts apart, severities as one list, the worst first, comments where they were."""
    files = converted(OLD)
    assert (files["rule.yml"], files["zh.yml"]) == (NEW, CHINESE)
    folder = "rules/CP199-old-rule"
    load_catalogue(
        {f"{folder}/{name}": text for name, text in files.items()} | {"rules/lists.yml": "code: [method]"}
    )
    assert convert_rule(files["rule.yml"], at=AT) is None


CONDITIONS = [
    pytest.param("{any: call}", "{call: {}}", id="any"),
    pytest.param("{none: call, where: {role: lock}}", "{not: {call: {role: lock}}}", id="none"),
    pytest.param("{every: call, where: {role: lock}}", "{not: {call: {not: {role: lock}}}}", id="every"),
    pytest.param("{not: {none: call}}", "{call: {}}", id="not none"),
    pytest.param("{not: {all: [{any: call}, {any: test}]}}", "{not: {call: {}, test: {}}}", id="not all"),
    pytest.param("{all: [{any: call}, {any: call, where: {line: 1}}]}", "[{call: {}}, {call: {line: 1}}]", id="all of one fact"),
    pytest.param("{any: [{any: call}, {all: [{any: test}, {any: test}]}]}", "{any: [{call: {}}, {all: [{test: {}}, {test: {}}]}]}", id="all in any"),
    pytest.param("{count: call, distinct: role, less_than: 3}", "{count: call, distinct: role, at_most: 2}", id="less_than"),
    pytest.param("{any: symbol, where: {kind: {is: method}}}", "{symbol: {kind: method}}", id="is"),
    pytest.param("{any: symbol, where: {kind: {is_not: method}}}", "{symbol: {kind: {not: method}}}", id="is_not"),
    pytest.param("{any: symbol, where: {kind: {in: [method]}}}", "{symbol: {kind: method}}", id="in one"),
    pytest.param("{any: symbol, where: {aspects: {has: body, has_none: [added, removed]}}}", "{symbol: {aspects: {in: body, not: [added, removed]}}}", id="has and has_none"),
    pytest.param("{any: symbol, where: {aspects: {has_any: [{$list: edited}, added]}}}", "{symbol: {aspects: [$edited, added]}}", id="has_any of a list"),
    pytest.param('{any: symbol, where: {path: {glob: ["a/**"]}, symbol: {regex: "x$"}}}', '{symbol: {path: {like: "a/**"}, symbol: {matches: x$}}}', id="glob and regex"),
    pytest.param("{any: symbol, where: {moved_from: {is_null: true}}}", "{symbol: {moved_from: null}}", id="is_null"),
    pytest.param("{any: symbol, where: {moved_from: {is_null: false}}}", "{symbol: {moved_from: {not: null}}}", id="is_null false"),
    pytest.param("{any: symbol, where: {code_added: {equals_field: code_removed}}}", "{symbol: {code_added: {field: code_removed}}}", id="equals_field"),
    pytest.param("{any: symbol, where: {code_added: {differs_from: code_removed}}}", "{symbol: {code_added: {not: {field: code_removed}}}}", id="differs_from"),
    pytest.param("{any: symbol, where: {any_of: [{line: 1}], all_of: [{line: 2}]}}", "{symbol: {any: [{line: 1}], all: [{line: 2}]}}", id="any_of and all_of"),
    pytest.param("{any: symbol, where: {joined: {any: call, same: area, where: {line: 1}}}}", "{symbol: {same_area: {call: {line: 1}}}}", id="joined"),
    pytest.param("{any: symbol, where: {not: {line: 1}, joined: {none: call, same: path}}}", "{symbol: {not: {any: [{line: 1}, {same_path: {call: {}}}]}}}", id="not beside none"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CONDITIONS)
def test_condition(old: str, new: str) -> None:
    """Each operator of format 1 has one form in format 2."""
    text = "".join(
        f"when: {old}\n" if line.startswith("when:") else f"{line}\n"
        for line in OLD.split("\n")
        if not line.startswith(
            ("  all:", "    - any: ev", "    - none: ch", "      where: {kind", "    # A rev")
        )
    )
    (line,) = [each for each in converted(text)["rule.yml"].splitlines() if each.startswith("when:")]
    assert line == f"when: {new}"


REFUSED = [
    pytest.param("{any: symbol, where: {distance: {is_known: true}}}", "'is_known' of 'distance' has no form in format 2", id="is_known"),
    pytest.param("{any: symbol, where: {aspects: {has_all: [a, b]}}}", "'has_all' of 'aspects' has no form in format 2", id="has_all"),
    pytest.param('{any: symbol, where: {users: {glob: "a/*"}}}', "'glob' of 'users' has no form in format 2", id="a glob over what is no path"),
    pytest.param('{any: symbol, where: {path: {like: "a*"}}}', "'like' of 'path' has no form in format 2", id="like over a path"),
    pytest.param("[{any: symbol}]", "this condition has no form in format 2", id="what was no condition"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "complaint"), REFUSED)
def test_what_has_no_form_is_refused(when: str, complaint: str) -> None:
    """Nothing is guessed: the line is named, and no file comes out."""
    found = convert_rule(OLD.replace("    - any: evidence\n", f"    - {when}\n"), at=AT)
    assert found is not None
    assert found.files == {}
    assert [each.message for each in found.mistakes] == [complaint]
