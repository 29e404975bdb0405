// A month's grid (table[data-roster]): the arrow keys move in it; where it has an address, letters write into a cell.
(function () {
  "use strict";
  const table = document.querySelector("table[data-roster]");
  if (!table) return;
  const url = table.dataset.roster;
  const said = url ? document.getElementById(table.dataset.said) : null;
  const days = Array.from(table.tHead.rows[0].cells).map((cell) => cell.dataset.day || "");
  const rows = () => table.tBodies[0].rows;
  const last = days.length - 2; // the hours stand behind the days
  let active = null;
  let input = null;

  function activate(cell, focus) {
    if (active) active.tabIndex = -1;
    active = cell;
    cell.tabIndex = 0;
    if (focus) cell.focus();
  }

  function move(down, right) {
    const row = active.parentElement.sectionRowIndex + down;
    const column = Math.min(last, Math.max(1, active.cellIndex + right));
    if (row < 0 || row >= rows().length) return;
    activate(rows()[row].cells[column], true);
    active.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function tell(words, tone) {
    if (!said) return;
    said.textContent = words;
    said.className = "mb-0 " + (tone ? "occ-roster-" + tone : "");
  }

  function write(cell, code) {
    if (code.trim().toUpperCase() !== cell.textContent) writeAll([[cell, code]]);
  }

  // All of them or none: [[cell, code], …].
  async function writeAll(edits) {
    const was = edits.map(([cell]) => [cell.textContent, cell.className]);
    for (const [cell, code] of edits) {
      cell.textContent = code.trim().toUpperCase();
      cell.classList.add("busy");
    }
    const sent = edits.map(([cell, code]) => [Number(cell.parentElement.dataset.person), days[cell.cellIndex], code]);
    const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
    try {
      const answer = await fetch(url, { method: "POST", headers, body: new URLSearchParams({ cells: JSON.stringify(sent) }) });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.message);
      told.cells.forEach(([, , shown, tone], i) => {
        edits[i][0].textContent = shown;
        edits[i][0].className = tone;
      });
      tell(table.dataset.kept);
      window.clearTimeout(writeAll.later);
      writeAll.later = window.setTimeout(() => document.body.dispatchEvent(new CustomEvent("occ:roster")), 1500);
    } catch (error) {
      const here = table.contains(document.activeElement);
      if (input) input.dispatchEvent(new Event("occ:drop")); // begun in another cell meanwhile: what is typed is for the refused one
      edits.forEach(([cell], i) => { [cell.textContent, cell.className] = was[i]; });
      activate(edits[0][0], here);
      tell(error instanceof SyntaxError || error instanceof TypeError ? table.dataset.failed : error.message, "wrong");
    }
  }

  function edit(cell, text) {
    if (!url || input) return;
    const before = cell.textContent;
    input = document.createElement("input");
    input.value = text === null ? before : text;
    input.maxLength = 20;
    input.autocomplete = "off";
    input.setAttribute("aria-label", table.dataset.label);
    cell.textContent = "";
    cell.append(input);
    input.focus();
    let done = false;
    const end = (keep) => {
      if (done) return;
      done = true;
      const value = input.value;
      input = null;
      cell.textContent = before;
      if (keep) write(cell, value);
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("occ:drop", () => end(false));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Tab" || event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        end(event.key !== "Escape");
        cell.focus();
        if (event.key === "Enter") move(event.shiftKey ? -1 : 1, 0);
        if (event.key === "Tab") move(0, event.shiftKey ? -1 : 1);
      }
    });
  }

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -99], End: [0, 99] };
  table.addEventListener("keydown", (event) => {
    if (input || !active || event.ctrlKey || event.metaKey || event.altKey) return;
    if (STEPS[event.key]) move(...STEPS[event.key]);
    else if (event.key === "PageDown" || event.key === "PageUp") move(event.key === "PageDown" ? Math.min(10, rows().length - 1 - active.parentElement.sectionRowIndex) : -Math.min(10, active.parentElement.sectionRowIndex), 0);
    else if (!url) return;
    else if (event.key === "Enter" || event.key === "F2") edit(active, null);
    else if (event.key === "Delete" || event.key === "Backspace") write(active, "");
    else if (event.key.length === 1 && event.key !== " ") edit(active, event.key);
    else return;
    event.preventDefault();
  });
  // A block out of a spreadsheet, from the active cell on; what would stick out is left away.
  table.addEventListener("paste", (event) => {
    if (!url || input || !active) return;
    event.preventDefault();
    const block = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "").split("\n");
    const edits = [];
    block.forEach((line, down) => line.split("\t").forEach((code, right) => {
      const row = rows()[active.parentElement.sectionRowIndex + down];
      const column = active.cellIndex + right;
      if (row && column <= last) edits.push([row.cells[column], code]);
    }));
    if (edits.length) writeAll(edits);
  });
  table.tBodies[0].addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (!cell || cell.cellIndex > last || input) return;
    if (cell === active && document.activeElement === cell) edit(cell, null);
    else activate(cell, true);
  });
  if (rows().length) activate(rows()[0].cells[1], false);

  // Whether days are cut off at the right.
  const box = table.closest(".occ-roster-box");
  const frame = table.closest("[data-roster-frame]");
  const more = () => frame.toggleAttribute("data-more", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
  box.addEventListener("scroll", more, { passive: true });
  window.addEventListener("resize", more);
  more();
})();
