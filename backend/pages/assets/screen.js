// The command centre: charts drawn from the tables that stand below them, and a word when the screen cannot look again.
"use strict";
const LINES = ["#0b4f8a", "#b45309", "#1b5e20", "#6a1b9a"];
let seenAt = Date.now();
let charts = [];
function columnsOf(table) {
  const rows = [...table.tBodies[0].rows];
  const days = rows.map((row) => Date.parse(`${row.cells[0].dataset.day}T00:00:00Z`) / 1000);
  const [day, ...names] = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const values = names.map((_, at) => rows.map((row) => (row.cells[at + 1].dataset.value === "" ? null : Number(row.cells[at + 1].dataset.value))));
  return { day, names, data: [days, ...values] };
}
function drawAll() {
  for (const chart of charts) {
    chart.destroy();
  }
  charts = [];
  if (typeof uPlot === "undefined") {
    return;
  }
  for (const table of document.querySelectorAll("table[data-chart]")) {
    const place = document.getElementById(table.dataset.chart);
    const { day, names, data } = columnsOf(table);
    const language = document.documentElement.lang;
    const written = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
    const said = (seconds) => written.format(new Date(seconds * 1000));
    const series = names.map((label, at) => ({ label, stroke: LINES[at % LINES.length], width: 2, dash: at % 2 ? [8, 4] : undefined }));
    const axes = [{ values: (_, splits) => splits.map(said) }, { size: 60 }];
    const range = (_, low, high) => [0, Math.max(1, high * 1.1)];
    place.setAttribute("aria-hidden", "true"); // the table says the same
    charts.push(
      new uPlot(
        {
          width: place.clientWidth,
          height: 240,
          scales: { x: { time: true }, y: { range } },
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
          series: [{ label: day, value: (_, seconds) => (seconds === null ? "" : said(seconds)) }, ...series],
          axes,
        },
        data,
        place,
      ),
    );
  }
}
document.addEventListener("DOMContentLoaded", drawAll);
window.addEventListener("resize", () => {
  for (const chart of charts) {
    chart.setSize({ width: chart.root.parentElement.clientWidth, height: 240 });
  }
});
// What somebody has opened stays open when the board is replaced.
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "board" && event.detail.xhr.status === 200) {
    opened = [...document.querySelectorAll("#board details")].map((each) => each.open);
  }
});
document.addEventListener("htmx:afterSwap", () => {
  seenAt = Date.now();
  document.querySelectorAll("#board details").forEach((each, at) => {
    each.open = opened[at] || false;
  });
  drawAll();
});
window.setInterval(() => {
  const lost = document.getElementById("lost");
  if (lost) {
    lost.hidden = Date.now() - seenAt < Number(lost.dataset.after) * 1000;
  }
}, 1000);
