"""Import roots that nothing declares, and optional extras of the project."""

from __future__ import annotations

import pytest

from diffscope.diff.model import FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.facts.base.imports import read_extras
from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.knowledge import Surroundings
from diffscope.facts.model import DependencyFact
from diffscope.graph.derive import build_graph
from diffscope.pipeline import gather_facts
from diffscope.project.requirements import parse_requirements
from diffscope.source.model import Change, PullRequest, RepoPath, SourceKind
from diffscope.syntax.outline.outline import outline_python
from tests.fact_builders import edit, knowledge
from tests.project_builders import project_of

PATH = "vllm/pool.py"


def dependencies(
    after: dict[str, str], requirements: str = "numpy\npyyaml\nflashinfer-python\n"
) -> tuple[DependencyFact, ...]:
    tree = {
        "vllm/__init__.py": b"",
        "vllm/pool.py": b"import os\n",
        "vllm/known.py": b"def run():\n    import oldkernels.ops\n",
        "setup.py": b"setup(extras_require={'audio': ['soundfile==1']})\n",
    }
    new = {**tree, **{path: text.encode() for path, text in after.items()}}
    patch = make_patch(tree, new)
    diff = parse_diff(patch)
    sides = Sides(
        files=tuple(
            FileSides(path=one.path, before=tree.get(one.path), after=new.get(one.path)) for one in diff.files
        )
    )
    outlines = {
        RepoPath(path): outline_python(data) for path, data in tree.items() if path.startswith("vllm/")
    }
    graph = build_graph(outlines).attach(outline_of=outlines.get)
    known = parse_requirements(requirements, RepoPath("requirements/common.txt"))
    around = Surroundings(graph=graph, declarations=Declarations(project_of({}), requirements=lambda: known))
    pull = PullRequest(
        repository="vllm-project/vllm", source=SourceKind.PATCH, title="[Misc] Change something"
    )
    change = Change(pull=pull, patch=patch)
    return gather_facts(change, diff, sides, knowledge=knowledge(), around=around).dependency


ROOTS = [
    pytest.param("import poolkernels.ops\n", [("poolkernels", None)], id="one that nothing declares"),
    pytest.param("try:\n    import poolkernels\nexcept ImportError:\n    pass\n", [("poolkernels", "try")], id="guarded"),
    pytest.param("def run():\n    from poolkernels import ops\n", [("poolkernels", "inside a function")], id="when it is needed"),
    pytest.param("import yaml\n", [], id="declared by the name of its distribution"),
    pytest.param("import flashinfer\n", [], id="declared by a longer name"),
    pytest.param("import oldkernels\n", [], id="imported by another module before"),
    pytest.param("import json\nimport vllm.known\nfrom . import known\n", [], id="what comes with Python, and vLLM itself"),
    pytest.param("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import poolkernels\n", [], id="for type checkers alone"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ROOTS)
def test_import_roots(text: str, expected: list[tuple[str, str | None]]) -> None:
    found = dependencies({PATH: f"import os\n{text}"})
    assert [(one.name, one.after) for one in found if one.kind == "import"] == expected


def test_without_requirements_of_the_base_nothing_is_missing_from_them() -> None:
    assert dependencies({PATH: "import os\nimport poolkernels\n"}, requirements="") == ()


def test_an_extra_that_the_change_itself_declares() -> None:
    setup = "setup(extras_require={'audio': ['soundfile==1'], 'pool': ['poolkernels>=2']})\n"
    found = dependencies({PATH: "import os\nimport poolkernels\n", "setup.py": setup})
    assert [(one.kind, one.name, one.change, one.after) for one in found] == [
        ("extra", "poolkernels", "added", ">=2")
    ]


def test_an_extra_that_moves() -> None:
    before = "setup(extras_require={'audio': ['soundfile==1', 'librosa']})\n"
    found = edit("setup.py", before, before.replace("==1", "==2")).dependency
    assert [(one.kind, one.name, one.change, one.before, one.after, one.pinned) for one in found] == [
        ("extra", "soundfile", "raised", "==1", "==2", True)
    ]


EXTRAS = [
    pytest.param("setup.py", "setup(extras_require={'a': ['x[fast] >= 1; python_version > \"3\"', y]})\n", [("a", "x", ">= 1", 1)], id="with extras and a marker"),
    pytest.param("setup.py", "setup(extras_require=", [], id="text that does not parse"),
    pytest.param("pyproject.toml", "[project.optional-dependencies]\na = [\n  'X_y~=1',\n]\n", [("a", "x-y", "~=1", 3)], id="of the project file"),
    pytest.param("pyproject.toml", "[project\n", [], id="no TOML"),
    pytest.param("pyproject.toml", "project = 1\n", [], id="another shape"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), EXTRAS)
def test_extras(path: str, text: str, expected: list[tuple[str, str, str, int]]) -> None:
    assert list(read_extras(path, text)) == expected
