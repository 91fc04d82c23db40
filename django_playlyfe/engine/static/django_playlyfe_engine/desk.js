/* Live validation: what is typed is sent for a check, and what is wrong with it appears beside the fields. Without this
   script the button "Check" does the same. */
"use strict";
(() => {
  const form = document.getElementById("desk-form");
  const status = document.getElementById("desk-status");
  if (!form || !status || !form.querySelector('[name="_check"]')) return;
  const PAUSE = 700;
  let pause = PAUSE;
  let timer = 0;
  let request = null;

  const show = (answer) => {
    for (const place of form.querySelectorAll(".desk-errors")) {
      const found = answer.errors[place.id.replace(/-errors$/, "")] || "";
      if (place.innerHTML.trim() !== found.trim()) place.innerHTML = found; // escaped by the server
      const field = place.closest(".desk-field");
      if (field) {
        field.classList.toggle("errors", Boolean(found));
        const input = field.querySelector("input, select, textarea");
        if (input) {
          if (found) input.setAttribute("aria-invalid", "true");
          else input.removeAttribute("aria-invalid");
        }
      }
    }
    status.textContent = answer.status;
  };

  const check = async () => {
    if (request) request.abort();
    request = new AbortController();
    const begun = Date.now();
    try {
      const answer = await fetch(window.location.href, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        signal: request.signal,
      });
      if (answer.ok && (answer.headers.get("Content-Type") || "").startsWith("application/json")) show(await answer.json());
      pause = Math.max(PAUSE, 2 * (Date.now() - begun)); // a large design takes its time: ask less often
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = ""; // offline: the buttons still work
    }
  };

  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(check, pause);
  });
})();
