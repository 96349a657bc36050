"""Which tests run a change: by the names that they use, through callers, helpers and fixtures, and without those that are skipped."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from diffscope.facts.base.definitions import CallerIndex
from diffscope.facts.base.test_code import TestCode
from diffscope.facts.base.tests_running import with_tests_running
from diffscope.facts.change.points import collect_points
from diffscope.facts.model import Nearest, SymbolFact
from diffscope.graph.word_index import TestWords, index_words
from diffscope.syntax.outline.uses import words_of_test
from tests.assessment.test_scores import facts_of
from tests.facts.test_nearest import placed
from tests.graph_builders import graph, python_outlines

DOOR = b"""
class Door:
    def __init__(self):
        self.is_open = False

    def _turn(self, key):
        return key

    def _ring(self, key):
        return key

    def unlock(self, key):
        if self.has_bell:
            self._ring(key)
        return self._turn(key)


    def open(self):
        return True


class SlidingDoor(Door):
    def open(self):
        return True


def build(size):
    return Door()
"""
USERS = b"from vllm.door import Door, SlidingDoor\n\n\ndef enter(key):\n    door = Door()\n    door.open()\n    return door.unlock(key)\n"
HELPER = b"from vllm.door import SlidingDoor\n\n\ndef a_door():\n    return SlidingDoor()\n"


def a_test(body: str, imports: str = "from vllm.door import Door") -> bytes:
    return f"import pytest\n{imports}\n\n\n{body}\n".encode()


@pytest.mark.parametrize(
    ("symbol", "test", "runs"),
    [
        pytest.param("Door._turn", a_test("def test_it():\n    Door()._turn(1)"), True, id="names it"),
        pytest.param("Door._turn", a_test("def test_it():\n    Door().unlock(1)"), True, id="calls what calls it"),
        pytest.param("Door._turn", a_test("def test_it():\n    Door()"), False, id="makes the object alone"),
        pytest.param("Door.__init__", a_test("def test_it():\n    Door()"), True, id="makes the object"),
        pytest.param("Door._turn", a_test("def test_it():\n    Door()._turn = len"), False, id="puts a fake in its place"),
        pytest.param("Door._turn", a_test("def test_it():\n    enter(1)", "from vllm.users import enter"), True, id="from another file"),
        pytest.param("Door._turn", a_test("def test_it():\n    a_door().unlock(1)", "from tests.helper import a_door"), True, id="by a helper, of a class below"),
        pytest.param("Door._turn", a_test("@pytest.fixture\ndef door():\n    return Door()\n\ndef test_it(door):\n    door.unlock(1)"), True, id="by a fixture"),
        pytest.param("Door._turn", a_test("@pytest.mark.skip\ndef test_it():\n    Door().unlock(1)"), False, id="skipped"),
        pytest.param("Door._turn", a_test("@pytest.mark.skip(reason='x')\nclass TestDoor:\n    def test_it(self):\n        Door().unlock(1)"), False, id="its class is skipped"),
        pytest.param("Door._turn", a_test("pytestmark = pytest.mark.skip\n\ndef test_it():\n    Door().unlock(1)"), False, id="its module is skipped"),
        pytest.param("Door._turn", a_test("def test_it():\n    Door().unlock(1)", "from vllm.users import Door"), True, id="the class from where it is passed on"),
        pytest.param("Door._turn", a_test("def test_it():\n    Door().unlock(1)", "from vllm.other import Door"), False, id="another class of that name"),
        pytest.param("Door._turn", a_test("@patch.object(Door, '_turn')\ndef test_it(turn):\n    Door().unlock(1)"), False, id="what changed is patched"),
        pytest.param("Door._turn", a_test("def test_it(monkeypatch):\n    monkeypatch.setattr('vllm.door.Door.unlock', len)\n    enter(1)", "from vllm.users import enter"), False, id="what calls it is patched"),
        pytest.param("Door._turn", a_test("def test_it(it):\n    it.door.unlock.return_value = 1\n    enter(it)", "from vllm.users import enter"), False, id="what calls it is a mock"),
        pytest.param("SlidingDoor.open", a_test("def test_it():\n    enter(1)", "from vllm.users import enter"), False, id="what calls it may call that of another class"),
        pytest.param("SlidingDoor.open", a_test("def test_it():\n    enter(SlidingDoor)", "from vllm.users import enter\nfrom vllm.door import SlidingDoor"), True, id="what calls it, with its class"),
        pytest.param("Door._ring", a_test("def test_it():\n    Door().unlock(1)"), False, id="a setting that it does not name keeps it out"),
        pytest.param("Door._ring", a_test("def test_it():\n    Door(has_bell=True).unlock(1)"), True, id="a setting that it names"),
        pytest.param("build", a_test("def test_it():\n    build(1)", "from vllm.door import build"), True, id="a function"),
        pytest.param("build", a_test("def test_it():\n    build(1)", "from vllm.other import build"), False, id="another function of that name"),
    ],
)  # fmt: skip
def test_what_runs_a_change(symbol: str, test: bytes, runs: bool) -> None:
    assert bool(runs_of(symbol, test)) is runs


def runs_of(symbol: str, test: bytes, platforms: tuple[str, ...] = ()) -> tuple[str, ...]:
    found = nearest_of(symbol, test, platforms).runs
    assert found is not UNSET
    return found


def nearest_of(
    symbol: str, test: bytes, platforms: tuple[str, ...] = (), symbols: tuple[SymbolFact, ...] = ()
) -> Nearest:
    before = {
        "vllm/door.py": DOOR,
        "vllm/users.py": USERS,
        "vllm/other.py": b"class Door:\n    def unlock(self, key):\n        return key\n\n\ndef build(x):\n    return x\n",
        "tests/helper.py": HELPER,
        "tests/test_it.py": test,
    }
    after = {**before, "vllm/door.py": DOOR.replace(b"return key", b"return key + 1")}
    words = {
        path: sorted(words_of_test(text.decode()))
        for path, text in before.items()
        if path.startswith("tests")
    }
    base = graph(before).attach(
        test_words=lambda: TestWords(index_words(words)),
        text_of=before.get,
        outline_of=python_outlines(before).get,
    )
    change = placed(before, after)
    fact = SymbolFact(
        path="vllm/door.py", category="source", symbol=symbol, kind="method" if "." in symbol else "function",
        aspects=("body",), logic=True, public=True, code_added=1, platforms=platforms,
    )  # fmt: skip
    near = (Nearest(path="tests/test_it.py", score=0.1, reasons=()),)
    facts = facts_of("Mend the door", symbols=symbols or (fact,), nearest_tests=near)
    found = with_tests_running(facts, change, base, CallerIndex(base, change)).nearest_tests
    assert found is not UNSET
    return found[0]


@pytest.mark.parametrize(
    ("symbol", "test", "how"),
    [
        pytest.param("Door._turn", a_test("def test_it():\n    Door()._turn(1)"), ("calls", "Door._turn"), id="it"),
        pytest.param("Door._turn", a_test("def test_it():\n    enter(1)", "from vllm.users import enter"), ("calls", "enter"), id="what calls it"),
        pytest.param("Door.__init__", a_test("def test_it():\n    SlidingDoor()", "from vllm.door import SlidingDoor"), ("makes", "SlidingDoor"), id="makes an object of a class below"),
        pytest.param("Door._turn", a_test("def test_it():\n    Door()"), ("makes", "Door"), id="makes an object that may run it"),
        pytest.param("build", a_test("def test_it():\n    build(1)", "from vllm.other import build"), ("", ""), id="nothing"),
    ],
)  # fmt: skip
def test_how_a_test_reaches_a_change(symbol: str, test: bytes, how: tuple[str, str]) -> None:
    found = nearest_of(symbol, test)
    assert (found.how, found.via) == how


@pytest.mark.parametrize(
    ("test", "runs"),
    [
        pytest.param(a_test("def test_it():\n    build(1)", "from vllm.door import build"), ("build",), id="it calls the small part"),
        pytest.param(a_test("def test_it():\n    Door()._turn(1)"), ("Door._turn",), id="it calls the large part"),
    ],
)  # fmt: skip
def test_where_no_test_runs_what_changed_most_one_of_a_small_part_is_found(
    test: bytes, runs: tuple[str, ...]
) -> None:
    large, small = (
        SymbolFact(
            path="vllm/door.py", category="source", symbol=symbol, kind=kind, aspects=("body",), logic=True, public=True, code_added=lines,
        )
        for symbol, kind, lines in (("Door._turn", "method", 40), ("build", "function", 1))
    )  # fmt: skip
    assert nearest_of("", test, symbols=(large, small)).runs == runs


@pytest.mark.parametrize(
    ("test", "runs"),
    [
        pytest.param(a_test("def test_it():\n    enter(1)", "from vllm.users import enter"), (), id="it does not set it"),
        pytest.param(a_test("def test_it(env):\n    env.setenv('USE_DOOR', '1')\n    enter(1)", "from vllm.users import enter"), ("Door._turn",), id="it sets it"),
        pytest.param(a_test("def test_it():\n    Door()._turn(1)"), ("Door._turn",), id="it calls what changed by itself"),
    ],
)  # fmt: skip
def test_what_a_variable_turns_on_is_run_by_tests_that_set_it(test: bytes, runs: tuple[str, ...]) -> None:
    turn = SymbolFact(
        path="vllm/door.py", category="source", symbol="Door._turn", kind="method", aspects=("body",), logic=True, public=True, code_added=1,
        asked_for="USE_DOOR",
    )  # fmt: skip
    assert nearest_of("", test, symbols=(turn,)).runs == runs


@pytest.mark.parametrize(
    ("mark", "runs"),
    [
        pytest.param("not current_platform.is_cuda()", False, id="for another platform alone"),
        pytest.param("current_platform.is_rocm()", False, id="not on that of the change"),
        pytest.param("not current_platform.is_rocm()", True, id="for that of the change alone"),
        pytest.param("torch.cuda.device_count() < 2", True, id="for what cannot be told"),
    ],
)
def test_tests_for_other_platforms_do_not_run_a_change_for_one(mark: str, runs: bool) -> None:
    test = a_test(f"@pytest.mark.skipif({mark}, reason='x')\ndef test_it():\n    Door().unlock(1)")
    assert bool(runs_of("Door._turn", test, ("rocm",))) is runs


@pytest.mark.parametrize(
    ("device", "platform", "runs"),
    [
        pytest.param("cuda", "cpu", False, id="on another device"),
        pytest.param("cuda", "rocm", True, id="on one of that name"),
        pytest.param("cuda or cpu", "cpu", True, id="on either"),
    ],
)
def test_tests_on_another_device_do_not_run_a_change(device: str, platform: str, runs: bool) -> None:
    test = a_test(f"def test_it():\n    Door().unlock('{device}')")
    assert bool(runs_of("Door._turn", test, (platform,))) is runs


def test_a_file_that_does_not_parse_tells_nothing() -> None:
    source = {"tests/a.py": b"def ("}
    assert TestCode(source.get, python_outlines(source).get).tests("tests/a.py") is None


@pytest.mark.parametrize(
    ("fake", "place"),
    [
        pytest.param("SimpleNamespace(size=1)", "tests/test_it.py:5", id="a fake that has other members"),
        pytest.param("SimpleNamespace(size=1, depth=2)", "", id="a fake that has it"),
        pytest.param("SimpleNamespace(name='x')", "", id="a fake of something else"),
    ],
)
def test_a_fake_that_lacks_what_an_edited_function_asks_for_is_found(fake: str, place: str) -> None:
    key = b"class Key:\n    size: int\n"
    before = {
        "vllm/door.py": b"class Door:\n    def forward(self, key):\n        return key.size\n",
        "vllm/key.py": key,
        "tests/test_it.py": f"from vllm.door import Door\n\n\ndef test_it():\n    assert Door().forward({fake})\n".encode(),
    }
    after = {
        **before,
        "vllm/door.py": b"class Door:\n    def forward(self, key):\n        return key.size + key.depth\n",
        "vllm/key.py": key + b"    depth: int\n",
    }
    words = {"tests/test_it.py": sorted(words_of_test(before["tests/test_it.py"].decode()))}
    base = graph(before).attach(
        test_words=lambda: TestWords(index_words(words)),
        text_of=before.get,
    )
    found = [
        one.ends[0][2] for one in collect_points(placed(before, after), (), base) if one.what == "demanded"
    ]
    assert found == [place] * bool(place)
