// Photographs that are more together than a form may bring are told before they are sent: nothing typed is lost then.
"use strict";
document.addEventListener("change", (event) => {
  const group = event.target.closest("[data-most-megabytes]");
  if (group) {
    const inputs = [...group.querySelectorAll("input[type=file]")];
    const bytes = inputs.flatMap((input) => [...input.files]).reduce((sum, file) => sum + file.size, 0);
    const said = bytes > Number(group.dataset.mostMegabytes) * 1e6 ? group.dataset.tooMuch : "";
    inputs.forEach((input) => input.setCustomValidity(""));
    event.target.setCustomValidity(said);
    event.target.reportValidity();
  }
});
