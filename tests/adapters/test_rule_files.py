"""Rule folders on disk: the bundled one, more of them, a single rule; the compiled catalogue in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.config import rule_files
from diffscope.adapters.config.rule_files import (
    bundled_rules,
    case_texts,
    folder_texts,
    load_rules,
    rule_texts,
    write_new_files,
)
from diffscope.errors import ConfigurationError, RuleError
from diffscope.rules.language.load import SHARED_FILES
from tests.builders import write_files
from tests.rule_builders import CHINESE, RULE, rule_text

FILES = {
    "mine/XX101-test-rule/rule.yml": RULE,
    "mine/XX101-test-rule/zh.yml": CHINESE,
    "mine/XX101-test-rule/cases.yml": "a_case: {facts: {}, findings: []}\n",
    "mine/lists.yml": "my_list: [a]\n",
    "mine/notes/README.md": "no rule",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, FILES)
    return tmp_path / "mine"


def test_bundled_rules_of_a_checkout() -> None:
    """An editable install reads the checkout's own folder."""
    assert bundled_rules() == Path(__file__).resolve().parents[2] / "rules"
    assert load_rules().rule("CP101") is not None


def test_more_folders_add_rules(folder: Path) -> None:
    """A team's rules stand beside the bundled ones; the digest tells."""
    found = load_rules([folder])
    rule = found.rule("XX101")
    assert rule is not None
    assert rule.origin == f"{folder.as_posix()}/XX101-test-rule/rule.yml"
    assert found.digest != load_rules().digest


def test_naming_the_bundled_folder_changes_nothing() -> None:
    """``--rules rules`` in a checkout does not load every rule twice."""
    assert load_rules([bundled_rules()]).digest == load_rules().digest


def test_a_taken_code_is_refused(folder: Path) -> None:
    """A team cannot replace a bundled rule in silence."""
    write_files(folder, {"CP101-mine-own/rule.yml": rule_text(family=None), "CP101-mine-own/zh.yml": CHINESE})
    with pytest.raises(RuleError) as caught:
        load_rules([folder])
    assert "the code CP101 is taken by" in str(caught.value)


def test_folder_alone(folder: Path) -> None:
    """A folder is read with the bundled lists; a rule's own folder gives that rule."""
    shared = {f"rules/{name}" for name in SHARED_FILES}
    assert set(folder_texts(folder)) == shared | {
        f"{folder}/lists.yml",
        f"{folder}/XX101-test-rule/rule.yml",
        f"{folder}/XX101-test-rule/zh.yml",
    }
    rule = folder / "XX101-test-rule"
    assert set(folder_texts(rule)) == shared | {
        f"{folder}/lists.yml",
        f"{rule}/rule.yml",
        f"{rule}/zh.yml",
    }
    single = bundled_rules() / "CP101-engine-step-path"
    assert set(folder_texts(single)) == shared | {
        "rules/CP101-engine-step-path/rule.yml",
        "rules/CP101-engine-step-path/zh.yml",
    }


def test_cases_beside_rules(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Cases are found from wherever one stands; a rule without any has none."""
    monkeypatch.chdir(tmp_path)
    own = f"{folder}/XX101-test-rule/rule.yml"
    found = case_texts([own, "rules/CP101-engine-step-path/rule.yml", "rules/CP000-none-such/rule.yml"])
    assert set(found) == {own, "rules/CP101-engine-step-path/rule.yml"}


def test_a_folder_named_rules_is_not_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A team's ``rules/`` neither hides the bundled lists nor borrows the bundled cases."""
    write_files(
        tmp_path,
        {name.replace("mine/", "rules/"): text for name, text in FILES.items() if "cases" not in name},
    )
    monkeypatch.chdir(tmp_path)
    found = load_rules([Path("rules")])
    rule = found.rule("XX101")
    assert rule is not None
    assert rule.origin == "./rules/XX101-test-rule/rule.yml"
    assert "./rules/lists.yml" in folder_texts(Path("rules/XX101-test-rule"))
    assert case_texts([rule.origin, "rules/CP101-engine-step-path/rule.yml"]).keys() == {
        "rules/CP101-engine-step-path/rule.yml"
    }


WRONG = [
    pytest.param({"mine/XX101-test-rule/rule.yml": b"\xff\xfe"}, "the file is not UTF-8", "save it as UTF-8", id="not UTF-8"),
    pytest.param({"mine/XX101-test-rule/rule.yml": "x" * 1_000_001}, "more than 1,000,000 bytes", "put a text file there, or split it", id="too large"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message", "hint"), WRONG)
def test_file_that_cannot_be_read(
    files: dict[str, str | bytes], message: str, hint: str, tmp_path: Path
) -> None:
    write_files(tmp_path, files)
    with pytest.raises(ConfigurationError) as caught:
        load_rules([tmp_path / "mine"])
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A misspelt folder is an error, not an empty catalogue."""
    with pytest.raises(ConfigurationError) as caught:
        load_rules([tmp_path / "none"])
    assert caught.value.message == "no such rule folder"


def test_compiled_catalogue_is_kept_and_made_anew(folder: Path, tmp_path: Path) -> None:
    """The cache gives the same catalogue; a changed rule file is another entry; junk in it is not trusted."""
    with open_cache(tmp_path / "cache", is_enabled=True) as cache:
        first = load_rules([folder], cache=cache)
        (name,) = cache.names("rules")
        assert load_rules([folder], cache=cache).rules == first.rules
        assert cache.names("rules") == (name,)
        cache.put_many("rules", {name: b"junk"})
        assert load_rules([folder], cache=cache).rules == first.rules
        write_files(folder, {"XX101-test-rule/rule.yml": rule_text(severity="low")})
        assert load_rules([folder], cache=cache).digest != first.digest
        assert len(cache.names("rules")) == 2


def test_broken_rules_are_not_kept(folder: Path, tmp_path: Path) -> None:
    """What does not load leaves nothing behind."""
    write_files(folder, {"XX101-test-rule/rule.yml": "{}"})
    with open_cache(tmp_path / "cache", is_enabled=True) as cache:
        with pytest.raises(RuleError):
            load_rules([folder], cache=cache)
        assert cache.names("rules") == ()


def test_new_files_never_overwrite(tmp_path: Path) -> None:
    """All are written, or none."""
    write_new_files({tmp_path / "a" / "x.yml": "1", tmp_path / "a" / "y.yml": "2"})
    with pytest.raises(ConfigurationError):
        write_new_files({tmp_path / "a" / "z.yml": "3", tmp_path / "a" / "x.yml": "4"})
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["x.yml", "y.yml"]
    assert (tmp_path / "a" / "x.yml").read_text() == "1"


def test_texts_are_keyed_alike_in_wheel_and_checkout() -> None:
    """Errors and digests name ``rules/...`` wherever the package lies."""
    assert {path.split("/")[0] for path in rule_texts()} == {"rules"}


def test_bundled_rules_that_did_not_change_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later runs take the compiled rules by the times of their files; an edited or a lost entry is read as before."""
    write_files(tmp_path, FILES)
    for name in SHARED_FILES:
        (tmp_path / "mine" / name).write_bytes((bundled_rules() / name).read_bytes())
    monkeypatch.setattr(rule_files, "bundled_rules", lambda: tmp_path / "mine")
    with open_cache(tmp_path / "cache", is_enabled=True) as cache:
        rule_files._bundled_texts.cache_clear()
        first = load_rules(cache=cache)
        with monkeypatch.context() as patch:
            patch.setattr(rule_files, "rule_texts", None)
            assert load_rules(cache=cache).digest == first.digest
        cache.put_many("rules", {cache.names("rules")[0]: b"junk"})
        assert load_rules(cache=cache).digest == first.digest
        edited = rule_text().replace("medium", "high", 1)
        write_files(tmp_path, {"mine/XX101-test-rule/rule.yml": edited})
        rule_files._bundled_texts.cache_clear()
        assert load_rules(cache=cache).digest != first.digest
    rule_files._bundled_texts.cache_clear()
