// A grid wider than the screen opens at the present period instead of January.
document.addEventListener("DOMContentLoaded", () => {
  for (const now of document.querySelectorAll(".lz-rhythm .lz-now")) {
    const grid = now.closest(".lz-rhythm");
    grid.scrollLeft = now.offsetLeft + now.offsetWidth - grid.clientWidth;
  }
});
