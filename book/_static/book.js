// What a page of the book does in the browser; every page can be read without it.
"use strict";

// A table that does not fit its box is set closer; where that is not enough, it shows one card for each row.
function fitTables() {
  for (const table of document.querySelectorAll(".bd-article table.table, .bd-article .cell_output table")) {
    const box = table.parentElement;
    const tooWide = () => box.clientWidth && table.scrollWidth > box.clientWidth + 1;
    table.classList.remove("as-cards", "tight");
    if (tooWide()) table.classList.add("tight");
    if (tooWide()) table.classList.replace("tight", "as-cards");
  }
}

// Rows of a long list that hold every word that was typed.
function followFilter(input) {
  const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
  const output = input.parentElement.querySelector("output");
  input.parentElement.hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    output.textContent = `${shown} of ${rows.length}`;
  });
}

// Some words around the first place where a page holds what was searched for.
function excerpt(text, words) {
  const found = words.map((word) => text.toLowerCase().indexOf(word)).filter((place) => place >= 0);
  if (!found.length) return "";
  const start = Math.max(0, Math.min(...found) - 90);
  const end = Math.min(text.length, start + 240);
  return `${start ? "… " : ""}${text.slice(start, end).trim()}${end < text.length ? " …" : ""}`;
}

function showExcerpts() {
  const results = document.getElementById("search-results");
  if (!results) return;
  const script = document.createElement("script");
  script.src = "_static/search_texts.js";
  const words = (new URLSearchParams(location.search).get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  const fill = () => {
    for (const item of results.querySelectorAll("li:not([data-excerpt])")) {
      const link = item.querySelector("a");
      if (!link || !window.searchTexts) continue;
      item.dataset.excerpt = "";
      const page = Object.keys(window.searchTexts).find((name) => link.pathname.endsWith(`/${name}`));
      const words_around = page ? excerpt(window.searchTexts[page], words) : "";
      if (!words_around) continue;
      const line = document.createElement("p");
      line.className = "context";
      line.textContent = words_around;
      item.append(line);
    }
  };
  script.onload = fill;
  document.head.append(script);
  new MutationObserver(fill).observe(results, { childList: true, subtree: true });
}

// Paper is light, and every box on it is open.
function prepareForPaper() {
  const page = document.documentElement.dataset;
  page.themeOnScreen = page.theme;
  page.theme = "light";
  for (const box of document.querySelectorAll("details:not([open])")) {
    box.open = true;
    box.dataset.openedForPrint = "";
  }
}

function backToScreen() {
  const page = document.documentElement.dataset;
  page.theme = page.themeOnScreen;
  for (const box of document.querySelectorAll("details[data-opened-for-print]")) {
    box.open = false;
    delete box.dataset.openedForPrint;
  }
}

// A link to a place within a closed box opens it.
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const box = target && target.closest("details");
  if (box && !box.open) {
    box.open = true;
    target.scrollIntoView();
  }
}

window.addEventListener("DOMContentLoaded", () => {
  fitTables();
  document.querySelectorAll("input[data-filters]").forEach(followFilter);
  showExcerpts();
  openTarget();
  document.addEventListener("toggle", fitTables, true);
});
window.addEventListener("load", fitTables);
window.addEventListener("resize", fitTables);
window.addEventListener("hashchange", openTarget);
window.addEventListener("beforeprint", prepareForPaper);
window.addEventListener("afterprint", backToScreen);
