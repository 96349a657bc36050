"""``diffscope rules``: exact screens, exit codes, hints."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.cli.conftest import MakeProject
from tests.rule_builders import CHINESE, RULE, rule_text

CASES = """\
logic_changed: {facts: {symbol: [{path: a.py, line: 3, symbol: f, logic: true}]}, findings: [{path: a.py, line: 3}]}
nothing_changed: {facts: {}, findings: []}
docstring_changed: {facts: {symbol: [{path: a.py, line: 3, symbol: f, logic: false}]}, findings: []}
"""
FILES = {
    "mine/XX101-test-rule/rule.yml": RULE,
    "mine/XX101-test-rule/zh.yml": CHINESE,
    "mine/XX101-test-rule/cases.yml": CASES,
}


def test_list_holds_bundled_and_own_rules(project: MakeProject) -> None:
    """A table of codes, severities, status, family and title; JSON with the same."""
    table = project(FILES).run("rules", "list", "--rules", "mine")
    lines = table.out.splitlines()
    assert (table.exit_code, table.err) == (0, "")
    row = next(line for line in lines if line.startswith("XX101"))
    assert row.split()[:4] == ["XX101", "medium", "stable", "core-path"]
    assert lines[-1].startswith(f"{len(lines) - 1} rules, ")
    listed = json.loads(project(FILES).run("rules", "list", "--rules", "mine", "--format", "json").out)
    assert listed[-1] == {
        "code": "XX101",
        "name": "test-rule",
        "family": "core-path",
        "severity": "medium",
        "status": "stable",
        "since": "0.1.0",
        "title": {"en": "A title", "zh": "标题"},
        "origin": "mine/XX101-test-rule/rule.yml",
    }


@pytest.mark.parametrize("word", ["XX101", "xx101", "test-rule"])
def test_show_takes_code_or_name(word: str, project: MakeProject) -> None:
    """The page ends with what was measured."""
    outcome = project(FILES).run("rules", "show", word, "--rules", "mine")
    assert outcome.exit_code == 0
    assert outcome.out.startswith("XX101 test-rule: A title\n")
    assert "Example\n  logic changed\n  XX101 a.py:3\n" in outcome.out


def test_show_of_an_unknown_rule_has_the_nearest(project: MakeProject) -> None:
    """A misspelt code is an error with a hint."""
    outcome = project().run("rules", "show", "CP1O1")
    assert outcome.exit_code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("error: there is no rule 'CP1O1'\nhint: did you mean 'CP1")


def test_validate_a_good_folder(project: MakeProject) -> None:
    """Nothing to correct is exit code 0."""
    outcome = project(FILES).run("rules", "validate", "mine")
    assert (outcome.exit_code, outcome.out, outcome.err) == (0, "1 rule, 0 to correct\n", "")


def test_validate_shows_all_mistakes(project: MakeProject) -> None:
    """Rules, cases and texts at once; what is to correct is a finding, exit code 1."""
    files = {
        "mine/XX101-test-rule/rule.yml": rule_text(severity="hihg"),
        "mine/XX101-test-rule/zh.yml": CHINESE,
        "mine/XX101-test-rule/cases.yml": "a_case: {facts: {}, finding: []}",
        "mine/XX102-next-rule/rule.yml": RULE,
        "mine/XX102-next-rule/zh.yml": rule_text(CHINESE, title="Another title"),
        "mine/XX102-next-rule/cases.yml": "a_case: {fcts: {}, findings: []}",
        "mine/lists.yml": "unused_list: [a]\n",
    }
    outcome = project(files).run("rules", "validate", "mine")
    assert outcome.exit_code == 1
    assert outcome.out.splitlines() == [
        "mine/XX101-test-rule/cases.yml:1:1: the case 'a_case' marks no finding and lacks 'findings' (mark one: # <- CP101 medium: EngineCore.step; or add findings: [])",
        "mine/XX101-test-rule/cases.yml:1:21: unknown key 'finding' in the case 'a_case' (did you mean 'findings'?)",
        "mine/XX101-test-rule/rule.yml:8:11: unknown severity 'hihg' (did you mean 'high'?)",
        "mine/XX102-next-rule/cases.yml:1:1: a case has no input (give before and after, or facts, or recorded)",
        "mine/XX102-next-rule/cases.yml:1:10: unknown key 'fcts' in the case 'a_case' (did you mean 'facts'?)",
        "mine/XX102-next-rule/rule.yml:1:1: 'title': the Chinese text holds no Chinese",
        "mine/lists.yml:1:1: no rule uses $unused_list (remove it)",
        "1 rule, 7 to correct",
    ]


def test_validate_against_a_clone_finds_dead_globs(project: MakeProject) -> None:
    """A glob that matches no file of the clone is named with its line."""
    rule = rule_text(when='{symbol: {path: {like: ["vllm/gone/**", "vllm/here/*.py"]}}}')
    built = project({**FILES, "mine/XX101-test-rule/rule.yml": rule, "clone/vllm/here/a.py": ""})
    clone = built.folder / "clone"
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", *command], cwd=clone, check=True)
    outcome = built.run("rules", "validate", "mine", "--repo", "clone")
    assert outcome.exit_code == 1
    assert (
        "mine/XX101-test-rule/rule.yml:9: the glob 'vllm/gone/**' matches no file of clone at HEAD\n"
        in outcome.out
    )
    assert "vllm/here" not in outcome.out


def test_validate_tells_what_only_other_commits_have(project: MakeProject) -> None:
    """A table may name what was or will be there, a rule may not; what the history never had is wrong in both."""
    rule = rule_text(when='{symbol: {path: {like: "vllm/old/**"}}}')
    table = 'pool:\n  tables: [models]\n  groups: [["vllm/old/**", "vllm/never/**", "vllm/new/*.py"]]\n'
    built = project(
        {
            **FILES,
            "mine/XX101-test-rule/rule.yml": rule,
            "mine/twins.yml": table,
            "clone/vllm/old/a.py": "",
        }
    )
    clone = built.folder / "clone"
    commit = ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "a"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        commit,
        ["mv", "vllm/old", "vllm/new"],
        commit,
    ):
        subprocess.run(["git", *command], cwd=clone, check=True)
    assert built.run("rules", "validate", "mine", "--repo", "clone").out.splitlines()[-4:] == [
        "mine/XX101-test-rule/rule.yml:9: the glob 'vllm/old/**' matches no file of clone at HEAD",
        "mine/twins.yml:3: the glob 'vllm/never/**' matches no file of clone at HEAD",
        "globs of tables that match files of other commits alone: 1",
        "1 rule, 2 to correct",
    ]
    assert built.run("rules", "validate", "mine", "--repo", "clone", "--at", "HEAD~1").out.splitlines()[
        -3:
    ] == [
        "mine/twins.yml:3: the glob 'vllm/never/**' matches no file of clone at HEAD~1",
        "globs of tables that match files of other commits alone: 1",
        "1 rule, 1 to correct",
    ]


def test_test_runs_cases(project: MakeProject) -> None:
    """Passing cases are counted, failing ones shown with each difference."""
    assert project(FILES).run("rules", "test", "mine")[:2] == (0, "3 passed, 0 failed, 0 todo, 0 skipped\n")
    broken = CASES.replace("findings: [{path: a.py, line: 3}]", "findings: [{path: b.py}]")
    outcome = project(FILES | {"mine/XX101-test-rule/cases.yml": broken}).run(
        "rules", "test", "mine/XX101-test-rule"
    )
    assert outcome.exit_code == 1
    assert outcome.out.splitlines() == [
        "failed XX101-logic_changed",
        "  missing: path 'b.py'",
        "  not expected: path 'a.py', line 3, side 'new', symbol 'f', says 'f changed', says_zh 'f 变更'",
        "    evidence: b.py has no symbol",
        "2 passed, 1 failed, 0 todo, 0 skipped",
    ]


def test_test_selects_by_word(project: MakeProject) -> None:
    """``-k`` looks in CODE-name; nothing to run is an error."""
    assert (
        project(FILES).run("rules", "test", "mine", "-k", "XX101-docstring").out
        == "1 passed, 0 failed, 0 todo, 0 skipped\n"
    )
    outcome = project(FILES).run("rules", "test", "mine", "-k", "nothing like it")
    assert (outcome.exit_code, outcome.err) == (
        2,
        "error: no case to run\nhint: add cases.yml beside rule.yml, or use another -k\n",
    )


def test_test_as_json(project: MakeProject) -> None:
    """Results for programs."""
    outcome = project(FILES).run("rules", "test", "mine", "-k", "logic", "--format", "json")
    assert json.loads(outcome.out) == [
        {"code": "XX101", "case": "logic_changed", "status": "passed", "differences": []}
    ]


def test_test_with_broken_cases_shows_every_mistake(project: MakeProject) -> None:
    """A case file that cannot be read is an error, exit code 2."""
    outcome = project(FILES | {"mine/XX101-test-rule/cases.yml": "a_case: {fcts: {}}"}).run(
        "rules", "test", "mine"
    )
    assert outcome.exit_code == 2
    assert outcome.err.startswith("error: 3 mistakes\nmine/XX101-test-rule/cases.yml:1:")


def test_new_rule_can_be_tested_at_once(project: MakeProject) -> None:
    """The scaffold is written, loads, and its cases are to do; a second time it is refused."""
    built = project()
    outcome = built.run("rules", "new", "QN899", "new-thing", "--into", "mine")
    assert outcome == (
        0,
        "mine/QN899-new-thing/rule.yml\nmine/QN899-new-thing/zh.yml\nmine/QN899-new-thing/cases.yml\nnext: diffscope rules test mine/QN899-new-thing\n",
        "",
    )
    tested = built.run("rules", "test", "mine/QN899-new-thing")
    assert (tested.exit_code, tested.out.splitlines()[-1]) == (0, "0 passed, 0 failed, 2 todo, 0 skipped")
    again = built.run("rules", "new", "QN899", "new-thing", "--into", "mine")
    assert (again.exit_code, again.err) == (
        2,
        "error: QN899 is new-thing already\nhint: the next free one is QN900\n",
    )


def test_broken_rule_folder_is_an_error_with_every_mistake(project: MakeProject) -> None:
    """Every command that loads rules shows all of what is wrong."""
    files = FILES | {"mine/XX101-test-rule/rule.yml": rule_text(severity="hihg", family="core")}
    outcome = project(files).run("rules", "list", "--rules", "mine")
    assert outcome.exit_code == 2
    assert outcome.err.splitlines()[0] == "error: 2 mistakes"


OLD_RULE = """\
code: "XX101"
name: "test-rule"
family: "core-path"
status: {is: "stable", since: "0.1.0"}
severity: "medium"
title: {en: "A title", zh: "标题"}
why: {en: "A reason.", zh: "原因。"}
remedy: {en: "Look.", zh: "查看。"}
evidence: {fact: symbol, where: {logic: true}}
when: {any: evidence}
says: {en: "{symbol} changed", zh: "{symbol} 变更"}
"""


def test_rule_of_format_1_is_refused_and_converted(project: MakeProject) -> None:
    """The refusal names the command, and the command makes a rule that means the same; a second time there is nothing to do."""
    built = project(FILES | {"mine/XX101-test-rule/rule.yml": OLD_RULE})
    (built.folder / "mine/XX101-test-rule/zh.yml").unlink()
    assert built.run("rules", "list", "--rules", "mine").err == (
        "error: mine/XX101-test-rule/rule.yml:1:1: the rule is of format 1\n"
        "hint: convert it: diffscope rules convert mine/XX101-test-rule\n"
    )
    assert built.run("rules", "convert", "mine", "--dry-run").out == "1 rule to convert\n"
    assert built.run("rules", "convert", "mine/XX101-test-rule") == (0, "1 rule converted\n", "")
    assert built.run("rules", "test", "mine").exit_code == 0
    assert built.run("rules", "validate", "mine").out == "1 rule, 0 to correct\n"
    assert built.run("rules", "convert", "mine").out == "0 rules converted\n"


def test_rule_that_cannot_be_converted_stays(project: MakeProject) -> None:
    """What has no form in format 2 is named with its line, and the file is left as it is."""
    text = OLD_RULE.replace("logic: true", "distance: {is_known: true}")
    built = project({"mine/XX101-test-rule/rule.yml": text})
    outcome = built.run("rules", "convert", "mine")
    assert (outcome.exit_code, outcome.out.splitlines()) == (
        1,
        [
            "mine/XX101-test-rule/rule.yml:9:45: 'is_known' of 'distance' has no form in format 2 (say it in other words first: docs/rules.md)",
            "0 rules converted",
        ],
    )
    assert (built.folder / "mine/XX101-test-rule/rule.yml").read_text("utf-8") == text


def test_validate_reads_tables(project: MakeProject) -> None:
    """Every table of the folder is read by its own reader; a file that is no YAML is one mistake."""
    tables = {"mine/platforms.yml": "platforms: [\n", "mine/twins.yml": "models: {table: []}\n"}
    outcome = project(FILES | tables).run("rules", "validate", "mine")
    assert outcome.exit_code == 1
    first, *rest = outcome.out.splitlines()
    assert first.startswith("mine/platforms.yml:2:1: not valid YAML: ")
    assert rest == [
        "mine/twins.yml:1:9: the registry 'models' lacks 'groups' (add 'groups:')",
        "mine/twins.yml:1:9: the registry 'models' lacks 'tables' (add 'tables:')",
        "mine/twins.yml:1:10: unknown key 'table' in the registry 'models' (did you mean 'tables'?)",
        "1 rule, 4 to correct",
    ]


NOT_UTF8 = "the file is not UTF-8 (save it as UTF-8)"


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param("XX102-next-rule/rule.yml", "1 rule", id="rule"),
        pytest.param("XX102-next-rule/zh.yml", "1 rule", id="Chinese texts"),
        pytest.param("XX102-next-rule/cases.yml", "2 rules", id="cases"),
        pytest.param("lists.yml", "2 rules", id="lists"),
        pytest.param("predicates.yml", "2 rules", id="predicates"),
        pytest.param("words.yml", "2 rules", id="words"),
        pytest.param("areas.yml", "2 rules", id="table that rules ask for"),
    ],
)
def test_validate_goes_on_after_a_file_that_cannot_be_read(
    name: str, count: str, project: MakeProject
) -> None:
    """It is one mistake beside those of the other files, and what only it could tell is no mistake."""
    second = {path.replace("XX101-test", "XX102-next"): text for path, text in FILES.items()}
    wrong = {
        "mine/XX103-bad-rule/rule.yml": rule_text(severity="hihg"),
        "mine/XX103-bad-rule/zh.yml": CHINESE,
    }
    built = project(FILES | second | wrong | {"mine/lists.yml": "no_rule_names_it: [a]\n"})
    (built.folder / "mine" / name).write_bytes(b"a: \xff\n")
    outcome = built.run("rules", "validate", "mine")
    bad = "mine/XX103-bad-rule/rule.yml:8:11: unknown severity 'hihg' (did you mean 'high'?)"
    assert (outcome.exit_code, outcome.err) == (1, "")
    *lines, last = outcome.out.splitlines()
    assert sorted(lines) == sorted([f"mine/{name}:1:1: {NOT_UTF8}", bad])
    assert last == f"{count}, 2 to correct"


def test_validate_goes_on_after_a_table_that_cannot_be_read(project: MakeProject) -> None:
    """Other tables are read all the same."""
    built = project(FILES | {"mine/twins.yml": "models: {table: []}\n"})
    (built.folder / "mine/roles.yml").write_bytes(b"a: \xff\n")
    assert built.run("rules", "validate", "mine").out.splitlines() == [
        f"mine/roles.yml:1:1: {NOT_UTF8}",
        "mine/twins.yml:1:9: the registry 'models' lacks 'groups' (add 'groups:')",
        "mine/twins.yml:1:9: the registry 'models' lacks 'tables' (add 'tables:')",
        "mine/twins.yml:1:10: unknown key 'table' in the registry 'models' (did you mean 'tables'?)",
        "1 rule, 4 to correct",
    ]


def test_validate_of_one_rule_does_not_ask_tables(project: MakeProject) -> None:
    """A table beside the rule that cannot be read is no business of the rule."""
    built = project(FILES)
    for name in ("areas.yml", "roles.yml"):
        (built.folder / "mine" / name).write_bytes(b"a: \xff\n")
    assert built.run("rules", "validate", "mine/XX101-test-rule") == (0, "1 rule, 0 to correct\n", "")
