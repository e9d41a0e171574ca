// A building's grid: of a member's household and a neighbour's, the second click makes the pair.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-grid]");
  const said = form?.querySelector("[data-said]");
  if (!said) return;
  const open = form.querySelector("[data-open]"), atFirst = said.textContent;
  const chosen = (name) => form.querySelector(`input[name=${name}]:checked, input[type=hidden][name=${name}]`);
  const kept = {};
  let byHand = false;

  const tell = (last) => {
    const home = chosen("household"), neighbour = chosen("neighbour");
    said.textContent = home && neighbour ? `${home.dataset.label} 与 ${neighbour.dataset.label}`
      : home ? `已选党员家庭 ${home.dataset.label}，再点一户邻居。`
      : neighbour ? `已选邻居 ${neighbour.dataset.label}，再点一户党员家庭。` : atFirst;
    open.hidden = !last?.checked;
    if (last) open.href = form.dataset.door.replace("/0/", `/${last.value}/`);
  };

  // By keyboard one goes through the doors first; Enter makes the pair.
  form.addEventListener("pointerdown", () => { byHand = true; });
  form.addEventListener("keydown", () => { byHand = false; });
  form.addEventListener("click", (event) => {
    const radio = event.target.closest("input[type=radio]");
    if (!radio) return;
    if (byHand && kept[radio.name] === radio) radio.checked = false;
    kept[radio.name] = radio.checked ? radio : null;
    tell(radio);
    if (byHand && radio.checked && chosen("household") && chosen("neighbour")) form.requestSubmit();
  });
  for (const radio of form.querySelectorAll("input[type=radio]:checked")) kept[radio.name] = radio;
  tell();
});
