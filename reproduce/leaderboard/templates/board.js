"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const bodies = (table) => all("tbody.entry", table);

  // Details are open in the page as written, so that they can be read without this script.
  const setOpen = (button, open) => {
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
  };
  for (const button of all("button.open")) {
    setOpen(button, false);
    button.addEventListener("click", () =>
      setOpen(button, button.getAttribute("aria-expanded") !== "true")
    );
  }

  // Blank cells stand last, whichever way the numbers go; equal ones keep the order of the board.
  const sort = (table, column, down) => {
    const key = (body) => {
      const held = body.querySelector("tr.main").cells[column].dataset.value;
      return held === "" ? null : held;
    };
    const text = table.tHead.rows[0].cells[column].dataset.kind === "text";
    const compare = (one, two) => {
      const a = key(one), b = key(two);
      if (a === null || b === null) return (a === null) - (b === null);
      const order = text ? (a < b ? -1 : a > b ? 1 : 0) : Number(a) - Number(b);
      return (down ? -order : order) || one.dataset.place - two.dataset.place;
    };
    const fixed = table.querySelector("tbody.fixed");
    for (const body of bodies(table).sort(compare)) table.insertBefore(body, fixed);
    for (const [k, head] of [...table.tHead.rows[0].cells].entries()) {
      if (k === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const chosen = document.getElementById(table.id + "-sort");
    chosen.value = column + (down ? "-" : "+");
    if (!chosen.value) chosen.selectedIndex = -1;
  };
  for (const table of all("table.board")) {
    for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
      head.querySelector("button").addEventListener("click", () => {
        const was = head.getAttribute("aria-sort");
        sort(table, column, was ? was === "ascending" : head.dataset.first === "down");
      });
    }
    const chosen = document.getElementById(table.id + "-sort");
    chosen.addEventListener("change", () =>
      sort(table, parseInt(chosen.value, 10), chosen.value.endsWith("-"))
    );
  }

  const filters = Object.fromEntries(
    ["task", "regime", "dimension", "status"].map((name) => [
      name, document.getElementById("filter-" + name),
    ])
  );
  const told = document.getElementById("told");
  const filter = () => {
    const wanted = Object.fromEntries(Object.entries(filters).map(([k, e]) => [k, e.value]));
    let shown = 0, total = 0;
    for (const section of all("section.task")) {
      section.hidden = Boolean(wanted.task) && section.dataset.task !== wanted.task;
      // Yardsticks are always shown: they are what the others are held against.
      for (const body of all("tbody.entry", section)) {
        const held = body.dataset;
        body.hidden = Boolean(
          (wanted.regime && !held.regimes.split(" ").includes(wanted.regime)) ||
          (wanted.dimension && held.dimensions !== wanted.dimension) ||
          (wanted.status && held.status !== wanted.status)
        );
        total += 1;
        shown += !(section.hidden || body.hidden);
      }
      for (const body of all("tbody.entry, tbody.own, tbody.line", section)) {
        for (const cell of all("td[data-regime]", body)) {
          cell.classList.toggle(
            "other", Boolean(wanted.regime) && cell.dataset.regime !== wanted.regime
          );
        }
      }
    }
    told.textContent = shown + " of " + total + " entries shown";
  };
  for (const chosen of Object.values(filters)) chosen.addEventListener("change", filter);
  document.getElementById("reset").addEventListener("click", () => {
    for (const chosen of Object.values(filters)) chosen.value = "";
    filter();
  });

  // #details-TASK-NAME opens that entry.
  const follow = () => {
    const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!wanted || !wanted.classList.contains("details")) return;
    for (const button of all("button.open")) {
      if (button.getAttribute("aria-controls") === wanted.id) setOpen(button, true);
    }
    wanted.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  document.documentElement.classList.add("scripted");
  filter();
  follow();
})();
