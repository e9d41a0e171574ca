// A work list: tick a page or the whole list, see how many are ticked. On a card: copy the member's link.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-board]");
  const ticks = [...(form?.querySelectorAll("[name=card], [name=slip]") ?? [])];
  const page = form?.querySelector("[data-page]");
  const all = form?.querySelector("[data-all]");
  const count = form?.querySelector("[data-count]");

  const tell = () => {
    const ticked = ticks.filter((tick) => tick.checked).length;
    page.checked = ticked === ticks.length;
    count.hidden = false;
    count.textContent = all?.checked ? "已选中全部" : `已选中 ${ticked} 张`;
  };
  form?.addEventListener("change", (event) => {
    if (event.target === page || event.target === all) for (const tick of ticks) tick.checked = event.target.checked;
    else if (all && ticks.includes(event.target)) all.checked = false;
    if (event.target === page && all && !page.checked) all.checked = false;
    tell();
  });
  if (page) tell();

  document.querySelector("[data-copy]")?.addEventListener("click", async (event) => {
    const box = document.querySelector("[data-copied]");
    box.select();
    // Over plain HTTP browsers offer no clipboard: what is selected is copied the old way.
    await (navigator.clipboard?.writeText(box.value) ?? document.execCommand("copy"));
    event.target.textContent = "已复制";
  });
});
