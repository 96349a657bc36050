"""What the rules cannot see of a tree, by tables, outlines and judged changes written by hand."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import AreaShare, Assessment, FileAssessment
from diffscope.cli.rules.cases import bundled_knowledge
from diffscope.graph.query.structure import Registry
from diffscope.products.coverage import Tables, binomial_tail, measure_coverage
from diffscope.rules.model import Severity
from diffscope.source.model import RepoPath
from tests.assessments import a_flag, an_empty_assessment, evidence
from tests.graph_builders import graph

KNOWN = bundled_knowledge()
TABLES = Tables(
    taxonomy=KNOWN.taxonomy,
    kernels=KNOWN.kernels,
    registries=(Registry(name="engines", tables=("EngineFactory.register",)),),
)


def changed(
    path: str, number: int, *, symbols: tuple[str, ...] = (), severity: str | None = None
) -> Assessment:
    """Return a judged change of one source file, with a flag on it or none."""
    file = FileAssessment(
        path=path, old_path=None, status="modified", category="source", change_type="core-logic", area="other",
        module=None, owners=None, additions=9, deletions=0, importance=1.0, symbols=symbols,
    )  # fmt: skip
    flags = () if severity is None else (a_flag(severity=Severity(severity), evidence=(evidence(path),)),)
    plain = an_empty_assessment(
        files=(file,), flags=flags, areas=(AreaShare(area="a", weight=1.0, files=(path,)),)
    )
    pull = msgspec.structs.replace(plain.change.pull, number=number)
    return msgspec.structs.replace(plain, change=msgspec.structs.replace(plain.change, pull=pull))


def spots(files: dict[str, str], changes: list[Assessment]) -> list[str]:
    """Return each spot as ``kind name files/changes/silent``."""
    found = measure_coverage(
        [RepoPath(path) for path in files], graph(files), changes, tables=TABLES, revision="c" * 40
    )
    return [f"{spot.kind} {spot.name} {spot.files}/{spot.changes}/{spot.silent}" for spot in found.spots]


PLAIN = "def run():\n    pass\n"
TILE = "import tileforge as tf\n\n@tf.kernel\ndef add(x):\n    pass\n"
KNOWN_TILE = "import triton\n\n@triton.jit\ndef add(x):\n    pass\n"
ROWS = 'from vllm.a import One\n\nclass Two:\n    pass\n\nModeFactory.register("one", One)\nModeFactory.register("two", One)\n'
FEW = [
    pytest.param(
        {"attic/deep/er/still/x.py": PLAIN, "vllm/attention/y.py": PLAIN},
        [changed("attic/deep/er/still/x.py", 1, symbols=("run",)), changed("vllm/attention/y.py", 2, symbols=("run",))],
        ["area attic/deep/er 1/1/1"],
        id="a source file that no area claims, by its folder",
    ),
    pytest.param(
        {"rust/src/y.rs": ""},
        [changed("rust/src/y.rs", 1)],
        ["language rust 1/1/1"],
        id="a language whose changed files name no symbol",
    ),
    pytest.param(
        {"vllm/attention/y.py": PLAIN},
        [changed("vllm/attention/y.py", 1), changed("vllm/attention/y.py", 2, symbols=("run",))],
        [],
        id="a language of which every second file names a symbol is seen",
    ),
    pytest.param(
        {"vllm/attention/k.py": TILE, "vllm/attention/t.py": KNOWN_TILE},
        [changed("vllm/attention/k.py", 1, symbols=("add",), severity="medium")],
        ["kernel @tileforge.kernel 1/1/0"],
        id="a decorator of device code that no table knows, its alias resolved",
    ),
    pytest.param(
        {"vllm/a.py": "class One:\n    pass\n", "vllm/attention/m.py": ROWS},
        [],
        ["registry ModeFactory.register 1/0/0"],
        id="a table of classes that no registry names",
    ),
    pytest.param(
        {"vllm/a.py": "class One:\n    pass\n", "vllm/attention/m.py": ROWS.replace("ModeFactory", "EngineFactory")},
        [],
        [],
        id="a table that a registry names",
    ),
    pytest.param(
        {"vllm/a.py": "class One:\n    pass\n", "vllm/attention/m.py": ROWS.replace("ModeFactory.register", "torch.library.register_fake")},
        [],
        [],
        id="fakes of operators are no registry",
    ),
    pytest.param(
        {"vllm/attention/nvidia/x.py": PLAIN, "vllm/attention/amd/x.py": PLAIN},
        [
            changed("vllm/attention/amd/x.py", 1, symbols=("run",)),
            changed("vllm/attention/amd/x.py", 2, symbols=("run",), severity="medium"),
        ],
        ["twin vllm/*/{platform}/ 2/1/1"],
        id="a file whose twin on another platform is left alone, unless a flag stands on it",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "changes", "expected"), FEW)
def test_what_is_not_seen(files: dict[str, str], changes: list[Assessment], expected: list[str]) -> None:
    found = [spot for spot in spots(files, changes) if not spot.startswith("area vllm")]
    assert found == expected


def test_a_group_is_silent_where_chance_would_not_have_it_so() -> None:
    """Twelve Rust changes without a flag among forty of which the others are flagged are no accident; three of three may be one."""
    rust = [changed(f"rust/{at}.rs", at, symbols=("run",)) for at in range(12)]
    python = [changed(f"vllm/attention/{at}.py", at, symbols=("run",), severity="high") for at in range(28)]
    assert [
        each for each in spots({"vllm/attention/y.py": PLAIN}, rust + python) if each.startswith("silence")
    ] == ["silence language rust 0/12/12"]
    assert not [each for each in spots({}, rust[:3] + python) if each.startswith("silence")]


def test_changes_to_tests_and_layout_do_not_count() -> None:
    """A change that edits no logic of source code is in no figure."""
    plain = changed("vllm/attention/y.py", 1)
    cosmetic = msgspec.structs.replace(
        plain, files=tuple(msgspec.structs.replace(file, change_type="cosmetic") for file in plain.files)
    )
    found = measure_coverage([], graph({}), [cosmetic], tables=TABLES, revision="c" * 40)
    assert (found.changes, found.silent, found.spots) == (0, 0, ())


@pytest.mark.parametrize(
    ("hits", "trials", "rate", "expected"),
    [
        pytest.param(0, 5, 0.5, 1.0, id="none or more is sure"),
        pytest.param(5, 5, 0.5, 0.03125, id="five heads of five"),
        pytest.param(4, 5, 0.5, 0.1875, id="four heads or five of five"),
        pytest.param(6, 5, 0.5, 0.0, id="more hits than trials"),
        pytest.param(5, 5, 1.0, 1.0, id="what always happens"),
        pytest.param(1, 5, 0.0, 0.0, id="what never happens"),
        pytest.param(2500, 5000, 0.5, 0.505641614, id="half of five thousand"),
    ],
)
def test_the_tail_of_the_binomial_distribution(hits: int, trials: int, rate: float, expected: float) -> None:
    assert binomial_tail(hits, trials, rate) == pytest.approx(expected)
