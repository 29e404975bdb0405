// What makes pages answer at once: the progress bar, buttons that show they work, dialogs, notices.
// Nothing here is needed to use a page: links and forms work without it.
(function () {
  "use strict";
  const body = document.body;
  const bar = document.getElementById("occ-progress");
  const PATIENCE = 20000; // a download or a slow answer must not leave a page that looks busy for ever
  let running = 0;
  let giveUp = 0;

  // Progress bar ----------------------------------------------------------------------------------------------------
  function busy() {
    running += 1;
    bar.hidden = false;
    bar.querySelector("[role=status]").textContent = body.dataset.textBusy;
    clearTimeout(giveUp);
    giveUp = setTimeout(idle, PATIENCE);
  }

  function idle() {
    running = 0;
    bar.hidden = true;
    bar.querySelector("[role=status]").textContent = "";
    for (const button of document.querySelectorAll("[data-sending]")) restore(button);
  }

  function finished() {
    running = Math.max(0, running - 1);
    if (running === 0) idle();
  }

  function restore(button) {
    button.disabled = false;
    button.removeAttribute("data-sending");
    button.removeAttribute("aria-busy");
    button.querySelector(".occ-spinner")?.remove();
  }

  function sending(button) {
    if (!button || button.dataset.sending !== undefined) return;
    button.dataset.sending = "";
    button.setAttribute("aria-busy", "true");
    const spinner = document.createElement("span");
    spinner.className = "occ-spinner";
    spinner.setAttribute("aria-hidden", "true");
    button.prepend(spinner);
    // After the form's data is gathered: a disabled button would leave its own value out.
    setTimeout(() => { button.disabled = button.dataset.sending !== undefined; }, 0);
  }

  // Lists whose rows are ticked ---------------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-tick-all]");
    if (!button) return;
    const boxes = [...document.getElementsByName(button.dataset.tickAll)];
    const ticked = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = ticked;
  });

  // A list of several pages: what was ticked on the others is remembered while the tab is open, said, and sent.
  // <p data-keep-ticks="key of this list" data-name="item" data-form="id of the form" data-text="… {n}"></p>
  const kept = document.querySelector("[data-keep-ticks]");
  const boxes = () => [...document.getElementsByName(kept.dataset.name)].filter((one) => one.type === "checkbox");
  const ticks = () => new Set((sessionStorage.getItem(kept.dataset.keepTicks) || "").split(",").filter(Boolean));

  function elsewhere() {
    const here = new Set(boxes().map((box) => box.value));
    return [...ticks()].filter((value) => !here.has(value));
  }

  function keep(ticked) {
    sessionStorage.setItem(kept.dataset.keepTicks, [...ticked].join(","));
    const count = elsewhere().length;
    kept.textContent = count ? kept.dataset.text.replace("{n}", String(count)) : "";
  }

  function tickAgain(first) {
    const ticked = ticks();
    for (const box of boxes()) {
      if (first && box.checked) ticked.add(box.value); // as the page came, after a refused answer
      box.checked = ticked.has(box.value);
    }
    keep(ticked);
  }

  if (kept) {
    tickAgain(true);
    document.addEventListener("htmx:load", () => tickAgain(false));
    document.addEventListener("change", function (event) {
      if (event.target.name !== kept.dataset.name) return;
      const ticked = ticks();
      if (event.target.checked) ticked.add(event.target.value); else ticked.delete(event.target.value);
      keep(ticked);
    });
    document.addEventListener("formdata", function (event) {
      const others = event.target.id === kept.dataset.form ? elsewhere() : [];
      if (others.length) event.formData.append(kept.dataset.name, others.join(","));
    });
  }

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.noBusy !== undefined && !form.hasAttribute("hx-get")) return;
    const button = event.submitter || form.querySelector("button[type=submit]");
    if (button?.formTarget === "_blank") return; // its answer comes in another tab: this page waits for nothing
    if (form.matches("[hx-get], [hx-post]")) {
      if (form.hasAttribute("hx-post")) sending(button);
      return; // htmx's own events drive the bar
    }
    sending(button);
    busy();
  });

  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download") || link.dataset.noBusy !== undefined) return;
    if (link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
    busy();
  });

  window.addEventListener("pageshow", idle);
  document.addEventListener("htmx:beforeRequest", (event) => { if (!quiet(event)) busy(); });
  document.addEventListener("htmx:afterRequest", (event) => { if (!quiet(event)) finished(); });

  // What the page asks by itself (polling) shows no bar.
  function quiet(event) {
    return (event.detail.elt.getAttribute("hx-trigger") || "").startsWith("every");
  }

  // Notices ---------------------------------------------------------------------------------------------------------
  function notice(text) {
    const box = document.createElement("div");
    box.className = "occ-toast occ-tone-danger";
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn";
    close.textContent = body.dataset.textClose;
    close.addEventListener("click", () => box.remove());
    box.append(words, close);
    document.getElementById("occ-toasts").replaceChildren(box);
  }

  // A search that the next letter overtakes is dropped on purpose: htmx is not to report that as an error.
  if (window.htmx) window.htmx.logger = (_element, name, detail) => { if (name === "htmx:sendAbort") delete detail.error; };
  document.addEventListener("htmx:responseError", function (event) {
    const status = event.detail.xhr.status;
    if (status === 401) return location.reload();
    if ((event.detail.xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain")) {
      return notice(event.detail.xhr.responseText.slice(0, 500)); // a refusal in words
    }
    notice(status === 403 || status === 404 ? body.dataset.textDenied : body.dataset.textFailed);
  });
  document.addEventListener("htmx:sendError", () => notice(body.dataset.textOffline));
  document.addEventListener("htmx:timeout", () => notice(body.dataset.textOffline));

  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "list") return;
    const rows = document.querySelectorAll("#list tbody tr").length;
    document.getElementById("occ-status").textContent = body.dataset.textRows.replace("{n}", String(rows));
  });

  // Dialogs ---------------------------------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (!dialog || !dialog.showModal) return;
      event.preventDefault();
      dialog.showModal();
      return;
    }
    const closer = event.target.closest("[data-dialog-close]");
    const dialog = closer && closer.closest("dialog[open]");
    if (dialog) {
      event.preventDefault();
      dialog.close();
    } else if (event.target.matches("dialog[open]") && outside(event)) {
      event.target.close();
    }
  });

  function outside(event) {
    const box = event.target.getBoundingClientRect();
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }

  // Files dropped on a file field -----------------------------------------------------------------------------------
  function dropArea(area) {
    const input = area.querySelector("input[type=file]");
    if (!input || area.dataset.ready !== undefined) return;
    area.dataset.ready = "";
    const hint = document.createElement("span");
    hint.className = "occ-drop-hint";
    hint.textContent = area.dataset.dropText;
    hint.setAttribute("aria-hidden", "true");
    area.append(hint);
    area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("occ-drop-over"); });
    area.addEventListener("dragleave", () => area.classList.remove("occ-drop-over"));
    area.addEventListener("drop", function (event) {
      event.preventDefault();
      area.classList.remove("occ-drop-over");
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Whatever a page brings, and whatever htmx brings later ----------------------------------------------------------
  function arrive(root) {
    for (const area of root.querySelectorAll("[data-drop]")) dropArea(area);
    for (const dialog of root.querySelectorAll("dialog[data-open]")) {
      dialog.removeAttribute("data-open");
      dialog.showModal();
    }
    root.querySelector("[data-focus]")?.focus();
    const again = root.querySelector("[data-reload-after]");
    if (again) setTimeout(() => location.reload(), Number(again.dataset.reloadAfter) * 1000);
  }

  arrive(document);
  document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== body) arrive(event.detail.elt); });

  // "/" goes to the search box, as on many desks.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const search = document.getElementById("occ-search");
    if (search && search.offsetParent) { event.preventDefault(); search.focus(); }
  });
})();

// A piece that came by htmx may say that there is a page to go on to.
document.addEventListener("htmx:load", (event) => {
  const link = event.detail.elt.matches?.("[data-follow]") ? event.detail.elt : event.detail.elt.querySelector?.("[data-follow]");
  if (link) window.location.assign(link.href);
});
