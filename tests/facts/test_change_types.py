"""What sort of change a file went through: told by what changed in it, not by its place alone."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from diffscope.diff.model import FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.facts.change.changed_file import compare_files
from diffscope.facts.change.files import collect_files
from tests.fact_builders import edit, facts
from tests.taxonomies import bundled

PROTOCOL = "vllm/entrypoints/openai/protocol.py"
LAYER = "vllm/model_executor/layers/pool.py"
MODEL = "class Request(BaseModel):\n    a: int = 0\n\n    def check(self):\n        return self.a\n"
PLAIN = "class Backend(Base):\n    dtypes = [1]\n\n    def run(self):\n        return 1\n"
FUNCTIONS = "def keep(x):\n    return x\n\n\ndef old(x):\n    y = x * 2\n    return y + 1\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        pytest.param(PROTOCOL, MODEL, MODEL.replace("a: int = 0", "a: int = 0\n    b: int = 1"), "data-contract", id="a field of a request"),
        pytest.param(LAYER, MODEL, MODEL.replace("a: int = 0", "a: int = 0\n    b: int = 1"), "data-contract", id="a field of a model in any file"),
        pytest.param(LAYER, "@dataclass\n" + MODEL.replace("(BaseModel)", ""), "@dataclass\n" + MODEL.replace("(BaseModel)", "").replace("= 0", "= 1"), "data-contract", id="a default of a dataclass"),
        pytest.param(LAYER, "class Mode(enum.Enum):\n    A = 1\n", "class Mode(enum.Enum):\n    A = 1\n    B = 2\n", "data-contract", id="a member of an enumeration"),
        pytest.param(LAYER, PLAIN, PLAIN.replace("[1]", "[1, 2]"), "core-logic", id="an attribute of a class that is no contract"),
        pytest.param(PROTOCOL, MODEL, MODEL.replace("return self.a", "return self.a + 1"), "core-logic", id="the body of a method of a request"),
        pytest.param(PROTOCOL, MODEL, MODEL.replace("check(self)", "check(self, strict)"), "data-contract", id="a signature of an interface"),
        pytest.param(PROTOCOL, "import a\n" + MODEL, "import b\n" + MODEL, "dependency-wiring", id="imports alone, wherever they stand"),
        pytest.param("vllm/config/pool.py", "@config\n" + MODEL.replace("(BaseModel)", ""), "@config\n" + MODEL.replace("(BaseModel)", "").replace("= 0", "= 1"), "configuration", id="a field of the configuration"),
        pytest.param("vllm/config/pool.py", "@config\n" + MODEL, "@config\n" + MODEL.replace("return self.a", "return 1"), "core-logic", id="what the configuration does with its fields"),
        pytest.param("vllm/envs.py", "table = {'A': 1}\n", "table = {'A': 1, 'B': 2}\n", "configuration", id="an environment variable"),
        pytest.param(LAYER, FUNCTIONS, FUNCTIONS.partition("\n\n\n")[0] + "\n", "deletion", id="functions that only go"),
        pytest.param(LAYER, FUNCTIONS, FUNCTIONS.partition("\n\n\n")[0].replace("return x", "return -x") + "\n", "core-logic", id="functions that go while another changes"),
        pytest.param("vllm/models/registry.py", "_MODELS = {'A': ('a', 'A')}\n", "_MODELS = {'A': ('a', 'A'), 'B': ('b', 'B')}\n", "dependency-wiring", id="a row of a registry"),
        pytest.param("vllm/entrypoints/cli/serve.py", "def main():\n    return 1\n", "def main():\n    return 2\n", "entrypoint", id="a command"),
        pytest.param(LAYER, "x = 1  # one\n", "x = 1  # two\n", "cosmetic", id="a comment"),
    ],
)  # fmt: skip
def test_change_type_of_a_source_file(path: str, before: str, after: str, expected: str) -> None:
    assert [file.change_type for file in edit(path, before, after).file] == [expected]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(3, "rename-or-move", id="imports and names follow a move"),
        pytest.param(40, "core-logic", id="half of it was written anew"),
    ],
)
def test_renamed_file(edits: int, expected: str) -> None:
    """A fifth of its lines may differ before a move is more than a move."""
    before = [f"x{n} = {n}" for n in range(80)]
    after = [f"x{n} = {n}{'0' if n < edits else ''}" for n in range(80)]
    hunks = "\n".join([*unified_diff(before, after, lineterm="", n=0)][2:])
    old, new = "vllm/utils/pool.py", "vllm/utils/lake.py"
    head = f"diff --git a/{old} b/{new}\nsimilarity index 60%\nrename from {old}\nrename to {new}\n--- a/{old}\n+++ b/{new}\n"
    side = FileSides(path=new, before="\n".join(before).encode(), after="\n".join(after).encode())
    files = compare_files(parse_diff(head + hunks + "\n"), Sides(files=(side,)))
    assert [file.change_type for file in collect_files(files, bundled())] == [expected]


LINES = [
    pytest.param("a\nb\nc\n", "a\nB\nc\n", 2, "new", id="the first line that is new"),
    pytest.param("a\nb\nc\nd\n", "a\nb\nd\n", 3, "new", id="where lines only went"),
    pytest.param(None, "a\n", 1, "new", id="a new file"),
    pytest.param("a\nb\n", None, 1, "old", id="a file that goes"),
]


@pytest.mark.parametrize(("before", "after", "line", "side"), LINES)
def test_a_file_as_a_whole_stands_at_its_first_line_that_changes(
    before: str | None, after: str | None, line: int, side: str
) -> None:
    """Annotations of a pull request need a line."""
    path = "requirements/cpu.txt"
    found = facts({path: before} if before else {}, {path: after} if after else {}).file
    assert [(one.line, one.side) for one in found] == [(line, side)]


def test_a_module_stands_where_its_file_does() -> None:
    found = facts({"vllm/a.py": "x = 1\ny = 2\n"}, {"vllm/a.py": "x = 1\ny = 3\n"})
    assert [(one.line, one.side) for one in found.module] == [(2, "new")]
