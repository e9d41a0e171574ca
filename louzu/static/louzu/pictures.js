// Pictures of figures: each canvas[data-picture] draws the JSON of the script element that it names; a table says the same in words.
// The JSON is that of members/web/pictures.py: kind, labels, sets [{label, data, hue, dashed}], and where they apply lying, unit, most, bands.
// A hue is a name; --lz-hue-<name> in louzu.css is its colour, so that a thing has one colour on every page.
(() => {
  const style = getComputedStyle(document.documentElement);
  const hue = (name) => style.getPropertyValue(`--lz-hue-${name}`).trim() || style.getPropertyValue("--lz-accent").trim();
  const ROW = 30; // pixels of height that a row of lying bars or dots takes
  const SPREAD = [0, -0.2, 0.2, -0.1, 0.1, -0.3, 0.3]; // dots of like values stand beside each other within their row

  const written = (value, unit) => (value === null || value === undefined ? "—" : value.toLocaleString("zh-CN", { maximumFractionDigits: 1 }) + unit);

  // Writes each bar's value behind its end: bars are then read from a distance and in black and white.
  const values = {
    id: "values",
    afterDatasetsDraw(chart, _, { unit }) {
      const { ctx } = chart;
      Object.assign(ctx, { fillStyle: hue("ink"), textBaseline: "middle", textAlign: "left", font: `${Chart.defaults.font.size}px sans-serif` });
      const last = chart.getSortedVisibleDatasetMetas().at(-1);
      last?.data.forEach((bar, row) => ctx.fillText(written(chart.data.datasets[last.index].data[row], unit), bar.x + 6, bar.y));
    },
  };

  // Draws behind the dots of each row the band of its middle half.
  const bands = {
    id: "bands",
    beforeDatasetsDraw(chart, _, { rows }) {
      const { ctx, scales: { x, y } } = chart;
      ctx.fillStyle = hue("middle");
      rows.forEach((band, row) => {
        if (!band) return;
        const [left, right] = band.map((value) => x.getPixelForValue(value));
        const [top, bottom] = [row - 0.4, row + 0.4].map((value) => y.getPixelForValue(value));
        ctx.fillRect(left - 1, Math.min(top, bottom), right - left + 2, Math.abs(bottom - top));
      });
    },
  };

  const counted = (picture, more = {}) => ({ beginAtZero: true, max: picture.most ?? undefined, ticks: { precision: 0, callback: (value) => written(value, picture.unit) }, ...more });
  const named = { grid: { display: false } };

  function bars(picture, stacked) {
    const sets = picture.sets.map(({ label, data, hue: name }) => ({ label, data, backgroundColor: hue(name), maxBarThickness: 28 }));
    const along = counted(picture, { stacked, grace: picture.lying ? "8%" : 0 });
    const scales = picture.lying ? { x: along, y: { ...named, stacked } } : { x: { ...named, stacked }, y: along };
    return { type: "bar", data: { labels: picture.labels, datasets: sets }, options: { indexAxis: picture.lying ? "y" : "x", scales, plugins: { values: { unit: picture.unit } } }, plugins: picture.lying && sets.length === 1 ? [values] : [] };
  }

  function funnel(picture) {
    const drawn = bars({ ...picture, lying: true }, false);
    picture.sets.forEach(({ hues }, index) => { if (hues) drawn.data.datasets[index].backgroundColor = hues.map(hue); });
    return drawn;
  }

  function lines(picture) {
    const sets = picture.sets.map(({ label, data, hue: name, dashed }) => ({ label, data, borderColor: hue(name), backgroundColor: hue(name), borderDash: dashed ? [5, 4] : [], borderWidth: dashed ? 1.5 : 2.5, pointRadius: dashed ? 0 : 2.5, tension: 0 }));
    return { type: "line", data: { labels: picture.labels, datasets: sets }, options: { interaction: { mode: "index", intersect: false }, scales: { x: named, y: counted(picture) } } };
  }

  function dots(picture) {
    const sets = picture.sets.map(({ label, data, hue: name, hollow }) => ({
      label,
      data: data.map(([row, x, title], index) => ({ x, y: row + SPREAD[index % SPREAD.length], title })),
      borderColor: hue(name), backgroundColor: hollow ? "transparent" : hue(name), borderWidth: 2, radius: 5, hoverRadius: 7, pointStyle: hollow ? "circle" : "rectRot", clip: false,
    }));
    const rows = { min: -0.5, max: picture.labels.length - 0.5, reverse: true, grid: { display: false }, afterBuildTicks: (axis) => { axis.ticks = picture.labels.map((_, value) => ({ value })); }, ticks: { autoSkip: false, callback: (row) => picture.labels[row] } };
    const tooltip = { callbacks: { label: ({ raw }) => `${raw.title}：${written(raw.x, picture.unit)}` } };
    return { type: "scatter", data: { datasets: sets }, options: { scales: { x: counted(picture, { beginAtZero: false }), y: rows }, plugins: { bands: { rows: picture.bands ?? [] }, tooltip } }, plugins: [bands] };
  }

  const KINDS = { bars: (picture) => bars(picture, false), stacked: (picture) => bars(picture, true), funnel, lines, dots };

  function draw(canvas) {
    const picture = { unit: "", ...JSON.parse(document.getElementById(canvas.dataset.picture).textContent) };
    const drawn = KINDS[picture.kind](picture);
    const isRows = picture.lying || ["funnel", "dots"].includes(picture.kind);
    if (isRows) canvas.parentElement.style.height = `${70 + ROW * picture.labels.length * (picture.kind === "dots" ? 1.4 : 1)}px`;
    const legend = { display: picture.sets.length > 1, position: "bottom", labels: { usePointStyle: picture.kind === "dots" } };
    const label = ({ dataset, raw }) => `${dataset.label}：${written(raw, picture.unit)}`;
    const plugins = { legend, tooltip: { callbacks: { label } }, ...drawn.options.plugins };
    new Chart(canvas, { ...drawn, options: { maintainAspectRatio: false, animation: false, ...drawn.options, plugins } });
  }

  document.addEventListener("DOMContentLoaded", () => {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = 13;
    document.querySelectorAll("canvas[data-picture]").forEach(draw);
  });
})();
