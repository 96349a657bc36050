"""The page of a report in a real browser: panel, filters, keys, narrow screens, and that it complains of nothing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from diffscope.assessment.document import Assessment, Risk, RiskLevel
from diffscope.messages.model import Language
from diffscope.products.report.digest import build_digest
from diffscope.products.report.model import AreaChange, Digest
from diffscope.products.report.render.formats import render_digest
from diffscope.render.formats.table import render
from diffscope.render.style import Style
from diffscope.rules.model import Severity
from tests.assessments import an_assessment, hostile
from tests.digests import WEEK, a_pull, flag
from tests.render.test_digest_documents import a_digest, a_trend

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AREAS = (
    "models",
    "quantization",
    "spec-decode",
    "structured-output",
    "tool-calling",
    "kv-offload",
    "moe",
    "lora",
)

CONTRAST = """
element => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const style = getComputedStyle(element), [a, b] = [light(style.color), light(style.backgroundColor)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}
"""
CUT = """
() => [...document.querySelectorAll(".map")].filter(map => map.offsetParent).flatMap(map => [...map.children]).filter(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const text = range.getBoundingClientRect(), tile = cell.getBoundingClientRect();
  return !cell.textContent || text.right > tile.right || text.bottom > tile.bottom;
}).map(cell => cell.textContent)
"""


def pulls() -> tuple[Assessment, ...]:
    """Return a week: two of high risk, two of medium, two touched lightly, one hostile."""
    core, lightly = flag("CP101", "core-path", Severity.HIGH), flag("CP101", "core-path", Severity.LOW)
    tests = flag("TC201", "missing-tests")
    made = (
        a_pull(
            1,
            title="[kv_offload+HMA][7/N]: Support caches",
            author="Ada",
            flags=(core, tests),
            level=RiskLevel.HIGH,
        ),
        a_pull(
            2,
            title="Zero bubble scheduling",
            author="Ben",
            flags=(core,),
            level=RiskLevel.HIGH,
            importance=9.0,
        ),
        a_pull(
            3, title="KV cache of the offloading worker", author="Ben", flags=(tests,), level=RiskLevel.MEDIUM
        ),
        a_pull(4, title="Bump torch", author="Cy", flags=(tests,), level=RiskLevel.MEDIUM, kind="build"),
        a_pull(
            5, title="Rename a helper", author="Cy", flags=(lightly,), level=RiskLevel.LOW, importance=2.0
        ),
        a_pull(6, title="Rename another", author="Cy", flags=(lightly,), level=RiskLevel.LOW, importance=1.0),
    )
    evil = hostile('"><img src=x onerror=alert(1)> \\u202e #kind=x&y')
    calm = Risk(level=RiskLevel.NONE, because=())
    return (*made, msgspec.structs.replace(evil, flags=(), waived=(), unknown=(), risk=calm))


def a_week(language: Language = Language.ENGLISH) -> str:
    digest = build_digest(pulls(), repository="vllm-project/vllm", period=WEEK, trend=a_trend())
    return render_digest(digest, Style(language=language), form="html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("needs a Chromium on the PATH")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "week.html"
    file.write_text(a_week(), encoding="utf-8")
    return file


@pytest.fixture
def complaints() -> list[str]:
    """What the console said and which requests left the page."""
    return []


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab for all tests: to open one costs more than most of what they do in it."""
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.fixture
def page(tab: Page, file: Path, complaints: list[str]) -> Iterator[Page]:
    listeners = {
        "console": lambda message: complaints.append(message.text),
        "pageerror": lambda error: complaints.append(str(error)),
        "request": lambda request: None if request.url == file.as_uri() else complaints.append(request.url),
    }
    tab.goto("about:blank")
    tab.set_viewport_size({"width": 1200, "height": 900})
    tab.emulate_media(color_scheme="light")
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.goto(file.as_uri())
    yield tab
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    assert complaints == []


def shown(page: Page) -> list[int]:
    """Return the numbers of the rows that are seen, in their order."""
    rows = "rows => rows.filter(row => row.offsetParent).map(row => Number(row.dataset.number))"
    return list(page.locator("#pulls tbody tr").evaluate_all(rows))


def follow(page: Page, link: Locator) -> list[int]:
    """Click a link that filters; return what the panel lists, and close it."""
    link.click()
    listed = numbers(page.locator("#panel li > a"))
    page.click("#close")
    return listed


def numbers(links: Locator) -> list[int]:
    return [int(text.removeprefix("#")) for text in links.all_inner_texts()]


def address(page: Page) -> str:
    return page.url.partition("#")[2]


@pytest.mark.thorough
def test_it_filters_by_word_level_and_family(page: Page) -> None:
    """Each narrows the table, all together too; reset brings everything back."""
    assert len(shown(page)) == 7
    page.select_option("select[data-field=level]", "high")
    assert (shown(page), page.inner_text("#shown")) == ([2, 1], "2 of 2 shown; 7 in all")
    page.fill("#search", "bubble")
    assert shown(page) == [2]
    page.select_option("select[data-field=families]", "missing-tests")
    assert shown(page) == []
    page.click("#reset")
    assert len(shown(page)) == 7
    assert page.evaluate("document.activeElement.id") == "search"


@pytest.mark.thorough
def test_a_family_leads_to_those_that_it_counts(page: Page) -> None:
    """As many as the number in front, in the panel and in the table; light ones join at a tick."""
    page.locator(".families summary").filter(has_text="Core-path change").click()
    assert follow(page, page.locator(".families").get_by_role("link", name="List all 2")) == [2, 1]
    assert shown(page) == [2, 1]
    page.get_by_label("include light flags").check()
    assert shown(page) == [2, 1, 5, 6]
    assert address(page) == "families=core-path&minor=1"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("kv offload", [1, 3], id="both words, wherever they stand"),
        pytest.param("kv_offload", [1], id="one behind the other"),
        pytest.param("KV-Offload HMA", [1], id="marks between words do not matter"),
        pytest.param("missing test coverage", [1, 3, 4], id="a family in English"),
        pytest.param("核心路径变更", [2, 1, 5, 6], id="a family in Chinese"),
        pytest.param("backends/ember_attn.py", [2, 1, 3, 4, 5, 6], id="a file"),
        pytest.param("build torch", [4], id="kind and title"),
        pytest.param("ben", [2, 3], id="an author"),
        pytest.param("+", [2, 1, 3, 4, 5, 6, 90210], id="a mark alone asks for nothing"),
        pytest.param("nowhere", [], id="nothing"),
    ],
)
def test_search_finds_words(page: Page, words: str, found: list[int]) -> None:
    page.fill("#search", words)
    assert sorted(shown(page)) == sorted(found)


@pytest.mark.thorough
def test_nothing_found_says_so_and_leads_back(page: Page) -> None:
    """A sentence, and a way out."""
    page.fill("#search", "nowhere")
    assert "No pull request matches these filters." in page.inner_text("#nothing")
    assert not page.is_visible("#pulls")
    page.get_by_role("button", name="Reset the filters").click()
    assert len(shown(page)) == 7
    assert not page.is_visible("#nothing")


@pytest.mark.thorough
def test_the_address_holds_the_filters(page: Page, browser: Browser) -> None:
    """A reload and a friend see the same; without filters the address is bare."""
    page.fill("#search", "rename")
    page.select_option("select[data-field=level]", "low")
    page.get_by_role("button", name="Importance").click()
    page.get_by_role("button", name="Importance").click()
    assert shown(page) == [6, 5]
    page.reload()
    assert shown(page) == [6, 5]
    assert page.input_value("#search") == "rename"
    friend = browser.new_page()
    friend.goto(page.url)
    assert shown(friend) == [6, 5]
    assert friend.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    friend.close()
    page.click("#reset")
    assert address(page) == ""


@pytest.mark.thorough
def test_an_address_of_nonsense_is_no_harm(page: Page, file: Path) -> None:
    """Unknown fields and values, broken escapes."""
    page.goto(f"{file.as_uri()}#sort=oops&way=up&level=%E0%A4%A&__proto__=1")
    assert shown(page) == []
    page.click("#again")
    assert len(shown(page)) == 7


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("inside", "name", "found"),
    [
        pytest.param(".numbers", "high risk", [2, 1], id="a tile"),
        pytest.param(".the-strip", "Sun 29", [2, 1, 3, 4, 5, 6, 90210], id="a day"),
        pytest.param("#authors", "Cy", [4, 5, 6], id="an author"),
        pytest.param(".bars.long", "ember_attn.py", [2, 1, 3, 4, 5, 6], id="a hot file"),
        pytest.param(".map.wide", "Attention", [2, 1, 3, 4, 5, 6, 90210], id="an area of the map"),
        pytest.param(".bars", "build", [4], id="a kind"),
    ],
)
def test_every_name_filters_the_table(page: Page, inside: str, name: str, found: list[int]) -> None:
    """It leads to as many as it counts, and the way back is one click."""
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert sorted(follow(page, page.locator(inside).get_by_role("link", name=name).first)) == sorted(found)
    assert sorted(shown(page)) == sorted(found)
    page.locator("#chips button").first.click()
    assert (len(shown(page)), address(page)) == (7, "")


@pytest.mark.thorough
def test_the_same_link_again_filters_again(page: Page) -> None:
    """Though the address does not change."""
    page.click("#authors summary")
    link = page.locator("#authors").get_by_role("link", name="Cy")
    follow(page, link)
    follow(page, link)
    assert shown(page) == [4, 5, 6]
    page.go_back()
    page.go_back()
    page.locator("#chips button").first.wait_for(state="detached")
    assert len(shown(page)) == 7


def test_hostile_names_filter_as_text(page: Page, complaints: list[str]) -> None:
    """An author whose name is markup is a filter like any other."""
    page.click("#authors summary")
    assert follow(page, page.locator("#authors a").filter(has_text="<img")) == [90210]
    assert shown(page) == [90210]
    assert "<img src=x" in page.inner_text("#chips")
    assert page.locator("img").count() == 0
    assert complaints == []


@pytest.mark.thorough
def test_keys_are_enough(page: Page) -> None:
    """Slash goes to the search, from a menu too, and stays a letter within it; a header sorts by Enter and says so."""
    page.focus("select[data-field=kind]")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("/")
    assert page.input_value("#search") == "/"
    assert page.locator("th[aria-sort]").inner_text().startswith("Risk")
    page.locator("button[data-sort=importance]").focus()
    page.keyboard.press("Enter")
    assert shown(page)[0] == 2
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Importance")
    page.keyboard.press("Enter")
    assert shown(page)[0] == 6


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("key", "first"), [("number", 90210), ("kind", 90210), ("rank", 6), ("churn", 1), ("areas", 1)]
)
def test_every_useful_column_sorts(page: Page, key: str, first: int) -> None:
    """Numbers from the largest, words from the first; the risk, sorted already, turns round."""
    page.click(f"button[data-sort={key}]")
    assert page.locator(f"th[aria-sort] button[data-sort={key}]").count() == 1
    assert first in shown(page)


@pytest.mark.thorough
def test_header_and_filters_stay_in_sight(page: Page, browser: Browser, tmp_path: Path) -> None:
    """Far down a long table."""
    file = tmp_path / "long.html"
    file.write_text(long_page(), encoding="utf-8")
    long = browser.new_page(viewport={"width": 1200, "height": 700})
    long.goto(file.as_uri())
    long.locator("#pulls tbody tr:visible").last.scroll_into_view_if_needed()
    filters, header = long.locator("#filters").bounding_box(), long.locator("#pulls th").first.bounding_box()
    assert filters is not None
    assert header is not None
    assert filters["y"] == 0
    assert abs(header["y"] - filters["height"]) < 2
    long.close()


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(page: Page, scheme: str) -> None:
    """Ink and paper differ."""
    page.emulate_media(color_scheme=scheme)
    look = "element => [getComputedStyle(element).color, getComputedStyle(document.body).backgroundColor]"
    ink, paper = page.locator("h1").evaluate(look)
    light, dark = "rgb(246, 247, 249)", "rgb(18, 22, 29)"
    assert paper == (light if scheme == "light" else dark)
    assert ink != paper


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_the_map_carries_its_label(page: Page, scheme: str) -> None:
    """Contrast of text on each, as WCAG AA asks of small letters."""
    page.emulate_media(color_scheme=scheme)
    cell = page.locator(".map.wide .cell").first
    for tone in (*(f"{risk}-{step}" for risk in ("high", "medium") for step in (1, 2, 3)), "calm", "quiet"):
        cell.evaluate("(cell, tone) => { cell.className = 'cell ' + tone; }", tone)
        assert cell.evaluate(CONTRAST) >= 4.5, tone


@pytest.mark.thorough
@pytest.mark.parametrize("language", list(Language))
def test_the_map_cuts_no_label_at_any_width(browser: Browser, tmp_path: Path, language: Language) -> None:
    """One map is seen, each of its cells with a whole label, a title and a name for those who listen."""
    churn = [4_000, 3_000, 2_000, 1_500, 900, 500, 200, 90]
    areas = tuple(
        AreaChange(area=area, churn=lines, files=1, pulls=(), medium=(), high=())
        for area, lines in zip(AREAS, churn, strict=True)
    )
    digest = msgspec.structs.replace(a_digest(), area_map=areas)
    page = open_page(browser, tmp_path, digest, language, 360)
    for width in (360, 390, 780, 800, 1160, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator(".map:visible").count() == 1, width
        assert page.evaluate(CUT) == [], width
        named = page.locator(".map:visible .cell[title]")
        assert named.count() == page.locator(".map:visible .cell").count() >= 5, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def open_page(browser: Browser, folder: Path, digest: Digest, language: Language, width: int) -> Page:
    file = folder / "page.html"
    file.write_text(render_digest(digest, Style(language=language), form="html"), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    return page


@pytest.mark.thorough
def test_it_fits_a_narrow_screen(page: Page) -> None:
    """Nothing makes the page scroll sideways at the width of a telephone; what its header did, a menu does."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not page.is_visible("#order")
    page.get_by_text("Filter and sort").click()
    page.select_option("#order", "importance")
    assert shown(page)[0] == 2
    filters = page.locator("#filters").bounding_box()
    assert filters is not None
    page.reload()
    closed = page.locator("#filters").bounding_box()
    assert closed is not None
    assert closed["height"] < 160


@pytest.mark.thorough
def test_it_reads_without_a_script(browser: Browser, file: Path) -> None:
    """Every row is there; the controls that could do nothing are not."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert len(shown(page)) == 7
    assert not page.locator("#search").is_visible()
    assert page.locator("button:visible").count() == 0
    context.close()


@pytest.mark.thorough
def test_a_link_to_a_pull_request_opens_it(browser: Browser, tmp_path: Path) -> None:
    """`#pr-3` of a long table, further down than what is shown."""
    file = tmp_path / "long.html"
    file.write_text(long_page(), encoding="utf-8")
    page = browser.new_page()
    page.goto(f"{file.as_uri()}#pr-3")
    assert page.inner_text("#panel-title") == "#3 odd"
    page.close()


def long_page() -> str:
    listed = tuple(
        a_pull(number, importance=number / 100, title=("even", "odd")[number % 2]) for number in range(1, 703)
    )
    digest = build_digest(listed, repository="vllm-project/vllm", period=WEEK)
    return render_digest(digest, Style(), form="html")


@pytest.mark.thorough
def test_a_long_table_shows_its_first_rows_until_all_are_asked_for(browser: Browser, tmp_path: Path) -> None:
    """Half a year has thousands: ten at a time, of those that match, in the order of the sort."""
    file = tmp_path / "long.html"
    file.write_text(long_page(), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    rows = page.locator("#pulls tbody tr:visible")
    assert (page.inner_text("#shown"), rows.count()) == ("10 of 702 shown", 10)
    assert rows.first.get_attribute("data-number") == "702"
    page.click("button[data-sort=number]")
    page.click("button[data-sort=number]")
    assert rows.first.get_attribute("data-number") == "1"
    page.fill("#search", "odd")
    assert page.inner_text("#shown") == "10 of 351 shown; 702 in all"
    assert page.inner_text("#more") == "Show all 351"
    page.click("#more")
    assert (page.inner_text("#shown"), rows.count()) == ("351 of 351 shown; 702 in all", 351)
    assert not page.is_visible("#more")
    page.close()


@pytest.mark.thorough
def test_in_chinese_it_says_the_same(browser: Browser, tmp_path: Path) -> None:
    """Status, chips and the way back."""
    file = tmp_path / "zh.html"
    file.write_text(a_week(Language.CHINESE), encoding="utf-8")
    page = browser.new_page()
    page.goto(f"{file.as_uri()}#families=core-path")
    assert page.inner_text("#shown") == "显示 2 / 2 个，共 7 个"
    assert re.sub(r"\s", "", page.inner_text("#chips")) == "风险类别：核心路径变更×"
    page.close()


def test_a_pull_request_opens_beside_the_page(page: Page, file: Path) -> None:
    """By a mark of a chart and by its number; arrows go from mark to mark, Escape leads back to where one was, the way back closes it."""
    marks = page.locator(".scatter .marks a")
    assert marks.count() == 7
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    opened = address(page)
    assert page.inner_text("#panel-title").startswith(opened.replace("pr-", "#") + " ")
    assert "Core-path change" not in page.inner_text("#panel dl")
    assert (
        page.get_by_role("link", name="On GitHub").get_attribute("href")
        == f"https://github.com/vllm-project/vllm/pull/{opened[3:]}"
    )
    page.keyboard.press("Escape")
    assert not page.is_visible("#panel")
    assert page.evaluate("document.activeElement.closest('.marks') !== null")
    page.locator(".first a").get_by_text("#2").first.click()
    assert page.inner_text("#panel-title") == "#2 Zero bubble scheduling"
    assert "CP101" in page.inner_text("#panel-body")
    page.go_back()
    page.go_back()
    page.locator("#panel").wait_for(state="hidden")


def test_what_is_hostile_stays_text_in_the_panel(page: Page, complaints: list[str]) -> None:
    """A title that is markup is copied as text; nothing runs, nothing is asked of the network."""
    page.locator("#pulls a").get_by_text("#90210").click()
    assert "<img src=x" in page.inner_text("#panel-title")
    assert page.locator("img").count() == 0
    assert complaints == []


def test_nothing_hostile_runs_on_the_page_of_one_change(
    tab: Page, tmp_path: Path, complaints: list[str]
) -> None:
    """A script that would change the document is text; one that got in after all is refused, and the console says so."""
    payload = "<script>document.body.textContent='owned'</script><img src=x onerror=\"document.body.textContent='owned'\">"
    file = tmp_path / "change.html"
    listener = lambda message: complaints.append(message.text)  # noqa: E731 - removed again below
    tab.on("console", listener)
    file.write_text(render([hostile(payload)], Style(), form="html"), encoding="utf-8")
    tab.goto(file.as_uri())
    assert "<script>document" in tab.inner_text("h1")
    assert complaints == []
    page = render([an_assessment()], Style(language=Language.CHINESE), form="html")
    file.write_text(page.replace("<main>", "<script>1</script><main>"), encoding="utf-8")
    tab.goto(file.as_uri())
    tab.remove_listener("console", listener)
    assert "注意力后端变更" in tab.inner_text("main")
    assert "Content Security Policy" in "".join(complaints)


@pytest.mark.thorough
@pytest.mark.parametrize("language", list(Language))
def test_it_passes_axe(browser: Browser, tmp_path: Path, language: Language) -> None:
    """No violation, wide and narrow, light and dark, the panel closed and open. Axe is not part of diffscope: DIFFSCOPE_AXE names its axe.min.js."""
    axe = os.environ.get("DIFFSCOPE_AXE")
    if not axe or not Path(axe).is_file():
        pytest.skip("needs axe-core: npm install axe-core, then DIFFSCOPE_AXE=.../axe-core/axe.min.js")
    file = tmp_path / "page.html"
    file.write_text(a_week(language), encoding="utf-8")
    change = tmp_path / "change.html"
    change.write_text(render([an_assessment()], Style(language=language), form="html"), encoding="utf-8")
    for width, scheme in ((1400, "light"), (1400, "dark"), (390, "light"), (390, "dark")):
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        for address in (file.as_uri(), file.as_uri() + "#pr-2", change.as_uri()):
            page.goto(address)
            page.add_script_tag(path=axe)
            assert page.evaluate("axe.run().then(found => found.violations.map(one => one.id))") == [], (
                width,
                scheme,
                address,
            )
        page.close()
