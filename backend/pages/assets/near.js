// "Near me": a button that says where the browser is, for a form that otherwise asks by area.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-near]")) {
    const form = button.form;
    if (!navigator.geolocation) {
      continue;
    }
    button.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(
        (place) => {
          form.elements.near.value = `${place.coords.latitude.toFixed(5)},${place.coords.longitude.toFixed(5)}`;
          form.elements.area.value = "";
          form.submit();
        },
        () => {
          button.disabled = false;
          form.querySelector("[data-near-failed]").hidden = false;
        },
        { maximumAge: 60000, timeout: 15000 },
      );
    });
  }
});
