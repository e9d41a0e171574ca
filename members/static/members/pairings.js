// Lists with ticks: one box ticks or clears them all.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-all]");
  if (all) for (const box of all.form.querySelectorAll("input[name=pick]")) box.checked = all.checked;
});
