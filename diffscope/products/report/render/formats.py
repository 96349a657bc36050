"""The formats of a digest: a name of ``diffscope report --format`` -> what renders it.

To add one, write a module beside this one with ``render(digest, style, options) -> str``, and name it in ``RENDERERS``.
"""

from __future__ import annotations

from collections.abc import Callable

from diffscope.errors import UsageError
from diffscope.products.report.model import Digest, ReportOptions
from diffscope.render.style import Style

_Renderer = Callable[[Digest, Style, ReportOptions], str]


def render_digest(digest: Digest, style: Style, *, form: str, options: ReportOptions | None = None) -> str:
    """Return the digest in the format named ``form``.

    Raises:
        UsageError: there is no such format, or a template of the user's own is wrong.
    """
    found = RENDERERS.get(form)
    if found is None:
        raise UsageError(f"unknown format {form!r} of a report", hint=f"one of {', '.join(RENDERERS)}")
    return found()(digest, style, options or ReportOptions())


def _markdown() -> _Renderer:
    from diffscope.products.report.render.markdown import render  # noqa: PLC0415 - a format is imported when it is asked for

    return render


def _json() -> _Renderer:
    from diffscope.render.formats.json import indented  # noqa: PLC0415

    return lambda digest, style, options: indented(digest)


def _html() -> _Renderer:
    from diffscope.products.report.render.html import render  # noqa: PLC0415

    return render


def _untemplated(name: str) -> Callable[[], _Renderer]:
    def render() -> _Renderer:
        from diffscope.products.report.render import untemplated  # noqa: PLC0415

        found: _Renderer = getattr(untemplated, name)
        return found

    return render


RENDERERS = {
    "markdown": _markdown,
    "json": _json,
    "html": _html,
    "atom": _untemplated("render_atom"),
    "text": _untemplated("render_text"),
    "brief": _untemplated("render_brief"),
    "brief-json": _untemplated("render_json"),
}


def charts(digest: Digest, style: Style) -> dict[str, str]:
    """Return name -> SVG of every chart.

    Raises:
        UsageError: the library that draws is not installed.
    """
    from diffscope.products.report.render.charts import HINT, draw, is_available  # noqa: PLC0415 - an extra

    if not is_available():
        raise UsageError("charts are an extra that is not installed", hint=HINT)
    return draw(digest, style)
