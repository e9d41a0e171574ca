// The upload page: show which file was dropped or chosen.
document.addEventListener("DOMContentLoaded", () => {
  const drop = document.querySelector("[data-drop]");
  if (!drop) return;
  const input = drop.querySelector("input[type=file]");
  input.hasChangeListener = true; // keeps the theme's own listener off: it looks for its own markup
  const name = drop.querySelector("[data-file-name]");
  const show = () => { if (input.files.length) { name.textContent = "已选择：" + input.files[0].name; drop.classList.add("lz-chosen"); } };
  input.addEventListener("change", show);
  for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add("lz-over"); });
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.remove("lz-over"); });
  drop.addEventListener("drop", (event) => { input.files = event.dataTransfer.files; show(); });
});
