// Comfort only: every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  const shortcuts = root.dataset.keys !== "off";
  let here = -1;

  const rows = () => [...document.querySelectorAll("table.rows tbody tr:has(a)")];
  const go = { f: "/fleet/", a: "/alerts/", i: "/incidents/", p: "/policies/", u: "/audit/" };
  let waitsForTarget = false;

  function move(step) {
    const all = rows();
    if (!all.length) return;
    all[here]?.classList.remove("here");
    here = Math.max(0, Math.min(all.length - 1, here + step));
    all[here].classList.add("here");
    all[here].querySelector("a").focus();
  }

  function typing(target) {
    return target.closest?.("input, textarea, select, [contenteditable]");
  }

  document.addEventListener("keydown", (event) => {
    if (!shortcuts || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (waitsForTarget) {
      waitsForTarget = false;
      if (go[key]) location.assign(go[key]);
      return;
    }
    if (key === "/") {
      event.preventDefault();
      document.querySelector("input[type=search]")?.focus();
    } else if (key === "g") waitsForTarget = true;
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if ("asie".includes(key)) (rows()[here] ?? document).querySelector(`[data-key=${key}]`)?.focus();
    else if (key === "x") rows()[here]?.querySelector("input[type=checkbox]")?.click();
    else if (key === "?") document.querySelector("#me-menu")?.toggleAttribute("open");
  });

  // A filter that is chosen applies at once; without this file one presses the button.
  document.addEventListener("change", (event) => {
    event.target.closest?.("form[data-now]")?.requestSubmit();
  });

  // A menu closes when one leaves it.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    }
  });
})();
