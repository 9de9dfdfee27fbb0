/** What lies over the canvas as HTML and SVG: sites with their units, the divider of the split view, names and legends. */

import { termed } from "glabella_terms";

const SVG = "http://www.w3.org/2000/svg";
const STYLE = `
.glf { position: relative; width: 100%; height: 100%; min-height: 240px; overflow: hidden; border-radius: inherit; user-select: none;
  color: var(--ink, #1c2733); font: 500 14px/1.35 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  background: radial-gradient(ellipse at 50% 42%, color-mix(in srgb, var(--paper, #fdfdfc) 92%, var(--muted, #566371)),
    color-mix(in srgb, var(--paper, #fdfdfc) 78%, var(--muted, #566371))); }
.glf canvas { display: block; position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; }
.glf.place canvas { cursor: crosshair; }
.glf svg.glf-marks { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; overflow: visible; }
.glf .site { pointer-events: all; cursor: grab; }
.glf .site .hit { fill: transparent; }
.glf .site .dot { fill: #fff; stroke: #101418; stroke-width: 2; }
.glf .site.beyond .dot { fill: #ffb37a; stroke: #5c1d00; stroke-width: 2.2; }
.glf .site .ring { fill: none; stroke: none; }
.glf .site.selected .ring { stroke: var(--accent, #0b5a8f); stroke-width: 3; }
.glf .site .lead { stroke: #101418; stroke-width: 1.2; opacity: .75; }
.glf .site text, .glf .name text { font: 600 13px system-ui, sans-serif; text-anchor: middle; dominant-baseline: central; fill: #101418;
  paint-order: stroke; stroke: rgba(255, 255, 255, .88); stroke-width: 4px; stroke-linejoin: round; }
.glf .site.far { opacity: .25; pointer-events: none; }
.glf .name text { font-size: 12px; font-weight: 500; }
.glf .name path { fill: #101418; stroke: #fff; stroke-width: 1; }
.glf-legend { position: absolute; left: 10px; bottom: 10px; max-width: calc(100% - 20px); max-height: 40%; overflow: auto;
  box-sizing: border-box; padding: 6px 10px; border-radius: 8px; font-size: 12.5px; line-height: 1.3;
  background: color-mix(in srgb, var(--paper, #fdfdfc) 92%, transparent); color: var(--ink, #1c2733); border: 1px solid var(--grid, #d5dbe1); }
.glf-legend b { display: block; font-weight: 600; margin-bottom: 5px; }
.glf-legend .ramp { position: relative; height: 12px; width: 220px; max-width: 60vw; border-radius: 3px; margin: 0 12px 22px 4px; }
.glf-legend .ramp i { position: absolute; top: -2px; bottom: -2px; width: 1.5px; background: var(--ink, #1c2733); box-shadow: 0 0 0 .7px var(--paper, #fff); }
.glf-legend .ramp span { position: absolute; top: 15px; transform: translateX(-50%); font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.glf-legend ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 1px 11px; max-width: 560px; }
.glf-legend li { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
.glf-legend li i { width: 13px; height: 9px; border-radius: 2px; border: 1px solid rgba(16, 20, 24, .45); }
.glf-legend li i.line { height: 0; border: 0; border-top: 3px solid; border-radius: 0; }
.glf-legend li i.dashed { border-top-style: dashed; }
.glf-legend p { margin: 4px 0 0; font-size: 12px; color: var(--muted, #566371); }
.glf-divider { position: absolute; top: 0; bottom: 0; width: 32px; margin-left: -16px; cursor: ew-resize; touch-action: none; }
.glf-divider::before { content: ""; position: absolute; left: 15px; top: 0; bottom: 0; width: 2px; background: #fff; box-shadow: 0 0 0 1px rgba(16, 20, 24, .45); }
.glf-divider::after { content: "\\2194"; position: absolute; left: 0; top: 62%; width: 32px; height: 32px; border-radius: 50%; text-align: center;
  font: 600 17px/30px system-ui, sans-serif; background: #fff; color: #101418; border: 1px solid rgba(16, 20, 24, .5); box-sizing: border-box; }
.glf-divider:focus-visible { outline: 3px solid var(--accent, #0b5a8f); outline-offset: -6px; }
.glf-half { position: absolute; top: 8px; padding: 3px 10px; border-radius: 99px; font-weight: 600; white-space: nowrap;
  background: color-mix(in srgb, var(--paper, #fdfdfc) 90%, transparent); color: var(--ink, #1c2733); border: 1px solid var(--grid, #d5dbe1); }
.glf-buttons { position: absolute; right: 10px; top: 10px; display: flex; flex-direction: column; gap: 6px; }
.glf-buttons button { width: 36px; height: 36px; border-radius: 8px; border: 1px solid var(--grid, #d5dbe1); cursor: pointer; padding: 0;
  background: color-mix(in srgb, var(--paper, #fdfdfc) 92%, transparent); color: var(--ink, #1c2733); font: 600 15px/1 system-ui, sans-serif; }
.glf-buttons button:focus-visible { outline: 3px solid var(--accent, #0b5a8f); outline-offset: 1px; }
.glf-note { position: absolute; inset: 0; display: grid; place-items: center; text-align: center; padding: 24px; color: var(--ink, #1c2733); }
.glf-note[hidden], .glf [hidden] { display: none; }
`;

/** The style sheet, once per page. */
export function addStyle() {
  if (document.getElementById("glabella-face-style")) return;
  const style = document.createElement("style");
  style.id = "glabella-face-style";
  style.textContent = STYLE;
  document.head.append(style);
}

/** An HTML element with attributes and children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An SVG element with attributes. */
export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const DIRECTIONS = [90, 60, 120, 30, 150, 0, 180, -30, 210, -60, 240, -90];

/**
 * Places for labels (centre x, y) beside their marks so that none covers a mark or another label.
 * `marks`: [{x, y, width, height}] in pixels; labels go straight up where there is room, else round and outwards.
 */
export function placeLabels(marks, middle) {
  const taken = marks.map(({ x, y }) => [x - 9, y - 9, x + 9, y + 9]);
  return marks.map((mark) => {
    const outwards = mark.x < middle ? 1 : -1; // try the outer side first
    let best = null, least = Infinity;
    for (const far of [0, 14, 30, 50, 74]) {
      for (const degrees of DIRECTIONS) {
        const a = (degrees * Math.PI) / 180, dx = -outwards * Math.cos(a), dy = -Math.sin(a);
        const x = mark.x + dx * (14 + mark.width / 2 + far) * 0.98, y = mark.y + dy * (14 + mark.height / 2 + far);
        const box = [x - mark.width / 2 - 2, y - mark.height / 2 - 1, x + mark.width / 2 + 2, y + mark.height / 2 + 1];
        const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0);
        if (covered < least) { least = covered; best = { x, y, box, far }; }
        if (covered === 0) break;
      }
      if (least === 0) break;
    }
    taken.push(best.box);
    return best;
  });
}

function overlap(a, b) {
  return Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
}

/** Sites as SVG over the canvas. `handlers`: down(site, event). */
export class Markers {
  constructor(svg, handlers) {
    this.svg = svg;
    this.handlers = handlers;
    this.groups = new Map();
  }

  /** Make the groups for `sites`; places come with `move`. */
  set(sites) {
    this.svg.replaceChildren();
    this.groups.clear();
    for (const site of sites) {
      const lead = draw("line", { class: "lead" }), ring = draw("circle", { class: "ring", r: 12 });
      const dot = site.beyond_label ? draw("rect", { class: "dot", x: -6, y: -6, width: 12, height: 12, transform: "rotate(45)" })
        : draw("circle", { class: "dot", r: 6.5 });
      const text = draw("text", {}, textOf(site));
      const knob = draw("g", {}, draw("circle", { class: "hit", r: 16 }), ring, dot);
      const group = draw("g", { class: "site", "data-site": site.id }, lead, text, knob);
      group.classList.toggle("selected", !!site.selected);
      group.classList.toggle("beyond", !!site.beyond_label);
      group.addEventListener("pointerdown", (event) => this.handlers.down(site, event));
      this.svg.append(group);
      this.groups.set(site.id, { group, lead, text, knob, width: 7.6 * textOf(site).length + 2 });
    }
  }

  /** Put sites where `places` says: [{id, x, y, far}] in pixels; `far`: on the side turned away. */
  move(places, middle) {
    const near = places.filter((place) => !place.far);
    const labels = placeLabels(near.map(({ id, x, y }) => ({ x, y, width: this.groups.get(id).width, height: 18 })), middle);
    for (const { id, x, y, far } of places) {
      const { group, knob } = this.groups.get(id);
      group.classList.toggle("far", far);
      group.style.display = far ? "none" : "";
      knob.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
    near.forEach(({ id, x, y }, k) => {
      const { lead, text } = this.groups.get(id), at = labels[k];
      text.setAttribute("x", at.x.toFixed(1));
      text.setAttribute("y", at.y.toFixed(1));
      const shown = at.far > 0;
      lead.style.display = shown ? "" : "none";
      if (shown) for (const [key, value] of Object.entries({ x1: x, y1: y, x2: at.x, y2: at.y })) lead.setAttribute(key, value.toFixed(1));
    });
  }
}

function textOf(site) {
  const units = site.units == null ? "" : `${Number(site.units.toFixed(2))} U`;
  return (site.label && site.label !== units ? `${site.label} ` : "") + units + (site.beyond_label ? " !" : "");
}

/** Named points of the bones and of the skin. */
export function drawNames(svg, places) {
  svg.replaceChildren();
  const labels = placeLabels(places.map(({ name, x, y }) => ({ x, y, width: 6.4 * name.length, height: 16 })), svg.clientWidth / 2);
  places.forEach(({ name, x, y }, k) => {
    const at = labels[k];
    const mark = draw("path", { d: `M${x.toFixed(1)} ${(y + 4).toFixed(1)} l-4.5 -8 h9 z` });
    svg.append(draw("g", { class: "name" }, mark, draw("text", { x: at.x.toFixed(1), y: at.y.toFixed(1) }, name)));
  });
}

/** A legend: `{title, note, ramp: [css colours], stops: [{at: share 0-1, label}], items: [{colour, label, line, dashed}]}`. */
export function drawLegend(element, legend) {
  element.replaceChildren();
  element.hidden = !legend;
  if (!legend) return;
  element.append(make("b", {}, ...termed(legend.title)));
  if (legend.ramp) element.append(rampOf(legend));
  if (legend.items) {
    element.append(make("ul", {}, ...legend.items.map(({ colour, label, line, dashed }) => {
      const key = make("i", line ? { class: dashed ? "line dashed" : "line", style: `color:${colour}` } : { style: `background:${colour}` });
      return make("li", {}, key, ...termed(label));
    })));
  }
  if (legend.note) element.append(make("p", {}, ...termed(legend.note)));
}

function rampOf({ ramp, stops }) {
  const bar = make("div", { class: "ramp", style: `background:linear-gradient(to right, ${ramp.join(",")})` });
  for (const { at, label } of stops || []) {
    bar.append(make("i", { style: `left:${100 * at}%` }), make("span", { style: `left:${100 * at}%` }, label));
  }
  return bar;
}

/** Follow a pressed pointer until it is let go. On the window, a drag outlives what was pressed. */
export function follow(element, event, moved, done = () => {}) {
  element.setPointerCapture?.(event.pointerId);
  const pressed = event.pointerId, move = (e) => e.pointerId === pressed && moved(e);
  const end = (e) => {
    if (e.pointerId !== pressed) return;
    for (const [name, act] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) element.removeEventListener(name, act);
    done();
  };
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}
