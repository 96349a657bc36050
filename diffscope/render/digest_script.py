"""The script of a report's page: filters and sorts the table of pull requests. Constant, so that the page can name it by its hash."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

SCRIPT: Final = """
(() => {
  const table = document.getElementById("pulls");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], shown = document.getElementById("shown");
  const search = document.getElementById("search"), more = document.getElementById("more");
  let most = 500;  // a browser lays out thousands of rows at every key
  const choices = [...document.querySelectorAll("select[data-field]")];
  const has = (row, field, value) => (" " + row.dataset[field] + " ").includes(" " + value + " ");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.dataset.text ||= row.textContent.toLowerCase();
      const keep = words.every(word => text.includes(word))
        && choices.every(choice => !choice.value || has(row, choice.dataset.field, choice.value));
      count += keep;
      row.hidden = !keep || count > most;
    }
    shown.textContent = shown.dataset.words.replace("{}", Math.min(count, most))
      + (count > most ? shown.dataset.more.replace("{}", count) : "");
    more.hidden = count <= most;
  };
  const sort = button => {
    const header = button.closest("th"), key = button.dataset.sort;
    const down = header.getAttribute("aria-sort") !== "descending";
    for (const each of table.tHead.querySelectorAll("th[aria-sort]")) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const order = (a, b) => Number(a.dataset[key]) - Number(b.dataset[key]);
    rows.sort((a, b) => down ? order(b, a) : order(a, b));
    body.append(...rows);
    filter();
  };
  search.addEventListener("input", filter);
  for (const choice of choices) choice.addEventListener("change", filter);
  for (const button of table.tHead.querySelectorAll("button")) button.addEventListener("click", () => sort(button));
  more.addEventListener("click", () => { most = Infinity; filter(); });
  document.getElementById("reset").addEventListener("click", () => {
    search.value = "";
    for (const choice of choices) choice.value = "";
    filter();
    search.focus();
  });
  for (const button of document.querySelectorAll("button[data-family]")) button.addEventListener("click", () => {
    const choice = choices.find(each => each.dataset.field === "families");
    choice.value = button.dataset.family;
    filter();
    document.getElementById("table").scrollIntoView();
    choice.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    }
  });
  document.documentElement.classList.add("script");
  filter();
})();
"""

SCRIPT_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
"""What the page's Content-Security-Policy allows: this script and no other."""
