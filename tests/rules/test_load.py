"""Rule files are read strictly: every mistake at once, with its line and the nearest word."""

from __future__ import annotations

import time

import pytest

from diffscope.errors import RuleError
from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.language.catalogue import decode_catalogue, encode_catalogue
from diffscope.rules.language.load import check_catalogue, load_catalogue, read_names
from diffscope.rules.model import Severity
from tests.rule_builders import CHINESE, RULE, chinese_of, facts, rule_text, rules, told

PATH = "rules/XX101-test-rule/rule.yml"
ZH = "rules/XX101-test-rule/zh.yml"


def complaints(text: str, lists: str = "", **files: str) -> list[str]:
    own = {PATH: text, ZH: chinese_of(text), "rules/lists.yml": lists or "{}"}
    more = {f"rules/{name}.yml": content for name, content in files.items()}
    _, mistakes = check_catalogue(own | more)
    return [told(each).removeprefix(f"{PATH}:") for each in mistakes]


def when(text: str) -> str:
    return rule_text(when=text)


def where(text: str) -> str:
    return rule_text(evidence=f"{{symbol: {text}}}")


WRONG = [
    pytest.param(rule_text(family="core-pth"), "8: unknown family 'core-pth' (did you mean 'core-path'?)", id="a family misspelt"),
    pytest.param(rule_text(family=None), "1: no family belongs to the letters 'XX' (add 'family:', one of core-path, missing-tests", id="letters without a family"),
    pytest.param(rule_text(severity="hihg"), "8: unknown severity 'hihg' (did you mean 'high'?)", id="a severity misspelt"),
    pytest.param(rule_text(status='{is: stabel, since: "0.1.0"}'), "8: unknown status 'stabel' (did you mean 'stable'?)", id="a status misspelt"),
    pytest.param(rule_text(status="{is: stable, since: 0.1}"), "8: 'since' must be text, not the number '0.1' (quote it: \"0.1\")", id="a version that reads as a number"),
    pytest.param(rule_text(title="{en: A title, zh: 标题}"), "1: the rule is of format 1 (convert it: diffscope rules convert rules/XX101-test-rule)", id="a title in two languages"),
    pytest.param(rule_text(remedy=None), "1: a rule lacks 'remedy' (add 'remedy:')", id="a missing key"),
    pytest.param(rule_text(severty="low"), "9: unknown key 'severty' in a rule (did you mean 'severity'?)", id="an unknown key"),
    pytest.param(rule_text(says='"{symbl}"'), "8: unknown placeholder '{symbl}' of fact 'symbol' (did you mean 'symbol'?)", id="a placeholder that is no field"),
    pytest.param(rule_text(says='"{change.knd}"'), "8: unknown placeholder '{knd}' of fact 'change' (did you mean 'kind'?)", id="a placeholder that is no field of the change"),
    pytest.param(rule_text(says='"{symbol"'), "8: 'says': a lone '{': write it twice for the character (see docs/rules.md, Messages)", id="a brace left open"),
    pytest.param(rule_text(says='"[[{symbol}"'), "8: 'says': '[[' is never closed (see docs/rules.md, Messages)", id="an optional part left open"),
    pytest.param(rule_text(evidence="{smybol: {}}"), "8: unknown fact 'smybol' (did you mean 'symbol'?)", id="an unknown fact"),
    pytest.param(rule_text(evidence="symbol"), "8: 'evidence' must be one fact with what is asked of it, not the text 'symbol' (write evidence: {symbol: {FIELD: VALUE}})", id="evidence that asks nothing"),
    pytest.param(rule_text(evidence="{symbol: {}, call: {}}"), "8: 'evidence' must be one fact with what is asked of it, not 2 lines (write evidence: {symbol: {FIELD: VALUE}})", id="evidence of two facts"),
    pytest.param(rule_text(worst_by="name"), "9: unknown number of 'symbol' 'name'", id="evidence ordered by what is no number"),
    pytest.param(rule_text(severity="[{high: {call: {}}}, {low: {call: {}}}]"), "8: the last line of 'severity' must be a word alone: what holds where nothing above does (end with - low)", id="a severity list that ends with a condition"),
    pytest.param(rule_text(severity="[{high: {call: {}}, low: {call: {}}}, low]"), "8: a line of 'severity' must be a word with its condition, not a mapping (write - high: {evidence: {...}}; a word alone comes last)", id="a severity list that ends with a condition twice over"),
    pytest.param(rule_text(severity="[high, low]"), "8: a line of 'severity' must be a word with its condition, not the text 'high' (write - high: {evidence: {...}}; a word alone comes last)", id="a severity that hides the rest"),
    pytest.param(rule_text(severity="[{hgh: {call: {}}}, low]"), "8: unknown severity 'hgh' (did you mean 'high'?)", id="a line with a severity misspelt"),
    pytest.param(rule_text(severity="[]"), "8: the last line of 'severity' must be a word alone", id="an empty severity list"),
    pytest.param(when("yes"), "9: 'when' must be a condition, not the text 'yes' (write evidence: {FIELD: VALUE}, or change: {...})", id="a word as condition"),
    pytest.param(when("{}"), "9: 'when' asks nothing (name a fact: {call: {}} holds where there is a call)", id="a condition of nothing"),
    pytest.param(when("{smybol: {}}"), "9: 'when' asks 'smybol', which is neither a fact nor an operator (did you mean 'symbol'?)", id="an unknown fact in a condition"),
    pytest.param(when("{none: call}"), "9: 'when' asks 'none', which is neither a fact nor an operator", id="an operator of format 1"),
    pytest.param(when("{any: []}"), "9: 'any' is an empty list (list at least one condition)", id="an empty list of conditions"),
    pytest.param(when("{not: [{call: {}}]}"), "9: 'not' has a list of conditions (write not: {any: [...]} or not: {all: [...]})", id="not of a list"),
    pytest.param(when("{symbol: yes}"), "9: a condition on 'symbol' must be a mapping of fields, not the text 'yes' (write {FIELD: VALUE}, or {} for every record)", id="a word as condition on a record"),
    pytest.param(when("$smal"), "9: unknown predicate '$smal'", id="a predicate misspelt"),
    pytest.param(when("{count: symbol}"), "9: 'count' has no bound (add at_least or at_most)", id="a count without a bound"),
    pytest.param(when("{sum: code_added, at_least: 3}"), "9: 'sum' lacks 'of' (write {sum: FIELD, of: FACT, at_least: N})", id="a sum of no fact"),
    pytest.param(when("{sum: kind, of: symbol, at_least: 3}"), "9: unknown number of 'symbol' 'kind'", id="a sum of words"),
    pytest.param(when("{count: symbol, at_least: 3, call: {}}"), "9: unknown key 'call' beside 'count' (list them: - {...})", id="a count beside a fact"),
    pytest.param(when("{count: smybol, at_least: 3}"), "9: unknown fact 'smybol' (did you mean 'symbol'?)", id="a count of an unknown fact"),
    pytest.param(where("{lgic: true}"), "8: unknown field 'lgic' of fact 'symbol' (did you mean 'logic'?)", id="an unknown field"),
    pytest.param(where("{code_added: {atleast: 3}}"), "8: unknown operator 'atleast' of 'code_added' (did you mean 'at_least'?)", id="an unknown operator"),
    pytest.param(where("{code_added: {at_least: many}}"), "8: 'code_added' needs a whole number, not the text 'many' (write a whole number)", id="text where a number is meant"),
    pytest.param(where("{code_added: {at_least: 1.5}}"), "8: 'code_added' needs a whole number, not the number '1.5' (write a whole number)", id="a fraction where a whole number is meant"),
    pytest.param(where("{code_added: {at_least: null}}"), "8: 'at_least' does not take null (write a number)", id="null as a bound"),
    pytest.param(where("{logic: maybe}"), "8: 'logic' needs true or false, not the text 'maybe' (write true or false)", id="a word where true or false is meant"),
    pytest.param(where("{area: 3}"), "8: 'area' needs text, not the number '3' (quote it: \"3\")", id="a number where text is meant"),
    pytest.param(where("{kind: functoin}"), "8: 'functoin' is not a value of 'kind' (did you mean 'function'?)", id="a word outside a closed set"),
    pytest.param(where("{aspects: [body, adde]}"), "8: 'adde' is not a value of 'aspects' (did you mean 'added'?)", id="a word outside the closed set of a list"),
    pytest.param(where("{logic: {like: x}}"), "8: 'logic' is true or false: 'like' does not fit it (use one of in, not)", id="an operator that does not fit"),
    pytest.param(where("{kind: []}"), "8: 'kind' has an empty list (list at least one value)", id="an empty list of words"),
    pytest.param(where("{kind: {}}"), "8: 'kind' asks nothing (write a value, or {at_least: 1})", id="a field of which nothing is asked"),
    pytest.param(where("{kind: [class, [function]]}"), "8: a list holds texts, numbers or $NAME, not a list (write the values out)", id="a list in a list"),
    pytest.param(where("{kind: $cods}"), "8: unknown list '$cods' (did you mean 'code'?)", id="a named list misspelt"),
    pytest.param(where("{kind: null}"), "8: 'kind' is never null (write a value)", id="null where there is never null"),
    pytest.param(where("{kind: {field: line}}"), "8: unknown field of the type of 'kind' 'line'", id="fields of two types compared"),
    pytest.param(where("{path: {like: '/vllm/**'}}"), "8: the glob '/vllm/**' is wrong: it starts with '/' (paths are relative to the root: leave the '/' out)", id="an absolute glob"),
    pytest.param(where("{path: {matches: '(?=a)'}}"), "8: the regex '(?=a)' is refused", id="a regex with look-ahead"),
    pytest.param(where("{same_path: call}"), "8: 'same_path' needs one fact, not the text 'call' (write same_path: {call: {FIELD: VALUE}})", id="a join without a fact"),
    pytest.param(where("{same_pth: {call: {}}}"), "8: unknown field 'same_pth' of fact 'symbol' (did you mean 'same_path'?)", id="a join misspelt"),
    pytest.param(where("{same_path: {change: {}}}"), "8: 'change' has no place that another fact could share (ask it beside, in 'when')", id="a join with the change"),
    pytest.param("{}", "1: the file is empty (start with: diffscope rules new CODE slug)", id="an empty rule"),
    pytest.param("- a", "1: the file must hold a mapping of keys, not a list (write 'key: value' lines)", id="a list in place of a rule"),
    pytest.param(RULE + "title: Another\n", "9: duplicate key 'title', first on line 3", id="a key twice"),
    pytest.param(RULE.replace("title:", "title: &n"), "3: the anchor &n is not allowed", id="an anchor"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_mistake_is_reported_with_line_and_nearest_word(text: str, complaint: str) -> None:
    found = complaints(text, "code: [function, method]")
    assert any(each.startswith(complaint) for each in found), found


def test_a_mistake_is_reported_once() -> None:
    """One wrong word is one mistake, not one for each thing that depends on it."""
    text = rule_text(evidence="{smybol: {logc: true}}", when="{evidence: {logc: true}}")
    assert complaints(text) == ["8: unknown fact 'smybol' (did you mean 'symbol'?)"]


BROKEN = [
    pytest.param({PATH: "title: [\n"}, [f"{PATH}:2: "], id="a rule"),
    pytest.param({ZH: "title: [\n"}, [f"{ZH}:2: "], id="the Chinese texts of a rule"),
    pytest.param({"rules/lists.yml": "code: [\n"}, ["rules/lists.yml:2: "], id="lists that a rule names"),
    pytest.param({"rules/predicates.yml": "small: {\n"}, ["rules/predicates.yml:2: "], id="predicates that a rule names"),
    pytest.param({"rules/areas.yml": "areas: {\n"}, [], id="a table, which its own reader reports"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "expected"), BROKEN)
def test_file_that_is_no_yaml_is_one_mistake(broken: dict[str, str], expected: list[str]) -> None:
    """After a syntax error nothing is known of the rest, and nobody else is blamed for it."""
    rule = rule_text(evidence="{symbol: [$small, {kind: $code, area: engine}]}")
    files = {
        PATH: rule,
        ZH: chinese_of(rule),
        "rules/lists.yml": "code: [function]",
        "rules/predicates.yml": "small: {about: x, fact: symbol, where: {code_added: 1}, holds: [], fails: []}",
        "rules/areas.yml": "areas: {engine: {}}",
    }
    found = [told(each) for each in check_catalogue(files | broken)[1]]
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


def test_all_mistakes_of_all_files_come_at_once() -> None:
    """An author corrects a catalogue in one go."""
    files = {
        PATH: rule_text(family="core", severity="hihg"),
        ZH: CHINESE,
        "rules/XX102-other/rule.yml": rule_text(when="{sybol: {}}"),
        "rules/lists.yml": "Bad Name: [a]\ngood_name: {a: 1}\n",
        "rules/predicates.yml": "small: {about: x, fact: symbol, where: {lines: 1}, holds: [], fails: []}\n",
    }
    with pytest.raises(RuleError) as caught:
        load_catalogue(files)
    assert str(caught.value).splitlines() == [
        "8 mistakes",
        f"{PATH}:7:9: unknown family 'core' (did you mean 'core-path'?)",
        f"{PATH}:8:11: unknown severity 'hihg' (did you mean 'high'?)",
        "rules/XX102-other/rule.yml:1:1: the folder 'XX102-other' has no rule name after the code (two or more lower-case words with hyphens: CP101-engine-step-path)",
        "rules/XX102-other/rule.yml:9:8: 'when' asks 'sybol', which is neither a fact nor an operator (did you mean 'symbol'?)",
        "rules/XX102-other/zh.yml:1:1: a stable rule needs its texts in Chinese too (add zh.yml beside rule.yml)",
        "rules/lists.yml:1:1: 'Bad Name' is not a name (write lower_case_words)",
        "rules/lists.yml:2:12: 'good_name' must be a list, not a mapping (write [a, b] or '- ' lines)",
        "rules/predicates.yml:1:41: unknown field 'lines' of fact 'symbol' (did you mean 'line'?)",
    ]


TABLES = {"areas": "areas: {engine: {}, attention: {}}", "platforms": "platforms: {rocm: {}, cuda: {}}"}
WORDS = [
    pytest.param(where("{area: atention}"), "8: 'atention' is no area of areas.yml (did you mean 'attention'?)", id="an area"),
    pytest.param(where("{area: {not: [engine, scheduller]}}"), "8: 'scheduller' is no area of areas.yml", id="an area that must not be"),
    pytest.param(where("{platforms: [rocm, cudaa]}"), "8: 'cudaa' is no platform of platforms.yml (did you mean 'cuda'?)", id="a platform"),
    pytest.param(when("{change: {logic_areas: enginee}}"), "9: 'enginee' is no area of areas.yml (did you mean 'engine'?)", id="an area of the change"),
    pytest.param(when("{change: {kind: bugfx}}"), "9: 'bugfx' is not a value of 'kind' (did you mean 'bugfix'?)", id="a kind of change"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), WORDS)
def test_word_that_no_table_knows_is_refused(text: str, complaint: str) -> None:
    """A rule that asks for an area that is not there would never fire."""
    assert [each[: len(complaint)] for each in complaints(text, **TABLES)] == [complaint]


PREDICATES = [
    pytest.param("when", "{evidence: $tiny}", "9: $tiny is asked of 'call', not of 'symbol' (write out what it asks)", id="a predicate on another fact"),
    pytest.param("when", "$small", "9: $small is asked of one record of 'symbol' (write symbol: $small)", id="a predicate on a record asked of the change"),
    pytest.param("when", "{evidence: $few}", "9: $few is asked of the change (write it as an expression)", id="a predicate on the change asked of a record"),
    pytest.param("when", "{evidence: $smal}", "9: unknown predicate '$smal' (did you mean 'small'?)", id="a predicate misspelt"),
    pytest.param("when", "{evidence: {kind: $small}}", "9: $small is a predicate, not a list (name it where a condition stands)", id="a predicate where values stand"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "complaint"), PREDICATES)
def test_predicate_in_the_wrong_place(key: str, text: str, complaint: str) -> None:
    predicates = (
        "small: {about: x, fact: symbol, where: {code_added: 1}, holds: [], fails: []}\n"
        "tiny: {about: x, fact: call, where: {line: 1}, holds: [], fails: []}\n"
        "few: {about: x, fact: symbol, when: {count: evidence, at_most: 1}, holds: [], fails: []}\n"
    )
    assert complaints(rule_text(**{key: text}), predicates=predicates) == [complaint]


def test_predicate_that_asks_itself_is_refused() -> None:
    """A loop of names has no meaning."""
    loop = (
        "one: {about: x, fact: symbol, where: $two, holds: [], fails: []}\n"
        "two: {about: x, fact: symbol, where: {not: $one}, holds: [], fails: []}\n"
    )
    _, mistakes = read_names({"rules/predicates.yml": loop})
    assert [told(each) for each in mistakes] == [
        "rules/predicates.yml:1: $one asks itself (write out what it asks)",
        "rules/predicates.yml:2: $two asks itself (write out what it asks)",
    ]


def test_named_conditions_mean_what_they_say() -> None:
    """A predicate and the same condition written out judge alike."""
    predicate = "small: {about: x, fact: symbol, where: {code_added: {at_most: 3}}, holds: [], fails: []}"
    text = "symbol: [{path: a.py, logic: true, code_added: 3}, {path: b.py, logic: true, code_added: 4}]"
    named = rules(rule_text(evidence="{symbol: [$small, {logic: true}]}"), predicates=predicate)
    plain = rules(rule_text(evidence="{symbol: {code_added: {at_most: 3}, logic: true}}"))
    assert evaluate(named, facts(text)) == evaluate(plain, facts(text))
    assert named.rules[0].names == ("small",)


def test_single_mistake_has_place_and_hint() -> None:
    """With one mistake the error has its place and its hint apart."""
    with pytest.raises(RuleError) as caught:
        load_catalogue({PATH: rule_text(severity="hihg"), ZH: CHINESE})
    error = caught.value
    assert (error.message, error.at, error.hint) == (
        "unknown severity 'hihg'",
        f"{PATH}:8:11",
        "did you mean 'high'?",
    )


def test_code_taken_twice_names_the_other_file() -> None:
    """Two rules cannot share a code."""
    other = {"more/XX101-test-rule/rule.yml": RULE, "more/XX101-test-rule/zh.yml": CHINESE}
    _, mistakes = check_catalogue({PATH: RULE, ZH: CHINESE} | other)
    assert [told(each) for each in mistakes] == [
        f"{PATH}:1: the code XX101 is taken by more/XX101-test-rule/rule.yml (take the next free number)"
    ]


def test_rules_come_sorted_with_everything_read() -> None:
    """A good catalogue holds what the files say, sorted by code; code, name and family come from the folder."""
    second = rule_text(family=None, severity="[{info: {not: {call: {}}}}, medium]", limits="None.")
    found = rules(RULE, CP101=second)
    assert [(rule.code, rule.name, rule.family) for rule in found.rules] == [
        ("CP101", "test-rule", "core-path"),
        ("XX101", "test-rule", "core-path"),
    ]
    assert [step.to for step in found.rules[0].severity_steps] == [Severity.INFO]
    assert found.rules[0].limits is not None
    assert found.rules[0].origin == "rules/CP101-test-rule/rule.yml"


@pytest.mark.parametrize(
    ("code", "family"),
    [("TC201", "missing-tests"), ("TC204", "insufficient-tests"), ("HI901", "history")],
)
def test_family_comes_from_the_letters(code: str, family: str) -> None:
    """The longest prefix decides; a family that contradicts it is refused."""
    assert rules(**{code: rule_text(family=None)}).rules[0].family == family
    with pytest.raises(RuleError) as caught:
        rules(**{code: rule_text(family="concurrency")})
    assert caught.value.message == f"the family of {code} is '{family}' by its letters"


CHINESES = [
    pytest.param(rule_text(CHINESE, title=None), "1: zh.yml lacks 'title' (add 'title:')", id="a text missing"),
    pytest.param(rule_text(CHINESE, limits="局限。"), "5: rule.yml has no 'limits' (remove it, or add it there)", id="a text too many"),
    pytest.param(rule_text(CHINESE, tite="标题"), "5: unknown key 'tite' in zh.yml (did you mean 'title'?)", id="an unknown key"),
    pytest.param(rule_text(CHINESE, says='"{symbl}"'), "4: unknown placeholder '{symbl}' of fact 'symbol' (did you mean 'symbol'?)", id="a placeholder that is no field"),
]  # fmt: skip


@pytest.mark.parametrize(("chinese", "complaint"), CHINESES)
def test_mistake_in_the_chinese_texts(chinese: str, complaint: str) -> None:
    _, mistakes = check_catalogue({PATH: RULE, ZH: chinese})
    assert [told(each) for each in mistakes] == [f"{ZH}:{complaint}"]


def test_preview_rule_may_speak_english_alone() -> None:
    """Its English texts stand for the Chinese ones until it becomes stable."""
    found, mistakes = check_catalogue({PATH: rule_text(status='{is: preview, since: "0.1.0"}')})
    assert mistakes == ()
    assert found.rules[0].title.zh == found.rules[0].title.en


def test_named_lists_are_put_in_and_remembered() -> None:
    """A list may be named whole or among other words."""
    found = rules(where("{kind: [$code, class]}"), lists="code: [function, method]").rules[0]
    assert found.names == ("code",)
    assert rules(where("{kind: [function, method, class]}")).rules[0].evidence == found.evidence


def test_digest_tells_meaning_from_place() -> None:
    """The digest is of what rules mean and say: neither folders nor comments nor named lists change it."""
    plain = rules(RULE)
    elsewhere = {
        "elsewhere/XX101-test-rule/rule.yml": "# remark\n" + RULE,
        "elsewhere/XX101-test-rule/zh.yml": CHINESE,
    }
    assert plain.digest == load_catalogue(elsewhere).digest
    assert plain.digest != rules(rule_text(severity="low")).digest
    assert plain.digest != rules(rule_text(says='"{symbol} moved"')).digest
    assert plain.digest != rules(RULE, words='added: "新增"').digest
    assert plain == load_catalogue(elsewhere)


def test_compiled_catalogue_reads_back_the_same() -> None:
    """The compiled form loses nothing; what is no compiled form gives nothing."""
    text = rule_text(
        when="[{not: {count: symbol, distinct: area, at_least: 2}}, {symbol: [$far, {distance: {not: {field: line}}}]}]",
    )
    predicate = "far: {about: x, fact: symbol, where: {distance: null, not: {same_symbol: {call: {}}}}, holds: [], fails: []}"
    catalogue = rules(text, predicates=predicate, words='added: "新增"')
    back = decode_catalogue(encode_catalogue(catalogue))
    assert back is not None
    assert (back.rules, back.words, back.digest) == (
        catalogue.rules,
        catalogue.words,
        catalogue.digest,
    )
    assert decode_catalogue(b"junk") is None
    assert decode_catalogue(encode_catalogue(catalogue)[:-3]) is None


def test_fifty_rules_decode_fast() -> None:
    """The compiled form of fifty rules is read in a few milliseconds."""
    catalogue = rules(*[RULE] * 50)
    data = encode_catalogue(catalogue)
    decode_catalogue(data)
    start = time.process_time()
    decode_catalogue(data)
    assert time.process_time() - start < 0.02
