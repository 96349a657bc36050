
(() => {
  const $ = id => document.getElementById(id), rows = [...$("queue").tBodies[0].rows];
  document.documentElement.classList.add("script");
  const selects = [...document.querySelectorAll("select[data-field]")], search = $("search"), shown = $("shown");
  const plain = text => text.toLowerCase();
  const show = () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const text = row.found ||= plain(row.textContent);
      const keep = words.every(word => text.includes(word)) &&
        selects.every(each => !each.value || (" " + row.dataset[each.dataset.field] + " ").includes(" " + each.value + " "));
      row.hidden = !keep;
      found += keep;
    }
    shown.textContent = shown.dataset.words.replace("{}", found).replace("{}", rows.length);
    $("reset").hidden = found === rows.length;
  };
  const keep = () => {
    const kept = new URLSearchParams();
    if (search.value) kept.set("q", search.value);
    for (const each of selects) if (each.value) kept.set(each.dataset.field, each.value);
    try { history.replaceState(null, "", [...kept].length ? "#" + kept : location.pathname + location.search); } catch { /* no address */ }
    show();
  };
  const load = () => {
    if (location.hash && !location.hash.includes("=")) {
      const target = $(location.hash.slice(1));
      if (target) { target.hidden = false; target.scrollIntoView(); }
      return;
    }
    const given = new URLSearchParams(location.hash.slice(1));
    search.value = given.get("q") || "";
    for (const each of selects) each.value = given.get(each.dataset.field) || "";
    show();
    if (location.hash) $("table").scrollIntoView();
  };
  search.addEventListener("input", keep);
  for (const each of selects) each.addEventListener("change", keep);
  $("reset").addEventListener("click", () => { search.value = ""; for (const each of selects) each.value = ""; keep(); });
  addEventListener("hashchange", load);
  show();
  load();
})();
