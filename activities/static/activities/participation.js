// The bars of the participation page: each canvas draws the JSON that its data-chart names.
document.addEventListener("DOMContentLoaded", () => {
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--color-primary-700");
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    const { labels, data } = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const scales = { x: { beginAtZero: true, ticks: { precision: 0 } }, y: { grid: { display: false } } };
    const options = { indexAxis: "y", maintainAspectRatio: false, animation: false, scales, plugins: { legend: { display: false } } };
    canvas.parentElement.style.height = `${60 + 28 * labels.length}px`;
    new Chart(canvas, { type: "bar", data: { labels, datasets: [{ data, backgroundColor: colour, maxBarThickness: 20 }] }, options });
  }
});
