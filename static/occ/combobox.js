// A text field that suggests people while one types ([data-combobox] with data-url; see occ.forms.PersonField).
// Without it the field takes an employee number all the same.
(function () {
  "use strict";
  const WAIT = 180;
  const LEAST = 2;
  let count = 0;

  function combobox(input) {
    if (input.dataset.ready !== undefined || !input.dataset.url) return;
    input.dataset.ready = "";
    count += 1;
    const list = document.createElement("ul");
    list.id = `occ-combo-${count}`;
    list.className = "occ-combo-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels && input.labels[0] ? input.labels[0].textContent.trim() : "");
    list.hidden = true;
    const box = document.createElement("div");
    box.className = "occ-combo";
    input.replaceWith(box);
    box.append(input, list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);

    let timer = 0;
    let asked = null;
    let active = -1;

    function close() {
      clearTimeout(timer);
      if (asked) asked.abort();
      list.hidden = true;
      list.replaceChildren();
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function light(at) {
      const options = list.querySelectorAll("[role=option]");
      if (!options.length) return;
      if (active >= 0) options[active].setAttribute("aria-selected", "false");
      active = (at + options.length) % options.length;
      options[active].setAttribute("aria-selected", "true");
      options[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", options[active].id);
    }

    function take(option) {
      input.value = option.dataset.value;
      close();
      input.focus();
    }

    function show(results) {
      list.replaceChildren();
      active = -1;
      input.removeAttribute("aria-activedescendant");
      results.forEach(function (one, at) {
        const option = document.createElement("li");
        option.id = `${list.id}-${at}`;
        option.className = "occ-combo-option";
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.value = one.value;
        const name = document.createElement("span");
        name.textContent = one.value;
        const hint = document.createElement("span");
        hint.className = "text-secondary";
        hint.textContent = one.hint;
        option.append(name, " ", hint);
        list.append(option);
      });
      if (!results.length) {
        const none = document.createElement("li");
        none.className = "occ-combo-option text-secondary";
        none.textContent = input.dataset.nobody;
        list.append(none);
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", String(results.length > 0));
      document.getElementById("occ-status").textContent = document.body.dataset.textRows.replace("{n}", String(results.length));
    }

    async function ask() {
      const text = input.value.trim();
      if (text.length < LEAST) return close();
      if (asked) asked.abort();
      asked = new AbortController();
      try {
        const answer = await fetch(`${input.dataset.url}${input.dataset.url.includes("?") ? "&" : "?"}q=${encodeURIComponent(text)}`, { signal: asked.signal });
        if (answer.ok && document.activeElement === input) show((await answer.json()).results);
      } catch (error) {
        if (error.name !== "AbortError") close(); // offline: the field still takes a number
      }
    }

    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
    input.addEventListener("keydown", function (event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) return void ask();
        light(event.key === "ArrowDown" ? active + 1 : active < 0 ? -1 : active - 1);
      } else if (event.key === "Enter" && !list.hidden && active >= 0) {
        event.preventDefault();
        take(list.children[active]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        close();
      } else if (event.key === "Tab") {
        close();
      }
    });
    // Before the field loses the focus, which would close the list.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", function (event) {
      const option = event.target.closest("[role=option]");
      if (option) take(option);
    });
    input.addEventListener("blur", close);
  }

  function arrive(root) {
    for (const input of root.querySelectorAll("[data-combobox]")) combobox(input);
  }

  arrive(document);
  document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) arrive(event.detail.elt); });
})();
