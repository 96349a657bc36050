"""What is unknown without a graph or without declarations is said to be, never silently nothing."""

from __future__ import annotations

from msgspec import structs

from diffscope.adapters.changes.sides import read_sides
from diffscope.adapters.config.knowledge import load_knowledge
from diffscope.diff.parse import parse_diff
from diffscope.facts.knowledge import Surroundings
from diffscope.messages.model import message
from diffscope.pipeline import gather_facts
from diffscope.source.model import Gap
from diffscope.workspace import Workspace
from tests.builders import BuiltChange, change


def unknown_families(built: BuiltChange) -> set[str]:
    knowledge = load_knowledge()
    facts = gather_facts(built.change, built.diff, built.sides, knowledge=knowledge, around=Surroundings())
    return {one.family for one in facts.unknown}


def test_of_a_change_of_logic_overrides_counterparts_and_steps_are_unknown() -> None:
    built = change(
        {"vllm/v1/engine/core.py": "def step():\n    return 1\n"},
        {"vllm/v1/engine/core.py": "def step():\n    return 2\n"},
    )
    assert {"override", "counterpart", "step"} <= unknown_families(built)


def test_of_a_change_of_comments_no_override_is_missing() -> None:
    built = change({"vllm/v1/engine/core.py": "x = 1\n"}, {"vllm/v1/engine/core.py": "# one\nx = 1\n"})
    assert unknown_families(built) == {"step"}


def test_of_a_change_of_documents_nothing_is_missing() -> None:
    assert unknown_families(change({"docs/a.md": "a\n"}, {"docs/a.md": "b\n"})) == set()


def lost(*paths: str) -> BuiltChange:
    """Return a change of files whose content a clone does not have, as ``git_patch`` gives it out."""
    patch = "".join(
        f"diff --git a/{path} b/{path}\nindex {'1' * 40}..{'2' * 40} 100644\nBinary files a/{path} and b/{path} differ\n"
        for path in paths
    )
    diff = parse_diff(patch)
    gaps = tuple(Gap(what="blob", message=message("gap.blob-missing"), path=file.path) for file in diff.files)
    whole = structs.replace(change().change, patch=patch, gaps=gaps)
    return BuiltChange(whole, diff, read_sides(whole, diff))


def test_of_a_file_without_content_all_that_is_read_off_it_is_unknown() -> None:
    found = unknown_families(lost("vllm/v1/engine/core.py"))
    assert {"symbol", "parameter", "option", "import", "guard", "call", "numeric", "write"} <= found
    assert {"registry", "override", "operator", "counterpart"} <= found
    assert unknown_families(lost("csrc/attention.cu")) >= {"native", "operator"}
    assert unknown_families(lost("tests/v1/test_core.py")) >= {"test"}
    assert unknown_families(lost("CMakeLists.txt")) >= {"build", "dependency"}
    assert "dependency" in unknown_families(lost("requirements/common.txt"))
    assert unknown_families(lost("docs/a.md")) == set()


def test_a_change_without_content_is_no_safe_one() -> None:
    with Workspace(use_cache=False) as workspace:
        built = lost("vllm/v1/engine/core.py")
        assessment = workspace.classify(built.change)
    assert assessment.risk.level.value == "unknown"
    assert assessment.unknown
    assert [gap.path for gap in assessment.completeness.gaps if gap.what == "blob"] == [
        "vllm/v1/engine/core.py"
    ]


def test_a_real_binary_file_is_no_lost_one() -> None:
    built = change({"vllm/a.bin": b"\0\1"}, {"vllm/a.bin": b"\0\2"})
    assert "symbol" not in unknown_families(built)


def test_of_a_native_file_known_by_its_changed_lines_alone_functions_are_unknown() -> None:
    built = change({"csrc/a.cu": "int f() { return 1; }\n"}, {"csrc/a.cu": "int f() { return 2; }\n"})
    bare = BuiltChange(built.change, built.diff, read_sides(built.change, built.diff))
    assert "native" not in unknown_families(built)
    assert {"native", "operator"} <= unknown_families(bare)
