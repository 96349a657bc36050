"""The page of a report in a real browser: it loads, filters, sorts, fits a narrow screen, and complains of nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from diffscope.render.digest_formats import render_digest
from diffscope.render.style import Language, Style
from diffscope.report.digest import build_digest
from tests.digests import WEEK, a_pull
from tests.render.test_digest_documents import a_digest, a_trend

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("needs a Chromium on the PATH")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "week.html"
    text = render_digest(a_digest(trend=a_trend()), Style(language=Language.CHINESE), form="html")
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def complaints() -> list[str]:
    """What the console said and which requests left the page."""
    return []


@pytest.fixture
def page(browser: Browser, file: Path, complaints: list[str]) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "request", lambda request: None if request.url == file.as_uri() else complaints.append(request.url)
    )
    opened.goto(file.as_uri())
    yield opened
    opened.close()


def shown(page: Page) -> int:
    return page.locator("#pulls tbody tr:visible").count()


def test_it_filters_by_word_level_and_family(page: Page, complaints: list[str]) -> None:
    """Each narrows the table, all together too; reset brings everything back."""
    assert shown(page) == 14
    page.select_option("select[data-field=level]", "high")
    assert (shown(page), page.locator("#shown").inner_text()) == (7, "显示 7 / 14 个")
    page.fill("#search", "number 13")
    assert shown(page) == 1
    page.select_option("select[data-field=families]", "missing-tests")
    assert shown(page) == 0
    page.click("#reset")
    assert shown(page) == 14
    assert complaints == []


def test_a_family_leads_to_its_pull_requests(page: Page, complaints: list[str]) -> None:
    """The button below a family filters the table by it."""
    page.locator("button[data-family=core-path]").click()
    assert shown(page) == 7
    assert page.evaluate("document.activeElement.dataset.field") == "families"
    assert complaints == []


def test_keys_are_enough(page: Page) -> None:
    """Slash goes to the search; a header sorts by Enter and says so."""
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.locator("button[data-sort=importance]").focus()
    page.keyboard.press("Enter")
    assert page.locator("#pulls tbody tr").first.get_attribute("id") == "pr-14"
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert page.locator("#pulls tbody tr").first.get_attribute("id") == "pr-1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(page: Page, scheme: str) -> None:
    """Ink and paper differ, in charts too, which draw in the page's colour."""
    page.emulate_media(color_scheme=scheme)
    look = "element => [getComputedStyle(element).color, getComputedStyle(document.body).backgroundColor]"
    ink, paper = page.locator("h1").evaluate(look)
    light, dark = "rgb(246, 247, 249)", "rgb(18, 22, 29)"
    assert paper == (light if scheme == "light" else dark)
    assert ink != paper
    if page.locator("figure svg text").count():
        fill = page.locator("figure svg text").first.evaluate("element => getComputedStyle(element).fill")
        assert fill == ink


def test_it_fits_a_narrow_screen(page: Page) -> None:
    """Nothing makes the page scroll sideways at the width of a telephone."""
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_reads_without_a_script(browser: Browser, file: Path) -> None:
    """Every row is there; the controls that could do nothing are not."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert shown(page) == 14
    assert not page.locator("#search").is_visible()
    context.close()


def test_a_long_table_shows_its_first_rows_until_all_are_asked_for(browser: Browser, tmp_path: Path) -> None:
    """Half a year has thousands: 500 at a time, of those that match, in the order of the sort."""
    pulls = tuple(
        a_pull(number, importance=number / 100, title=("even", "odd")[number % 2]) for number in range(1, 703)
    )
    digest = build_digest(pulls, repository="vllm-project/vllm", period=WEEK)
    file = tmp_path / "long.html"
    file.write_text(render_digest(digest, Style(), form="html"), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    rows = page.locator("#pulls tbody tr:visible")
    assert (page.inner_text("#shown"), rows.count()) == ("500 of 702 shown; 702 match", 500)
    page.click("button[data-sort=importance]")
    assert rows.first.locator("td").first.inner_text() == "#702"
    page.fill("#search", "odd")
    assert (page.inner_text("#shown"), page.is_visible("#more")) == ("351 of 702 shown", False)
    page.fill("#search", "")
    page.click("#more")
    assert (page.inner_text("#shown"), rows.count()) == ("702 of 702 shown", 702)
    page.close()
