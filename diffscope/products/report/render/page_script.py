"""The script of a report's page: filters and sorts the table of pull requests. Constant, so that the page can name it by its hash.

The address holds the state: ``#families=core-path&sort=churn``. A link with such an address filters, so does a reload, or a friend.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

SCRIPT: Final = r"""
(() => {
  const $ = id => document.getElementById(id), table = $("pulls");
  document.documentElement.classList.add("script");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const bar = $("filters"), search = $("search"), minor = $("minor"), order = $("order"), chips = $("chips");
  const shown = $("shown"), more = $("more"), nothing = $("nothing"), selects = [...bar.querySelectorAll("select[data-field]")];
  const FIRST = 30;  // a browser lays out thousands of rows at every key
  const FREE = ["tags", "author", "file", "mark"];  // filters that only a link sets
  const START = { sort: "rank", way: "descending" };
  let state = { ...START }, all = false;

  const plain = text => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
  const textOf = row => row.found ||= plain(row.textContent + " " + row.dataset.find + " " + row.dataset.paths);
  const within = (row, field, value) => (" " + (row.dataset[field] || "") + " ").includes(" " + value + " ");
  const holds = (row, field, value) =>
    field === "author" ? row.dataset.author === value
    : field === "file" ? within(row, "paths", value)
    : field === "families" ? within(row, field, value) || !!state.minor && within(row, "minor", value)
    : within(row, field, value);
  const fields = () => [...selects.map(each => each.dataset.field), ...FREE].filter(field => state[field]);

  const show = () => {
    // "kv offload": both; "kv_offload", "a/b.py": these, one behind the other.
    const words = (state.q || "").split(/\s+/).map(word => plain(word).trim()).filter(Boolean), active = fields();
    let found = 0;
    for (const row of rows) {
      const keep = active.every(field => holds(row, field, state[field])) && words.every(word => textOf(row).includes(word));
      found += keep;
      row.hidden = !keep || !all && found > FIRST;
    }
    const seen = all ? found : Math.min(found, FIRST);
    const said = shown.dataset, total = rows.length;
    shown.textContent = said.words.replace("{}", seen).replace("{}", found) + (found < total ? said.of.replace("{}", total) : "");
    more.hidden = seen === found;
    more.textContent = more.dataset.words.replace("{}", found);
    nothing.hidden = !!found;
    table.hidden = !found;
    $("lightly").hidden = !state.families;
    $("reset").hidden = !active.length && !state.q && state.sort === START.sort && state.way === START.way;
  };
  const first = [...rows];  // worst first: what ties fall back to
  let sorted = "";
  const sort = () => {
    if (sorted === state.sort + state.way) return;
    sorted = state.sort + state.way;
    const column = heads.findIndex(head => head.firstElementChild?.dataset.sort === state.sort);
    const button = heads[column]?.firstElementChild, sign = state.way === "ascending" ? 1 : -1;
    for (const head of heads) head.removeAttribute("aria-sort");
    if (button) heads[column].setAttribute("aria-sort", state.way);
    const key = row => button?.dataset.text !== undefined ? row.cells[column].textContent.trim() : Number(row.dataset[state.sort]);
    const keys = new Map(first.map(row => [row, key(row)]));
    const compare = (a, b) => typeof a === "string" ? a.localeCompare(b) : a - b;
    body.append(...[...first].sort((a, b) => sign * compare(keys.get(a), keys.get(b))));
    rows.splice(0, rows.length, ...body.rows);
  };
  const draw = () => {
    sort();
    if (search.value !== (state.q || "")) search.value = state.q || "";
    for (const each of selects) each.value = state[each.dataset.field] || "";
    minor.checked = !!state.minor;
    order.value = state.sort;
    chips.replaceChildren(...fields().map(chip));
    show();
  };
  const chip = field => {
    const select = selects.find(each => each.dataset.field === field), button = document.createElement("button");
    const name = select ? select.dataset.name : chips.dataset[field];
    const value = select?.selectedOptions[0]?.textContent || (field === "file" ? decode(state[field]) : field === "mark" ? "" : state[field]);
    button.type = "button";
    button.className = "chip";
    button.append(value ? name + chips.dataset.colon + value : name, mark("×"));
    button.setAttribute("aria-label", chips.dataset.drop.replace("{}", button.firstChild.textContent));
    button.addEventListener("click", () => set({ [field]: "" }));
    return button;
  };
  const mark = text => { const made = document.createElement("span"); made.textContent = text; made.ariaHidden = "true"; return made; };
  const decode = path => { try { return decodeURIComponent(path); } catch { return path; } };

  const load = () => {
    const given = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    const known = ["q", "minor", "sort", "way", ...FREE, ...selects.map(each => each.dataset.field)];
    state = { ...START };
    for (const name of known) if (given.get(name)) state[name] = given.get(name);
    if (!heads.some(head => head.firstElementChild?.dataset.sort === state.sort)) state.sort = START.sort;
    if (state.way !== "ascending") state.way = START.way;
    all = false;
    draw();
  };
  const set = change => {
    state = { ...state, ...change };
    all = false;
    const kept = Object.entries(state).filter(([name, value]) => value && value !== START[name]);
    const address = kept.length ? "#" + new URLSearchParams(kept) : location.pathname + location.search;
    try { history.replaceState(null, "", address); } catch { /* a page without an address of its own */ }
    draw();
  };
  const go = () => {
    load();
    $("table").scrollIntoView();
    $("table").focus({ preventScroll: true });
  };
  const sortBy = button => {
    const same = state.sort === button.dataset.sort, rising = button.dataset.text !== undefined;
    const way = same ? (state.way === "ascending" ? "descending" : "ascending") : rising ? "ascending" : "descending";
    set({ sort: button.dataset.sort, way });
  };
  const reset = () => {
    set(Object.fromEntries(Object.keys(state).map(name => [name, START[name] || ""])));
    search.focus();
  };
  const row = () => {  // a link to one pull request, which may be further down than what is shown
    const target = /^#pr-\d+$/.test(location.hash) && $(location.hash.slice(1));
    if (target) { all = true; show(); target.scrollIntoView({ block: "center" }); }
  };

  search.addEventListener("input", () => set({ q: search.value }));
  minor.addEventListener("change", () => set({ minor: minor.checked ? "1" : "" }));
  order.addEventListener("change", () => sortBy(table.tHead.querySelector(`[data-sort="${order.value}"]`)));
  for (const each of selects) each.addEventListener("change", () => set({ [each.dataset.field]: each.value }));
  for (const head of heads) head.querySelector("[data-sort]")?.addEventListener("click", event => sortBy(event.currentTarget));
  more.addEventListener("click", () => { all = true; show(); });
  $("reset").addEventListener("click", reset);
  $("again").addEventListener("click", reset);
  document.addEventListener("click", event => {
    const link = event.target.closest?.('a[href^="#"][href*="="]');
    if (link && link.hash === location.hash) { event.preventDefault(); go(); }
  });
  addEventListener("hashchange", () => location.hash.includes("=") ? go() : location.hash ? row() : load());
  document.addEventListener("keydown", event => {
    const active = document.activeElement;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA)$/.test(active.tagName) && active.type !== "checkbox") return;
    event.preventDefault();
    search.focus();
  });
  if (matchMedia("(max-width: 56rem)").matches) $("choices").open = false;
  new ResizeObserver(() => table.style.setProperty("--bar", bar.offsetHeight + "px")).observe(bar);
  load();
  row();
  if (location.hash.includes("=")) $("table").scrollIntoView();
})();
"""

SCRIPT_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
"""What the page's Content-Security-Policy allows: this script and no other."""
