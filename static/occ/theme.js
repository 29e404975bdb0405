// Light, dark, or as the device says; loaded before the first paint, so that nothing flashes.
// The choice lives in the cookie `occ_theme`: the server renders it, this script resolves "auto" and keeps up with it.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const choices = ["light", "dark", "auto"];

  function chosen() {
    const cookie = document.cookie.split("; ").find((entry) => entry.startsWith("occ_theme="));
    const value = cookie ? cookie.slice("occ_theme=".length) : root.dataset.themeChoice;
    return choices.includes(value) ? value : "auto";
  }

  function show() {
    const choice = chosen();
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    if (root.dataset.bsTheme !== theme) {
      root.dataset.bsTheme = theme;
      document.dispatchEvent(new CustomEvent("occ:theme", { detail: theme }));
    }
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === choice));
    }
  }

  root.classList.add("js");
  show();
  dark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-theme]");
    if (!button) return;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = "occ_theme=" + button.dataset.theme + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
    show();
  });
})();
