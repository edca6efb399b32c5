"use strict";

// Tables: a click on a heading sorts by that column, again the other way round.
for (const table of document.querySelectorAll("table.sortable")) {
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const [p, q] = [parseFloat(x), parseFloat(y)];
        if (Number.isNaN(p) || Number.isNaN(q)) {
          if (Number.isNaN(p) !== Number.isNaN(q)) return Number.isNaN(p) ? 1 : -1;
          return (up ? 1 : -1) * x.localeCompare(y);
        }
        return (up ? 1 : -1) * (p - q);
      });
      table.tBodies[0].append(...rows);
    });
  }
}

// Checks: all of them, or only those that were missed.
const onlyMissed = document.getElementById("only-missed");
const showChecks = () => {
  for (const row of document.querySelectorAll("#checks tbody tr")) {
    row.hidden = onlyMissed.checked && row.dataset.ok === "true";
  }
};
onlyMissed.addEventListener("change", showChecks);

// Samples: by group, by words, in some order.
const group = document.getElementById("group");
const words = document.getElementById("words");
const order = document.getElementById("order");
const gallery = document.getElementById("gallery");
const shown = document.getElementById("shown");
const cards = [...gallery.children];
const showSamples = () => {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  for (const card of cards) {
    const inGroup = group.value === "all" || card.dataset.groups.split(" ").includes(group.value);
    const found = wanted.every((word) => card.dataset.words.includes(word));
    card.hidden = !(inGroup && found);
    number += card.hidden ? 0 : 1;
  }
  shown.textContent = `${number} of ${cards.length} shown`;
};
const orderSamples = () => {
  const by = order.value;
  const sorted = [...cards].sort((a, b) =>
    by === "key" ? a.dataset.key.localeCompare(b.dataset.key) : parseFloat(b.dataset[by]) - parseFloat(a.dataset[by]));
  gallery.append(...sorted);
};
group.addEventListener("change", showSamples);
words.addEventListener("input", showSamples);
order.addEventListener("change", orderSamples);
orderSamples();
showSamples();

// A sample opens large.
const dialog = document.getElementById("large");
for (const card of cards) {
  card.querySelector("button")?.addEventListener("click", () => {
    dialog.querySelector("img").src = card.querySelector("img").src;
    dialog.querySelector("img").alt = card.dataset.key;
    dialog.querySelector("strong").textContent = `${card.dataset.key}: ${card.dataset.cause}`;
    dialog.showModal();
  });
}
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
