"""Which profile a repository gets, what it is called, and what a wrong profile says."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.config import profiles
from diffscope.adapters.config.knowledge import load_knowledge
from diffscope.adapters.config.profiles import (
    COMPILED_FILE,
    GENERIC,
    PROFILE_FILE,
    Chosen,
    choose_profile,
    compiled_profile,
    identity,
    read_profile,
    shipped_profiles,
)
from diffscope.adapters.config.rule_files import bundled_rules, load_rules
from diffscope.adapters.config.rule_tables import absent_folders, profile_mistakes
from diffscope.adapters.git.repository import GitRepository
from diffscope.errors import ConfigurationError, DiffscopeError
from diffscope.graph.resolve import node_kind, node_name
from diffscope.source.model import RepoPath
from diffscope.source.profile import Profile, in_force
from diffscope.workspace import Workspace
from diffscope.yaml.typed import read_file
from tests.builders import Commit, git, git_repository, write_files

PYTHON = {"python/pool/core.py": "x = 1\n", "tests/test_core.py": "from pool.core import x\n"}


def remote(folder: Path, name: str, address: str) -> None:
    git(folder, "remote", "add", name, address)


TREES = [
    pytest.param({"vllm/__init__.py": ""}, "vllm", ("vllm",), (), id="vllm by its package"),
    pytest.param({"lmdeploy/__init__.py": ""}, "lmdeploy", ("lmdeploy",), (), id="another that ships"),
    pytest.param(PYTHON, GENERIC, ("python/pool",), ("python",), id="a package below a source root"),
    pytest.param({"a/__init__.py": "", "b/__init__.py": ""}, GENERIC, ("a", "b"), (), id="two packages"),
    pytest.param({"pool.py": ""}, GENERIC, ("pool.py",), (), id="a package of one file"),
    pytest.param({"main.go": "package main\n"}, GENERIC, (), (), id="no Python at all"),
]


@pytest.mark.parametrize(("files", "name", "packages", "roots"), TREES)
def test_the_tree_tells_the_profile(
    tmp_path: Path, files: dict[str, str], name: str, packages: tuple[str, ...], roots: tuple[str, ...]
) -> None:
    with GitRepository(git_repository(tmp_path / "clone", files)) as repository:
        found = choose_profile(None, repository).names()
    assert (found.name, found.packages, found.source_roots) == (name, packages, roots)


IDENTITIES = [
    pytest.param("vllm-project/vllm", {}, "vllm-project/vllm", id="no remote: the profile's"),
    pytest.param(
        "vllm-project/vllm", {"origin": "git@github.com:me/vllm.git"}, "vllm-project/vllm", id="a fork of the same name: where its numbers belong"
    ),
    pytest.param("vllm-project/vllm", {"origin": "https://github.com/acme/engine"}, "acme/engine", id="a remote to something of another name"),
    pytest.param(None, {"origin": "ssh://git@git.example:22/a/b.git"}, "a/b", id="no profile: origin"),
    pytest.param(None, {"origin": "/srv/mirror/a/b"}, "unknown", id="an origin that is a path names none"),
    pytest.param(None, {"fork": "https://x@github.com/me/b", "upstream": "https://github.com/a/b.git"}, "a/b", id="upstream before forks"),
]  # fmt: skip


@pytest.mark.parametrize(("named", "urls", "expected"), IDENTITIES)
def test_a_clone_is_called_by_its_profile_or_its_remotes(
    tmp_path: Path, named: str | None, urls: dict[str, str], expected: str
) -> None:
    folder = git_repository(tmp_path / "clone", {"a.py": ""})
    for name, url in urls.items():
        remote(folder, name, url)
    with GitRepository(folder) as repository:
        assert identity(repository, Profile(name="x", title="x", repository=named)) == expected


def test_names_of_modules_begin_below_the_source_root() -> None:
    there = Profile(
        name="p",
        title="p",
        packages=("python/pool",),
        source_roots=("python",),
        tests=("tests", "e2e"),
        native=("src",),
    )
    paths = [
        "python/pool/a/__init__.py",
        "tests/test_a.py",
        "e2e/x.py",
        "src/a.cc",
        "python/setup.py",
        "pool/b.py",
    ]
    with in_force(there):
        assert [node_name(RepoPath(path)) for path in paths] == [
            "pool.a", "tests.test_a", "e2e.x", "src/a.cc", None, None,
        ]  # fmt: skip
        assert node_kind(RepoPath("e2e/x.py")).value == "test"


def test_another_repository_is_judged_by_its_own_graph_and_called_by_its_own_name(tmp_path: Path) -> None:
    steps = [Commit("Change core (#7)", {"python/pool/core.py": "x = 2\n"})]
    folder = git_repository(tmp_path / "clone", PYTHON, steps)
    remote(folder, "origin", "git@github.com:acme/pool.git")
    with GitRepository(folder) as repository, Workspace(repository, use_cache=False) as workspace:
        found = workspace.classify(workspace.clone.pull(7))
    assert (found.change.pull.repository, found.change.pull.url) == (
        "acme/pool",
        "https://github.com/acme/pool/pull/7",
    )
    assert [module.module for module in found.modules] == ["pool.core"]
    assert [gap.what for gap in found.completeness.gaps] == ["declarations", "repository"]


def test_without_a_clone_the_packaged_graph_is_not_laid_on_another_repository(tmp_path: Path) -> None:
    with Workspace(None, use_cache=False, profile=choose_profile("lmdeploy", None)) as workspace:
        assert workspace.identity == "InternLM/lmdeploy"
        assert not workspace.packaged_for("InternLM/lmdeploy").graph
    with Workspace(None, use_cache=False) as workspace:
        assert workspace.packaged_for("vllm-project/vllm").graph
        assert not workspace.packaged_for("acme/pool").graph


WRONG = [
    pytest.param({"profile.yml": "name: x\ntitel: y\n"}, 2, "unknown key 'titel'", "'title'", id="a key"),
    pytest.param({"profile.yml": "name: x\ntitle: y\npackages: [../x]\n"}, 3, "'../x' is not a folder", "write it", id="a folder"),
    pytest.param({"area.yml": "areas: {}\n"}, 1, "it would be ignored", "'areas.yml'", id="a table that nothing reads"),
    pytest.param({}, 1, "cannot be read", "", id="no profile.yml"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "line", "told", "hint"), WRONG)
def test_a_wrong_profile_names_the_line_and_the_nearest_word(
    tmp_path: Path, files: dict[str, str], line: int, told: str, hint: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    if "profile.yml" not in files and files:
        (tmp_path / "profile.yml").write_text("name: x\ntitle: y\n", encoding="utf-8")
    found = [each for each in profile_mistakes(tmp_path) if told in each.message]
    assert [(each.line, hint in each.hint) for each in found] == [(line, True)]
    with pytest.raises(ConfigurationError):
        choose_profile(str(tmp_path), None)


AREAS = "areas:\n  pools:\n    title: {en: Pools, zh: 池}\n"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param("readers: {users: [pool]}", "unknown area 'pool' in an entry of 'users' of 'readers'", id="an area"),
        pytest.param("code: {requests: [llm]}", "unknown surface 'llm' in an entry of 'requests' of 'code'", id="a surface"),
        pytest.param("code: {platform_groups: {gpu: [rocn]}}", "unknown platform 'rocn' in an entry of the group 'gpu'", id="a platform"),
        pytest.param("code: {conditions: {speed: [fast]}}", "unknown word 'speed' in the kind", id="a question that no condition asks"),
        pytest.param("code: {setting: [pool_config]}", "unknown key 'setting' in 'code'", id="a name of nothing"),
    ],
)  # fmt: skip
def test_a_name_that_no_table_has_is_an_error(tmp_path: Path, lines: str, told: str) -> None:
    """Also where it is only used, and not validated: it would count for nothing."""
    (tmp_path / "profile.yml").write_text(f"name: x\ntitle: y\n{lines}\n", encoding="utf-8")
    (tmp_path / "areas.yml").write_text(AREAS, encoding="utf-8")
    (found,) = profile_mistakes(tmp_path)
    assert (found.line, told in found.message) == (3, True), found.message
    with pytest.raises(DiffscopeError):
        load_knowledge(choose_profile(str(tmp_path), None))


def test_a_profile_of_another_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="there is no profile 'lmdeplo'") as caught:
        choose_profile("lmdeplo", None)
    assert "did you mean 'lmdeploy'?" in (caught.value.hint or "")


def test_every_profile_that_ships_is_right() -> None:
    for name, folder in shipped_profiles().items():
        assert profile_mistakes(folder) == []
        chosen = Chosen(folder=str(folder))
        assert load_knowledge(chosen).profile.name == name
        assert load_rules(profiles=chosen.rule_folders).rule("CP101") is not None


def test_a_list_of_a_profile_stands_in_for_that_of_the_rules(tmp_path: Path) -> None:
    (tmp_path / "lists.yml").write_text('moe_paths: ["pool/moe/**"]\n', encoding="utf-8")
    assert load_rules(profiles=[tmp_path]).digest != load_rules().digest
    (tmp_path / "lists.yml").write_text("moe_paths: []\n", encoding="utf-8")
    assert load_rules(profiles=[tmp_path]).rule("CP104") is not None


def test_a_table_in_a_folder_of_rules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "areas.yml").write_text("areas: {}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="this table would be ignored"):
        load_rules([tmp_path])


def test_folders_that_are_not_there_are_told() -> None:
    names = read_profile(shipped_profiles()["lmdeploy"])
    assert absent_folders(names, {"lmdeploy/a.py", "tests/b.py", "src/c.cc", "lmdeploy/pytorch/envs.py"}) == [
        "autotest"
    ]


def test_tables_come_out_of_the_cache_as_they_went_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run parses nothing."""
    with open_cache(tmp_path) as cache:
        fresh = load_knowledge(cache=cache)
        monkeypatch.setattr("diffscope.adapters.config.knowledge._parse_once", None)
        kept = load_knowledge(cache=cache)
    assert (kept.reach, kept.consequence, kept.serving) == (fresh.reach, fresh.consequence, fresh.serving)
    assert kept.taxonomy.tables == fresh.taxonomy.tables


def test_the_compiled_profile_is_that_of_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read in place of the YAML that it was made from, and of no other text."""
    text = (bundled_rules() / PROFILE_FILE).read_text("utf-8")
    compiled = compiled_profile()
    expected = read_file(Profile, text, at=PROFILE_FILE)
    monkeypatch.setattr(profiles, "bundled_rules", lambda: tmp_path)
    write_files(tmp_path, {PROFILE_FILE: text, COMPILED_FILE: compiled})
    with monkeypatch.context() as patch:
        patch.setattr(profiles, "read_file", None)
        assert read_profile.__wrapped__(tmp_path) == expected
    for edited, kept in ((text.replace("title: vLLM", "title: Mine"), compiled), (text, "{")):
        write_files(tmp_path, {PROFILE_FILE: edited, COMPILED_FILE: kept})
        assert read_profile.__wrapped__(tmp_path) == read_file(Profile, edited, at=PROFILE_FILE)
