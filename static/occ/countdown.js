// Ticks <time data-countdown> (time left, or late) and <time data-ago>. The words come translated from the page
// (body[data-clock-texts]); the units and levels are those of occ/home/templatetags/occ_ui.py.
(function () {
  "use strict";
  const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const AMBER_UNDER = 12 * HOUR, RED_UNDER = 2 * HOUR;
  const OFFSET_KEY = "occ-clock-offset";
  const body = document.body;
  if (!body.dataset.clockTexts) return;
  const texts = JSON.parse(body.dataset.clockTexts);
  const plural = new Intl.PluralRules(document.documentElement.lang || "en");

  // Server time minus the device's: the page says what time it was when it was made. A page out of the browser's own
  // store was made earlier than it arrived, so then the offset found last counts.
  function clockOffset() {
    const visit = performance.getEntriesByType("navigation")[0];
    const fresh = visit && visit.responseStart > 0 && visit.transferSize !== 0;
    const kept = Number(sessionStorage.getItem(OFFSET_KEY));
    if (!fresh && kept) return kept;
    const arrived = visit ? performance.timeOrigin + visit.responseStart : Date.now();
    const offset = Date.parse(body.dataset.now) - arrived;
    if (!Number.isFinite(offset)) return 0;
    sessionStorage.setItem(OFFSET_KEY, String(offset));
    return offset;
  }

  const offset = clockOffset();
  const now = () => Date.now() + offset;

  function sentence(way, unit, n) {
    const pair = texts[way][unit];
    return (plural.select(n) === "one" ? pair[0] : pair[1]).replace("{n}", String(n));
  }

  // The largest unit of which there are two, rounded down.
  function words(way, span) {
    if (span >= 2 * DAY) return sentence(way, "days", Math.floor(span / DAY));
    if (span >= 2 * HOUR) return sentence(way, "hours", Math.floor(span / HOUR));
    if (span >= 2 * MINUTE) return sentence(way, "minutes", Math.floor(span / MINUTE));
    return sentence(way, "seconds", Math.floor(span / SECOND));
  }

  function levelOf(left) {
    if (left <= 0) return "overdue";
    if (left < RED_UNDER) return "red";
    return left < AMBER_UNDER ? "amber" : "green";
  }

  function put(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function tickCountdown(element, at) {
    const left = Date.parse(element.dateTime) - at;
    put(element.querySelector("[data-countdown-text]"), left > 0 ? words("in", left) : words("late", -left));
    const level = levelOf(left);
    if (element.dataset.level === level) return;
    element.dataset.level = level;
    put(element.querySelector("[data-countdown-level]"), texts.levels[level]);
    const use = element.querySelector("use");
    if (use) use.setAttribute("href", "#occ-level-" + level);
  }

  function tickAgo(element, at) {
    const span = at - Date.parse(element.dateTime);
    put(element, span < MINUTE ? texts.now : words("ago", span));
  }

  function tick() {
    if (document.hidden) return;
    const at = now();
    for (const element of document.querySelectorAll("time[data-countdown]")) tickCountdown(element, at);
    for (const element of document.querySelectorAll("time[data-ago]")) tickAgo(element, at);
  }

  tick();
  setInterval(tick, SECOND);
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("htmx:load", tick);
  window.occNow = now;
})();
