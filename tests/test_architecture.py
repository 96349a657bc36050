"""The architecture holds, and the checks that say so would notice if it did not."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path

import grimp
import msgspec
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from diffscope.adapters.config.profiles import default_profile
from tests.sources import MODULES, PACKAGE, ROOT, nodes, parsed

CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = {options["id"]: options for options in CONFIGURATION["contracts_options"]}
TYPES: dict[str, type[Contract]] = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
    "acyclic_siblings": AcyclicSiblingsContract,
}
LONGER = {
    "facts/model.py",
    "syntax/model.py",
    *(f"messages/{name}.py" for name in ("codes", "english", "chinese")),
}
"""Records and nothing else: one after the other they read as a table, cut apart they do not. Those of messages are generated."""
CORE = tuple(name.removeprefix("diffscope.") for name in CONTRACTS["no-input-output"]["source_modules"])


def is_core(file: Path) -> bool:
    return file.relative_to(PACKAGE).with_suffix("").parts[0] in CORE


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("diffscope", include_external_packages=True, cache_dir=None)


def is_kept(contract_id: str, graph: grimp.ImportGraph) -> bool:
    """Return whether a contract is kept; the check may change the graph."""
    options = CONTRACTS[contract_id]
    contract = TYPES[options["type"]](
        name=options["name"], session_options=CONFIGURATION["session_options"], contract_options=options
    )
    return contract.check(graph, verbose=False).kept


@pytest.mark.parametrize("contract_id", CONTRACTS)
def test_contract_is_kept(contract_id: str, graph: grimp.ImportGraph) -> None:
    """Every contract holds; `just contracts` shows the chain that breaks one."""
    assert is_kept(contract_id, deepcopy(graph)), f"contract {contract_id!r} is broken: run `lint-imports`"


BREAKS = [
    pytest.param("flow", "diffscope.facts.model", "diffscope.rules.model", id="facts must not know rules"),
    pytest.param("flow", "diffscope.diff.model", "diffscope.syntax.model", id="diff and syntax are strangers"),
    pytest.param("flow", "diffscope.errors", "diffscope.source.model", id="errors import nothing"),
    pytest.param("flow", "diffscope.render.formats.table", "diffscope.cli.main", id="render must not know the command line"),
    pytest.param("flow", "diffscope.helpers", "diffscope.errors", id="a package that is in no layer is refused"),
    pytest.param("no-input-output", "diffscope.diff.parse", "subprocess", id="the core starts no process"),
    pytest.param("no-input-output", "diffscope.rules.model", "time", id="the core has no clock"),
    pytest.param("door-unidiff", "diffscope.diff.sections", "unidiff", id="unidiff stays behind diff.parse"),
    pytest.param("door-click", "diffscope.render.formats.table", "click", id="click stays behind cli"),
    pytest.param("products", "diffscope.products.report.digest", "diffscope.products.doctor.findings", id="products are strangers to each other"),
    pytest.param("acyclic", "diffscope.diff.model", "diffscope.diff.parse", id="siblings form no loop"),
]  # fmt: skip


@pytest.mark.parametrize(("contract_id", "importer", "imported"), BREAKS)
def test_contract_notices(contract_id: str, importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    """A forbidden import breaks the contract that is there to forbid it."""
    broken = deepcopy(graph)
    broken.add_import(importer=importer, imported=imported)
    assert not is_kept(contract_id, broken)


def stage_numbers() -> dict[str, int]:
    """Return the stage of each package: 0 below `source`, then one more for each layer."""
    stages: dict[str, int] = {}
    number = 0
    for layer in reversed(CONTRACTS["flow"]["layers"]):
        names = [name.strip(" ()") for name in layer.split("|")]
        number += number > 0 or names == ["source"]
        stages |= dict.fromkeys(names, number)
    return stages


def test_signpost_names_modules_that_are_there() -> None:
    """A module that the docstring of a package sends its readers to was not moved since."""
    lost = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in MODULES
        if file.name == "__init__.py"
        for name in re.findall(r"[\w/]+\.py\b", ast.get_docstring(parsed(file)) or "")
        if not any(each.as_posix().endswith(f"/{name}") for each in MODULES)
    ]
    assert lost == []


def test_signpost_states_the_stage() -> None:
    """The docstring of a stage says `Stage N`, and N is its place in the flow contract."""
    wrong = {}
    for name, stage in stage_numbers().items():
        file = PACKAGE / f"{name}.py"
        file = file if file.exists() else PACKAGE / name / "__init__.py"
        if not (ast.get_docstring(parsed(file)) or "").startswith(f"Stage {stage}"):
            wrong[name] = f"is stage {stage} of the flow contract"
    assert wrong == {}


def test_modules_keep_their_budget() -> None:
    """A file has at most 400 lines, a function body at most 50, and every module but an empty one says what it is for."""
    found = [f"{file.relative_to(ROOT).as_posix()}: {told}" for file in MODULES for told in over_budget(file)]
    assert found == []


def over_budget(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    tree = parsed(file)
    lines = text.count("\n")
    if lines > 400 and file.relative_to(PACKAGE).as_posix() not in LONGER:
        yield f"{lines} lines: cut it where a reader would"
    if text and not ast.get_docstring(tree):
        yield "no docstring"
    yield from (
        f"the body of {node.name} has {length} lines"
        for node in functions(nodes(file))
        if (length := body_length(node)) > 50
    )


def test_a_folder_can_be_read_at_a_glance() -> None:
    """A folder has at most fifteen modules: beyond that nobody finds the one that is looked for."""
    counts = Counter(
        file.parent.relative_to(ROOT).as_posix() for file in MODULES if file.name != "__init__.py"
    )
    assert {name: count for name, count in counts.items() if count > 15} == {}


def functions(tree: Iterable[ast.AST]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in tree if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


def test_core_calls_no_input_output() -> None:
    """No stage of the core opens a file, prints or asks: builtins need no import, so no contract can see them."""
    found = [
        (file.relative_to(ROOT).as_posix(), node.func.id)
        for file in MODULES
        if is_core(file)
        for node in nodes(file)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}
    ]
    assert found == []


SPLITTERS = re.compile(
    r"\.splitlines\(|\bkeepends\b|re\.split\(r?[\"'](?:\\r\??)?\\n[\"']|\bin (?:io\.)?(?:StringIO|BytesIO)\(|\.readlines?\("
    r"|decode\((?:[\"']utf-8[\w-]*[\"'], )?(?:errors=)?[\"']replace[\"']"
)
"""What cuts a text into lines, or decodes one, by rules other than git's and Python's own."""
TREE_TEXTS = {
    "normalize/normalize.py",
    "normalize/statements.py",
    "outline/outline.py",
    "parsers.py",
    "nodes.py",
}
"""Modules of syntax that decode single tokens of a tree, and no text of lines."""


def splitters_in(text: str) -> list[str]:
    code = (line.partition("#")[0] for line in text.split("\n"))
    return [found[0] for line in code for found in SPLITTERS.finditer(line)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("for line in text.splitlines():", id="splitlines"),
        pytest.param("text.splitlines(keepends=True)", id="splitlines that keep the ends"),
        pytest.param('re.split(r"\\r?\\n", text)', id="a split by line ends"),
        pytest.param("for line in io.StringIO(text):", id="a text read as a file"),
        pytest.param('data.decode("utf-8", "replace")', id="bytes that differ made equal"),
        pytest.param('data.decode(errors="replace")', id="the same by keyword"),
    ],
)
def test_a_second_line_splitter_would_be_noticed(line: str) -> None:
    assert splitters_in(line)


def test_core_has_one_line_splitter() -> None:
    """Lines and texts come from `diffscope.source.text`, which counts as git does."""
    found = {
        file.relative_to(PACKAGE).as_posix(): splitters
        for file in MODULES
        if is_core(file)
        and file.relative_to(PACKAGE).as_posix().removeprefix("syntax/") not in TREE_TEXTS
        # The words of an error of RE2.
        and file.stem != "patterns"
        and (splitters := splitters_in(file.read_text(encoding="utf-8")))
    }
    assert found == {}


LOOSE_LINES = re.compile(r"\bsignal\.line\b|\.(?:added|removed)_lines\b")


def test_facts_take_lines_of_symbols_from_their_text() -> None:
    """Lines that syntax counted become regions in one module, so that none is read against another file."""
    loose = [
        file.relative_to(PACKAGE / "facts").as_posix()
        for file in (PACKAGE / "facts").rglob("*.py")
        if LOOSE_LINES.search(file.read_text(encoding="utf-8"))
    ]
    assert sorted(loose) == ["change/changed_python.py", "native.py", "python/guards.py"]


READERS = {
    "adapters/read_file.py": "the reader",
    "adapters/output.py": "reads the file that it wrote itself beside the one to replace",
    "adapters/graphs/graphs.py": "reads what ships with diffscope",
    "adapters/graphs/snapshot.py": "reads what ships with diffscope",
    "adapters/cache/store.py": "reads diffscope's own modules",
    "adapters/git/objects.py": "reads the output of git",
    "cli/generate/__main__.py": "writes the pages of this repository",
    "cli/generate/messages.py": "reads the catalogue of this repository",
    "cli/main.py": "opens the null device where a standard stream is closed",
    "cli/publish.py": "opens the null device where nobody reads any more",
    "cli/init.py": "what pip noted of the installed diffscope, by importlib.metadata",
}


def test_files_are_read_in_one_place() -> None:
    """What a user names may be a pipe, a device or gigabytes: ``adapters/read_file.py`` looks before it reads, nothing else reads."""
    found = {file.relative_to(PACKAGE).as_posix() for file in MODULES if any(map(_reads_file, nodes(file)))}
    assert found - READERS.keys() == set()


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        pytest.param("path.read_text()", True, id="the text of a path"),
        pytest.param("path.read_bytes()", True, id="the bytes of a path"),
        pytest.param("open(name)", True, id="open without a mode"),
        pytest.param("path.open('rb')", True, id="open to read"),
        pytest.param("path.open(mode='r+')", True, id="open to change"),
        pytest.param("path.open('wb')", False, id="open to write"),
        pytest.param("open(name, 'a', encoding='utf-8')", False, id="open to append"),
        pytest.param("os.open(name, os.O_RDONLY)", True, id="a descriptor to read"),
        pytest.param("os.open(name, os.O_WRONLY | os.O_CREAT)", False, id="a descriptor to write"),
        pytest.param("os.read(descriptor, 10)", True, id="from a descriptor"),
        pytest.param("read_bytes(path, most=1)", False, id="through the reader"),
    ],
)
def test_a_read_is_noticed(code: str, reads: bool) -> None:
    assert any(map(_reads_file, ast.walk(ast.parse(code)))) is reads


NO_WORDS_OF_A_REPOSITORY = {
    "vllm-diffscope": "the name of the distribution",
    "model_config": "pydantic's as well",
    "vllm-project/ci-infra": "the program whose format `ci: buildkite` means",
}


def words_of_the_default_profile() -> re.Pattern[str]:
    """Return a pattern for what the default profile calls things that only its repository has: names of two words and more."""
    code = default_profile().names().code
    names = {each for each in _texts(msgspec.to_builtins(code)) if re.search(r"[a-z]_[a-z]|[a-z][A-Z]", each)}
    listed = "|".join(sorted(re.escape(each.lstrip("/")) for each in names))
    return re.compile(rf"(?i:vllm)|{listed}")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def words_in(tree: Iterable[ast.AST], pattern: re.Pattern[str]) -> list[str]:
    """Return the words of a repository in the texts of code; what docstrings tell of where something was measured is none."""
    told = {id(node.value) for node in tree if isinstance(node, ast.Expr)}
    texts = (
        node.value
        for node in tree
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    )
    return [found[0] for text in texts for found in pattern.finditer(_without_names(text))]


def _without_names(text: str) -> str:
    for each in NO_WORDS_OF_A_REPOSITORY:
        text = text.replace(each, "")
    return text


def test_no_code_holds_words_of_a_repository() -> None:
    """What vLLM calls its things stands in its profile, where another repository has its own."""
    pattern = words_of_the_default_profile()
    found = {
        file.relative_to(PACKAGE).as_posix(): words
        for file in MODULES
        if file.parent != PACKAGE / "messages" and (words := words_in(nodes(file), pattern))
    }
    assert found == {}


def test_no_message_and_no_rule_names_a_repository() -> None:
    """Rules and texts are shared by all profiles."""
    texts = [PACKAGE / "messages" / f"{name}.json" for name in ("english", "chinese")]
    texts += [file for name in ("rule", "zh") for file in (ROOT / "rules").glob(f"*/{name}.yml")]
    pattern = words_of_the_default_profile()
    found = {
        file.relative_to(ROOT).as_posix(): words
        for file in texts
        if (words := pattern.findall(_without_names(file.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param('NAME = "vllm/envs.py"', ["vllm"], id="its name in a path"),
        pytest.param(
            'NAME = re.compile(r"\\bcurrent_platform\\.is_")', ["current_platform"], id="a name in a pattern"
        ),
        pytest.param('NAMES = {"SamplingParams"}', ["SamplingParams"], id="a class in a table"),
        pytest.param('f"{name}.collective_rpc"', ["collective_rpc"], id="a part of a text with holes"),
        pytest.param('"""As in vllm/envs.py."""', [], id="a docstring may give an example"),
        pytest.param('HINT = "pip install vllm-diffscope"', [], id="the name of the distribution"),
    ],
)
def test_a_word_of_a_repository_is_noticed(code: str, words: list[str]) -> None:
    assert words_in(tuple(ast.walk(ast.parse(code))), words_of_the_default_profile()) == words


def _reads_file(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "open" and _opens_to_read(node, at=1)
    if not isinstance(node.func, ast.Attribute):
        return False
    is_of_os = isinstance(node.func.value, ast.Name) and node.func.value.id == "os"
    if node.func.attr == "open":
        return "O_WRONLY" not in ast.unparse(node) if is_of_os else _opens_to_read(node, at=0)
    return node.func.attr in {"read_text", "read_bytes"} or (is_of_os and node.func.attr in {"read", "readv"})


def _opens_to_read(call: ast.Call, *, at: int) -> bool:
    modes = [*call.args[at : at + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    written = "".join(
        mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)
    )
    return not modes or "r" in written or "+" in written


def test_core_covers_every_stage_below_adapters() -> None:
    """The list of pure stages is the flow contract below adapters: a new stage cannot be forgotten."""
    layers = [{name.strip(" ()") for name in layer.split("|")} for layer in CONTRACTS["flow"]["layers"]]
    outer = next(number for number, names in enumerate(layers) if "adapters" in names)
    assert set(CORE) == set().union(*layers[outer + 1 :])


def test_types_are_not_silenced() -> None:
    """`type: ignore` in the package means a wrong model; the count only ever goes down."""
    ignores = [
        file.relative_to(ROOT).as_posix()
        for file in MODULES
        if "type: ignore" in file.read_text(encoding="utf-8")
    ]
    assert ignores == []


NAMED_ELSEWHERE = {
    "BY_ANSWER": "the answers of GitHub that become errors of ours, which a test holds against PyGithub's classes",
    "MOST_BYTES": "a promise on a packaged file, which a test holds it to",
    "list_rules": "click calls it",
    "run_tests": "click calls it",
}


def test_nothing_is_there_that_nobody_uses() -> None:
    """Every function, class, method and constant is named at least once more, in code or in a template."""
    texts = [file.read_text(encoding="utf-8") for file in (*MODULES, *(ROOT / "diffscope").rglob("*.j2"))]
    times = Counter(word for text in texts for word in re.findall(r"\w+", text))
    unused = {
        name for file in MODULES for name in _defined(file) if times[name] == 1 and not name.startswith("__")
    }
    assert unused == set(NAMED_ELSEWHERE)


def _defined(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
    for node in parsed(file).body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        yield from (target.id for target in targets if isinstance(target, ast.Name))


STARTS_PROCESSES = {
    "adapters/git/process.py": "git, with the environment and options that it needs",
    "adapters/github/access.py": "gh, for a token",
}


_STARTS = re.compile(r"os\.(?:system|popen|exec[lv]p?e?|spawn\w+|posix_spawnp?)$")


def test_git_is_started_from_one_place() -> None:
    """Environment and options of git are built in one module; no other names the program, and few start processes at all."""
    naming, starting = set(), set()
    for file in MODULES:
        name = file.relative_to(PACKAGE).as_posix()
        for node in nodes(file):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and _modules(node) & {"subprocess", "pty"}:
                starting.add(name)
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and _STARTS.match(f"{node.value.id}.{node.attr}")
            ):
                starting.add(name)
            if isinstance(node, ast.List) and node.elts and _starts_with_git(node.elts[0]):
                naming.add(name)
    assert naming == {"adapters/git/process.py"}
    assert starting == set(STARTS_PROCESSES)


def _modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {node.module or ""} if isinstance(node, ast.ImportFrom) else {alias.name for alias in node.names}


def _starts_with_git(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == "git"


WRITER = "diffscope/adapters/output.py"
_WRITING_CALLS = {
    "write_text",
    "write_bytes",
    "touch",
    "mkstemp",
    "NamedTemporaryFile",
    "mknod",
    "mkfifo",
    "rename",
    "renames",
    "truncate",
}
_WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}
_COPIES = {"copy", "copy2", "copyfile", "copytree", "move"}


_NAMES_THAT_WRITE = _WRITING_CALLS | _COPIES | {"open", "replace", "link", "symlink"}


def writing_calls(tree: Iterable[ast.AST]) -> list[str]:
    """Return the calls in a module by which a file could be written, as they stand there.

    What leads nowhere (``os.devnull``) is not a file.
    """
    return [ast.unparse(node) for node in tree if isinstance(node, ast.Call) and _writes(node)]


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in _NAMES_THAT_WRITE:
        return False
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if call.args and ast.unparse(call.args[0]) == "os.devnull":
        return False
    if owner == "shutil":
        return name in _COPIES
    if name == "open":
        flags = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
        return bool(flags & _WRITING_FLAGS) if owner == "os" else _is_writing_mode(call)
    # Of all that is called so, a path alone takes one thing by its place and nothing by name.
    is_path_replace = name == "replace" and len(call.args) == 1 and not call.keywords
    return (
        name in _WRITING_CALLS
        or is_path_replace
        or (owner == "os" and name in {"replace", "link", "symlink"})
    )


def _is_writing_mode(call: ast.Call) -> bool:
    # open(file, mode), path.open(mode): a mode that is no constant could be any.
    is_builtin = isinstance(call.func, ast.Name)
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] or call.args[
        int(is_builtin) :
    ][:1]
    return any(
        not isinstance(mode, ast.Constant) or bool(set("wax+") & set(str(mode.value))) for mode in given
    )


def test_files_are_written_by_the_one_writer() -> None:
    """Atomic, through links, plain on pipes and devices: in one place, so that no other can forget one of them."""
    found = {
        file.relative_to(ROOT).as_posix(): calls
        for file in MODULES
        if file.relative_to(ROOT).as_posix() != WRITER and (calls := writing_calls(nodes(file)))
    }
    assert found == {}, f"write it with {WRITER}"


@pytest.mark.parametrize(
    ("source", "is_refused"),
    [
        pytest.param("open(name, 'w')", True, id="open to write"),
        pytest.param("open(name, mode='ab')", True, id="open to append"),
        pytest.param("open(name, 'r+b')", True, id="open to change"),
        pytest.param("path.open('wb' if first else 'ab')", True, id="a mode that depends"),
        pytest.param("open(name)", False, id="open to read"),
        pytest.param("path.open('rb')", False, id="a path opened to read"),
        pytest.param("os.open(name, os.O_WRONLY | os.O_CREAT)", True, id="a descriptor to write"),
        pytest.param("os.open(name, os.O_RDONLY)", False, id="a descriptor to read"),
        pytest.param("os.open(os.devnull, os.O_WRONLY)", False, id="a descriptor that leads nowhere"),
        pytest.param("path.write_text(text, encoding='utf-8')", True, id="a text at once"),
        pytest.param("path.write_bytes(data)", True, id="bytes at once"),
        pytest.param("os.replace(a, b)", True, id="a file in the place of another"),
        pytest.param("path.replace(other)", True, id="a path in the place of another"),
        pytest.param("text.replace('a', 'b')", False, id="letters of a text"),
        pytest.param("structs.replace(value, name=1)", False, id="a field of a value"),
        pytest.param("shutil.move(a, b)", True, id="a file moved"),
        pytest.param("tempfile.mkstemp()", True, id="a temporary file"),
    ],
)
def test_what_writes_a_file_is_noticed(source: str, *, is_refused: bool) -> None:
    assert bool(writing_calls(ast.walk(ast.parse(source)))) is is_refused
