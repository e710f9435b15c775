"use strict";
// Big values fill their tiles as Grafana's do: as large as width and height of the tightest one allow.
for (const stats of document.querySelectorAll(".stats")) {
  const values = [...stats.querySelectorAll(".fit")];
  const size = Math.min(64, ...values.map(largest));
  values.forEach((value) => { value.style.fontSize = Math.max(12, size) + "px"; });
}
function largest(value) {
  const tile = value.closest(".tile"), name = tile.querySelector(".stat-name");
  const wide = tile.classList.contains("wide");
  const width = tile.clientWidth - 24 - (wide && name ? name.scrollWidth + 12 : 0);
  const height = tile.clientHeight - 8 - (!wide && name ? name.offsetHeight : 0);
  value.style.fontSize = "100px";
  const range = document.createRange();
  range.selectNodeContents(value);
  const natural = range.getBoundingClientRect().width;
  return Math.min(height * (tile.querySelector(".spark") ? 0.6 : 0.8), 100 * width / natural);
}
const graphs = [...document.querySelectorAll("[data-figure]")].map((place) => {
  const figure = JSON.parse(place.dataset.figure);
  Object.assign(figure.layout, {width: place.clientWidth, height: place.clientHeight});
  figure.layout.font.family = getComputedStyle(document.body).fontFamily;
  return Plotly.newPlot(place, figure.data, figure.layout, {staticPlot: true});
});
// What a reader cannot see: text that is cut, content that must be scrolled, panels upon each other.
function audit() {
  const found = [];
  const panels = [...document.querySelectorAll("[data-panel]")];
  for (const panel of panels) {
    const cut = [...panel.querySelectorAll("h2,.th,.td,.bar-name,.stat-name,.stat-value,.strip-name")]
      .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0);
    const texts = [...new Set(cut.map((each) => each.textContent))];
    if (texts.length) found.push([panel.dataset.panel, `${texts.length} texts cut: ${texts.slice(0, 3).join(" | ")}`]);
    for (const part of panel.querySelectorAll(".table-scroll,.markdown,.legend,.strips,.bars,.stats")) {
      const down = part.scrollHeight - part.clientHeight, across = part.scrollWidth - part.clientWidth;
      if (down > 2) found.push([panel.dataset.panel, `${part.className}: ${down} px below the edge`]);
      if (across > 2) found.push([panel.dataset.panel, `${part.className}: ${across} px beyond the right edge`]);
    }
  }
  const boxes = panels.map((each) => each.getBoundingClientRect());
  boxes.forEach((one, i) => boxes.slice(i + 1).forEach((other, j) => {
    if (one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1
        && other.top < one.bottom - 1) {
      found.push([panels[i].dataset.panel, `lies upon ${panels[i + 1 + j].dataset.panel}`]);
    }
  }));
  return found;
}
Promise.all(graphs).then(() => { window.previewAudit = audit(); }, (error) => { window.previewAudit = [["page", String(error)]]; });
