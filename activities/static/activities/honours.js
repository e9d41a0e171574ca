// Only a theme building has a theme; the boxes of the statements ask for their day.
const themed = document.querySelector("[data-theme]");
const show = () => { themed.hidden = document.querySelector("[name=kind]:checked")?.value !== "theme"; };
if (themed) {
  document.querySelectorAll("[name=kind]").forEach((choice) => choice.addEventListener("change", show));
  show();
}
