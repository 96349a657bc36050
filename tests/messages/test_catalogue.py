"""The catalogue: strict, complete in both languages, every code used, every use with the arguments that its words quote."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Final, get_args

import pytest
from jinja2 import Environment
from jinja2 import nodes as jinja_nodes

from diffscope.cli.generate.messages import message_documents, read_catalogue
from diffscope.errors import InputError
from diffscope.messages.model import Language
from diffscope.messages.say import quoted, texts
from diffscope.products.report.dynamics.activity import Where
from diffscope.products.report.dynamics.suspects import OtherSignal, TitleSignal
from diffscope.products.report.link_model import LinkReason
from diffscope.products.report.model import NoticeKind, RecheckState
from diffscope.products.triage import model as triage
from diffscope.rules.model import FAMILIES
from diffscope.yaml.strict import MapNode, parse_strict
from tests.sources import PACKAGE, ROOT, nodes

BOTH: Final = "a.b:\n  en: 'x {count}'\n  zh: 'y {count}'\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param(BOTH, [], id="sound"),
        pytest.param("a.b: {en: x}\n", ["f.yml:1:6: 'a.b' lacks 'zh'"], id="a language is missing"),
        pytest.param("a.b: {}\n", ["2 mistakes", "f.yml:1:6: 'a.b' lacks 'en' (add 'en:')", "f.yml:1:6: 'a.b' lacks 'zh' (add 'zh:')"], id="a code without a text"),
        pytest.param("a.b: {en: x, zh: ''}\n", ["f.yml:1:18: 'zh' of 'a.b' must be text, not the text ''"], id="an empty text"),
        pytest.param("a.b:\n  en: x\n  zn: y\n", ["2 mistakes", "f.yml:2:3: 'a.b' lacks 'zh' (add 'zh:')", "f.yml:3:3: unknown key 'zn' in 'a.b' (known: en, zh)"], id="a language that there is not"),
        pytest.param("a.b:\n  en: 'x {count}'\n  zh: 'y {cuont}'\n", ["f.yml:2:3: 'a.b' quotes 'cuont' in 'zh' alone: did you mean 'count'?"], id="a placeholder that there is not"),
        pytest.param("a.b: {en: 'x {', zh: y}\n", ["f.yml:1:11: a brace quotes nothing: x {"], id="a brace alone"),
        pytest.param("a.b: {en: '{n|one}', zh: y}\n", ["f.yml:1:11: a brace quotes nothing: {n|one}"], id="one form of two"),
        pytest.param("a.b: {en: '{n} {n|x|y}', zh: '{n}'}\n", [], id="forms in one language alone"),
        pytest.param("a.b: {en: x}\na.c: {zh: y}\n", ["2 mistakes", "f.yml:1:6: 'a.b' lacks 'zh' (add 'zh:')", "f.yml:2:6: 'a.c' lacks 'en' (add 'en:')"], id="all mistakes at once"),
        pytest.param("a.b: text\n", ["f.yml:1:6: 'a.b' must be a mapping, not the text 'text'"], id="a text of no language"),
        pytest.param("[a]\n", ["f.yml:1:1: the file must hold a mapping of keys, not a list"], id="no mapping"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_file_and_line(text: str, problems: list[str]) -> None:
    if not problems:
        assert list(read_catalogue({"f.yml": text})) == ["a.b"]
        return
    with pytest.raises(InputError) as caught:
        read_catalogue({"f.yml": text})
    assert str(caught.value).split("\n") == problems


def test_a_code_stands_once_in_all_files() -> None:
    with pytest.raises(InputError, match=r"g.yml:2:3: duplicate code 'a.b' \(first in f.yml:2\)"):
        read_catalogue({"f.yml": BOTH, "g.yml": BOTH})


def test_what_is_made_is_that_of_the_catalogue() -> None:
    for path, text in message_documents().items():
        assert (ROOT / path).read_text("utf-8") == text, f"{path} is stale: just generate"


def test_every_code_is_used() -> None:
    """A code is named in the code or, as the name of something, made of a group and a name."""
    words = {word for text in sources().values() for word in re.findall(r"[a-z-]+\.[a-z0-9_/-]+", text)}
    unused = [code for code in english() if code not in words and code.partition(".")[0] not in TITLES]
    assert unused == []


def test_every_message_has_the_arguments_that_its_words_quote() -> None:
    wrong = [
        f"{path}:{line}: {code} needs {sorted(needed)}, has {sorted(given)}"
        for path, line, code, given in messages_made()
        if given != (needed := quoted(english()[code]) | quoted(texts(Language.CHINESE)[code]))
    ]
    assert wrong == []


def test_words_stand_in_the_catalogue_alone() -> None:
    """A text that is said in Chinese anywhere else could be said in no other language."""
    chinese = re.compile(r"[\u4e00-\u9fff]")
    found = [path for path, text in sources().items() if chinese.search(text)]
    assert sorted(found) == sorted(RECOGNISED)


def test_every_name_of_a_closed_set_has_words() -> None:
    """Their codes are made of a group and a name, so that no call names them."""
    kinds = parse_strict((ROOT / "rules" / "kinds.yml").read_text("utf-8"))[0]
    assert isinstance(kinds, MapNode)
    listed = kinds.get("kinds")
    assert isinstance(listed, MapNode)
    wanted = {
        "because": get_args(Where),
        "signal": (*get_args(TitleSignal), *get_args(OtherSignal)),
        "kind": listed.keys(),
        "chain": get_args(LinkReason),
        "notices": get_args(NoticeKind),
        "state": get_args(RecheckState),
        "family": FAMILIES,
        "bucket": get_args(triage.Bucket),
        "mends": get_args(triage.Mends),
        "conflict": get_args(triage.ConflictKind),
        "share": get_args(triage.DuplicateKind),
        "open-order": get_args(triage.OrderKind),
    }
    missing = [
        f"{group}.{name}"
        for group, names in wanted.items()
        for name in names
        if f"{group}.{name}" not in english()
    ]
    assert missing == []


RECOGNISED: Final = frozenset(
    {"diffscope/products/report/dynamics/descriptions.py", "diffscope/rules/engine/folding.py"}
)
"""They say nothing in Chinese: they know what people write in it."""
TITLES: Final = frozenset(
    [
        "affects",
        "area",
        "arrow",
        "audience",
        "because",
        "breaks",
        "bucket",
        "mends",
        "category",
        "certainty",
        "changed",
        "check",
        "do-of",
        "does-of",
        "repaired",
        "symptom",
        "condition",
        "conflict",
        "does",
        "effect",
        "family",
        "gap-what",
        "means",
        "index",
        "kind",
        "level",
        "chain",
        "link",
        "notice-gone",
        "notices",
        "one-kind",
        "open-order",
        "plain",
        "probe",
        "purpose",
        "registry",
        "rule-page",
        "share",
        "shown",
        "signal",
        "state",
        "tag",
        "term",
        "trend-of",
        "weekday",
        "word",
    ]
)
"""Groups whose codes are made from names of data."""


@cache
def english() -> dict[str, str]:
    return dict(texts(Language.ENGLISH))


@cache
def sources() -> dict[str, str]:
    generated = {"codes.py"}
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2"), *PACKAGE.rglob("*.css")]
    return {
        file.relative_to(ROOT).as_posix(): file.read_text("utf-8")
        for file in files
        if not (file.parent.name == "messages" and file.name in generated)
    }


_SAYING = {"message", "say", "text_of", "words", "_words"}
_SAYS = re.compile(rf"\b(?:{'|'.join(sorted(_SAYING))})\(")


def messages_made() -> Iterator[tuple[str, int, str, frozenset[str]]]:
    """Yield place, code and names of arguments of every call of ``message`` and ``say`` whose code and arguments are written out."""
    for path, text in sources().items():
        if path.endswith(".j2"):
            yield from ((path, *found) for found in said_by_template(text))
        is_read = path.endswith(".py") and _SAYS.search(text)
        for node in nodes(ROOT / path) if is_read else ():
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in _SAYING:
                continue
            names = [keyword.arg for keyword in node.keywords]
            if None in names:
                continue
            for code in codes_of(node.args[0]):
                yield (
                    path,
                    node.lineno,
                    code,
                    frozenset(name for name in names if name and not name.endswith("_zh")),
                )


def said_by_template(text: str) -> Iterator[tuple[int, str, frozenset[str]]]:
    """Yield line, code and names of arguments of every ``w`` and ``words`` of a template."""
    environment = Environment(extensions=[], autoescape=True)
    environment.filters.update(
        dict.fromkeys(("cell", "cell_prose", "code", "location", "prose", "quoted", "uri", "block"), str)
    )
    for call in environment.parse(text).find_all(jinja_nodes.Call):
        if not isinstance(call.node, jinja_nodes.Name) or call.node.name not in {"w", "words"}:
            continue
        given = frozenset(keyword.key for keyword in call.kwargs)
        yield from ((call.lineno, code, given) for code in codes_of_template(call.args[0]))


def codes_of_template(node: jinja_nodes.Node) -> list[str]:
    if isinstance(node, jinja_nodes.CondExpr):
        return [*codes_of_template(node.expr1), *codes_of_template(node.expr2 or node.expr1)]
    if isinstance(node, jinja_nodes.Const) and isinstance(node.value, str):
        return [whole(node.value)]
    return []


def whole(code: str) -> str:
    """Return the code of what templates and renderers name without its group."""
    return code if "." in code else f"word.{code}"


def codes_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [whole(node.value)]
    return [*codes_of(node.body), *codes_of(node.orelse)] if isinstance(node, ast.IfExp) else []
