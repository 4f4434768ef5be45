// A sheet prints well from the browser's own menu; this adds a button that opens it.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
  button.parentElement.hidden = false;
}
