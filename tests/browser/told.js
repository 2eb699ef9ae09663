// What a page tells: its text, and what is read out of attributes or stands in fields.
() => {
  const read = ["value", "alt", "title", "aria-label", "placeholder", "label"];
  const told = [...document.querySelectorAll("*")].flatMap((one) => read.map((name) => one.getAttribute(name) || ""));
  return [document.documentElement.textContent, ...told].join("\n");
}
