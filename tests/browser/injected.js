// What of a page is not our own: deeds that were done, elements and attributes that words have become.
() => {
  const faults = window.planted === undefined ? [] : [`planted ${window.planted} was done`];
  // Where a page may repeat words in an attribute: read out or typed, never obeyed.
  const words = new Set(["value", "alt", "title", "aria-label", "content", "placeholder", "label"]);
  const ours = (address) => new URL(address, location).origin === location.origin;
  const source = (one) => one.tagName === "A" && one.relList.contains("noreferrer"); // where staff have something from
  const known = {
    A: (one) => !one.href || ours(one.href) || ["tel:", "mailto:", "geo:", "https:"].includes(one.protocol),
    FORM: (one) => ours(one.getAttribute("action") || ""),
    IMG: (one) => ours(one.src),
    LINK: (one) => ours(one.href),
    META: (one) => !one.httpEquiv,
    SCRIPT: (one) => ours(one.src) && new URL(one.src, location).pathname.startsWith("/assets/"),
  };
  const never = ["AUDIO", "BASE", "EMBED", "FRAME", "IFRAME", "LISTING", "MARQUEE", "MATH", "MGLYPH", "OBJECT", "PLAINTEXT", "STYLE", "VIDEO", "X"];
  for (const one of document.querySelectorAll("*")) {
    const tag = one.tagName.toUpperCase();
    if (never.includes(tag) || (known[tag] && !known[tag](one))) {
      faults.push(`<${tag}> ${one.outerHTML.slice(0, 120)}`);
    }
    for (const { name, value } of one.attributes) {
      const obeyed = /^(on|hx-on)/.test(name) || ["style", "srcdoc"].includes(name);
      const repeats = words.has(name) || (name === "href" && source(one) && value.startsWith("https://"));
      if (obeyed || (!repeats && /planted=|^\s*(javascript|data|vbscript):/i.test(name + value))) {
        faults.push(`${name} of ${one.outerHTML.slice(0, 120)}`);
      }
    }
  }
  return faults;
}
