// Only a theme building has a theme; the boxes of the statements ask for their day.
const themed = document.querySelector("[data-theme]");
const show = () => { themed.hidden = document.querySelector("[name=kind]:checked")?.value !== "theme"; };
if (themed) {
  document.querySelectorAll("[name=kind]").forEach((choice) => choice.addEventListener("change", show));
  show();
}

// Another place or year: what was done there and then. A searching select box tells of its change by jQuery alone.
window.django?.jQuery?.("[name=area], [name=year]").on("change", () => document.querySelector("[data-in-the-year]").click());
