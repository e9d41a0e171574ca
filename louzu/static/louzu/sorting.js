// Tables with data-sortable are sorted by a click on a heading, once more the other way round; "—" stays last; small print is no part of a value.
document.addEventListener("DOMContentLoaded", () => {
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return null; // a row without figures yet has one wide cell
    const text = cell.dataset.value ?? [...cell.childNodes].map((node) => (node.nodeName === "SMALL" ? "" : node.textContent)).join("").trim();
    const number = parseFloat(text.replace(/[,%+]/g, ""));
    return text === "—" ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "zh-CN"));
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const original = [...table.tBodies[0].rows];
    table.tHead.rows[0].querySelectorAll("th").forEach((heading) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "lz-sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const way = heading.getAttribute("aria-sort") === "descending" ? 1 : -1;
        const keyed = original.map((row) => [value(row, heading.cellIndex), row]);
        keyed.sort(([a], [b]) => (a === null) - (b === null) || way * compare(a, b));
        table.tBodies[0].append(...keyed.map(([, row]) => row));
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      });
    });
  }
});
