from __future__ import annotations

import itertools
import time

import pathspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from diffscope.project.tree import matched_paths, owners_of, parse_codeowners
from diffscope.source.model import RepoPath
from tests.project_builders import tree_of

PLACE = RepoPath(".github/CODEOWNERS")

EXAMPLE = """
# The example of GitHub's own page, "About code owners".
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""

GITHUB_CASES = [
    pytest.param("any/file.rb", ["@global-owner1", "@global-owner2"], id="a star owns everything"),
    pytest.param("src/app.js", ["@js-owner"], id="the last matching line decides alone"),
    pytest.param("main.go", ["docs@example.com"], id="an e-mail address is an owner"),
    pytest.param("deep/notes.txt", ["@octo-org/octocats"], id="a team is an owner"),
    pytest.param("build/logs/x/y.bin", ["@octocat"], id="a later pattern of any depth takes a folder over"),
    pytest.param("sub/build/logs.bin", ["@global-owner1", "@global-owner2"], id="a leading slash anchors at the root"),
    pytest.param("docs/getting-started.md", ["@doctocat"], id="a folder with slashes owns its files"),
    pytest.param("docs/build-app/troubleshooting.md", ["@doctocat"], id="and the files of its folders"),
    pytest.param("x/docs/y.md", ["@global-owner1", "@global-owner2"], id="docs with a star is anchored by its slash"),
    pytest.param("lib/apps/a.rb", ["@octocat"], id="a folder without a leading slash lies anywhere"),
    pytest.param("scripts/run", ["@doctocat", "@octocat"], id="all owners of the line are asked"),
    pytest.param("deeply/nested/logs/today", ["@octocat"], id="two stars mean any depth"),
    pytest.param("apps/main.rb", ["@octocat"], id="a folder of the root"),
    pytest.param("apps/github/x.rb", [], id="a line without owners clears ownership"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "owners"), GITHUB_CASES)
def test_githubs_own_examples(path: str, owners: list[str]) -> None:
    found = owners_of(parse_codeowners(EXAMPLE, PLACE), [RepoPath(path)])[0]
    assert list(found.owners) == owners
    assert found.line is not None


PATTERNS = [
    pytest.param("docs/*", "docs/a.md", True, id="a last star matches a file of the folder"),
    pytest.param("docs/*", "docs/b/a.md", False, id="a last star does not match below a subfolder"),
    pytest.param("/vllm/v1/worker/cpu*", "vllm/v1/worker/cpu_worker.py", True, id="a star in a name"),
    pytest.param("/vllm/v1/worker/cpu*", "vllm/v1/worker/cpu/a.py", True, id="a name with a star may be a folder"),
    pytest.param("/vllm/**/*rocm*", "vllm/platforms/rocm.py", True, id="stars in the middle match one folder"),
    pytest.param("/vllm/**/*rocm*", "vllm/rocm.py", True, id="stars in the middle match no folder"),
    pytest.param("/vllm/**/*rocm*", "vllm/rocm/x/y.py", True, id="a folder that matches owns what lies below"),
    pytest.param("/models/*/pooling*", "models/a/pooling/x.py", True, id="a star as a whole segment"),
    pytest.param("/models/*/pooling*", "models/a/b/pooling.py", False, id="a star is one segment"),
    pytest.param("/vllm/lora", "vllm/lora/a.py", True, id="a folder without its slash owns what lies below"),
    pytest.param("/vllm/lora", "vllm/lora_x.py", False, id="a folder's name ends at a slash"),
    pytest.param("mkdocs.yaml", "docs/mkdocs.yaml", True, id="a bare name lies anywhere"),
    pytest.param("a/b", "x/a/b", False, id="a slash in the middle anchors"),
    pytest.param("a?.py", "ab.py", True, id="a question mark is one character"),
    pytest.param(r"my\ file", "my file", True, id="a backslash keeps a space"),
    pytest.param(r"a\*b", "a*b", True, id="a backslash keeps a star"),
    pytest.param(r"a\*b", "axb", False, id="an escaped star is no star"),
    pytest.param("A.py", "a.py", False, id="case matters"),
    pytest.param("a.b", "axb", False, id="a dot is a dot"),
    pytest.param("/", "a", False, id="the root alone matches nothing"),
    pytest.param("**", "a/b", True, id="two stars match all"),
    pytest.param("a/**", "a/b/c", True, id="stars at the end match below"),
    pytest.param("/", "a/b", False, id="nor anything below"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "path", "matches"), PATTERNS)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    codeowners = parse_codeowners(f"{pattern} @a\n", PLACE)
    assert bool(owners_of(codeowners, [RepoPath(path)])[0].owners) is matches
    assert (path in matched_paths(codeowners.rules[0], tree_of(path, "zzz"))) is matches


SKIPPED = [
    pytest.param("!a @x", "'!' cannot negate a pattern in CODEOWNERS", id="a negation"),
    pytest.param("[ab].py @x", "'[ ]' ranges do not work in CODEOWNERS", id="a range"),
    pytest.param(r"\#a @x", "a pattern that starts with '#' cannot be escaped in CODEOWNERS", id="an escaped number sign"),
    pytest.param("a b", "'b' is neither @user, @org/team nor an e-mail address", id="a word that is no owner"),
    pytest.param("a @-x", "'@-x' is neither @user, @org/team nor an e-mail address", id="a name that cannot be"),
    pytest.param("a***b @x", "'***' is not a pattern", id="three stars"),
    pytest.param("a" * 1001 + " @x", "the pattern is longer than 1,000 characters and was not read", id="a pattern too long"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), SKIPPED)
def test_a_line_that_github_skips_says_why_and_decides_nothing(line: str, reason: str) -> None:
    codeowners = parse_codeowners(f"* @all\n{line}\n", PLACE)
    assert codeowners.rules[1].defect == reason
    assert owners_of(codeowners, [RepoPath("a")])[0].owners == ("@all",)
    assert matched_paths(codeowners.rules[1], tree_of("a", "#a", "b.py")) == ()


def test_comments_and_blank_lines_are_no_rules_and_lines_are_counted() -> None:
    """A number sign after white space starts a comment; within a word it is a character."""
    codeowners = parse_codeowners("# c\n\n  /a @x # why\n/b#c @y\r\n/d\n", PLACE)
    assert [(rule.line, rule.pattern, rule.owners) for rule in codeowners.rules] == [
        (3, "/a", ("@x",)),
        (4, "/b#c", ("@y",)),
        (5, "/d", ()),
    ]


def test_an_owner_may_be_absent_in_three_ways() -> None:
    """No line, a line without owners, no file: told apart by the line."""
    codeowners = parse_codeowners("/a @x\n/a/b\n", PLACE)
    found = owners_of(codeowners, [RepoPath("c"), RepoPath("a/b/c"), RepoPath("a/c")])
    assert [(each.owners, each.line) for each in found] == [((), None), ((), 2), (("@x",), 1)]


def test_a_hostile_pattern_takes_linear_time() -> None:
    """Fifty stars against a long name: a backtracking engine would not return."""
    codeowners = parse_codeowners("/" + "*a" * 50 + "*b @x\n", PLACE)
    started = time.process_time()
    assert not owners_of(codeowners, [RepoPath("a" * 5_000)])[0].owners
    assert time.process_time() - started < 1


segments = st.lists(st.sampled_from(["a", "b", "ab", "*b", "a*", "?", "**"]), min_size=1, max_size=4)


@given(
    segments,
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b", "ab", "bb"]), min_size=1, max_size=4),
)
def test_patterns_agree_with_pathspec_where_gitignore_and_codeowners_are_the_same(
    parts: list[str], leading: bool, trailing: bool, path: list[str]
) -> None:
    """The oracle is another implementation of gitignore; a last ``*`` and repeated ``**`` are where they part."""
    assume(not any(left == right == "**" for left, right in itertools.pairwise(parts)))
    assume(not (parts[-1] == "**" and trailing))
    pattern = ("/" if leading else "") + "/".join(parts) + ("/" if trailing else "")
    name = "/".join(path)
    expected = pathspec.PathSpec.from_lines("gitignore", [pattern]).match_file(name)
    found = owners_of(parse_codeowners(f"{pattern} @x\n", PLACE), [RepoPath(name)])[0]
    assert bool(found.owners) is expected
