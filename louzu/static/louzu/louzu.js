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
// A select box that searches is called what its field is called, by who cannot see it too.
const nameSearches = () => {
  for (const box of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
    const field = box.closest(".select2").previousElementSibling;
    const name = field.labels[0]?.textContent ?? field.getAttribute("aria-label") ?? field.closest("[data-label]")?.dataset.label ?? "查找";
    box.setAttribute("aria-describedby", box.getAttribute("aria-labelledby"));
    box.removeAttribute("aria-labelledby");
    box.setAttribute("aria-label", name.replace("*", "").trim());
    const chosen = box.querySelector("[role=textbox]");
    for (const attribute of ["role", "aria-readonly"]) chosen?.removeAttribute(attribute);
  }
};
window.addEventListener("load", () => setTimeout(nameSearches)); // they are made once the page is there
document.addEventListener("formset:added", () => setTimeout(nameSearches));
document.addEventListener("DOMContentLoaded", () => {
  window.django?.jQuery?.(document).on("select2:open", () => document.querySelector(".select2-container--open .select2-search__field")?.setAttribute("aria-label", "查找"));
});
// A list is narrowed as soon as another area is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-narrowing] select")) event.target.form.requestSubmit();
});
// On a phone a long list ends after twenty; 更多 shows twenty more. A row that is pointed out, or is wrong, stays in sight.
document.addEventListener("DOMContentLoaded", () => {
  const MOST = 20;
  if (window.innerWidth > 640) return;
  for (const list of document.querySelectorAll("#result_list, .lz-cards > tbody, .lz-asked, [data-more]")) {
    const rest = [...list.children].filter((row) => !row.matches("thead")).slice(MOST);
    if (!rest.length || rest.some((row) => row.matches(":target") || row.querySelector(":target, .lz-problem"))) continue;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lz-button lz-plain lz-rest" });
    const tell = () => { button.textContent = `更多（还有 ${rest.length} 条）`; };
    for (const row of rest) row.hidden = true;
    button.addEventListener("click", () => {
      const next = rest.splice(0, MOST);
      for (const row of next) row.hidden = false;
      next[0].querySelector("a, input")?.focus();
      if (rest.length) tell();
      else button.remove();
    });
    tell();
    (list.closest("table") ?? list).after(button);
  }
});
// What scrolls sideways, such as a wide table on a phone, can be scrolled by the keyboard too.
const scrollByKeys = () => {
  for (const box of document.querySelectorAll(".lz-scroll, .lz-rhythm")) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (scrolls) Object.assign(box, { tabIndex: 0, role: "region", ariaLabel: "表格，可以左右移动" });
  }
};
document.addEventListener("DOMContentLoaded", scrollByKeys);
window.addEventListener("resize", scrollByKeys);
document.addEventListener("toggle", scrollByKeys, true);
