// A floor walk: each tap is sent at once, one after the other. What could not be sent is kept on this device and sent
// once the network is back; a page opened anew shows it. Without this file the buttons send the form.
(function () {
  "use strict";
  const walk = document.querySelector("[data-walk]");
  if (!walk) return;
  const AGAIN = 5000;
  const place = `occ-walk-${walk.dataset.walk}`;
  const state = walk.querySelector("[data-state]");
  const shown = walk.querySelector("[data-answered]");
  const progress = walk.querySelector("progress");
  const draft = read();
  let sending = false;
  let timer = 0;

  function read() {
    try { return JSON.parse(localStorage.getItem(place)) || {}; } catch { return {}; }
  }

  function keep() {
    try {
      if (Object.keys(draft).length) localStorage.setItem(place, JSON.stringify(draft)); else localStorage.removeItem(place);
    } catch { /* a browser that keeps nothing still sends */ }
  }

  function say(text, tone) {
    state.textContent = text;
    state.dataset.tone = tone || "";
  }

  function form(line) {
    return walk.querySelector(`form[data-line="${CSS.escape(line)}"]`);
  }

  // As the row stands now, sent or not.
  function show(line, answer, waiting) {
    const at = form(line);
    if (!at) return;
    const row = at.closest(".occ-walk-line");
    row.dataset.answer = answer;
    row.querySelector("[data-lacks]")?.remove();
    row.toggleAttribute("data-waiting", waiting);
    for (const button of at.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", String(button.value === answer));
    at.querySelector("[data-more]").hidden = answer !== "violation";
    const count = walk.querySelectorAll('.occ-walk-line:not([data-answer=""])').length;
    shown.textContent = String(count);
    progress.value = count;
  }

  function waits() {
    say(walk.dataset.textWaiting.replace("{n}", String(Object.keys(draft).length)), "warning");
  }

  async function send() {
    clearTimeout(timer);
    if (sending) return;
    sending = true;
    try {
      for (let line = Object.keys(draft)[0]; line; line = Object.keys(draft)[0]) {
        if (!(await one(line, draft[line]))) { timer = setTimeout(send, AGAIN); return; }
      }
    } finally { sending = false; }
  }

  // Whether the row is settled: kept, or refused in words.
  async function one(line, asked) {
    const at = form(line);
    if (!at) { delete draft[line]; keep(); return true; }
    const body = new URLSearchParams({ answer: asked.answer, note: asked.note });
    let answer;
    try {
      const token = at.querySelector("[name=csrfmiddlewaretoken]").value;
      answer = await fetch(at.action, { method: "POST", body, redirect: "manual", headers: { Accept: "application/json", "X-CSRFToken": token } });
    } catch { waits(); return false; }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) { say(walk.dataset.textLogin, "danger"); return false; }
    if (answer.status >= 500 || answer.status === 429) { waits(); return false; }
    if (draft[line] === asked) { delete draft[line]; keep(); } // tapped again meanwhile: that one is sent too
    if (answer.ok) {
      if (!draft[line]) show(line, asked.answer, false);
      if (!Object.keys(draft).length) say(walk.dataset.textSaved);
    } else {
      const told = await answer.json().catch(() => ({}));
      say(`${walk.dataset.textRefused} ${told.message || answer.status}`, "danger");
      show(line, at.dataset.was || "", false);
    }
    return true;
  }

  walk.addEventListener("submit", function (event) {
    const at = event.target;
    if (!at.dataset.line || !event.submitter) return;
    event.preventDefault();
    const line = at.dataset.line;
    const answer = event.submitter.value;
    const row = at.closest(".occ-walk-line");
    if (!draft[line]) at.dataset.was = row.dataset.answer;
    draft[line] = { answer, note: answer === "violation" ? at.elements.note.value : "" };
    keep();
    show(line, answer, true);
    send();
  });

  // A walk is finished, or another page opened, only with everything sent.
  document.getElementById("finish-form")?.addEventListener("submit", function (event) {
    if (!Object.keys(draft).length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waits();
    state.scrollIntoView({ block: "center" });
    send();
  }, true);

  window.addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && Object.keys(draft).length) send(); });

  for (const [line, asked] of Object.entries(draft)) {
    show(line, asked.answer, true);
    const at = form(line);
    if (at && asked.note) at.elements.note.value = asked.note;
  }
  if (Object.keys(draft).length) { waits(); send(); }
})();
