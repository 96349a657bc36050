"""A new rule's folder: files that load at once and whose cases say that they are still to do."""

from __future__ import annotations

from diffscope.errors import UsageError
from diffscope.rules.families import FAMILIES
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.language.rule_file import CODE_FORM, NAME_FORM

_FAMILY_OF: dict[str, str] = {
    "CP": "core-path",
    "TC": "missing-tests",
    "CI": "ci-coverage",
    "PF": "platform-compat",
    "IF": "interface-change",
    "CF": "config-default",
    "DP": "dependency-version",
    "CC": "concurrency",
    "KS": "kernel-safety",
    "QN": "quantization-numerics",
    "GS": "global-side-effect",
    "FI": "feature-interaction",
}

_RULE = """\
code: "{code}"
name: "{slug}"
family: "{family}"            # one of: diffscope rules list
status: {{is: "preview", since: "{version}"}}   # stable once it is measured
severity: "low"               # info | low | medium | high | critical
title: {{en: "{title}", zh: "待翻译：{title}"}}
why:
  en: "TODO one or two sentences: what goes wrong when nobody looks."
  zh: "待补充：一两句话说明没人检查时会出什么问题。"
remedy:
  en: "TODO what to do or check."
  zh: "待补充：应当做什么或检查什么。"
evidence:                     # the records that a flag points at; the words are in docs/vocabulary.md
  fact: symbol
  where:
    category: "source"
    logic: true
    path: {{glob: "vllm/TODO/**"}}
when:                         # the grammar is in docs/rules.md
  all:
    - {{any: evidence}}
    - {{none: change, where: {{kind: {{in: [docs, test]}}}}}}
says:
  en: "{{symbol}} changed (+{{code_added}} -{{code_removed}} code lines)"
  zh: "{{symbol}} 有变更（代码 +{{code_added}} -{{code_removed}} 行）"
"""

_CASES = """\
# Exact findings: nothing more, nothing less. One hit and two near misses at least, simplest first; remove each todo as the rule learns it.
logic_changed:
  todo: "write a change that must be found"
  before:
    "vllm/TODO/example.py": |
      def answer():
          return 41
  after:
    "vllm/TODO/example.py": |
      def answer():
          return 42
  findings: [{path: "vllm/TODO/example.py", line: 999, symbol: "answer"}]
docstring_changed:
  todo: "write a change that all but fires"
  before:
    "vllm/TODO/example.py": |
      def answer():
          return 41
  after:
    "vllm/TODO/example.py": |
      def answer():
          return 42
  findings: []
"""


def scaffold_rule(code: str, slug: str, *, catalogue: Catalogue, version: str) -> dict[str, str]:
    """Return file name -> text of a new rule's folder, which is to be called ``CODE-slug``.

    Raises:
        UsageError: the code or the slug has not the form, or the code is taken.
    """
    if not CODE_FORM.fullmatch(code):
        raise UsageError(f"'{code}' is no rule code", hint="two capital letters and three digits: CP199")
    if not NAME_FORM.fullmatch(slug):
        raise UsageError(
            f"'{slug}' is no rule name", hint="two or more lower-case words with hyphens: engine-step-path"
        )
    if (taken := catalogue.rule(code)) is not None:
        raise UsageError(
            f"{code} is {taken.name} already", hint=f"the next free one is {_next_free(code, catalogue)}"
        )
    title = slug.replace("-", " ").capitalize()
    family = _FAMILY_OF.get(code[:2], next(iter(FAMILIES)))
    rule = _RULE.format(code=code, slug=slug, family=family, title=title, version=version)
    return {"rule.yml": rule, "cases.yml": _CASES}


def _next_free(code: str, catalogue: Catalogue) -> str:
    prefix, number = code[:2], int(code[2:])
    numbers = (*range(number + 1, 1000), *range(number))
    return next(
        (f"{prefix}{each:03}" for each in numbers if catalogue.rule(f"{prefix}{each:03}") is None), "none"
    )
