"""Nearest tests: each sign finds what it is there for, and says so."""

from __future__ import annotations

import re

import pytest

from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.history.store import PastCommit, store_history
from diffscope.graph.model import SourceChange
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.word_index import TestWords, index_words
from diffscope.source.model import RepoPath
from diffscope.test_ranking.paths import Sign
from diffscope.test_ranking.rank import WEIGHTS, Nearness, nearest_tests, scale
from tests.graph_builders import graph

SOURCES = {
    "vllm/v1/core/sched/scheduler.py": "from vllm.v1.core.kv import Blocks\nclass Scheduler:\n    def schedule(self): ...\n",
    "vllm/v1/core/kv.py": "class Blocks: ...\n",
    "vllm/lora/layers.py": "class LoRALayer: ...\n",
    "csrc/norm.cu": 'TORCH_LIBRARY(_C, m) { m.impl("rms_norm", torch::kCUDA, &rms_norm); }\nvoid rms_norm(int a) { a = a; }\n',
}
TESTS = {
    "tests/v1/core/test_scheduler.py": "from vllm.v1.core.sched.scheduler import Scheduler\nScheduler().schedule()\n",
    "tests/v1/core/test_kv.py": "from vllm.v1.core.kv import Blocks\n",
    "tests/v1/e2e/test_all.py": "import vllm.v1.core.sched.scheduler\n"
    + "".join(f"word{n}\n" for n in range(400)),
    "tests/lora/test_layers.py": "from vllm.lora.layers import LoRALayer\nrare_knob = 1\nlayer = TODO, Returns, __init__\n",
    "tests/kernels/test_norm.py": "torch.ops._C.rms_norm(x)\n",
    "tests/other/test_other.py": "x = 1\n",
    "tests/v1/core/utils.py": "from vllm.v1.core.sched.scheduler import Scheduler\n",
    **{f"tests/fill/test_fill{number}.py": "common\n" for number in range(40)},
}


@pytest.fixture(scope="module")
def found() -> ModuleGraph:
    words = index_words(
        {path: sorted(set(re.findall(r"[A-Za-z_]\w*", text))) for path, text in TESTS.items()}
    )
    return graph(SOURCES | TESTS).attach(test_words=lambda: TestWords(words))


def change(path: str, **facts: object) -> SourceChange:
    return SourceChange(path=RepoPath(path), lines=facts.pop("lines", 10), **facts)  # type: ignore[arg-type]


SCHEDULER = change(
    "vllm/v1/core/sched/scheduler.py", symbols=("Scheduler.schedule",), words=("Scheduler", "schedule")
)


def history(*commits: tuple[str, ...], subject: str = "") -> ChangeHistory:
    """``subject`` is that of the first commit."""
    past = [
        PastCommit(f"{number:040x}", number, paths, (), "" if number else subject)
        for number, paths in enumerate(commits)
    ]
    return ChangeHistory(store_history(past), last=len(past) - 1, now=len(past))


def test_the_test_of_a_module_comes_first_with_its_reasons(found: ModuleGraph) -> None:
    ranked = nearest_tests([SCHEDULER], found)
    assert ranked[0].path == "tests/v1/core/test_scheduler.py"
    assert "is named after scheduler.py" in ranked[0].reasons
    assert len(ranked[0].reasons) == 3
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)
    assert all(0 <= each.score <= 1 for each in ranked)
    assert "tests/v1/core/utils.py" not in {each.path for each in ranked}


SIGNS = [
    pytest.param(Sign.IMPORTS, [SCHEDULER], {}, {"tests/v1/core/test_scheduler.py", "tests/v1/e2e/test_all.py"}, "imports vllm.v1.core.sched.scheduler", id="imports of a changed module"),
    pytest.param(Sign.IMPORTS, [change("csrc/norm.cu")], {}, {"tests/kernels/test_norm.py"}, "imports csrc/norm.cu", id="calls of the operators of a changed kernel"),
    pytest.param(Sign.REACHES, [change("vllm/v1/core/kv.py")], {}, {"tests/v1/core/test_kv.py", "tests/v1/core/test_scheduler.py", "tests/v1/e2e/test_all.py"}, "imports vllm.v1.core.kv", id="imports further away, of which the nearest one is the reason"),
    pytest.param(Sign.NAMES, [SCHEDULER], {}, {"tests/v1/core/test_scheduler.py"}, "names schedule", id="names of changed symbols"),
    pytest.param(Sign.WORDS, [change("vllm/x.py", words=("rare_knob", "common", "abc"))], {}, {"tests/lora/test_layers.py"}, "shares rare_knob", id="rare words of changed lines; common ones say nothing"),
    pytest.param(Sign.STEM, [change("vllm/lora/layers.py")], {}, {"tests/lora/test_layers.py"}, "is named after layers.py", id="the name of the file"),
    pytest.param(Sign.PATH, [change("vllm/lora/new.py")], {}, {"tests/lora/test_layers.py"}, "its path is alike", id="the folder of a new file"),
    pytest.param(Sign.CALLS, [SCHEDULER], {}, {"tests/v1/core/test_scheduler.py"}, "imports and names Scheduler", id="imports of a module and names of what changed in it"),
    pytest.param(Sign.MOVED, [change("vllm/lora/layers.py", is_moved=True), SCHEDULER], {}, {"tests/lora/test_layers.py"}, "imports vllm.lora.layers, which moves", id="imports of a module that moves"),
    pytest.param(Sign.GONE, [change("vllm/x.py", words=("rare_knob", "Blocks"), gone=("rare_knob",))], {}, {"tests/lora/test_layers.py"}, "names what goes: rare_knob", id="names that the change takes away"),
    pytest.param(Sign.FOLDER, [change("vllm/new/b.py")], {"history": history(("vllm/new/a.py", "tests/lora/test_layers.py"))}, {"tests/lora/test_layers.py"}, "tests/lora changes with these folders", id="the folder of tests that changes with a folder"),
    pytest.param(Sign.TITLE_PATH, [SCHEDULER], {"title": "[Bugfix] Fix lora (#1)"}, {"tests/lora/test_layers.py"}, "its path has the title's lora", id="words of the title in the path"),
    pytest.param(Sign.TITLE_WORDS, [SCHEDULER], {"title": "Drop rare_knob"}, {"tests/lora/test_layers.py"}, "names the title's rare_knob", id="words of the title in the test"),
    pytest.param(Sign.TOGETHER, [SCHEDULER], {"history": history(("vllm/v1/core/sched/scheduler.py", "tests/other/test_other.py"))}, {"tests/other/test_other.py"}, "changed with scheduler.py before", id="changed together in the past"),
    pytest.param(Sign.ALIKE, [change("vllm/new.py")], {"title": "Speed up frobnication", "history": history(("vllm/old.py", "tests/other/test_other.py"), ("vllm/x.py",), subject="Frobnication again")}, {"tests/other/test_other.py"}, "changed in commits like this one", id="past commits of the same subject"),
]  # fmt: skip


@pytest.mark.parametrize(("sign", "changes", "more", "expected", "reason"), SIGNS)
def test_signs(
    found: ModuleGraph,
    sign: Sign,
    changes: list[SourceChange],
    more: dict[str, object],
    expected: set[str],
    reason: str,
) -> None:
    """Exactly these tests have the sign, and the first of them says why."""
    measured = Nearness(tuple(changes), found, more.get("history"), str(more.get("title", "")))  # type: ignore[arg-type]
    values = measured.measure()[sign]
    assert {path for path, value in values.items() if value > 0} == expected
    best = max(sorted(values), key=lambda path: values[path])
    measured.choose([best])
    assert measured.reason(sign, best) == reason


def test_every_sign_is_shown_by_a_case() -> None:
    assert {case.values[0] for case in SIGNS} == set(Sign)


def test_each_file_counts_by_its_lines_and_not_by_its_words(found: ModuleGraph) -> None:
    """Many words of a file that hardly changes do not drown the few of the one that does."""
    many = change("vllm/a.py", lines=1, words=tuple(f"word{number}" for number in range(400)))
    few = change("vllm/b.py", lines=200, words=("rare_knob",))
    values = Nearness((many, few), found, None, "").measure()[Sign.WORDS]
    assert values["tests/lora/test_layers.py"] > values["tests/v1/e2e/test_all.py"]  # type: ignore[index]


def test_reasons_that_say_the_same_are_said_once(found: ModuleGraph) -> None:
    """The one that imports a module also reaches it."""
    first = nearest_tests([change("vllm/v1/core/kv.py")], found)[0]
    assert [reason for reason in first.reasons if reason.startswith(("imports", "reaches"))] == [
        "imports vllm.v1.core.kv"
    ]


def test_a_long_test_shares_words_with_everything_and_counts_less(found: ModuleGraph) -> None:
    assert found.test_words is not None
    values = Nearness((change("vllm/x.py", words=("scheduler",)),), found, None, "").measure()[Sign.WORDS]
    assert values["tests/v1/e2e/test_all.py"] < values["tests/v1/core/test_scheduler.py"]


def test_without_words_and_history_the_other_signs_decide() -> None:
    bare = graph(SOURCES | TESTS)
    assert nearest_tests([SCHEDULER], bare)[0].path == "tests/v1/core/test_scheduler.py"


def test_nothing_changed_is_near_to_nothing(found: ModuleGraph) -> None:
    assert nearest_tests([], found) == ()
    assert nearest_tests([change("docs/x.md")], found) == ()


def test_a_history_never_shows_what_came_later(found: ModuleGraph) -> None:
    """The commit that changed both lies after the last one that counts."""
    commits = [
        PastCommit("0" * 40, 1, ("vllm/v1/core/sched/scheduler.py",)),
        PastCommit("1" * 40, 2, ("vllm/v1/core/sched/scheduler.py", "tests/other/test_other.py")),
    ]
    before = ChangeHistory(store_history(commits), last=0, now=1)
    after = ChangeHistory(store_history(commits), last=1, now=2)
    assert "tests/other/test_other.py" not in {
        each.path for each in nearest_tests([SCHEDULER], found, history=before)
    }
    assert "tests/other/test_other.py" in {
        each.path for each in nearest_tests([SCHEDULER], found, history=after)
    }


def test_the_order_of_changes_never_changes_the_answer(found: ModuleGraph) -> None:
    changes = [SCHEDULER, change("vllm/lora/layers.py", lines=3), change("csrc/norm.cu", lines=40)]
    assert nearest_tests(changes, found) == nearest_tests(changes[::-1], found)


SHARED = [
    pytest.param(("rare_knob", "LoRALayer", "layer"), "shares LoRALayer, rare_knob", id="names before English, which may be out of a comment"),
    pytest.param(("layer",), "shares layer", id="English where there is nothing else"),
    pytest.param(("rare_knob", "TODO", "Returns", "import", "__init__"), "shares rare_knob", id="no words that every source is laid out with"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "told"), SHARED)
def test_shared_words_that_are_told(found: ModuleGraph, words: tuple[str, ...], told: str) -> None:
    asked = Nearness((change("vllm/x.py", words=words),), found, None, "")
    asked.measure()
    asked.choose([RepoPath("tests/lora/test_layers.py")])
    assert asked.reason(Sign.WORDS, RepoPath("tests/lora/test_layers.py")) == told


SHORT = [
    pytest.param(Sign.TITLE_WORDS, "Make V2 rare_knob", "names the title's rare_knob", id="a word of some length"),
    pytest.param(Sign.TITLE_WORDS, "Make V2", "", id="two letters"),
    pytest.param(Sign.TITLE_WORDS, "Split via layers", "", id="a word that titles are made of"),
    pytest.param(Sign.TITLE_PATH, "Split layers 2", "its path has the title's layers", id="a word of the path"),
    pytest.param(Sign.TITLE_PATH, "Split 2", "", id="a number in the path"),
]  # fmt: skip


@pytest.mark.parametrize(("sign", "title", "told"), SHORT)
def test_what_stands_for_too_much_counts_but_is_no_reason(sign: Sign, title: str, told: str) -> None:
    path = "tests/lora2/test_layers.py"
    words = index_words({path: ["LoRALayer", "V2", "rare_knob", "via"], **{each: ["x"] for each in TESTS}})
    bare = graph({**SOURCES, **TESTS, path: "x = 1\n"}).attach(test_words=lambda: TestWords(words))
    asked = Nearness((change("vllm/x.py"),), bare, None, title)
    assert path in asked.measure()[sign]
    asked.choose([RepoPath(path)])
    assert asked.reason(sign, RepoPath(path)) == told


def test_a_package_is_called_by_its_folder(found: ModuleGraph) -> None:
    past = history(("vllm/lora/__init__.py", "tests/other/test_other.py"))
    first = nearest_tests([change("vllm/lora/__init__.py")], found, history=past)
    reasons = {each.path: each.reasons for each in first}
    assert "changed with lora/__init__.py before" in reasons[RepoPath("tests/other/test_other.py")]


def test_every_sign_has_a_weight_and_a_scale_of_its_own() -> None:
    assert set(WEIGHTS) == set(Sign)
    assert scale({RepoPath("a"): 4.0, RepoPath("b"): 2.0, RepoPath("c"): 0.0}) == {
        "a": 1.0,
        "b": pytest.approx(0.6156, abs=1e-3),
    }
    assert scale({}) == {}
