"""Rule files are read strictly: every mistake at once, with its line and the nearest word."""

from __future__ import annotations

import time

import pytest

from diffscope.errors import RuleError
from diffscope.rules.language.catalogue import decode_catalogue, encode_catalogue
from diffscope.rules.language.load import check_catalogue, load_catalogue
from diffscope.rules.reading import mistake_line
from diffscope.rules.values import Severity
from tests.rule_builders import RULE, rule_text, rules

PATH = "rules/XX101-test-rule/rule.yml"


def complaints(text: str, lists: str = "") -> list[str]:
    _, mistakes = check_catalogue({PATH: text, "rules/lists.yml": lists or "{}"})
    return [mistake_line(each).removeprefix(f"{PATH}:") for each in mistakes]


def when(text: str) -> str:
    return rule_text(when=text, evidence="{fact: symbol, where: {logic: true}}")


WRONG = [
    pytest.param(rule_text(code='"XX1"'), "11: 'XX1' is no rule code (two capital letters and three digits: CP101)", id="a code without three digits"),
    pytest.param(rule_text(name='"test_rule"'), "11: 'test_rule' is no rule name (two or more lower-case words with hyphens: engine-step-path)", id="a name with underscores"),
    pytest.param(rule_text(family='"core-pth"'), "11: unknown family 'core-pth' (did you mean 'core-path'?)", id="a family misspelt"),
    pytest.param(rule_text(severity='"hihg"'), "11: unknown severity 'hihg' (did you mean 'high'?)", id="a severity misspelt"),
    pytest.param(rule_text(status='{is: "stabel", since: "0.1.0"}'), "11: unknown status 'stabel' (did you mean 'stable'?)", id="a status misspelt"),
    pytest.param(rule_text(status='{is: "stable", since: 0.1}'), "11: 'since' must be text, not the number '0.1' (quote it: \"0.1\")", id="a version that reads as a number"),
    pytest.param(rule_text(title='{en: "A title"}'), "11: 'title' lacks 'zh' (add 'zh:')", id="a missing translation"),
    pytest.param(rule_text(title='"A title"'), "11: 'title' must be a mapping, not the text 'A title' (write 'key: value')", id="a title in one language"),
    pytest.param(rule_text(remedy=None), "1: a rule lacks 'remedy' (add 'remedy:')", id="a missing key"),
    pytest.param(rule_text(severty='"low"'), "12: unknown key 'severty' in a rule (did you mean 'severity'?)", id="an unknown key"),
    pytest.param(rule_text(says='{en: "{symbl}", zh: "{symbol}"}'), "11: unknown placeholder '{symbl}' of fact 'symbol' (did you mean 'symbol'?)", id="a placeholder that is no field"),
    pytest.param(rule_text(says='{en: "{change.knd}", zh: "{symbol}"}'), "11: unknown placeholder '{knd}' of fact 'change' (did you mean 'kind'?)", id="a placeholder that is no field of the change"),
    pytest.param(rule_text(says='{en: "{symbol", zh: "{symbol}"}'), "11: 'says.en': a lone '{': write it twice for the character (see docs/rules.md, 'says')", id="a brace left open"),
    pytest.param(rule_text(says='{en: "[[{symbol}", zh: "{symbol}"}'), "11: 'says.en': '[[' is never closed (see docs/rules.md, 'says')", id="an optional part left open"),
    pytest.param(rule_text(evidence="call"), "11: 'when' does not ask for any 'call', so it gives no evidence (write evidence: {fact: ..., where: {...}})", id="evidence that is not asked"),
    pytest.param(rule_text(evidence="smybol"), "11: unknown fact 'smybol' (did you mean 'symbol'?)", id="evidence of an unknown fact"),
    pytest.param(rule_text(evidence="{fact: symbol, where: {logic: true}, worst_by: name}"), "11: unknown number of 'symbol' 'name'", id="evidence ordered by what is no number"),
    pytest.param(rule_text(escalate='[{to: "low", when: {any: symbol}}]'), "12: 'low' is not above the rule's own severity 'medium' (name a severity above it)", id="an escalation downwards"),
    pytest.param(rule_text(lower='[{to: "high", when: {any: symbol}}]'), "12: 'high' is not below the rule's own severity 'medium' (name a severity below it)", id="a lowering upwards"),
    pytest.param(rule_text(when="{any: evidence}"), "11: 'evidence' cannot be asked: it has no 'where' of its own (write evidence: {fact: ..., where: {...}})", id="evidence asked without a where"),
    pytest.param(when("[{any: symbol}]"), "10: 'when' must be a mapping, not a list (put 'all:' or 'any:' before the list)", id="a bare list as condition"),
    pytest.param(when("{any: smybol}"), "10: unknown fact 'smybol' (did you mean 'symbol'?)", id="an unknown fact"),
    pytest.param(when("{nay: symbol}"), "10: 'when' has no all, any, not, none, every, count or sum: it has nay (did you mean 'any'?)", id="an unknown quantifier"),
    pytest.param(when("{any: symbol, none: call}"), "10: 'when' has 'any' and 'none' side by side (wrap them: all: [{...}, {...}])", id="two quantifiers side by side"),
    pytest.param(when("{any: symbol, were: {logic: true}}"), "10: unknown key 'were' in 'any' (did you mean 'where'?)", id="where misspelt"),
    pytest.param(when("{any: [{any: symbol}], where: {logic: true}}"), "10: 'where' cannot stand beside a list of 'any' (move it into one of the list's items)", id="where beside a list"),
    pytest.param(when("{all: []}"), "10: 'all' is an empty list (list at least one condition)", id="an empty list of conditions"),
    pytest.param(when("{any: symbol, where: {lgic: true}}"), "10: unknown field 'lgic' of fact 'symbol' (did you mean 'logic'?)", id="an unknown field"),
    pytest.param(when("{any: symbol, where: {code_added: {atleast: 3}}}"), "10: unknown operator 'atleast' of 'code_added' (did you mean 'at_least'?)", id="an unknown operator"),
    pytest.param(when("{any: symbol, where: {code_added: {at_least: many}}}"), "10: 'code_added' needs a whole number, not the text 'many' (write a whole number)", id="text where a number is meant"),
    pytest.param(when("{any: symbol, where: {code_added: {at_least: 1.5}}}"), "10: 'code_added' needs a whole number, not the number '1.5' (write a whole number)", id="a fraction where a whole number is meant"),
    pytest.param(when("{any: symbol, where: {logic: maybe}}"), "10: 'logic' needs true or false, not the text 'maybe' (write true or false)", id="a word where true or false is meant"),
    pytest.param(when("{any: symbol, where: {area: 3}}"), "10: 'area' needs text, not the number '3' (quote it: \"3\")", id="a number where text is meant"),
    pytest.param(when("{any: symbol, where: {kind: functoin}}"), "10: 'functoin' is no word of 'kind' (did you mean 'function'?)", id="a word outside a closed set"),
    pytest.param(when("{any: symbol, where: {aspects: {has_any: [body, adde]}}}"), "10: 'adde' is no word of 'aspects' (did you mean 'added'?)", id="a word outside the closed set of a list"),
    pytest.param(when("{any: symbol, where: {aspects: body}}"), "10: 'aspects' is a list of text: 'is' does not fit it (use one of has, has_any, has_all, has_none, at_least, at_most, more_than, less_than, glob, like, regex)", id="a list compared with a word"),
    pytest.param(when("{any: symbol, where: {kind: [class, function]}}"), "10: 'kind' has a list where an operator is needed (write {in: [...]})", id="a bare list of words"),
    pytest.param(when("{any: symbol, where: {kind: {in: class}}}"), "10: 'in' needs a list, not the text 'class' (write {in: [class]})", id="one word where a list is meant"),
    pytest.param(when("{any: symbol, where: {kind: {in: []}}}"), "10: 'in' has an empty list (list at least one value)", id="an empty list of words"),
    pytest.param(when("{any: symbol, where: {kind: {in: [class, [function]]}}}"), "10: a list holds texts, numbers or {$list: NAME}, not a list (write the values out)", id="a list in a list"),
    pytest.param(when("{any: symbol, where: {kind: {in: {$list: cods}}}}"), "10: unknown list 'cods' (did you mean 'code'?)", id="a named list misspelt"),
    pytest.param(when("{any: symbol, where: {kind: null}}"), "10: 'kind' is never null (write a value)", id="null where there is never null"),
    pytest.param(when("{any: symbol, where: {kind: {is_null: true}}}"), "10: 'kind' is never null (remove this line)", id="is_null of what is never null"),
    pytest.param(when("{any: symbol, where: {kind: {is_known: true}}}"), "10: 'kind' is never unknown (remove this line)", id="is_known of what is always known"),
    pytest.param(when("{any: symbol, where: {kind: {equals_field: line}}}"), "10: unknown field of the type of 'kind' 'line'", id="fields of two types compared"),
    pytest.param(when("{any: symbol, where: {path: {glob: '/vllm/**'}}}"), "10: the glob '/vllm/**' is wrong: it starts with '/' (paths are relative to the root: leave the '/' out)", id="an absolute glob"),
    pytest.param(when("{any: symbol, where: {path: {regex: '(?=a)'}}}"), "10: the regex '(?=a)' is refused", id="a regex with look-ahead"),
    pytest.param(when("{count: symbol}"), "10: 'count' has no bound (add one of at_least, at_most, more_than, less_than, is)", id="a count without a bound"),
    pytest.param(when("{sum: symbol, at_least: 3}"), "10: 'sum' lacks 'of' (add 'of: FIELD', a field that is a number)", id="a sum of nothing"),
    pytest.param(when("{sum: symbol, of: kind, at_least: 3}"), "10: unknown number of 'symbol' 'kind'", id="a sum of words"),
    pytest.param(when("{any: symbol, where: {joined: {any: call}}}"), "10: 'joined' lacks 'same' (add 'same:')", id="a join without a place"),
    pytest.param(when("{any: symbol, where: {joined: {any: change, same: path}}}"), "10: 'change' has no place to join by (ask it beside, in 'all:')", id="a join with the change"),
    pytest.param("{}", "1: the file is empty (start with: diffscope rules new CODE slug)", id="an empty rule"),
    pytest.param("- a", "1: the file must hold a mapping of keys, not a list (write 'key: value' lines)", id="a list in place of a rule"),
    pytest.param(RULE + 'code: "XX102"\n', "12: the key 'code' stands twice, first on line 1", id="a key twice"),
    pytest.param(RULE.replace("name:", "name: &n"), "2: the anchor &n is not allowed", id="an anchor"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_mistake_is_reported_with_line_and_nearest_word(text: str, complaint: str) -> None:
    found = complaints(text, "code: [function, method]")
    assert any(each.startswith(complaint) for each in found), found


def test_a_mistake_is_reported_once() -> None:
    """One wrong word is one mistake, not one for each thing that depends on it."""
    assert complaints(when("{any: smybol, where: {logc: true}}")) == [
        "10: unknown fact 'smybol' (did you mean 'symbol'?)"
    ]


def test_all_mistakes_of_all_files_come_at_once() -> None:
    """An author corrects a catalogue in one go."""
    files = {
        PATH: rule_text(family='"core"', severity='"hihg"'),
        "rules/XX102-other-rule/rule.yml": rule_text(
            code='"XX103"', name='"other-rule"', when="{any: sybol}"
        ),
        "rules/lists.yml": "Bad Name: [a]\ngood_name: {a: 1}\n",
    }
    with pytest.raises(RuleError) as caught:
        load_catalogue(files)
    assert str(caught.value).splitlines() == [
        "6 mistakes",
        f"{PATH}:10: unknown family 'core' (did you mean 'core-path'?)",
        f"{PATH}:11: unknown severity 'hihg' (did you mean 'high'?)",
        "rules/XX102-other-rule/rule.yml:9: the folder is 'XX102-other-rule', but the rule is XX103 other-rule (name the folder 'XX103-other-rule')",
        "rules/XX102-other-rule/rule.yml:11: unknown fact 'sybol' (did you mean 'symbol'?)",
        "rules/lists.yml:1: 'Bad Name' is no name of a list (write lower_case_words)",
        "rules/lists.yml:2: 'good_name' must be a list, not a mapping (write [a, b] or '- ' lines)",
    ]


def test_single_mistake_has_place_and_hint() -> None:
    """With one mistake the error has its place and its hint apart."""
    with pytest.raises(RuleError) as caught:
        load_catalogue({PATH: rule_text(severity='"hihg"')})
    error = caught.value
    assert (error.message, error.at, error.hint) == (
        "unknown severity 'hihg'",
        f"{PATH}:11",
        "did you mean 'high'?",
    )


def test_code_taken_twice_names_the_other_file() -> None:
    """Two rules cannot share a code."""
    _, mistakes = check_catalogue({PATH: RULE, "more/XX101-test-rule/rule.yml": RULE})
    assert [mistake_line(each) for each in mistakes] == [
        f"{PATH}:1: the code XX101 is taken by more/XX101-test-rule/rule.yml (take the next free number)"
    ]


def test_rules_come_sorted_with_everything_read() -> None:
    """A good catalogue holds what the files say, sorted by code."""
    second = rule_text(
        code='"AA101"', lower='[{to: "info", when: {none: call}}]', limits='{en: "None.", zh: "无。"}'
    )
    found = rules(RULE, second)
    assert [rule.code for rule in found.rules] == ["AA101", "XX101"]
    assert found.rules[0].lower[0].to is Severity.INFO
    assert found.rules[0].limits is not None
    assert found.rules[0].origin == "rules/AA101-test-rule/rule.yml"


def test_named_lists_are_put_in_and_remembered() -> None:
    """A list may be named whole or among other words."""
    text = rule_text(when="{any: symbol, where: {kind: {in: [{$list: code}, class]}}}")
    found = rules(text, lists="code: [function, method]").rules[0]
    assert found.lists == ("code",)
    assert (
        rules(rule_text(when="{any: symbol, where: {kind: {in: [function, method, class]}}}")).rules[0].when
        == found.when
    )


def test_digest_tells_meaning_from_place() -> None:
    """The digest is of what rules mean and say: neither folders nor comments nor named lists change it."""
    plain = rules(RULE)
    assert plain.digest == load_catalogue({"elsewhere/XX101-test-rule/rule.yml": "# remark\n" + RULE}).digest
    assert plain.digest != rules(rule_text(severity='"low"')).digest
    assert plain.digest != rules(rule_text(says='{en: "{symbol} moved", zh: "{symbol} 变更"}')).digest
    assert plain.digest != rules(RULE, words='added: "新增"').digest
    assert plain == load_catalogue({"elsewhere/XX101-test-rule/rule.yml": RULE})


def test_compiled_catalogue_reads_back_the_same() -> None:
    """The compiled form loses nothing; what is no compiled form gives nothing."""
    text = rule_text(
        when="{all: [{not: {count: symbol, distinct: area, at_least: 2}}, {any: symbol, where: {distance: null, joined: {none: call, same: symbol}}}]}",
    )
    catalogue = rules(text, lists="code: [function]", words='added: "新增"')
    back = decode_catalogue(encode_catalogue(catalogue))
    assert back is not None
    assert (back.rules, back.lists, back.words, back.digest) == (
        catalogue.rules,
        catalogue.lists,
        catalogue.words,
        catalogue.digest,
    )
    assert decode_catalogue(b"junk") is None
    assert decode_catalogue(encode_catalogue(catalogue)[:-3]) is None


def test_fifty_rules_decode_fast() -> None:
    """The compiled form of fifty rules is read in a few milliseconds."""
    catalogue = rules(*(rule_text(code=f'"XX{number}"') for number in range(100, 150)))
    data = encode_catalogue(catalogue)
    decode_catalogue(data)
    start = time.perf_counter()
    decode_catalogue(data)
    assert time.perf_counter() - start < 0.02
