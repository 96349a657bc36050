"""What the nearest tests are asked with: the product files of a change, as their tests would notice it."""

from __future__ import annotations

import re

import pytest
from msgspec import UNSET

from diffscope.diff.model import FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.facts.base.definitions import CallerIndex
from diffscope.facts.base.test_reach import collect_nearest, source_changes
from diffscope.facts.base.tests_named import with_row_tests
from diffscope.facts.base.tests_running import with_tests_running
from diffscope.facts.change.changed_file import Placed, compare_files
from diffscope.facts.model import FileFact, Nearest, SymbolFact
from diffscope.graph.model import SourceChange
from diffscope.graph.word_index import TestWords, index_words
from diffscope.source.model import RepoPath
from tests.assessment.test_scores import facts_of
from tests.graph_builders import graph, python_outlines

BEFORE = {
    "vllm/a.py": b"def old_door(size):\n    return size\n",
    "vllm/b.py": b"def helper():\n    return new_door(1)\n",
    "vllm/gone.py": b"def last_words():\n    return 1\n",
    "tests/test_a.py": b"old_door(1)\n",
}
AFTER = {
    "vllm/a.py": b"def new_door(size):\n    return size\n",
    "vllm/b.py": b"def helper():\n    return other(1)\n",
    "tests/test_a.py": b"new_door(1)\n",
}


def placed(
    before: dict[str, bytes] = BEFORE, after: dict[str, bytes] = AFTER, *, logic: bool | None = True
) -> tuple[Placed, ...]:
    diff = parse_diff(make_patch(before, after))
    sides = Sides(
        files=tuple(
            FileSides(path=RepoPath(path), before=before.get(path), after=after.get(path), is_read=True)
            for path in sorted(before.keys() | after.keys())
        )
    )
    return tuple(
        Placed(
            fact=FileFact(
                path=one.diff.path,
                status=one.diff.status.value,
                change_type="core-logic",
                category="test" if one.diff.path.startswith("tests/") else "source",
                logic=logic,
            ),
            material=one,
        )
        for one in compare_files(diff, sides)
    )


def by_path(changes: tuple[SourceChange, ...]) -> dict[str, SourceChange]:
    return {change.path: change for change in changes}


def test_a_change_is_its_symbols_its_words_and_what_goes() -> None:
    """What one file drops and another takes up is not gone."""
    found = by_path(source_changes(placed()))
    assert sorted(found) == ["vllm/a.py", "vllm/b.py", "vllm/gone.py"]
    assert (found["vllm/a.py"].lines, found["vllm/a.py"].words) == (
        2,
        ("def", "new_door", "old_door", "size"),
    )
    assert found["vllm/a.py"].gone == ("old_door",)
    assert found["vllm/b.py"].gone == ()
    assert (found["vllm/gone.py"].is_moved, found["vllm/a.py"].is_moved) == (True, False)
    assert found["vllm/gone.py"].gone == ("last_words",)


def test_what_changes_no_logic_counts_only_where_it_goes() -> None:
    assert list(by_path(source_changes(placed(logic=False)))) == ["vllm/gone.py"]


def test_without_a_graph_nothing_is_known_and_without_sources_there_is_nothing() -> None:
    assert collect_nearest(placed(), "", None, None) is UNSET


def test_tests_that_the_change_touches_come_first_and_those_that_it_takes_away_are_left_out() -> None:
    """The ranking itself is not told: what it finds nearest comes next, under its own score."""
    tests = {
        "tests/test_a.py": b"from vllm.a import old_door\nold_door(1)\n",
        "tests/far/test_far.py": b"x = 1\n",
        "tests/test_last.py": b"from vllm.a import old_door\n",
        "tests/far/conftest.py": b"y = 1\n",
        "tests/test_b.py": b"import vllm.c\n",
    }
    base = {**BEFORE, **tests}
    after = {
        **AFTER,
        "tests/test_a.py": tests["tests/test_a.py"],
        "tests/far/test_far.py": b"x = 2\n",
        "tests/far/conftest.py": b"y = 2\n",
        "tests/far/test_new.py": b"x = 3\n",
    }
    words = index_words({path: sorted(set(text.decode().split())) for path, text in tests.items()})
    found = collect_nearest(
        placed(base, after), "", graph(base).attach(test_words=lambda: TestWords(words)), None
    )
    assert found is not UNSET
    assert [(one.path, one.score == 1.0, one.reasons[:1]) for one in found] == [
        ("tests/far/test_new.py", True, ("added here",)),
        ("tests/far/test_far.py", True, ("changed here",)),
        ("tests/test_a.py", False, ("is named after a.py",)),
    ]


def test_unlikely_tests_are_left_out_beyond_the_first_three() -> None:
    base = {"vllm/far/a.py": b"x = 1\n", **{f"tests/far/test_{n}.py": b"x = 1\n" for n in range(6)}}
    found = collect_nearest(placed(base, {**base, "vllm/far/a.py": b"x = 2\n"}), "", graph(base), None)
    assert found is not UNSET
    assert [one.path for one in found] == [f"tests/far/test_{n}.py" for n in range(3)]
    assert all(one.score < 0.01 for one in found)


def test_what_names_a_changed_symbol_comes_before_what_lies_near_and_what_is_skipped_is_left_out() -> None:
    tests = {
        "tests/test_a.py": b"from vllm.a import Door\n\ndef test_one():\n    assert Door\n",
        "tests/test_b.py": b"from vllm.a import Door\n\ndef test_one():\n    assert Door().shut()\n",
        "tests/test_c.py": b"from vllm.a import Door\n\n@pytest.mark.skip(reason='none')\ndef test_one():\n    assert Door().shut()\n",
        "tests/test_d.py": b"from vllm.a import Door\n\n@pytest.mark.skipif(none(), reason='none')\ndef test_one():\n    assert Door().shut()\n",
    }
    source = b"class Door:\n    def shut(self):\n        return %d\n"
    base, after = ({"vllm/a.py": source % number, **tests} for number in (1, 2))
    words = index_words(
        {path: sorted(set(re.findall(r"\w+", text.decode()))) for path, text in tests.items()}
    )
    change = placed(base, after)
    tree = graph(base).attach(
        test_words=lambda: TestWords(words),
        text_of=lambda path: base.get(str(path)),
        outline_of=python_outlines(base).get,
    )
    shut = SymbolFact(
        path="vllm/a.py", category="source", symbol="Door.shut", kind="method", aspects=("body",), logic=True, public=True, code_added=1,
    )  # fmt: skip
    facts = facts_of("", symbols=(shut,), nearest_tests=collect_nearest(change, "", tree, None))
    found = with_tests_running(facts, change, tree, CallerIndex(tree, change)).nearest_tests
    assert found is not UNSET
    assert [one.path for one in found] == ["tests/test_b.py", "tests/test_d.py", "tests/test_a.py"]


@pytest.mark.parametrize(
    ("row", "changed", "test"),
    [
        pytest.param("Lamp", "Lamp", "tests/models/test_initialization.py", id="a model"),
        pytest.param("Lamp", "LampProcessor", "tests/models/multimodal/processing/test_common.py", id="its processor"),
        pytest.param("Other", "Lamp", "", id="a model without a row"),
    ],
)  # fmt: skip
def test_a_table_of_models_has_the_test_of_a_model(row: str, changed: str, test: str) -> None:
    classes = dict.fromkeys(("Lamp", changed))
    before = {
        "vllm/model_executor/models/lamp.py": "\n\n".join(
            f"class {name}:\n    def __init__(self):\n        return {1 + (name != changed)}\n"
            for name in classes
        ).encode(),
        "tests/models/registry.py": f'MODELS = {{"{row}": 1}}\n'.encode(),
    }
    after = {path: text.replace(b"return 1", b"return 3") for path, text in before.items()}
    facts = facts_of("Mend it", nearest_tests=())
    found = with_row_tests(facts, placed(before, after), graph(before)).nearest_tests
    assert found is not UNSET
    assert [one.path for one in found] == [test] * bool(test)


_LAMP = {
    "vllm/doors.py": b'class Doors(Enum):\n    LAMP_DOOR = "vllm.lamp.Lamp"\n',
    "vllm/lamp.py": b"class Lamp:\n    name = 'light'\n\n    def load_weights(self):\n        return 1\n",
}


@pytest.mark.parametrize(
    ("test", "title", "expected"),
    [
        pytest.param("def test_it():\n    LLM(door='LAMP_DOOR')\n", "", ("named", "LAMP_DOOR"), id="a name of a registry"),
        pytest.param("def test_it():\n    assert door == 'LAMP_DOOR'\n", "", None, id="a name alone starts nothing"),
        pytest.param("def test_it():\n    LLM(door='LAMP_DOOR', load_format='dummy')\n", "", None, id="made-up weights are not loaded"),
        pytest.param("def test_it():\n    run(['vllm', 'light', '--x'], subprocess)\n", "", ("", "vllm light"), id="a command"),
        pytest.param("def test_it():\n    run(['other', 'light'], subprocess)\n", "", None, id="a command of another program"),
    ],
)  # fmt: skip
def test_a_test_reaches_a_change_by_a_name(test: str, title: str, expected: tuple[str, str] | None) -> None:
    before = {**_LAMP, "tests/test_lamp.py": test.encode()}
    after = {**before, "vllm/lamp.py": _LAMP["vllm/lamp.py"].replace(b"return 1", b"return 2")}
    words = index_words({"tests/test_lamp.py": sorted(set(re.findall(r"\w+", test)))})
    tree = graph(before).attach(
        test_words=lambda: TestWords(words), text_of=lambda path: before.get(str(path))
    )
    found = with_row_tests(facts_of(title, nearest_tests=()), placed(before, after), tree).nearest_tests
    assert found is not UNSET
    assert [(one.may_run, one.by) for one in found] == ([expected] if expected else [])


def test_a_test_reaches_a_model_by_its_name_however_many_name_its_family() -> None:
    family = {
        f"tests/test_{number}.py": b"def test_it():\n    LLM('maker/Lamp7-old')\n" for number in range(61)
    }
    before = {
        "vllm/model_executor/models/lamp.py": b"class Lamp:\n    def forward(self):\n        return 1\n",
        "tests/models/registry.py": b'MODELS = {\n    "Lamp": Info("maker/Lamp7-small"),\n}\n',
        "tests/test_of_lamp.py": b"def test_it():\n    LLM('maker/Lamp7-small')\n",
        "tests/test_words.py": b"def test_it():\n    get_tokenizer('maker/Lamp7-small')  # of an LLM\n",
        **family,
    }
    path = "vllm/model_executor/models/lamp.py"
    after = {**before, path: before[path].replace(b"return 1", b"return 2")}
    words = index_words(
        {each: sorted(set(re.findall(r"\w+", text.decode()))) for each, text in before.items()}
    )
    tree = graph(before).attach(
        test_words=lambda: TestWords(words), text_of=lambda path: before.get(str(path))
    )
    found = with_row_tests(facts_of("Mend it", nearest_tests=()), placed(before, after), tree).nearest_tests
    assert found is not UNSET
    assert [(one.path, one.by) for one in found] == [("tests/test_of_lamp.py", "maker/Lamp7-small")]


def test_a_test_that_does_not_import_the_change_is_marked() -> None:
    before = {
        "vllm/lamp.py": b"def light():\n    return 1\n",
        "tests/test_lamp.py": b"import vllm.other\n",
        "tests/test_light.py": b"import vllm.lamp\n",
    }
    after = {**before, "vllm/lamp.py": b"def light():\n    return 2\n"}
    near = tuple(Nearest(path=path, score=0.1, reasons=()) for path in before if path.startswith("tests"))
    found = with_row_tests(facts_of("Mend it", nearest_tests=near), placed(before, after), graph(before))
    assert found.nearest_tests is not UNSET
    assert [one.may_run for one in found.nearest_tests] == ["far", ""]


def test_a_layer_is_run_by_the_models_that_have_it_those_on_one_device_first() -> None:
    layer = b"SIZE = 1\n\n\nclass Bulb:\n    def forward(self):\n        return 1\n"
    before = {
        "vllm/layers/bulb.py": layer,
        "vllm/models/lamp.py": b"from vllm.layers.bulb import Bulb\n\n\nclass Lamp:\n    pass\n",
        # It imports the file, and not what changed.
        "vllm/models/torch.py": b"from vllm.layers.bulb import SIZE\n\n\nclass Torch:\n    pass\n",
        "tests/models/registry.py": b'MODELS = {\n    "Lamp": Info("maker/Lamp-80B", extras="maker/Lamp-1B"),\n    "Torch": Info("maker/Torch-1B"),\n}\n',
        "tests/test_torch.py": b"def test_it():\n    LLM('maker/Torch-1B')\n",
        "tests/test_a.py": b"def test_it():\n    LLM('maker/Lamp-80B')\n",
        "tests/test_b.py": b"def test_it():\n    LLM('maker/Lamp-1B', tensor_parallel_size=8)\n",
        "tests/test_c.py": b"def test_it():\n    LLM('maker/Lamp-1B')\n",
    }
    after = {**before, "vllm/layers/bulb.py": layer.replace(b"return 1", b"return 2")}
    words = index_words(
        {each: sorted(set(re.findall(r"\w+", text.decode()))) for each, text in before.items()}
    )
    tree = graph(before).attach(
        test_words=lambda: TestWords(words),
        text_of=lambda path: before.get(str(path)),
        outline_of=python_outlines(before).get,
    )
    bulb = SymbolFact(
        path="vllm/layers/bulb.py", category="source", symbol="Bulb.forward", kind="method", aspects=("body",), logic=True, public=True, code_added=1,
    )  # fmt: skip
    facts = facts_of("Mend it", symbols=(bulb,), nearest_tests=())
    found = with_row_tests(facts, placed(before, after), tree).nearest_tests
    assert found is not UNSET
    assert [(one.path, one.via) for one in found] == [
        ("tests/test_c.py", "maker/Lamp-1B"),
        ("tests/test_b.py", "maker/Lamp-1B"),
        ("tests/test_a.py", "maker/Lamp-80B"),
    ]


@pytest.mark.parametrize(
    ("runs", "aspect", "test", "may_run"),
    [
        pytest.param("per_step", "body", b"def test_it():\n    LLM()\n", "engine", id="it starts one"),
        pytest.param("per_step", "body", b"def test_it():\n    assert 1\n", "far", id="it starts none"),
        pytest.param("tools", "body", b"def test_it():\n    LLM()\n", "far", id="no server runs the change"),
        pytest.param("per_step", "added", b"def test_it():\n    LLM()\n", "far", id="all of it is new"),
    ],
)
def test_where_nothing_else_is_found_a_test_that_starts_an_engine_is_named(
    runs: str, aspect: str, test: bytes, may_run: str
) -> None:
    before = {"vllm/lamp.py": b"def light():\n    return 1\n", "tests/test_light.py": test}
    after = {**before, "vllm/lamp.py": b"def light():\n    return 2\n"}
    light = SymbolFact(
        path="vllm/lamp.py", category="source", symbol="light", kind="function", aspects=(aspect,), logic=True, public=True, code_added=1, runs=runs,
        asked_for="USE_LAMP",
    )  # fmt: skip
    near = (Nearest(path="tests/test_light.py", score=0.01, reasons=("its path has the title's light",)),)
    facts = facts_of("Light", symbols=(light,), nearest_tests=near)
    tree = graph(before).attach(text_of=lambda path: before.get(str(path)))
    found = with_row_tests(facts, placed(before, after), tree).nearest_tests
    assert found is not UNSET
    assert [(one.may_run, one.via) for one in found] == [(may_run, "USE_LAMP" * (may_run == "engine"))]


def test_a_new_model_is_run_by_the_test_of_the_table_to_which_the_change_adds_its_row() -> None:
    path = "vllm/model_executor/models/lamp.py"
    before = {"tests/models/registry.py": b"MODELS = {}\n", path: b"OLD = 1\n"}
    after = {
        "tests/models/registry.py": b'MODELS = {"Torch": 1}\n',
        path: before[path],
        "vllm/model_executor/models/torch.py": b"class Torch:\n    def __init__(self):\n        self.size = 1\n",
    }
    tree = graph(before).attach(text_of=lambda path: before.get(str(path)))
    found = with_row_tests(facts_of("Add it", nearest_tests=()), placed(before, after), tree).nearest_tests
    assert found is not UNSET
    assert [(one.path, one.may_run) for one in found] == [("tests/models/test_initialization.py", "rows")]


def test_what_no_model_imports_by_name_is_run_by_those_that_import_its_file() -> None:
    layer = b"def _turn():\n    return 1\n\n\ndef turn():\n    return _turn()\n"
    before = {
        "vllm/layers/bulb.py": layer,
        "vllm/models/lamp.py": b"from vllm.layers.bulb import turn\n\n\nclass Lamp:\n    pass\n",
        "tests/models/registry.py": b'MODELS = {\n    "Lamp": Info("maker/Lamp-1B"),\n}\n',
        "tests/test_a.py": b"def test_it():\n    LLM('maker/Lamp-1B')\n",
    }
    after = {**before, "vllm/layers/bulb.py": layer.replace(b"return 1", b"return 2")}
    words = index_words(
        {each: sorted(set(re.findall(r"\w+", text.decode()))) for each, text in before.items()}
    )
    tree = graph(before).attach(
        test_words=lambda: TestWords(words),
        text_of=lambda path: before.get(str(path)),
        outline_of=python_outlines(before).get,
    )
    turn = SymbolFact(
        path="vllm/layers/bulb.py", category="source", symbol="_turn", kind="function", aspects=("body",), logic=True, public=False, code_added=1,
    )  # fmt: skip
    facts = facts_of("Mend it", symbols=(turn,), nearest_tests=())
    found = with_row_tests(facts, placed(before, after), tree).nearest_tests
    assert found is not UNSET
    assert [(one.path, one.via) for one in found] == [("tests/test_a.py", "maker/Lamp-1B")]
