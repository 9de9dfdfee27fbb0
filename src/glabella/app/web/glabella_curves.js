/**
 * Charts of the months document: one small chart per panel, panels in tabs. A chart is drawn when the document, the tab, its size or the
 * theme changes; a new day only moves a line over it and writes numbers, so the slider stays free.
 */
import { bus } from "glabella_bus";
import { explains, termed } from "glabella_terms";
import { EXPRESSIONS, LAST_DAY, bandAt, bandText, dayText, make, newId, valueAt, wordsOf, written } from "glabella_time";

const MOVED = ["maximum_frown", "brow_raise", "smile", "eye_closure"];
const CONTRACTION = { glabellar: "maximum_frown", forehead: "brow_raise", lateral_canthal_left: "smile", lateral_canthal_right: "smile" };
const QUANTITIES = { force: "Force", blocked: "Endings blocked", bulk: "Bulk" };
const QUANTITY_NOTES = { force: "% of untreated", blocked: "% of nerve endings", bulk: "% of untreated" };
const TABS = { movement: "Movement kept", grade: "Lines", muscles: "Muscles", brows: "Brows" };
const LINE = {
  rest: { colour: "--muted", dash: [2, 3] },
  maximum_frown: { colour: "--blue", dash: [] },
  brow_raise: { colour: "--vermillion", dash: [9, 4] },
  smile: { colour: "--green", dash: [12, 3, 2, 3] },
  eye_closure: { colour: "--purple", dash: [5, 3] },
  left: { colour: "--blue", dash: [] },
  right: { colour: "--vermillion", dash: [8, 4] },
  midline: { colour: "--green", dash: [] },
};
const SHOWN_BLOCK = 0.01; // a muscle is drawn where at least this share of its endings is ever blocked, an area where its grade moves
const SHOWN_GRADE = 0.1;
const MOST_MUSCLES = 6;
const TABLE_STEP = 30;
const ROOM = { left: 46, right: 14, top: 10, bottom: 26 };
const HEIGHT = { one: 250, many: 176 };
const END_LABEL_ROOM = 96;
const NAME_HEIGHT = 17;

export class Curves {
  /** @param {HTMLElement} host empty element @param {object} echarts the ECharts module */
  constructor(host, echarts) {
    this.host = host;
    this.echarts = echarts;
    this.tab = "movement";
    this.quantity = "force";
    this.panels = [];
    this.build();
    const redraw = () => this.panels.forEach((panel) => panel.draw());
    this.off = [bus.on("months", () => this.show()), bus.on("day", () => this.showDay()), bus.on("theme", () => requestAnimationFrame(redraw))];
    this.show();
  }

  dispose() {
    this.off.forEach((off) => off());
    this.clear();
    this.host.replaceChildren();
  }

  build() {
    const panelId = newId("curves");
    this.tabs = Object.entries(TABS).map(([name, title]) => {
      const tab = make("button", { type: "button", role: "tab", id: `${panelId}-${name}`, "aria-controls": panelId, "data-tab": name }, title);
      tab.addEventListener("click", () => this.choose(name));
      return tab;
    });
    const list = make("div", { class: "gl-tabs", role: "tablist", "aria-label": "Curves" }, ...this.tabs);
    list.addEventListener("keydown", (event) => this.walk(event));
    this.choice = this.buildQuantities();
    this.place = make("div", { class: "gl-panels" });
    this.note = make("p", { class: "gl-muted gl-small gl-curves-note" });
    this.table = make("div", { class: "gl-visually-hidden gl-curves-table" });
    this.toggle = make("button", { type: "button", class: "gl-button gl-button-quiet gl-no-print", "aria-expanded": "false" }, "Show as a table");
    this.toggle.addEventListener("click", () => this.showTable(this.toggle.getAttribute("aria-expanded") === "false"));
    this.panel = make("div", { role: "tabpanel", id: panelId, tabindex: "0" }, this.choice, this.place, this.note, this.toggle, this.table);
    this.host.replaceChildren(list, this.panel);
  }

  buildQuantities() {
    const name = newId("quantity");
    const options = Object.entries(QUANTITIES).map(([value, title]) => {
      const radio = make("input", { type: "radio", name, value, checked: value === this.quantity, ...explains(title) });
      radio.addEventListener("change", () => {
        this.quantity = value;
        this.show();
      });
      return make("label", {}, radio, make("span", {}, title));
    });
    return make("fieldset", { class: "gl-segmented" }, make("legend", { class: "gl-visually-hidden" }, "What of each muscle"), ...options);
  }

  choose(name) {
    this.tab = name;
    this.show();
  }

  /** Arrow keys walk through the tabs, as the pattern for tabs asks. */
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = Object.keys(TABS);
    const next = (names.indexOf(this.tab) + step + names.length) % names.length;
    this.choose(names[next]);
    this.tabs[next].focus();
    event.preventDefault();
  }

  showTable(visible) {
    this.table.className = `gl-curves-table ${visible ? "gl-scroll" : "gl-visually-hidden"}`;
    if (visible) this.table.tabIndex = 0; // what scrolls sideways must be reachable by keyboard
    else this.table.removeAttribute("tabindex");
    this.toggle.textContent = visible ? "Hide the table" : "Show as a table";
    this.toggle.setAttribute("aria-expanded", String(visible));
  }

  clear() {
    this.panels.forEach((panel) => panel.dispose());
    this.panels = [];
  }

  show() {
    for (const tab of this.tabs) {
      const chosen = tab.dataset.tab === this.tab;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) this.panel.setAttribute("aria-labelledby", tab.id);
    }
    this.choice.hidden = this.tab !== "muscles";
    const months = bus.months;
    const plots = months ? plotsOf(months, this.tab, this.quantity) : [];
    const signature = (list) => list.map((plot) => [plot.title, ...plot.lines.map((line) => line.name)].join("|")).join("||");
    if (signature(plots) !== signature(this.panels.map((panel) => panel.plot)) || !plots.length) {
      this.clear();
      this.panels = plots.map((plot) => new Panel(this.echarts, plot, plots.length));
      this.place.dataset.panels = plots.length;
      this.place.replaceChildren(...this.panels.map((panel) => panel.element));
    } else this.panels.forEach((panel, i) => (panel.plot = plots[i]));
    this.panels.forEach((panel) => panel.draw());
    const note = !months ? "The curves appear with the first result." : months.banded ? "Line: median. Band: 5th to 95th percentile. Click or drag in a chart to choose the day." : "band is being computed";
    this.note.replaceChildren(...termed(note));
    this.toggle.hidden = !months;
    this.table.replaceChildren(...plots.map((plot) => tableOf(plot, months.days)));
    this.showDay();
  }

  showDay() {
    this.panels.forEach((panel) => panel.showDay());
  }
}

// ---- what is drawn

/** @returns {Array<object>} plots {title, unit, digits, signed, scale, low, high, ticks, lines: [{name, words, style, curve}]} of a tab */
function plotsOf(months, tab, quantity) {
  const { curves } = months;
  if (tab === "movement") return [movementPlot(curves)].filter((plot) => plot.lines.length);
  if (tab === "grade") return treatedAreas(curves).map((area) => gradePlot(curves, area));
  if (tab === "brows") return browPlots(curves);
  return affectedMuscles(curves).map((base) => musclePlot(curves, base, quantity));
}

function movementPlot(curves) {
  const lines = MOVED.filter((name) => curves.movement?.[name]?.median).map((name) => ({ name, words: EXPRESSIONS[name], style: LINE[name], curve: curves.movement[name] }));
  const top = Math.max(100, ...lines.flatMap((line) => extent(line.curve)));
  return { title: "Movement kept", note: "% of the untreated movement", unit: "%", digits: 0, scale: 1, low: 0, high: Math.ceil(top / 20) * 20, lines };
}

function treatedAreas(curves) {
  const moved = (area) => {
    const values = curves.grade[area][CONTRACTION[area]]?.median ?? [0];
    return Math.max(...values.map((value) => Math.abs(value - values[0])));
  };
  const areas = Object.keys(curves.grade ?? {});
  const treated = areas.filter((area) => moved(area) >= SHOWN_GRADE);
  return treated.length ? treated : areas.slice(0, 1);
}

function gradePlot(curves, area) {
  const names = [CONTRACTION[area], "rest"].filter((name) => curves.grade[area][name]);
  const lines = names.map((name) => ({ name, words: name === "rest" ? "at rest" : EXPRESSIONS[name].toLowerCase(), style: LINE[name], curve: curves.grade[area][name] }));
  return { title: wordsOf(area), note: "grade 0 none to 3 severe", unit: "", digits: 1, scale: 1, low: 0, high: 3, lines };
}

function baseOf(name) {
  return name.replace(/_(left|right)$/, "");
}

function affectedMuscles(curves) {
  const peak = new Map();
  for (const [name, curve] of Object.entries(curves.blocked ?? {})) peak.set(baseOf(name), Math.max(peak.get(baseOf(name)) ?? 0, ...curve.median));
  const ranked = [...peak].sort((a, b) => b[1] - a[1]);
  const reached = ranked.filter(([, share]) => share >= SHOWN_BLOCK).slice(0, MOST_MUSCLES);
  return (reached.length ? reached : ranked.slice(0, 1)).map(([base]) => base);
}

function musclePlot(curves, base, quantity) {
  const sides = [["left", `${base}_left`], ["right", `${base}_right`], ["midline", base]].filter(([, name]) => curves[quantity]?.[name]);
  const lines = sides.map(([side, name]) => ({ name: side, words: side, style: LINE[side], curve: curves[quantity][name] }));
  return { title: wordsOf(base), note: QUANTITY_NOTES[quantity], unit: "%", digits: 0, scale: 100, low: 0, high: 100, lines };
}

function browPlots(curves) {
  const places = ["head", "peak", "tail"];
  const all = places.flatMap((at) => ["left", "right"].map((side) => curves.brow_mm?.[side]?.[at])).filter(Boolean);
  const reach = Math.ceil(Math.max(1, ...all.flatMap((curve) => extent(curve).map(Math.abs))));
  return places.map((at) => ({
    title: `brow ${at}`, note: "mm up from before", unit: "mm", digits: 1, signed: true, scale: 1, low: -reach, high: reach,
    lines: ["left", "right"].filter((side) => curves.brow_mm?.[side]?.[at]).map((side) => ({ name: side, words: side, style: LINE[side], curve: curves.brow_mm[side][at] })),
  }));
}

/** All values that are drawn of a curve; without samples the median alone. */
function extent(curve) {
  return [...curve.median, ...(curve.low ?? []), ...(curve.high ?? [])];
}

function scaled(band, scale) {
  return band && { median: scale * band.median, low: scale * band.low, high: scale * band.high };
}

function textAt(plot, line, days, day) {
  return bandText(scaled(bandAt(days, line.curve, day), plot.scale), plot);
}

function bandOf(text) {
  return text.band ? `${text.value} (${text.band})` : text.value;
}

function tableOf(plot, days) {
  const last = Math.min(days[days.length - 1], LAST_DAY);
  const chosen = Array.from({ length: Math.floor(last / TABLE_STEP) + 1 }, (_, i) => i * TABLE_STEP);
  const head = make("tr", {}, make("th", { scope: "col" }, "day"), ...plot.lines.map((line) => make("th", { scope: "col", class: "gl-number" }, line.words)));
  const rows = chosen.map((day) =>
    make("tr", {}, make("th", { scope: "row" }, String(day)), ...plot.lines.map((line) => make("td", { class: "gl-number" }, bandOf(textAt(plot, line, days, day))))),
  );
  return make("table", { class: "gl-table" }, make("caption", {}, `${plot.title}, ${plot.note}`), make("thead", {}, head), make("tbody", {}, ...rows));
}

function inWords(plot, days) {
  const parts = plot.lines.map((line) => {
    const start = line.curve.median[0];
    let most = 0;
    line.curve.median.forEach((value, i) => Math.abs(value - start) > Math.abs(line.curve.median[most] - start) && (most = i));
    return `${line.words}: ${bandOf(textAt(plot, line, days, days[0]))} before, ${bandOf(textAt(plot, line, days, days[most]))} on day ${Math.round(days[most])}`;
  });
  return `Chart of ${plot.title}, ${plot.note}, over ${LAST_DAY} days. ${parts.join(". ")}. The table below has the numbers.`;
}

// ---- one chart

class Panel {
  constructor(echarts, plot, count) {
    this.echarts = echarts;
    this.plot = plot;
    this.alone = count === 1;
    this.values = plot.lines.map(() => make("b", { class: "gl-number" }));
    const entries = plot.lines.map((line, i) => make("span", { class: "gl-key" }, sampleOf(line.style), line.words, " ", this.values[i]));
    const title = make("h3", { class: "gl-panel-title" }, ...termed(plot.title), " ", make("span", { class: "gl-muted" }, ...termed(plot.note)));
    this.canvas = make("div", { class: "gl-chart-canvas" });
    this.marker = make("div", { class: "gl-chart-day", "aria-hidden": "true" });
    this.dots = plot.lines.map((line) => make("i", { class: "gl-chart-dot", "aria-hidden": "true" }));
    this.names = plot.lines.map((line) => make("span", { class: "gl-chart-name", "aria-hidden": "true" }, line.words));
    plot.lines.forEach(({ style }, i) => {
      this.dots[i].style.background = `var(${style.colour})`;
      this.names[i].style.color = `color-mix(in srgb, var(${style.colour}) 85%, var(--ink))`;
    });
    this.chartBox = make("div", { class: "gl-chart", role: "img" }, this.canvas, this.marker, ...this.dots, ...(this.alone ? this.names : []));
    this.height = this.alone ? HEIGHT.one : HEIGHT.many;
    this.chartBox.style.height = `${this.height}px`;
    this.element = make("div", { class: "gl-panel" }, title, make("div", { class: "gl-keys" }, ...entries), this.chartBox);
    this.chartBox.addEventListener("pointerdown", (event) => this.drag(event, true));
    this.chartBox.addEventListener("pointermove", (event) => this.drag(event, false));
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.chartBox);
  }

  dispose() {
    this.watch.disconnect();
    this.chart?.dispose();
  }

  fit() {
    const width = this.chartBox.clientWidth;
    if (!width || width === this.width) return;
    this.draw();
  }

  get right() {
    return this.alone && this.width > 380 ? END_LABEL_ROOM : ROOM.right;
  }

  /** Draws all anew; needs a place on the page. */
  draw() {
    this.width = this.chartBox.clientWidth;
    if (!this.width || !bus.months) return;
    if (this.chart) this.chart.resize({ width: this.width, height: this.height });
    else this.chart = this.echarts.init(this.canvas, null, { renderer: "svg", width: this.width, height: this.height });
    this.chart.setOption(optionOf(this.plot, bus.months, this.right, this.width), true);
    this.chartBox.setAttribute("aria-label", inWords(this.plot, bus.months.days));
    this.placeNames();
    this.showDay();
  }

  /** Names beside the ends of their lines, in the order of the ends and never one over the other. */
  placeNames() {
    const shown = this.right === END_LABEL_ROOM;
    const end = this.plot.lines.map((line) => this.y(this.plot.scale * valueAt(bus.months.days, line.curve.median, LAST_DAY)));
    const order = end.map((_, i) => i).sort((a, b) => end[a] - end[b] || a - b);
    let free = -Infinity;
    for (const i of order) {
      free = Math.max(end[i], free + NAME_HEIGHT, NAME_HEIGHT / 2);
      this.names[i].style.transform = `translate(${this.width - END_LABEL_ROOM + 8}px, ${free - NAME_HEIGHT / 2}px)`;
      this.names[i].hidden = !shown;
    }
  }

  y(value) {
    const height = this.height - ROOM.top - ROOM.bottom; // known: asking the page for it would lay it out anew on every day
    return ROOM.top + (height * (this.plot.high - value)) / (this.plot.high - this.plot.low);
  }

  showDay() {
    if (!this.width || !bus.months) return;
    const reach = this.width - ROOM.left - this.right;
    const x = ROOM.left + (reach * bus.day) / LAST_DAY;
    this.marker.style.transform = `translateX(${x}px)`;
    this.plot.lines.forEach((line, i) => {
      const band = scaled(bandAt(bus.months.days, line.curve, bus.day), this.plot.scale);
      this.values[i].textContent = bandOf(bandText(band, this.plot));
      this.dots[i].style.transform = `translate(${x}px, ${this.y(band.median)}px)`;
    });
  }

  drag(event, down) {
    if (!down && !(event.buttons & 1)) return;
    if (down && event.button !== 0) return;
    if (down) this.chartBox.setPointerCapture(event.pointerId);
    const share = (event.clientX - this.chartBox.getBoundingClientRect().left - ROOM.left) / (this.width - ROOM.left - this.right);
    bus.set({ day: Math.round(Math.min(Math.max(share, 0), 1) * LAST_DAY) });
  }
}

/** A bit of the line, as it looks in the chart. */
function sampleOf(style) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "gl-key-line");
  svg.setAttribute("viewBox", "0 0 30 8");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "line");
  for (const [name, value] of Object.entries({ x1: 1, x2: 29, y1: 4, y2: 4, "stroke-width": 3, "stroke-dasharray": style.dash.join(" ") || "none" })) line.setAttribute(name, value);
  line.style.stroke = `var(${style.colour})`;
  svg.append(line);
  return svg;
}

function optionOf(plot, months, right, width) {
  const look = getComputedStyle(document.body);
  const colour = (name) => look.getPropertyValue(name).trim();
  const font = { fontFamily: look.fontFamily, fontSize: 13, color: colour("--muted") };
  const { days } = months;
  const step = stepOf(plot.high - plot.low);
  return {
    animation: false,
    textStyle: font,
    grid: { left: ROOM.left, right, top: ROOM.top, bottom: ROOM.bottom },
    xAxis: {
      type: "value", min: 0, max: LAST_DAY, interval: width > 420 ? 30 : 90,
      axisLabel: { ...font, showMaxLabel: false, formatter: (day) => (day % 60 === 0 || width <= 420 ? String(day) : "") },
      axisLine: { onZero: false, lineStyle: { color: colour("--border") } }, axisTick: { lineStyle: { color: colour("--border") } }, splitLine: { show: false },
    },
    yAxis: {
      type: "value", min: plot.low, max: plot.high, interval: step,
      axisLabel: { ...font, formatter: (value) => written(value, step < 1 ? 1 : 0, plot.signed) }, splitLine: { lineStyle: { color: colour("--grid") } },
    },
    tooltip: {
      trigger: "axis", confine: true, transitionDuration: 0, backgroundColor: colour("--paper"), borderColor: colour("--border"),
      textStyle: { ...font, color: colour("--ink"), fontSize: 14 }, axisPointer: { type: "line", snap: false, lineStyle: { color: colour("--muted"), type: "dotted" } },
      formatter: (hit) => hoverText(plot, months, hit[0]?.axisValue ?? 0),
    },
    series: plot.lines.flatMap((line, i) => [
      ...(months.banded && line.curve.low ? [bandSeries(plot, line, days, colour(line.style.colour))] : []),
      lineSeries(plot, line, days, colour(line.style.colour), i),
    ]),
  };
}

function stepOf(span) {
  return [0.5, 1, 2, 5, 10, 20, 25, 50, 100].find((step) => span / step <= 5) ?? span;
}

function lineSeries(plot, line, days, colour, order) {
  return {
    type: "line", name: line.words, showSymbol: false, silent: true, z: 3 + order, data: days.map((day, i) => [day, plot.scale * line.curve.median[i]]),
    lineStyle: { color: colour, width: 2.5, type: line.style.dash.length ? line.style.dash : "solid" }, itemStyle: { color: colour }, emphasis: { disabled: true },
  };
}

/** The band as one closed shape, so that it holds below zero too. */
function bandSeries(plot, line, days, colour) {
  const edge = [...days.map((day, i) => [day, line.curve.high[i]]), ...days.map((day, i) => [day, line.curve.low[i]]).reverse()];
  return {
    type: "custom", silent: true, z: 2, clip: true, tooltip: { show: false }, data: [[0, plot.low]], itemStyle: { color: colour },
    renderItem: (_, api) => ({
      type: "polygon", silent: true, shape: { points: edge.map(([day, value]) => api.coord([day, plot.scale * value])) }, style: { fill: colour, opacity: 0.16 },
    }),
  };
}

function hoverText(plot, months, day) {
  const rows = plot.lines.map((line) => make("div", { class: "gl-key" }, sampleOf(line.style), line.words, " ", make("b", { class: "gl-number" }, bandOf(textAt(plot, line, months.days, day)))));
  return make("div", { class: "gl-hover" }, make("div", { class: "gl-muted" }, dayText(months, Math.round(day))), ...rows);
}
