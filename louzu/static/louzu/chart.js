// The bars of the coverage page, from the JSON beside the canvas.
document.addEventListener("DOMContentLoaded", () => {
  const canvas = document.getElementById("coverage-chart");
  if (!canvas) return;
  const data = JSON.parse(document.getElementById("coverage-data").textContent);
  const style = getComputedStyle(document.documentElement);
  for (const set of data.datasets) Object.assign(set, { backgroundColor: style.getPropertyValue(set.color), maxBarThickness: 28 });
  const scales = { x: { stacked: true, grid: { display: false } }, y: { stacked: true, beginAtZero: true, ticks: { precision: 0 } } };
  new Chart(canvas, { type: "bar", data, options: { maintainAspectRatio: false, animation: false, scales, plugins: { legend: { position: "bottom" } } } });
});
