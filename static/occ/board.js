// The live board: rows come over one stream of events and are drawn as far as they can be seen. A change touches the
// rows that changed. While nothing can be heard, nothing is shown as if it were live.
(function () {
  "use strict";
  const board = document.getElementById("board");
  const said = JSON.parse(document.getElementById("board-said").textContent);
  const words = said.words;
  const box = document.getElementById("board-box");
  const body = document.getElementById("board-rows");
  const table = body.closest("table");
  const filter = document.getElementById("board-filter");
  const lang = document.documentElement.lang || "id";
  const NEEDS = Object.keys(said.needs);
  const RANK = Object.fromEntries(NEEDS.map((need, index) => [need, index]));
  const SILENCE = 25000; // a ping comes every ten seconds
  const MARGIN = 8; // rows drawn beyond the edge of what is seen

  const rows = new Map(); // id -> what was said, with `order`, `text` and `begun` for sorting, searching and counting
  let order = []; // the rows that match, sorted
  let drawn = new Map(); // id -> tr
  let live = false;
  let everLive = false;
  let clockSkew = 0; // the server's clock minus ours
  let lastAt = "";
  let heardAt = 0;
  let stream = null;
  let retry = 0;
  let delay = 1000;
  let only = new Set();
  let dirty = false;
  let frame = 0;

  const fill = (text, given) => text.replace(/\{(\w+)\}/g, (all, name) => (name in given ? given[name] : all));
  const now = () => Date.now() + clockSkew;

  // Clocks ------------------------------------------------------------------------------------------------------------
  const formats = {};
  function clock(at, site, seconds) {
    const zone = said.zones[site] || "Asia/Jakarta";
    const key = zone + (seconds ? "s" : "");
    formats[key] = formats[key] || new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23", timeZone: zone });
    return formats[key].format(new Date(at));
  }

  // The day that a shift begins on is its day (a night's too); without a shift, today.
  function dayOf(row) {
    const at = row.shift ? Date.parse(row.shift.starts_at) : now();
    return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: said.zones[row.site] || "Asia/Jakarta" }).format(new Date(at));
  }

  const two = (n) => String(n).padStart(2, "0");
  function span(ms) {
    const all = Math.max(0, Math.floor(ms / 1000));
    const hours = Math.floor(all / 3600);
    const minutes = Math.floor(all / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
  }

  // Icons -------------------------------------------------------------------------------------------------------------
  const icons = {};
  const tones = {};
  for (const one of document.getElementById("board-icons").content.querySelectorAll("i")) {
    icons[one.dataset.need || one.dataset.state] = one.firstElementChild;
    if (one.dataset.need) tones[one.dataset.need] = one.dataset.tone;
  }
  function setIcon(place, name) {
    if (place.dataset.icon === name) return;
    place.dataset.icon = name;
    place.replaceChildren(icons[name].cloneNode(true));
  }

  function setText(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  // One row -----------------------------------------------------------------------------------------------------------
  const pattern = document.getElementById("board-row").content.firstElementChild;
  function make(id) {
    const tr = pattern.cloneNode(true);
    tr.dataset.key = id;
    const [agent, plan, state, since, need, late, aux] = tr.children;
    tr.parts = {
      name: agent.children[0], about: agent.children[1], plan: plan.children[0], activity: plan.children[1],
      stateIcon: state.querySelector(".occ-board-icon"), state: state.querySelector(".occ-board-word"),
      stale: state.children[1], since, need: need.firstElementChild, needIcon: need.querySelector(".occ-board-icon"),
      needWord: need.querySelector(".occ-board-word"), late, aux,
    };
    return tr;
  }

  function draw(tr, row) {
    const parts = tr.parts;
    tr.row = row;
    tr.dataset.state = row.state;
    tr.dataset.need = row.need;
    tr.dataset.since = row.since || "";
    tr.classList.toggle("occ-board-old", row.stale);
    setText(parts.name, row.name);
    if (row.person) parts.name.href = said.day.replace("/0/", `/${row.person}/`).replace("DAY", dayOf(row));
    setText(parts.about, [row.number, row.team, row.site].filter(Boolean).join(" · "));
    setText(parts.plan, row.shift ? `${row.shift.code} ${clock(row.shift.starts_at, row.site)}–${clock(row.shift.ends_at, row.site)}` : words.unplanned);
    setText(parts.activity, activity(row));
    setIcon(parts.stateIcon, row.state);
    setText(parts.state, [said.states[row.state], row.reason && said.reasons[row.reason], said.channels[row.channel]].filter(Boolean).join(" · "));
    setText(parts.stale, row.stale ? (row.heard_at ? fill(words.stale, { time: clock(row.heard_at, row.site, true) }) : words.unheard) : "");
    const need = row.spent ? "aux" : row.need;
    parts.need.className = `occ-board-need occ-tone-${row.spent ? "warning" : tones[need]}`;
    setIcon(parts.needIcon, need);
    setText(parts.needWord, said.needs[need]);
    const late = row.late_minutes ? fill(words.late, { n: row.late_minutes }) : "";
    const early = row.early_minutes ? fill(words.early, { n: row.early_minutes }) : "";
    setText(parts.late, [late, early, row.over && !row.spent ? said.needs.aux : ""].filter(Boolean).join(", "));
    tick(tr, row);
  }

  function activity(row) {
    if (!row.shift) return "";
    if (row.activity) return fill(words.until, { activity: said.activities[row.activity], time: clock(row.activity_until, row.site) });
    return row.activity_until ? fill(words.from, { time: clock(row.activity_until, row.site) }) : words.outside;
  }

  // What passes by itself: for how long, and how much of the allowance.
  function tick(tr, row) {
    const gone = row.stale || !row.since ? null : now() - row.begun;
    setText(tr.parts.since, gone === null ? "–" : span(gone));
    const spells = row.aux.map(function (one) {
      const used = one.used_seconds + (one.reason === row.reason && gone !== null ? gone / 1000 : 0);
      const text = used > one.allowed_seconds ? words.over : words.used;
      return fill(text, { reason: said.reasons[one.reason], used: Math.floor(used / 60), allowed: Math.floor(one.allowed_seconds / 60) });
    });
    setText(tr.parts.aux, spells.reverse().join("; "));
  }

  // Which rows, in which order ------------------------------------------------------------------------------------------
  function chosen(name) {
    return (filter && filter.elements[name] && filter.elements[name].value) || "";
  }

  function keep(row) {
    row.over = row.aux_over && row.need !== "aux"; // used up, and back at work: needs something else by now
    row.spent = row.over && (row.need === "in" || row.need === "neutral"); // needs nothing worse
    row.order = row.spent ? RANK.unknown + 0.5 : RANK[row.need];
    row.begun = row.since ? Date.parse(row.since) : Infinity;
    row.text = `${row.name} ${row.number}`.toLocaleLowerCase(lang);
    rows.set(row.id, row);
  }

  const collator = new Intl.Collator(lang);
  const byName = (a, b) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
  const bySince = (a, b) => (a.begun === b.begun ? byName(a, b) : a.begun - b.begun);
  const sorts = {
    "": (a, b) => a.order - b.order || b.late_minutes - a.late_minutes || bySince(a, b),
    since: bySince,
    name: byName,
  };

  function arrange() {
    const query = chosen("q").trim().toLocaleLowerCase(lang).split(/\s+/).filter(Boolean);
    const site = chosen("site");
    const team = chosen("team");
    const channel = chosen("channel");
    const counts = Object.fromEntries(NEEDS.map((need) => [need, 0]));
    order = [];
    for (const row of rows.values()) {
      if (site && row.site !== site) continue;
      if (team && row.team !== team) continue;
      if (channel && row.channel !== channel) continue;
      if (query.length && !query.every((word) => row.text.includes(word))) continue;
      counts[row.need] += 1;
      if (row.over) counts.aux += 1;
      if (!only.size || only.has(row.need) || (row.over && only.has("aux"))) order.push(row);
    }
    order.sort(sorts[chosen("sort")] || sorts[""]);
    const where = [site ? said.sites[site] || site : said.place, team].filter(Boolean).join(" · ");
    setText(document.getElementById("board-place"), fill(words.floor, { place: where }));
    for (const button of board.querySelectorAll("[data-need]")) {
      if (button.tagName === "BUTTON") setText(button.querySelector("strong"), String(counts[button.dataset.need]));
    }
  }

  // What of them is seen ------------------------------------------------------------------------------------------------
  const spacer = (name) => {
    const tr = document.createElement("tr");
    tr.setAttribute("aria-hidden", "true");
    tr.className = "occ-board-space";
    tr.append(document.createElement("td"));
    body[name](tr);
    return tr;
  };
  const above = spacer("prepend");
  const below = spacer("append");
  let rowHeight = 0;
  function measure() {
    const style = getComputedStyle(board);
    rowHeight = parseFloat(style.getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize) || 52;
  }

  function seen() {
    if (board.classList.contains("occ-board-wall")) {
      const gap = 8;
      const size = parseFloat(getComputedStyle(box).fontSize) / 16;
      const across = Math.max(1, Math.floor((box.clientWidth + gap) / (23 * 16 * size + gap)));
      const down = Math.max(1, Math.floor((box.clientHeight + gap) / (6.5 * 16 * size + gap)));
      table.style.setProperty("--across", String(across));
      return [0, Math.min(order.length, across * down)];
    }
    const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - MARGIN);
    return [first, Math.min(order.length, first + Math.ceil(box.clientHeight / rowHeight) + 2 * MARGIN)];
  }

  function render() {
    frame = 0;
    if (dirty) {
      arrange();
      dirty = false;
    }
    const [first, last] = seen();
    const wanted = order.slice(first, last);
    const ids = new Set(wanted.map((row) => row.id));
    for (const [id, tr] of drawn) {
      if (ids.has(id)) continue;
      if (tr.contains(document.activeElement)) box.focus({ preventScroll: true });
      tr.remove();
      drawn.delete(id);
    }
    let place = above.nextElementSibling;
    wanted.forEach(function (row, index) {
      let tr = drawn.get(row.id);
      if (!tr) {
        tr = make(row.id);
        drawn.set(row.id, tr);
      }
      if (tr.row !== row) draw(tr, row);
      tr.setAttribute("aria-rowindex", String(first + index + 2));
      if (place === tr) place = place.nextElementSibling;
      else body.insertBefore(tr, place);
    });
    const wall = board.classList.contains("occ-board-wall");
    above.firstChild.style.height = `${wall ? 0 : first * rowHeight}px`;
    below.firstChild.style.height = `${wall ? 0 : (order.length - last) * rowHeight}px`;
    table.setAttribute("aria-rowcount", String(order.length + 1));
    const none = document.getElementById("board-none");
    none.hidden = order.length > 0 || !everLive;
    setText(none, rows.size ? words.nothing : words.none);
    let shown = fill(words.shown, { n: order.length, all: rows.size });
    if (wall && last < order.length) shown += ` · ${fill(words.more, { n: order.length - last })}`;
    setText(document.getElementById("board-shown"), everLive ? shown : "");
  }

  function later() {
    frame = frame || requestAnimationFrame(render);
  }

  // The stream ----------------------------------------------------------------------------------------------------------
  function setLink(state, text) {
    const link = document.getElementById("board-link");
    link.dataset.link = state;
    link.className = `occ-board-link occ-tone-${{ live: "success", lost: "danger", waiting: "neutral" }[state]}`;
    setText(link.querySelector("[role=status]"), text);
    board.classList.toggle("occ-board-lost", state === "lost");
  }

  function heard(at) {
    heardAt = Date.now();
    lastAt = at || lastAt;
    if (live) return;
    live = true;
    delay = 1000;
    setLink("live", everLive ? words.again : words.live);
    if (everLive) setTimeout(() => { if (live) setLink("live", words.live); }, 8000);
    everLive = true;
  }

  function lose() {
    if (stream) stream.close();
    stream = null;
    if (live || !everLive) {
      if (everLive) setLink("lost", fill(words.lost, { time: lastAt ? clock(lastAt, "", true) : "–" }));
      live = false;
    }
    clearTimeout(retry);
    retry = setTimeout(again, delay);
    delay = Math.min(delay * 2, 15000);
  }

  // An EventSource does not say why it was refused: who has been logged out is sent to the log-in, others try again.
  async function again() {
    try {
      const answer = await fetch(said.snapshot, { method: "HEAD", headers: { Accept: "application/json" }, cache: "no-store" });
      if ([401, 403, 404].includes(answer.status)) return location.reload();
      if (answer.status >= 500) return lose();
    } catch {
      return lose();
    }
    connect();
  }

  function feeds(sources) {
    const place = document.getElementById("board-feeds");
    const texts = sources.filter((one) => one.state === "down" || one.state === "silent").map((one) => fill(words[one.state], { source: one.name }));
    if (place.textContent === texts.join("")) return;
    place.replaceChildren(...texts.map(function (text) {
      const line = document.createElement("p");
      line.className = "occ-board-feed occ-tone-warning";
      line.append(icons.unknown.cloneNode(true), text);
      return line;
    }));
  }

  function connect() {
    if (stream) stream.close();
    heardAt = Date.now();
    stream = new EventSource(said.stream);
    stream.addEventListener("snapshot", function (event) {
      const data = JSON.parse(event.data);
      rows.clear();
      data.rows.forEach(keep);
      beginWithOwn();
      clockSkew = Date.parse(data.at) - Date.now();
      feeds(data.sources);
      heard(data.at);
      dirty = true;
      later();
    });
    stream.addEventListener("delta", function (event) {
      const data = JSON.parse(event.data);
      data.rows.forEach(keep);
      data.gone.forEach((id) => rows.delete(id));
      if (data.sources) feeds(data.sources);
      heard(data.at);
      dirty = true;
      later();
    });
    stream.addEventListener("ping", function (event) {
      heardAt = Date.now();
      if (live) lastAt = JSON.parse(event.data).at;
    });
    stream.addEventListener("error", lose);
  }

  setInterval(function () {
    if (stream && Date.now() - heardAt > SILENCE) lose();
    setText(document.getElementById("board-clock"), clock(now(), "", true));
    if (live) for (const tr of drawn.values()) tick(tr, tr.row);
  }, 1000);
  window.addEventListener("offline", lose);
  window.addEventListener("online", () => { delay = 1000; clearTimeout(retry); again(); });

  // Filters: in the address, so that a board can be kept as a bookmark ----------------------------------------------------
  function remember() {
    const query = new URLSearchParams();
    for (const name of ["q", "site", "team", "channel", "sort"]) if (chosen(name)) query.set(name, chosen(name));
    if (said.teams.length && !chosen("team")) query.set("team", ""); // all of them, by choice
    if (only.size) query.set("need", [...only].join(","));
    if (board.classList.contains("occ-board-wall")) query.set("wall", "1");
    history.replaceState(null, "", `${location.pathname}${query.size ? "?" + query : ""}`);
  }

  // A leader's board begins with the own team, unless an address says otherwise or nobody of it is there.
  let begun = false;
  function beginWithOwn() {
    if (begun) return;
    begun = true;
    if (!filter || !filter.elements.team || ["q", "site", "team", "channel", "need"].some((name) => asked.has(name))) return;
    const there = said.teams.find((team) => [...rows.values()].some((row) => row.team === team && row.state !== "offline"));
    if (there) filter.elements.team.value = there;
  }

  function changed() {
    begun = true;
    remember();
    box.scrollTop = 0;
    dirty = true;
    later();
  }

  function press() {
    for (const button of board.querySelectorAll("button[data-need]")) button.setAttribute("aria-pressed", String(only.has(button.dataset.need)));
  }

  const asked = new URLSearchParams(location.search);
  only = new Set((asked.get("need") || "").split(",").filter((need) => need in RANK));
  if (filter) {
    for (const name of ["q", "site", "team", "channel", "sort"]) if (asked.get(name)) filter.elements[name] && (filter.elements[name].value = asked.get(name));
    filter.addEventListener("input", changed);
    filter.addEventListener("submit", (event) => event.preventDefault());
  }
  press();
  board.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-need]");
    if (!button) return;
    if (!only.delete(button.dataset.need)) only.add(button.dataset.need);
    press();
    changed();
  });

  // By keyboard: arrows go from agent to agent, Home and End to the first and last ----------------------------------------
  box.addEventListener("keydown", function (event) {
    const at = order.findIndex((row) => row.id === event.target.closest("[data-key]")?.dataset.key);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[event.key];
    if (to === undefined || (at < 0 && event.key === "ArrowUp") || !order[to] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const top = to * rowHeight;
    const head = table.tHead.offsetHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + rowHeight > box.scrollTop + box.clientHeight - head) box.scrollTop = top + rowHeight + head - box.clientHeight;
    render();
    const name = drawn.get(order[to].id)?.parts.name;
    if (!name) return;
    if (!name.hasAttribute("href")) name.tabIndex = -1;
    name.focus({ preventScroll: true });
  });
  box.addEventListener("scroll", later, { passive: true });

  // The wall --------------------------------------------------------------------------------------------------------------
  const wallButton = document.getElementById("board-wall");
  function wall(on) {
    board.classList.toggle("occ-board-wall", on);
    wallButton.setAttribute("aria-pressed", String(on));
    setText(wallButton.querySelector("span"), on ? words.leave : words.wall);
    measure();
    changed();
  }
  wallButton.addEventListener("click", function () {
    const on = !board.classList.contains("occ-board-wall");
    if (on && board.requestFullscreen) board.requestFullscreen().catch(() => {});
    else if (!on && document.fullscreenElement) document.exitFullscreen();
    wall(on);
  });
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement && board.classList.contains("occ-board-wall")) wall(false); });
  window.addEventListener("resize", () => { measure(); later(); });

  setText(wallButton.querySelector("span"), board.classList.contains("occ-board-wall") ? words.leave : words.wall);
  setLink("waiting", words.waiting);
  measure();
  connect();
})();
