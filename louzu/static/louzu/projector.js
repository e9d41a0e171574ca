// 投影: a report as one idea a screen, large and without the menu. Its cards move onto a stage and back to their places; what is too long goes over several screens, so that nothing is cut.
(() => {
  const LARGEST = 2.4, READABLE = 1.15, SMALLEST = 0.3, STEP = 0.94, OFFICE = 1366; // times larger than on the page, on a screen as wide as an office's
  const PARTS = ":scope > :is(.lz-scroll, .lz-pictures, .lz-heats, .lz-tiles, :has(> canvas), details), :scope > .lz-halves > *";
  const ITEMS = ".lz-table > tbody > tr, .lz-tiles > .lz-tile, .lz-heats > div, .lz-missing > details";
  const KEYS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Home: -Infinity, End: Infinity };
  const BARS = `<header><h1 tabindex="-1" autofocus></h1><output></output><button type="button" data-turn="-1">‹ 上一张</button><button type="button" data-turn="1">下一张 ›</button><button type="button" data-leave>退出</button></header><div class="lz-stage"></div>`;
  let dialog, stage, homes, slides, at, size;

  const isOver = (side) => stage[`scroll${side}`] > stage[`client${side}`] + 1;
  const show = ({ card, part, from = 0, to = Infinity, zoom }) => {
    stage.querySelectorAll("[data-off]").forEach((one) => one.removeAttribute("data-off"));
    const items = [...part.querySelectorAll(ITEMS)].filter((item, _, all) => item.parentElement === all[0].parentElement);
    const parts = part === card ? [] : [...card.querySelectorAll(PARTS)].filter((one) => one !== part);
    const others = [...stage.children].filter((one) => one !== card);
    for (const one of [...others, ...parts, ...items.slice(0, from), ...items.slice(to)]) one.dataset.off = "";
    card.style.zoom = zoom;
    for (const canvas of part.querySelectorAll("canvas")) window.Chart?.getChart(canvas)?.resize();
    return items.length;
  };
  const shrunk = (slide, zoom, isTooLarge, least = SMALLEST) => {
    for (show({ ...slide, zoom }); isTooLarge() && zoom > least; slide.card.style.zoom = zoom) zoom *= STEP;
    return zoom;
  };
  const slidesOf = (idea) => {
    if (idea.part.querySelector("canvas")) return [{ ...idea, zoom: 1 }]; // a picture fills the stage by itself
    const unit = innerWidth / OFFICE, count = show(idea), wide = shrunk(idea, LARGEST * unit, () => isOver("Width"));
    const zoom = shrunk(idea, wide, () => isOver("Height"), count > 1 ? Math.min(wide, READABLE * unit) : SMALLEST);
    let [most, above] = isOver("Height") ? [1, count] : [count || 1, 0]; // so many items fit, so many do not
    while (above - most > 1) {
      const half = (most + above) >> 1;
      show({ ...idea, zoom, to: half });
      if (isOver("Height")) above = half; else most = half;
    }
    const pages = Math.ceil((count || 1) / most), each = Math.ceil((count || 1) / pages);
    return Array.from({ length: pages }, (_, page) => ({ ...idea, from: page * each, to: (page + 1) * each }))
      .map((slide) => ({ ...slide, zoom: shrunk(slide, wide, () => isOver("Height") || isOver("Width")) }));
  };
  const turn = (by) => {
    show(slides[(at = Math.max(0, Math.min(slides.length - 1, at + by)))]);
    dialog.querySelector("output").textContent = `${at + 1}/${slides.length}`;
  };
  const letter = (px) => { if (window.Chart) { Chart.defaults.font.size = px; Object.values(Chart.instances).forEach((chart) => chart.update("none")); } };
  const layOut = () => {
    letter(17 * innerWidth / OFFICE);
    const partsOf = (card) => { const parts = [...card.querySelectorAll(PARTS)]; return parts.length > 1 ? parts : [card]; };
    slides = [...homes.keys()].flatMap((card) => partsOf(card).map((part) => ({ card, part }))).flatMap(slidesOf);
    turn(0);
  };
  const leave = () => {
    stage.querySelectorAll("[data-off]").forEach((one) => one.removeAttribute("data-off"));
    stage.querySelectorAll("[data-shut]").forEach((one) => { one.open = false; one.removeAttribute("data-shut"); });
    homes.forEach((home, card) => { card.style.zoom = ""; home.replaceWith(card); });
    dialog.remove();
    dialog = null;
    if (document.fullscreenElement) document.exitFullscreen();
    letter(size);
  };
  const open = async (title) => {
    await document.documentElement.requestFullscreen?.().catch(() => {}); // as good without, where it is not allowed
    [at, size] = [0, window.Chart?.defaults.font.size];
    dialog = Object.assign(document.createElement("dialog"), { className: "lz-projector", innerHTML: BARS, onclose: leave });
    dialog.querySelector("h1").textContent = title;
    const legend = document.querySelector(".lz-legend"), cards = document.querySelectorAll(".lz-card:not(.lz-card .lz-card), .lz-figures:not(.lz-card *)");
    if (legend) dialog.append(legend.cloneNode(true));
    document.body.append(dialog);
    dialog.showModal();
    stage = dialog.querySelector(".lz-stage");
    homes = new Map([...cards].map((card) => [card, document.createComment("")]));
    homes.forEach((home, card) => { card.replaceWith(home); stage.append(card); });
    for (const one of stage.querySelectorAll(":scope > details:not([open]), :scope > .lz-card > details:not([open])")) one.open = Boolean(one.dataset.shut = "1");
    layOut();
  };

  document.addEventListener("click", ({ target }) => {
    const { projector, turn: by, leave: isLeft } = target.closest("[data-projector], [data-turn], [data-leave]")?.dataset ?? {};
    if (projector) open(projector);
    if (by) turn(Number(by));
    if (isLeft === "") dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    if (!dialog || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) return;
    if (!(event.key in KEYS) || (event.key === " " && event.target.matches("a, summary"))) return;
    event.preventDefault();
    turn(KEYS[event.key]);
  });
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) dialog?.close(); });
  window.addEventListener("resize", () => { if (dialog) layOut(); });
})();
