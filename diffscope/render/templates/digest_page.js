
(() => {
  const $ = id => document.getElementById(id), table = $("pulls");
  document.documentElement.classList.add("script");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const bar = $("filters"), search = $("search"), minor = $("minor"), order = $("order"), chips = $("chips");
  const shown = $("shown"), more = $("more"), nothing = $("nothing"), selects = [...bar.querySelectorAll("select[data-field]")];
  const FIRST = matchMedia("(max-width: 48rem)").matches ? 4 : 10;  // a browser lays out thousands of rows at every key
  const FREE = ["tags", "author", "file", "mark", "day", "group", "theme"];  // filters that only a link sets
  const START = { sort: "rank", way: "descending" };
  let state = { ...START }, all = false;

  const plain = text => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
  // Titles of other pull requests, which a row names, do not find it.
  const own = row => [...row.querySelectorAll(".tie")].reduce((text, tie) => text.replace(tie.textContent, " "), row.textContent);
  const textOf = row => row.found ||= plain(own(row) + " " + row.dataset.find + " " + row.dataset.paths);
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
    const button = document.createElement("button");
    const name = nameOf(field);
    const value = valueOf(field);
    button.type = "button";
    button.className = "chip";
    button.append(value ? name + chips.dataset.colon + value : name, mark("×"));
    button.setAttribute("aria-label", chips.dataset.drop.replace("{}", button.firstChild.textContent));
    button.addEventListener("click", () => set({ [field]: "" }));
    return button;
  };
  const nameOf = field => selects.find(each => each.dataset.field === field)?.dataset.name || chips.dataset[field];
  const valueOf = field => selects.find(each => each.dataset.field === field)?.selectedOptions[0]?.textContent
    || (field === "file" ? decode(state[field]) : field === "mark" ? "" : document.querySelector(`[data-key="${CSS.escape(state[field])}"]`)?.textContent || state[field]);
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
  // The panel: one pull request, or those that a link finds. What stands there is copied from the rows of the table.
  const panel = $("panel"), inside = $("panel-body"), heading = $("panel-title"), phone = matchMedia("(max-width: 48rem)");
  let opener = null;
  const make = (tag, text = "", name = "") => { const made = document.createElement(tag); made.textContent = text; made.className = name; return made; };
  const open = (title, parts) => {
    heading.textContent = title;
    inside.replaceChildren(...parts);
    if (!panel.open) {
      opener = document.activeElement;
      phone.matches ? panel.showModal() : panel.show();
    }
    panel.scrollTop = 0;
    heading.focus({ preventScroll: true });
  };
  const close = () => { if (panel.open) { panel.close(); opener?.focus?.({ preventScroll: true }); } };
  const copy = cell => [...cell.cloneNode(true).childNodes];
  const showPull = row => {
    const [number, title, areas, kind, risk, importance, lines] = row.cells, facts = make("dl"), link = number.querySelector('a[href^="https:"]');
    for (const [at, cell] of [[2, areas], [3, kind], [4, risk], [5, importance], [6, lines]]) {
      const said = make("dd");
      said.append(...copy(cell));
      if (cell === risk) said.className = cell.className;
      facts.append(make("dt", heads[at].textContent.trim()), said);
    }
    const rest = make("div");
    rest.append(...copy(title).filter(each => each.className !== "title"));
    for (const each of rest.querySelectorAll("details")) each.open = true;
    const parts = [facts, rest];
    if (link) {
      const out = make("a", inside.dataset.outside, "outside");
      out.href = link.href;
      parts.unshift(out);
    }
    open(number.textContent.trim() + " " + title.querySelector(".title").textContent, parts);
  };
  const showFound = () => {
    const words = (state.q || "").split(/\s+/).map(word => plain(word).trim()).filter(Boolean), active = fields(), list = make("ul", "", "rows");
    const found = rows.filter(row => active.every(field => holds(row, field, state[field])) && words.every(word => textOf(row).includes(word)));
    for (const row of found.slice(0, 100)) {
      const line = make("li"), level = make("span", row.cells[4].textContent, row.cells[4].className);
      line.append(level, " ", ...copy(row.cells[0]).filter(each => each.nodeType === 1 || each.data.trim()), " " + row.querySelector(".title").textContent);
      list.append(line);
    }
    const to = make("button", inside.dataset.table.replace("{}", found.length), "link");
    to.type = "button";
    to.addEventListener("click", () => { opener = null; close(); toTable(); });
    const title = active.map(field => { const value = valueOf(field); return value ? nameOf(field) + inside.dataset.colon + value : nameOf(field); }).join(" · ");
    open(title || heads.find(head => head.ariaSort)?.textContent.trim() || "", [to, list]);
  };
  const toTable = () => { $("table").scrollIntoView(); $("table").focus({ preventScroll: true }); };
  const go = () => { load(); showFound(); };
  const visit = address => { try { history.pushState(null, "", address); } catch { /* a page without an address of its own */ } };
  const pullOf = address => { const found = /(?:\/pull\/|^#pr-)(-?\d+)$/.exec(address || ""); return found && $("pr-" + found[1]); };
  const sortBy = button => {
    const same = state.sort === button.dataset.sort, rising = button.dataset.text !== undefined;
    const way = same ? (state.way === "ascending" ? "descending" : "ascending") : rising ? "ascending" : "descending";
    set({ sort: button.dataset.sort, way });
  };
  const reset = () => {
    set(Object.fromEntries(Object.keys(state).map(name => [name, START[name] || ""])));
    search.focus();
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
    const link = event.target.closest?.("a[href]"), address = link?.getAttribute("href");
    if (!link || link.className === "outside" || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const row = pullOf(address);
    if (row) {
      event.preventDefault();
      visit("#" + row.id);
      showPull(row);
    } else if (/^#.*=/.test(address)) {
      event.preventDefault();
      visit(address);
      go();
    } else if (address[0] === "#") {  // what is folded opens
      const target = $(address.slice(1));
      if (target?.tagName === "DETAILS") target.open = true;
      close();
    }
  });
  const follow = () => {
    const row = pullOf(location.hash);
    if (row) showPull(row);
    else if (location.hash.includes("=")) go();
    else { close(); if (!location.hash) load(); }
  };
  addEventListener("popstate", follow);
  $("close").addEventListener("click", close);
  panel.addEventListener("close", () => opener?.focus?.({ preventScroll: true }));
  panel.addEventListener("click", event => { if (event.target === panel && phone.matches) close(); });
  document.addEventListener("keydown", event => {
    const active = document.activeElement, marks = active.closest?.(".marks");
    if (event.key === "Escape" && panel.open) return close();
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (marks && step) {
      const all = [...marks.querySelectorAll("a")], next = all[(all.indexOf(active) + step + all.length) % all.length];
      event.preventDefault();
      active.setAttribute("tabindex", "-1");
      next.removeAttribute("tabindex");
      return next.focus();
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA)$/.test(active.tagName) && active.type !== "checkbox") return;
    event.preventDefault();
    close();
    search.focus();
  });
  if (matchMedia("(max-width: 56rem)").matches) $("choices").open = false;
  if (matchMedia("(min-width: 48.01rem)").matches) for (const each of document.querySelectorAll("details.wide")) each.open = true;
  new ResizeObserver(() => table.style.setProperty("--bar", bar.offsetHeight + "px")).observe(bar);
  // One stop of the tab key a chart; arrows go from mark to mark.
  for (const chart of document.querySelectorAll(".marks")) for (const each of [...chart.querySelectorAll("a")].slice(1)) each.setAttribute("tabindex", "-1");
  load();
  if (location.hash.includes("=")) $("table").scrollIntoView();
  else if (pullOf(location.hash)) { scrollTo(0, 0); follow(); }
})();
