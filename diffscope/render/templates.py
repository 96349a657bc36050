"""The one door to Jinja2: templates in which every value is inert unless a filter of ours made it so.

Markdown has no autoescape in Jinja2, so its environment has a ``finalize`` that does the same: a plain string goes through
``sanitize.markdown``; only ``Markup``, which our filters return, passes as it is. HTML uses Jinja2's own autoescape behind
``sanitize.visible``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    Environment,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
)
from markupsafe import Markup, escape
from msgspec import UNSET

from diffscope.errors import UsageError
from diffscope.messages.model import Language
from diffscope.patterns import lazy_regex
from diffscope.render import sanitize
from diffscope.render.places import location
from diffscope.render.words import Words

LOADER: Final = PackageLoader("diffscope.render", "templates")
_OF_LANGUAGE: Final = lazy_regex(rf"\.(?:{'|'.join(language.value for language in Language)})(?=\.md\.j2$)")


def fill(template: str, words: Words, *, own: Mapping[str, str] | None = None, **values: object) -> str:
    """Return the template filled in; ``*.md.j2`` is Markdown, ``*.html.j2`` is HTML.

    ``own`` has templates of the user's own by name, which come before diffscope's.

    ``weekly.en.md.j2`` is ``weekly.md.j2`` unless there is one for that language alone. A template says the words of the catalogue as
    ``w("report.theme", area=name, count=3)``: what it fills into them is made inert like any value.
    """
    environment, inert = (
        (_html(), _inert_html) if template.endswith(".html.j2") else (_markdown(), _inert_markdown)
    )

    def listed(part: object) -> object:
        return words.comma.join(map(str, part)) if isinstance(part, tuple | list) else part

    def phrase(code: str, /, **parts: object) -> Markup:
        # A number stays one: it chooses between the forms of a phrase.
        values = {
            name: part if isinstance(part, int | float) else inert(listed(part))
            for name, part in parts.items()
        }
        try:
            return Markup(words(code, **values))  # noqa: S704 - inert by now
        except (KeyError, ValueError) as error:
            raise TemplateRuntimeError(f"w({code!r}) cannot be said: {error}") from None

    if own:
        environment = environment.overlay(loader=_loader(DictLoader(own), LOADER))
    try:
        return environment.get_template(template).render(values, words=words, w=phrase)
    except TemplateError as error:
        if not own:
            raise
        name = getattr(error, "name", None) or template
        raise UsageError(
            f"a template of your own is wrong: {error}",
            at=f"{name}:{getattr(error, 'lineno', None) or 1}",
            hint="compare it with diffscope's: docs/reports.md",
        ) from None


@cache
def page_script(name: str) -> tuple[Markup, str]:
    """Return a script of ``templates/`` as a page holds it, and its hash: the page's Content-Security-Policy allows this script and no other."""
    text = LOADER.get_source(_html(), name)[0]
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"  # noqa: S704 - a constant


def shipped(name: str) -> str:
    """Return the text of a file that lies beside the templates."""
    return LOADER.get_source(_markdown(), name)[0]


@cache
def _markdown() -> Environment:
    environment = _environment(finalize=_inert_markdown, autoescape=False)
    environment.filters.update(
        code=lambda text: Markup(sanitize.code_span(str(text))),  # noqa: S704 - made inert for Markdown
        cell=lambda text: Markup(sanitize.code_span(str(text), cell=True)),  # noqa: S704
        prose=lambda text: Markup(sanitize.prose(str(text))),  # noqa: S704
        cell_prose=lambda text: Markup(sanitize.prose(str(text), cell=True)),  # noqa: S704
        quoted=lambda text: Markup(sanitize.quoted(str(text))),  # noqa: S704
        uri=lambda text: Markup(sanitize.uri_path(str(text))),  # noqa: S704
        block=lambda text: Markup(_block(str(text))),  # noqa: S704
    )
    return environment


@cache
def _html() -> Environment:
    environment = _environment(finalize=_visible, autoescape=True)
    environment.filters.update(
        code=lambda text: Markup("<code>{}</code>").format(sanitize.visible(str(text))),
        prose=_html_prose,
        uri=lambda text: sanitize.uri_path(str(text)),
    )
    return environment


class _AnyLanguage(BaseLoader):
    """A template of one language that nobody wrote is the template of all of them."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return what Jinja2 asks of a loader. Raises ``TemplateNotFound``."""
        name = _OF_LANGUAGE.sub("", template)
        if name == template:
            raise TemplateNotFound(template)
        return self._loader.get_source(environment, name)


def _loader(*loaders: BaseLoader) -> BaseLoader:
    known = ChoiceLoader(loaders)
    return ChoiceLoader((known, _AnyLanguage(known)))


def _environment(*, finalize: Callable[[object], object], autoescape: bool) -> Environment:
    environment = Environment(
        loader=_loader(LOADER),
        autoescape=autoescape,  # noqa: S701 - Markdown has none; `finalize` does its work
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.tests["unset"] = lambda value: value is UNSET
    environment.filters["location"] = location
    return environment


def _inert_markdown(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(sanitize.markdown(str(value)))  # noqa: S704 - inert by now


def _inert_html(value: object) -> Markup:
    return value if isinstance(value, Markup) else escape(sanitize.visible(str(value)))


def _visible(value: object) -> object:
    return value if isinstance(value, Markup) else sanitize.visible(str(value))


def _block(text: str) -> str:
    """Return a fenced code block; the fence is longer than any run of backticks inside, line feeds stay."""
    lines = "\n".join(sanitize.visible(line) for line in text.split("\n"))
    fence = "```"
    while fence in lines:
        fence += "`"
    return f"{fence}sh\n{lines}\n{fence}"


def _html_prose(text: object) -> Markup:
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if is_code else escape(part)
        for part, is_code in sanitize.split_code(sanitize.visible(str(text)))
    )
