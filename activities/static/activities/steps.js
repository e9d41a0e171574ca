// The two steps of recording say what comes next: with names pasted, the list is checked; then so many are recorded.
document.addEventListener("DOMContentLoaded", () => {
  const next = document.querySelector("[data-next]"), names = document.querySelector("[name=names]");
  if (next && names) {
    const pasted = next.textContent;
    const say = () => { next.textContent = names.value.trim() ? pasted : next.dataset.next; };
    names.addEventListener("input", say);
    next.form.addEventListener("change", say); // what was typed before a lost login comes back
    say();
  }
  const record = document.querySelector("[data-record]");
  if (record) {
    const chosen = () => [...record.form.querySelectorAll("[name^=who-]:checked")].map((field) => field.value).filter((value) => value !== "0");
    const count = () => { record.textContent = `登记 ${new Set(chosen()).size.toLocaleString("zh-CN")} 人`; };
    record.form.addEventListener("change", count);
    count();
  }
});
