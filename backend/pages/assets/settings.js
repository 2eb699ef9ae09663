// What a check of a form found is told to screen readers at the field too.
"use strict";
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const fault of document.querySelectorAll("[id^='fault-']")) {
    const field = document.getElementById(fault.id.replace(/^fault-/, "field-"));
    if (field) {
      field.toggleAttribute("aria-invalid", false);
      if (fault.textContent) {
        field.setAttribute("aria-invalid", "true");
      }
      field.closest(".field, fieldset").classList.toggle("wrong", Boolean(fault.textContent));
    }
  }
});
