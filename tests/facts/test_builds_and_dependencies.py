"""Build settings and versions, compared as declarations."""

from __future__ import annotations

import pytest

from diffscope.diff.model import FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.facts.build.dependencies import collect_dependencies
from diffscope.facts.change.changed_file import Placed, compare_files
from diffscope.facts.change.files import collect_files
from diffscope.project.requirements import parse_requirements
from diffscope.source.model import RepoPath
from tests.builders import Files
from tests.fact_builders import edit, knowledge

BUILDS = [
    pytest.param(
        "CMakeLists.txt",
        'set(CUDA_SUPPORTED_ARCHS "8.0")\n',
        'set(CUDA_SUPPORTED_ARCHS "8.0;9.0")\n',
        [("arch-list", "changed")],
        id="an architecture more",
    ),
    pytest.param("CMakeLists.txt", "set(A 1)\nset(B 2)\n", "set(B 2)\nset(A 1)\n", [], id="the order of commands"),
    pytest.param("CMakeLists.txt", "set(A 1)\n", "set(A\n    1) # one\n", [], id="layout and comments"),
    pytest.param("cmake/x.cmake", 'list(APPEND FLAGS "-O2")\n', "", [("compile-flag", "removed")], id="a flag goes"),
    pytest.param("CMakeLists.txt", 'set(SRC "a.cu")\n', 'set(SRC "a.cu" "b.cu")\n', [("source-list", "changed")], id="a source more"),
    pytest.param(
        "docker/Dockerfile.rocm",
        "FROM a:1\nRUN make \\\n  all\n",
        "FROM a:1\nRUN make \\\n  some\n",
        [("image", "changed")],
        id="an instruction over two lines",
    ),
    pytest.param(
        "docker/Dockerfile",
        "RUN --mount=type=cache,target=/var/cache/a make all\n",
        "RUN --mount=type=cache,target=/var/cache/b,sharing=locked make all\n",
        [],
        id="a mount that leaves nothing in the image",
    ),
    pytest.param("CMakeLists.txt", "set(A (1)\n", "set(A (2)\n", [], id="a command that never closes"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after", "expected"), BUILDS)
def test_build_settings(path: str, before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.what, one.change) for one in edit(path, before, after).build] == expected


def test_an_instruction_is_told_without_its_cache_mount() -> None:
    mount = "--mount=type=cache,target=/var/cache/pip "
    (one,) = edit("docker/Dockerfile", f"RUN {mount}pip install a\n", f"RUN {mount}pip install b\n").build
    assert (one.before, one.after) == ("RUN pip install a", "RUN pip install b")


VERSIONS = [
    pytest.param(
        "requirements/common.txt",
        'llguidance<2; platform_machine == "x86_64" or platform_machine == "s390x"\n',
        'llguidance<2; platform_machine == "x86_64"\n',
        [],
        id="the same on fewer machines",
    ),
    pytest.param("requirements/cuda.txt", "torch==2.9.0\n", "torch==2.10.0\n", [("torch", "raised", True)], id="a pin goes up"),
    pytest.param("requirements/cuda.txt", "torch==2.10.0\n", "torch==2.9.0\n", [("torch", "lowered", True)], id="a pin goes down"),
    pytest.param("requirements/common.txt", "pool==1.0\n", "pool>=1.0\n", [("pool", "loosened", False)], id="a pin becomes a lower bound"),
    pytest.param("requirements/common.txt", "pool>=1.0\n", "pool>=1.0,<2\n", [("pool", "tightened", True)], id="an upper bound"),
    pytest.param("requirements/common.txt", "pool\n", "pool # fine\n", [], id="a comment"),
    pytest.param("requirements/common.txt", "", "pool\n", [("pool", "added", False)], id="a new one without a bound"),
    pytest.param("requirements/common.txt", "pool==1.0\n", "", [("pool", "removed", False)], id="one goes"),
    pytest.param(
        "CMakeLists.txt",
        "FetchContent_Declare(cutlass GIT_TAG v4.0.0)\n",
        "FetchContent_Declare(cutlass GIT_TAG v4.2.0)\n",
        [("cutlass", "raised", True)],
        id="a tag of a fetched source",
    ),
    pytest.param(
        "docker/Dockerfile",
        "ARG CUDA_VERSION=12.8.1\nFROM x\n",
        "ARG CUDA_VERSION=12.9.1\nFROM x\n",
        [("CUDA_VERSION", "raised", True)],
        id="an argument of an image",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after", "expected"), VERSIONS)
def test_versions(path: str, before: str, after: str, expected: list[tuple[str, str, bool]]) -> None:
    assert [(one.name, one.change, one.bounded) for one in edit(path, before, after).dependency] == expected


DISAGREEMENTS = [
    pytest.param(
        {"requirements/cuda.txt": "pool==1\n", "requirements/build/cuda.txt": "pool==1\n"},
        {"requirements/cuda.txt": "pool==2\n", "requirements/build/cuda.txt": "pool==2\n"},
        {},
        (),
        id="both files of the change move",
    ),
    pytest.param(
        {"requirements/cuda.txt": "pool==1\n"},
        {"requirements/cuda.txt": "pool==2\n"},
        {"requirements/build/cuda.txt": "pool==1\n"},
        ("requirements/build/cuda.txt:1 ==1",),
        id="the other file of the platform stays",
    ),
    pytest.param(
        {"requirements/cuda.txt": "pool==1\n"},
        {"requirements/cuda.txt": "pool==2\n"},
        {"requirements/common.txt": "\npool==1\n"},
        ("requirements/common.txt:2 ==1",),
        id="what every platform installs stays",
    ),
    pytest.param(
        {"requirements/cuda.txt": "pool==1\n"},
        {"requirements/cuda.txt": "pool==2\n"},
        {"requirements/rocm.txt": "pool==1\n", "requirements/xpu.txt": "pool==1\n"},
        (),
        id="another platform has its own",
    ),
    pytest.param(
        {"requirements/build.txt": "pool==1\n"},
        {"requirements/build.txt": "pool==2\n"},
        {"requirements/xpu.txt": "pool==2+xpu\n"},
        (),
        id="a platform has its own build of the same version",
    ),
    pytest.param(
        {"requirements/common.txt": "pool==1\n"},
        {"requirements/common.txt": "pool==2\n"},
        {"requirements/docs.in": "tool\n", "requirements/docs.txt": "pool==1\n"},
        (),
        id="what a resolver wrote stays",
    ),
    pytest.param(
        {"requirements/docs.txt": "# autogenerated by a resolver\npool==1\n"},
        {"requirements/docs.txt": "# autogenerated by a resolver\npool==2\n"},
        {"requirements/common.txt": "pool==1\n"},
        (),
        id="what a resolver wrote moves",
    ),
]


@pytest.mark.parametrize(("before", "after", "tree", "expected"), DISAGREEMENTS)
def test_bounds_are_compared_on_the_tree_after_the_change(
    before: Files, after: Files, tree: Files, expected: tuple[str, ...]
) -> None:
    old, new = _contents(before), _contents(after)
    sides = Sides(
        files=tuple(FileSides(path=RepoPath(path), before=old[path], after=new[path]) for path in old)
    )
    material = compare_files(parse_diff(make_patch(old, new)), sides)
    taxonomy = knowledge().taxonomy
    files = collect_files(material, taxonomy, None)
    placed = [Placed(fact=fact, material=one) for fact, one in zip(files, material, strict=True)]
    known = [
        each
        for path, content in {**tree, **before}.items()
        for each in parse_requirements(str(content), RepoPath(path))
    ]
    assert collect_dependencies(placed, lambda: known, taxonomy.platforms_of)[0].disagrees == expected


def _contents(files: Files) -> dict[str, bytes]:
    return {path: str(content).encode() for path, content in files.items()}
