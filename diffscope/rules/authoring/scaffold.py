"""A new rule's folder: files that load at once and whose cases say that they are still to do."""

from __future__ import annotations

from diffscope.errors import UsageError
from diffscope.messages.model import Language
from diffscope.messages.say import text_of
from diffscope.rules.authoring.schema import SCHEMA_FOLDER
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.language.load import CHINESE_FILE, RULE_FILE
from diffscope.rules.language.rule_file import CODE_FORM, NAME_FORM
from diffscope.rules.model import FAMILIES, family_of

_SCHEMAS = f"../../{SCHEMA_FOLDER}"
"""As seen from a rule of this repository; elsewhere an editor shows that there is no such file, and no more."""

_RULE = """\
# yaml-language-server: $schema={schemas}/rule.schema.json
status: {{is: preview, since: "{version}"}} # stable once it is measured; a preview rule runs only with --select {code}
{family}title: {title}
why: "{why}"
remedy: "{remedy}"
evidence: # the records that a flag points at: a fact of docs/vocabulary.md, and what is asked of it
  symbol: {{category: source, logic: true, path: {{like: "{package}/TODO/**"}}}}
when: {{not: {{change: {{kind: [docs, test]}}}}}} # what must hold besides; remove it if nothing must
severity: low # or a list: - high: {{evidence: {{code_added: {{at_least: 100}}}}}}, and a word alone at the end
says: "{says}"
"""

_CHINESE = """\
# yaml-language-server: $schema={schemas}/rule-zh.schema.json
title: "{title}"
why: "{why}"
remedy: "{remedy}"
says: "{says}"
"""

_CASES = """\
# yaml-language-server: $schema={schemas}/rule-cases.schema.json
# Exact findings: nothing more, nothing less. One hit and two near misses at least, simplest first; remove each todo as the rule learns it.
logic_changed:
  todo: "write a change that must be found, and mark the line that earns it"
  before:
    {package}/example.py: |
      def answer():
          return 41
  after:
    {package}/example.py: |
      def answer():  # <- {code} low: answer
          return 42
docstring_changed:
  todo: "write a change that all but fires; this one is found until then"
  before:
    {package}/TODO/example.py: |
      def answer():
          return 41
  after:
    {package}/TODO/example.py: |
      def answer():
          return 42
  findings: []
"""


def scaffold_rule(
    code: str, slug: str, *, catalogue: Catalogue, version: str, package: str
) -> dict[str, str]:
    """Return file name -> text of a new rule's folder, which is to be called ``CODE-slug``; its paths lie in a folder ``package``.

    Raises:
        UsageError: the code or the slug has not the form, or the code is taken.
    """
    if not CODE_FORM.fullmatch(code):
        raise UsageError(f"'{code}' is not a rule code", hint="two capital letters and three digits: CP199")
    if not NAME_FORM.fullmatch(slug):
        raise UsageError(
            f"'{slug}' is not a rule name", hint="two or more lower-case words with hyphens: engine-step-path"
        )
    if (taken := catalogue.rule(code)) is not None:
        raise UsageError(
            f"{code} is {taken.name} already", hint=f"the next free one is {_next_free(code, catalogue)}"
        )
    title = slug.replace("-", " ").capitalize()
    # Letters that belong to no family yet need one named.
    family = "" if family_of(code) else f"family: {next(iter(FAMILIES))} # one of: {', '.join(FAMILIES)}\n"
    fixed = {"code": code, "version": version, "family": family, "schemas": _SCHEMAS, "package": package}
    files = (
        (RULE_FILE, _RULE, Language.ENGLISH),
        (CHINESE_FILE, _CHINESE, Language.CHINESE),
        ("cases.yml", _CASES, Language.ENGLISH),
    )
    fields = {"symbol": "{symbol}", "added": "{code_added}", "removed": "{code_removed}"}
    texts = {
        "title": text_of("scaffold.title", title=title),
        "why": text_of("scaffold.why"),
        "remedy": text_of("scaffold.remedy"),
        "says": text_of("scaffold.says", **fields),
    }
    said = {language: {name: text.pick(language) for name, text in texts.items()} for language in Language}
    return {name: text.format(**fixed, **said[language]) for name, text, language in files}


def _next_free(code: str, catalogue: Catalogue) -> str:
    prefix, number = code[:2], int(code[2:])
    numbers = (*range(number + 1, 1000), *range(number))
    return next(
        (f"{prefix}{each:03}" for each in numbers if catalogue.rule(f"{prefix}{each:03}") is None), "none"
    )
