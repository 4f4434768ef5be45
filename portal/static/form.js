// A form without this works; with it what needs attention takes focus and a text counts down.
(() => {
  // A browser does not go back to the answer to a POST; to its address it does, and all is there.
  if (document.querySelector("form[data-kept]")) history.replaceState(null, "", location.href);
  document.querySelector(".error-summary, .asked")?.focus();
  document.getElementById("municipality-choice")?.focus();
  // A second press of a button would take the place of the answer to the first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (Date.now() - (form.dataset.sent ?? 0) < 2000) event.preventDefault();
    else form.dataset.sent = Date.now();
  });
  for (const area of document.querySelectorAll("textarea[data-longest]")) {
    const rest = document.getElementById(area.id + "-rest");
    const tell = () => {
      // Counted in code points of the trimmed text, as the server does.
      const left = Number(area.dataset.longest) - [...area.value.trim()].length;
      rest.textContent = left < 0 ? `Tekens te veel: ${-left}.` : `Er passen nog ${left} tekens in.`;
    };
    area.addEventListener("input", tell);
    tell();
  }
})();
