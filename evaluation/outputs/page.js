"use strict";
(function () {
  const root = document.documentElement;
  const toggle = document.getElementById("language");
  toggle.addEventListener("click", function () {
    const next = root.dataset.lang === "en" ? "zh" : "en";
    root.dataset.lang = next;
    root.lang = next;
  });

  const thumbs = JSON.parse(document.getElementById("thumbs").textContent);
  document.querySelectorAll("img[data-thumb]").forEach(function (image) {
    image.src = thumbs[image.dataset.thumb];
  });

  function key(row, column) {
    const cell = row.cells[column];
    const raw = cell.dataset.key === undefined ? cell.textContent.trim() : cell.dataset.key;
    const value = Number(raw);
    return raw !== "" && Number.isFinite(value) ? value : raw;
  }
  function compare(a, b) {
    // Empty cells stay last in either direction; numbers come before texts.
    if (a === "" || b === "") return 0;
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, undefined, { numeric: true });
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      head.addEventListener("click", function () {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = Array.from(table.tBodies[0].rows).map((row) => [key(row, column), row]);
        const empty = rows.filter((item) => item[0] === "");
        const filled = rows.filter((item) => item[0] !== "");
        filled.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
        table.tBodies[0].append(...filled.concat(empty).map((item) => item[1]));
      });
    });
  });

  const tip = document.getElementById("tip");
  function show(event) {
    const target = event.target.closest ? event.target.closest("[data-tip]") : null;
    if (!target || !target.dataset.tip) {
      tip.style.display = "none";
      return;
    }
    tip.textContent = target.dataset.tip;
    tip.style.display = "block";
    const width = tip.offsetWidth;
    const left = Math.min(event.clientX + 12, window.innerWidth - width - 8);
    tip.style.left = Math.max(4, left) + "px";
    const below = event.clientY + 16 + tip.offsetHeight < window.innerHeight;
    tip.style.top = (below ? event.clientY + 16 : event.clientY - tip.offsetHeight - 8) + "px";
  }
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  root.dataset.ready = "true";
})();
