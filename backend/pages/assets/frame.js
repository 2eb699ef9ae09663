// What every page does with a script, and does without one too: a form is not sent twice, and its faults are gone to.
"use strict";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && !form.hasAttribute("hx-post")) {
    form.dataset.sent = "1";
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent; // the browser's way back shows the page as it was left
  }
});
document.addEventListener("DOMContentLoaded", () => {
  const fault = document.querySelector(".fault a, .wrong input, .wrong select, .wrong textarea");
  if (fault) {
    fault.focus();
  }
});
// A refused form and an expired session answer with a page of their own: htmx shows it in place of what it asked for.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status === 409 || status === 412 || status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
