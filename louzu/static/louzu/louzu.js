// What every page needs: forms that write are sent once, but for their buttons that only fetch (data-again); select boxes that search speak Chinese; "back" goes back.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once], [data-upload]") || event.submitter?.matches("[data-again]")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const button = event.submitter ?? form.querySelector("button");
  const said = button.textContent;
  button.textContent = "请稍候……";
  window.addEventListener("pageshow", () => { delete form.dataset.sent; button.textContent = said; }, { once: true });
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]") && history.length > 1) { event.preventDefault(); history.back(); }
  if (event.target.closest("[data-print]")) window.print();
});
document.addEventListener("DOMContentLoaded", () => {
  window.django?.jQuery?.fn.select2?.defaults.set("language", {
    noResults: () => "没有找到结果", searching: () => "正在查找……", loadingMore: () => "正在加载更多……",
    errorLoading: () => "没有取到结果，请重试", inputTooShort: () => "请输入要查找的内容", removeAllItems: () => "清除",
  });
});
// A list is narrowed as soon as another area is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-narrowing] select")) event.target.form.requestSubmit();
});
