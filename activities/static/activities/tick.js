// The tick list by keyboard: type to narrow, Enter ticks and clears, arrows move, Ctrl+Enter saves.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-tick]");
  if (!form) return;
  const box = form.querySelector("[data-find-box]");
  const rows = [...form.querySelectorAll("[data-find]")];
  const nobody = form.querySelector("[data-nobody]");
  let at = null;

  const count = () => {
    const ticked = form.querySelectorAll("[name=member]:checked").length;
    form.querySelector("[data-ticked]").textContent = ticked;
    form.querySelector("[data-record-ticked]").textContent = `登记 ${ticked.toLocaleString("zh-CN")} 人`;
  };
  const shown = () => rows.filter((row) => !row.hidden);
  const point = (row) => {
    at?.classList.remove("lz-at");
    at = row;
    at?.classList.add("lz-at");
    at?.scrollIntoView({ block: "nearest" });
  };
  const narrow = () => {
    const typed = box.value.trim().toLowerCase().replace(/\s+/g, "");
    for (const row of rows) row.hidden = typed !== "" && !row.dataset.find.split(" ").some((word) => word.startsWith(typed));
    for (const building of form.querySelectorAll(".lz-building")) building.hidden = !building.querySelector("[data-find]:not([hidden])");
    nobody.hidden = shown().length > 0;
    point(typed ? shown()[0] ?? null : null);
  };
  const tick = (row) => {
    const input = row.querySelector("input");
    input.checked = !input.checked;
    count();
    box.value = "";
    narrow();
    point(row);
  };

  box.addEventListener("input", narrow);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.isComposing) {
      event.preventDefault();
      if (at && box.value.trim()) tick(at);
    }
    if (event.key === "Enter" && event.ctrlKey) form.requestSubmit();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const list = shown();
      point(list[Math.min(Math.max(list.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1), 0), list.length - 1)] ?? null);
    }
  });
  form.addEventListener("change", count);
  count();
  box.focus();
});
