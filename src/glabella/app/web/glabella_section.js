/**
 * The cut through the layers along one needle, drawn on a canvas: layers with their own hatching and names, the dose as lines in units per
 * mm3, the needle with its tip, the bony rim. The picture is painted once per section, size and theme; the needle is drawn over it.
 */
import { ask, bus } from "glabella_bus";
import { termed } from "glabella_terms";
import { make, wordsOf, written } from "glabella_time";

const LOOKS = {
  light: {
    ink: "#1c2733", halo: "#fffffe", axis: "#51606e", epidermis: "#8a5734", dermis: "#ebc7b1", fat: "#f7eac0", muscle: "#cf8d80", border: "#7d3a30", bone: "#dedcd4",
    orbit: "#cfe0e6", hatch: "rgb(40 30 20 / .26)", dose: "#3f2a8c", cover: "rgb(88 62 180 / .13)",
  },
  dark: {
    ink: "#f2f5f7", halo: "#11161a", axis: "#a8b5c0", epidermis: "#d9a27a", dermis: "#775444", fat: "#575031", muscle: "#7d4038", border: "#e0998c", bone: "#5a5953",
    orbit: "#2d4853", hatch: "rgb(255 245 230 / .2)", dose: "#d2c6ff", cover: "rgb(190 170 255 / .15)",
  },
};
const PLAIN_MUSCLES = {
  procerus: ["the muscle that pulls the brows down between the eyes", "brow-lowering muscle"],
  corrugator_supercilii: ["the frown muscle, which draws the brows together", "frown muscle"],
  depressor_supercilii: ["a small muscle that pulls the inner brow down", "brow-lowering muscle"],
  frontalis: ["the forehead muscle, which lifts the brows", "forehead muscle"],
  orbicularis_oculi: ["the ring muscle that closes the eye", "ring muscle of the eye"],
  nasalis: ["a muscle of the nose", "nose muscle"],
  levator_labii_superioris_alaeque_nasi: ["a muscle that lifts the upper lip", "lip muscle"],
  zygomaticus: ["a muscle of the smile", "smile muscle"],
  levator_palpebrae_superioris: ["the muscle that opens the eyelid", "lid-opening muscle"],
  levator_aponeurosis: ["the sinew that opens the eyelid", "lid-opening sinew"],
};
const PLAIN_LAYERS = { epidermis: "the surface of the skin", dermis: "the skin", fat: "the fat below the skin", bone: "bone", orbit: "the eye socket" };
const SHORT_LAYERS = { dermis: "skin", fat: "fat", bone: "bone", orbit: "eye socket" };
const ROOM = { left: 46, right: 10, top: 44, bottom: 42 };
const LEAST_HALF_MM = 12.5; // of the cut that is always shown to each side of the needle
const WANTED_PX_PER_MM = 18;
const DOSE_LINES = 5;
const NAME_TRIALS = 400; // places tried for a name inside its part
const STEP_MM = 0.5;
const LEAST_MM = 0.5;
const ARRIVING_MS = 950;
const NAME_FONT = "600 13px system-ui, sans-serif";
const SMALL_FONT = "12px system-ui, sans-serif";
const DTYPES = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array };

// ---- reading

/** @param {ArrayBuffer} buffer a file of `section_bundle` @returns {object} its header with the arrays by name */
export function readBundle(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "GLBF") throw new Error("not a section file");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const found = { ...header };
  for (const { name, dtype, shape, offset } of header.arrays) found[name] = new DTYPES[dtype](buffer, 8 + length + offset, shape.reduce((a, b) => a * b, 1));
  return found;
}

/** Round levels 1-2-5-10 below the highest dose, rising. */
export function doseLevels(highest, count = DOSE_LINES) {
  if (!(highest > 0)) return [];
  const levels = [];
  for (let exponent = Math.floor(Math.log10(highest)); levels.length < count; exponent--) {
    for (const mantissa of [5, 2, 1]) if (Number(`${mantissa}e${exponent}`) < highest) levels.push(Number(`${mantissa}e${exponent}`));
  }
  return levels.slice(0, count).reverse();
}

function plainMuscle(name, short) {
  const key = Object.keys(PLAIN_MUSCLES).find((base) => name.startsWith(base));
  return key ? PLAIN_MUSCLES[key][short ? 1 : 0] : wordsOf(name);
}

function baseWords(name) {
  return wordsOf(name.replace(/_(left|right)$/, ""));
}

// ---- fields on the grid of the section

/** 1 where the test holds, softened over a neighbour or two so that borders are not stairs. */
function softMask(count, nx, test, passes = 2) {
  let mask = Float32Array.from({ length: count }, (_, i) => (test(i) ? 1 : 0));
  for (let pass = 0; pass < passes; pass++) mask = blur(mask, nx);
  return mask;
}

function blur(values, nx) {
  const nz = values.length / nx;
  const across = new Float32Array(values.length);
  const both = new Float32Array(values.length);
  for (let z = 0; z < nz; z++)
    for (let x = 0; x < nx; x++) across[z * nx + x] = (values[z * nx + Math.max(x - 1, 0)] + 2 * values[z * nx + x] + values[z * nx + Math.min(x + 1, nx - 1)]) / 4;
  for (let z = 0; z < nz; z++)
    for (let x = 0; x < nx; x++) both[z * nx + x] = (across[Math.max(z - 1, 0) * nx + x] + 2 * across[z * nx + x] + across[Math.min(z + 1, nz - 1) * nx + x]) / 4;
  return both;
}

/** The dose carried a little into bone and air, so that lines reach the border of the tissue and end there. */
function carriedOut(dose, nx, isTissue) {
  let values = Float32Array.from(dose);
  let known = Array.from(dose, (_, i) => isTissue(i));
  for (let pass = 0; pass < 4; pass++) {
    const next = values.slice();
    const now = known.slice();
    for (let i = 0; i < values.length; i++) {
      if (known[i]) continue;
      const near = [i - nx, i + nx, i % nx ? i - 1 : -1, (i + 1) % nx ? i + 1 : -1].filter((j) => j >= 0 && j < values.length && known[j]);
      if (!near.length) continue;
      next[i] = near.reduce((sum, j) => sum + values[j], 0) / near.length;
      now[i] = true;
    }
    [values, known] = [next, now];
  }
  return values;
}

/** Marching squares. @returns {{area: Path2D, line: Path2D, middles: number[][]}} the region at or above the level, its border, and points on it */
function trace(values, nx, level, at) {
  const nz = values.length / nx;
  const area = new Path2D();
  const line = new Path2D();
  const middles = [];
  for (let z = 0; z < nz - 1; z++) {
    let full = -1; // where a run of cells that lie wholly inside began: one box for all of them
    for (let x = 0; x < nx; x++) {
      const i = z * nx + x;
      const inside = x < nx - 1 ? (values[i] >= level) + (values[i + 1] >= level) + (values[i + nx] >= level) + (values[i + nx + 1] >= level) : 0;
      if (inside === 4 && full < 0) full = x;
      if (inside !== 4 && full >= 0) {
        addRing(area, [at(full, z), at(x, z), at(x, z + 1), at(full, z + 1)]);
        full = -1;
      }
      if (inside > 0 && inside < 4) traceCell(values, nx, level, at, x, z, area, line, middles);
    }
  }
  return { area, line, middles };
}

function traceCell(values, nx, level, at, x, z, area, line, middles) {
  const corners = [[x, z], [x + 1, z], [x + 1, z + 1], [x, z + 1]];
  const height = corners.map(([i, j]) => values[j * nx + i] - level);
  const ring = [];
  const cuts = [];
  corners.forEach(([i, j], k) => {
    if (height[k] >= 0) ring.push(at(i, j));
    const next = (k + 1) % 4;
    if (height[k] >= 0 === height[next] >= 0) return;
    const share = height[k] / (height[k] - height[next]);
    const cut = at(i + share * (corners[next][0] - i), j + share * (corners[next][1] - j));
    ring.push(cut);
    cuts.push(cut);
  });
  addRing(area, ring);
  for (let k = 0; k + 1 < cuts.length; k += 2) {
    line.moveTo(...cuts[k]);
    line.lineTo(...cuts[k + 1]);
    middles.push([(cuts[k][0] + cuts[k + 1][0]) / 2, (cuts[k][1] + cuts[k + 1][1]) / 2]);
  }
}

function addRing(path, ring) {
  ring.forEach((point, k) => (k ? path.lineTo(...point) : path.moveTo(...point)));
  path.closePath();
}

// ---- hatching: every layer has a pattern of its own, so that no colour need be told from another

const HATCH = {
  dermis: [7, (c) => [[1.5, 1.5], [5, 5]].forEach(([x, y]) => dot(c, x, y, 0.8))],
  fat: [16, (c) => [[4, 4, 2.6], [12, 12, 2.6]].forEach(([x, y, r]) => ring(c, x, y, r))],
  muscle: [6, (c) => stroke(c, [[0, 2], [6, 2]])],
  bone: [10, (c) => [[[0, 10], [10, 0]], [[-1, 1], [1, -1]], [[9, 11], [11, 9]]].forEach((points) => stroke(c, points))],
  orbit: [12, (c) => [[[1, 3], [6, 3]], [[7, 9], [12, 9]]].forEach((points) => stroke(c, points))],
};

function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
}

function ring(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.stroke();
}

function stroke(context, points) {
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

function hatching(context, name, colour, ratio) {
  const [size, draw] = HATCH[name];
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(size * ratio);
  const pen = tile.getContext("2d");
  pen.scale(tile.width / size, tile.height / size);
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1;
  draw(pen);
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(size / tile.width));
  return pattern;
}

function nearestOn(box, [x, y]) {
  return [Math.min(Math.max(x, box[0] + 2), box[2] - 2), Math.min(Math.max(y, box[1] + 1), box[3] - 1)];
}

/** Points on the way from a name to its part. */
function along([x0, y0], [x1, y1]) {
  const count = Math.max(2, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 6));
  return Array.from({ length: count + 1 }, (_, k) => [x0 + ((x1 - x0) * k) / count, y0 + ((y1 - y0) * k) / count]);
}

function within(box, [x, y]) {
  return x > box[0] && x < box[2] && y > box[1] && y < box[3];
}

// ---- the view

export class SectionView {
  /**
   * @param {HTMLElement} host empty element
   * @param {{simple?: boolean, editable?: boolean, onDepth?: (depth_mm: number) => void}} options
   */
  constructor(host, { simple = false, editable = false, onDepth = () => {} } = {}) {
    Object.assign(this, { host, simple, editable, onDepth, section: null, newest: 0 });
    this.build();
    this.watch = new ResizeObserver(() => this.box.clientWidth && this.box.clientWidth !== this.width && this.paint());
    this.watch.observe(this.box);
    this.off = bus.on("theme", () => requestAnimationFrame(() => this.paint()));
    this.sight = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.arrive(), { threshold: 0.5 });
    this.clear();
  }

  dispose() {
    cancelAnimationFrame(this.moving);
    this.watch.disconnect();
    this.sight.disconnect();
    this.off();
    this.host.replaceChildren();
  }

  build() {
    this.canvas = make("canvas", { role: "img", class: "gl-section-canvas" });
    this.handle = make("div", {
      class: "gl-depth", role: "slider", tabindex: 0, "aria-label": "Needle depth", "aria-orientation": "vertical", "aria-valuemin": LEAST_MM, title: "Needle depth: drag, or arrow keys",
    });
    this.handle.addEventListener("keydown", (event) => this.press(event));
    this.handle.addEventListener("pointerdown", (event) => this.grab(event));
    this.box = make("div", { class: "gl-section-box" }, this.canvas, this.handle);
    this.legend = make("div", { class: "gl-section-legend" });
    this.words = make("div", { class: "gl-section-words" });
    this.host.replaceChildren(this.box, this.legend, this.words);
  }

  /** @param {?string} url own route of a section file; null clears. Of several calls only the newest is shown. */
  async load(url) {
    const mine = ++this.newest;
    if (!url) return this.clear();
    const section = readBundle(await (await ask(url, "the section")).arrayBuffer());
    if (mine === this.newest) this.show(section);
    return section.site;
  }

  clear() {
    this.section = null;
    this.box.hidden = true;
    this.legend.replaceChildren();
    this.words.replaceChildren(make("p", { class: "gl-muted" }, "Select an injection to see the layers it passes."));
  }

  show(section) {
    this.section = section;
    this.box.hidden = false;
    this.depth = this.given = section.tip[1] - section.entry[1];
    this.tissue = section.under_entry;
    const end = section.depth_mm[section.depth_mm.length - 1];
    this.most = Math.floor((end - section.entry[1]) / STEP_MM) * STEP_MM;
    this.words.replaceChildren(this.simple ? this.steps() : this.table());
    this.paint();
    if (this.simple) this.sight.observe(this.box);
  }

  setEditable(editable) {
    this.editable = editable;
    if (this.section) this.showHandle();
  }

  // ---- depth

  press(event) {
    const end = { Home: LEAST_MM, End: this.most }[event.key];
    const step = { ArrowDown: STEP_MM, ArrowRight: STEP_MM, ArrowUp: -STEP_MM, ArrowLeft: -STEP_MM }[event.key];
    if (!this.editable || (step === undefined && end === undefined)) return;
    event.preventDefault();
    this.move(end ?? this.depth + step);
    this.onDepth(this.depth);
  }

  grab(event) {
    if (!this.editable || event.button !== 0) return;
    const start = { y: event.clientY, depth: this.depth };
    this.handle.setPointerCapture(event.pointerId);
    const drag = (now) => this.move(start.depth + (now.clientY - start.y) / this.scale);
    const drop = () => {
      this.handle.removeEventListener("pointermove", drag);
      this.handle.removeEventListener("pointerup", drop);
      this.handle.removeEventListener("pointercancel", drop);
      if (this.depth !== start.depth) this.onDepth(this.depth);
    };
    this.handle.addEventListener("pointermove", drag);
    this.handle.addEventListener("pointerup", drop);
    this.handle.addEventListener("pointercancel", drop);
  }

  move(depth_mm) {
    this.depth = Math.round(10 * Math.min(Math.max(depth_mm, LEAST_MM), this.most)) / 10;
    this.drawOver(this.depth);
    this.showHandle();
  }

  /** What lies at a depth under the entry. */
  layerAt(depth_mm) {
    return this.tissue.find((part) => depth_mm <= part.to_mm) ?? this.tissue[this.tissue.length - 1];
  }

  showHandle() {
    const inside = this.layerAt(this.depth);
    this.handle.hidden = !this.editable;
    this.handle.style.transform = `translate(${this.x(this.section.tip[0])}px, ${this.y(this.section.entry[1] + this.depth)}px)`;
    this.handle.setAttribute("aria-valuemax", this.most);
    this.handle.setAttribute("aria-valuenow", this.depth.toFixed(1));
    this.handle.setAttribute("aria-valuetext", `${this.depth.toFixed(1)} mm deep, in ${inside.muscle ? baseWords(inside.muscle) : inside.layer}`);
  }

  // ---- painting

  x(across_mm) {
    return ROOM.left + (across_mm - this.from) * this.scale;
  }

  y(depth_mm) {
    return ROOM.top + (depth_mm - this.section.depth_mm[0]) * this.scale;
  }

  paint() {
    const { section } = this;
    const width = this.box.clientWidth;
    this.width = width; // 0 while hidden: painted once there is room
    if (!section || !width) return;
    this.look = LOOKS[bus.theme];
    this.measure(width);
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, (this.back = document.createElement("canvas"))]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(this.height * ratio);
    }
    this.canvas.style.height = `${this.height}px`;
    const pen = this.back.getContext("2d");
    pen.scale(ratio, ratio);
    this.ratio = ratio;
    this.taken = [];
    this.paintTissue(pen);
    this.drawAxes(pen);
    this.canvas.setAttribute("aria-label", this.description());
    this.drawOver(this.depth);
    this.showHandle();
  }

  measure(width) {
    const { across_mm, depth_mm, entry } = this.section;
    const whole = Math.min(entry[0] - across_mm[0], across_mm[across_mm.length - 1] - entry[0]);
    const inner = width - ROOM.left - ROOM.right;
    const half = Math.min(Math.max(inner / 2 / WANTED_PX_PER_MM, LEAST_HALF_MM), whole);
    this.from = entry[0] - half;
    this.scale = inner / (2 * half);
    this.height = ROOM.top + ROOM.bottom + (depth_mm[depth_mm.length - 1] - depth_mm[0]) * this.scale;
  }

  paintTissue(pen) {
    const { section, look } = this;
    const nx = section.across_mm.length;
    const stepX = section.across_mm[1] - section.across_mm[0];
    const stepZ = section.depth_mm[1] - section.depth_mm[0];
    const at = (i, j) => [this.x(section.across_mm[0] + i * stepX), this.y(section.depth_mm[0] + j * stepZ)];
    const code = Object.fromEntries(section.layers.map((name, k) => [name, k]));
    const of = (test, passes) => trace(softMask(section.layer.length, nx, test, passes), nx, 0.5, at);
    const layer = section.layer;
    const body = of((i) => layer[i] !== code.outside);
    const skin = of((i) => layer[i] <= code.dermis, 1);
    pen.save();
    pen.beginPath();
    pen.rect(ROOM.left, 0, this.width - ROOM.left - ROOM.right, this.y(section.depth_mm[section.depth_mm.length - 1]));
    pen.clip();
    const fill = (path, name) => {
      pen.fillStyle = look[name];
      pen.fill(path);
      pen.fillStyle = hatching(pen, name, look.hatch, this.ratio);
      pen.fill(path);
    };
    const rim = (path, colour, thick) => {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.stroke(path);
    };
    fill(body.area, "fat");
    pen.save();
    pen.clip(body.area);
    fill(skin.area, "dermis");
    rim(skin.line, look.border, 0.8);
    for (const name of ["orbit", "bone"]) {
      const part = of((i) => layer[i] === code[name]);
      fill(part.area, name);
      rim(part.line, look.ink, name === "bone" ? 1.4 : 0.9);
    }
    const muscles = section.muscle_names.map((name, k) => ({ name, k })).filter(({ k }) => section.muscle.includes(k));
    for (const { k } of muscles) {
      const part = of((i) => section.muscle[i] === k, 1);
      fill(part.area, "muscle");
      rim(part.line, look.border, 1.3);
    }
    pen.restore();
    const numbers = this.simple ? [] : this.paintDose(pen, nx, at, code, body);
    rim(body.line, look.epidermis, 3);
    pen.restore();
    this.nameParts(pen, muscles, code, numbers);
  }

  /** The dose as steps of one colour with a line and a number at each level. @returns {Array<object>} where a number may stand */
  paintDose(pen, nx, at, code, body) {
    const { section, look } = this;
    const soft = (i) => section.layer[i] !== code.outside && section.layer[i] !== code.bone;
    const highest = section.dose_units_per_mm3.reduce((most, dose, i) => (soft(i) && dose > most ? dose : most), 0);
    this.levels = doseLevels(highest);
    const dose = carriedOut(section.dose_units_per_mm3, nx, soft);
    const tissue = trace(softMask(section.layer.length, nx, soft, 1), nx, 0.5, at).area;
    pen.save();
    pen.clip(body.area);
    pen.clip(tissue);
    const numbers = this.levels.map((level, k) => {
      const region = trace(dose, nx, level, at);
      pen.fillStyle = look.cover;
      pen.fill(region.area);
      pen.strokeStyle = look.dose;
      pen.lineWidth = 0.8 + 0.4 * k;
      pen.stroke(region.line);
      return { level, places: region.middles };
    });
    pen.restore();
    this.showLegend();
    return numbers;
  }

  showLegend() {
    const swatches = this.levels.map((level, k) => {
      const box = make("i", { class: "gl-dose-swatch" });
      box.style.cssText = `background: linear-gradient(${Array(k + 1).fill(`${this.look.cover} 0 100%`).join("), linear-gradient(")}), ${this.look.fat}; border-top: ${1 + 0.5 * k}px solid ${this.look.dose}`;
      return make("span", { class: "gl-dose-step gl-number" }, box, `${level}`);
    });
    this.legend.replaceChildren();
    if (this.levels.length) this.legend.replaceChildren(make("span", { class: "gl-label" }, ...termed("Dose taken up, units per mm³, at least")), ...swatches);
  }

  // ---- names

  /** Each name inside its own part where it fits; else in calm surroundings, with a line to the part. */
  nameParts(pen, muscles, code, numbers) {
    const { section } = this;
    pen.font = NAME_FONT;
    const needleX = this.x(section.entry[0]);
    this.taken.push([needleX - 20, 0, needleX + 20, this.y(section.entry[1] + this.most)]);
    const both = (name) => muscles.some((other) => other.name !== name && baseWords(other.name) === baseWords(name));
    const parts = muscles.map(({ name, k }) => ({ words: this.simple ? plainMuscle(name, true) : both(name) ? wordsOf(name) : baseWords(name), test: (i) => section.muscle[i] === k }));
    for (const name of ["fat", "dermis", "bone", "orbit"]) parts.push({ words: this.simple ? SHORT_LAYERS[name] : name, test: (i) => section.layer[i] === code[name] });
    const rim = section.rim_mm;
    if (rim && rim[0] > this.from) this.markRim(pen, rim);
    this.nameSurface(pen);
    const seen = new Set();
    const waiting = [];
    for (const part of parts) {
      const cells = this.cellsOf(part.test);
      if (cells.length < 6 || (this.simple && seen.has(part.words))) continue;
      seen.add(part.words);
      if (!this.nameInside(pen, part, cells)) waiting.push({ ...part, cells });
    }
    for (const number of numbers) this.numberLine(pen, number);
    for (const part of waiting) this.nameBeside(pen, part, code);
  }

  cellsOf(test) {
    const { section } = this;
    const nx = section.across_mm.length;
    const found = [];
    for (let i = 0; i < section.layer.length; i++) {
      if (!test(i)) continue;
      const x = this.x(section.across_mm[i % nx]);
      const y = this.y(section.depth_mm[Math.floor(i / nx)]);
      if (x > ROOM.left + 4 && x < this.width - ROOM.right - 4) found.push([x, y]);
    }
    return found;
  }

  cellAt(x, y) {
    const { across_mm, depth_mm } = this.section;
    const i = Math.round(((x - ROOM.left) / this.scale + this.from - across_mm[0]) / (across_mm[1] - across_mm[0]));
    const j = Math.round((y - ROOM.top) / this.scale / (depth_mm[1] - depth_mm[0]));
    return i < 0 || j < 0 || i >= across_mm.length || j >= depth_mm.length ? -1 : j * across_mm.length + i;
  }

  /** Share of a box that lies in the part. */
  shareIn(box, test) {
    let inside = 0;
    for (let a = 0; a <= 8; a++)
      for (let b = 0; b <= 3; b++) {
        const cell = this.cellAt(box[0] + ((box[2] - box[0]) * a) / 8, box[1] + ((box[3] - box[1]) * b) / 3);
        if (test(cell)) inside++;
      }
    return inside / 36;
  }

  isFree(box) {
    const bottom = this.y(this.section.depth_mm[this.section.depth_mm.length - 1]);
    if (box[0] < ROOM.left + 2 || box[2] > this.width - ROOM.right - 2 || box[1] < 2 || box[3] > bottom - 2) return false;
    return !this.taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
  }

  boxAround(x, y, width, height = 17) {
    return [x - width / 2 - 3, y - height / 2, x + width / 2 + 3, y + height / 2];
  }

  nameInside(pen, part, cells) {
    const width = pen.measureText(part.words).width;
    const middle = this.x(this.section.entry[0]);
    let best = null;
    for (let k = 0; k < cells.length; k += Math.ceil(cells.length / NAME_TRIALS)) {
      const [x, y] = cells[k];
      const box = this.boxAround(x, y, width);
      if (!this.isFree(box)) continue;
      const share = this.shareIn(box, part.test);
      const worth = share - (0.1 * Math.abs(x - middle)) / this.width; // near the needle, where one looks
      if (share >= 0.8 && (!best || worth > best.worth)) best = { worth, x, y, box };
    }
    if (!best) return false;
    this.taken.push(best.box);
    this.write(pen, part.words, best.x, best.y);
    return true;
  }

  nameBeside(pen, part, code) {
    const { layer } = this.section;
    const calm = (i) => i < 0 || layer[i] === code.bone || layer[i] === code.outside;
    pen.font = NAME_FONT;
    const width = pen.measureText(part.words).width;
    const anchor = this.deepInside(part);
    const bottom = this.y(this.section.depth_mm[this.section.depth_mm.length - 1]);
    let best = null;
    for (let x = ROOM.left + width / 2 + 6; x < this.width - ROOM.right - width / 2 - 4; x += 10)
      for (let y = 14; y < bottom - 10; y += 7) {
        const box = this.boxAround(x, y, width);
        if (!this.isFree(box)) continue;
        const end = nearestOn(box, anchor);
        const gap = Math.hypot(end[0] - anchor[0], end[1] - anchor[1]);
        if (gap < 9) continue;
        const near = -gap - 0.4 * Math.abs(x - anchor[0]);
        if (best && near + 120 <= best.worth) continue; // cannot win
        const crossed = along(end, anchor).filter((point) => this.taken.some((other) => within(other, point))).length;
        const worth = near + this.shareIn(box, calm) * 120 - this.shareIn(box, part.test) * 60 - crossed * 45;
        if (!best || worth > best.worth) best = { worth, x, y, box, end };
      }
    if (!best) return;
    this.taken.push(best.box);
    for (const [colour, thick] of [[this.look.halo, 3.2], [this.look.ink, 1.3]]) {
      pen.lineWidth = thick;
      pen.strokeStyle = pen.fillStyle = colour;
      stroke(pen, [best.end, anchor]);
    }
    this.taken.push(...along(best.end, anchor).map(([x, y]) => [x - 4, y - 4, x + 4, y + 4]));
    dot(pen, ...anchor, 2.5);
    this.write(pen, part.words, best.x, best.y);
  }

  /** The cell of a part that is deepest inside it and free of other names. */
  deepInside(part) {
    const reach = [4, 8, 12];
    const depth = ([x, y]) => reach.filter((r) => [[r, 0], [-r, 0], [0, r], [0, -r]].every(([dx, dy]) => part.test(this.cellAt(x + dx, y + dy)))).length;
    const free = part.cells.filter(([x, y]) => this.isFree([x - 4, y - 4, x + 4, y + 4]));
    const cells = free.length ? free : part.cells;
    return cells.reduce((best, cell) => (depth(cell) > depth(best) ? cell : best), cells[Math.floor(cells.length / 2)]);
  }

  numberLine(pen, { level, places }) {
    pen.font = SMALL_FONT;
    const words = `${level}`;
    const width = pen.measureText(words).width;
    const middle = this.x(this.section.entry[0]);
    const right = places.filter(([x]) => x > middle).sort((a, b) => b[0] - a[0]);
    const place = [...right, ...places].find(([x, y]) => y > ROOM.top && this.isFree(this.boxAround(x, y, width, 14)));
    if (!place) return;
    this.taken.push(this.boxAround(...place, width, 14));
    this.write(pen, words, ...place, SMALL_FONT, this.look.dose);
  }

  /** The epidermis is a line: its name stands over the skin. */
  nameSurface(pen) {
    const words = this.simple ? "surface of the skin" : "epidermis";
    const width = pen.measureText(words).width;
    const x = this.width - ROOM.right - width / 2 - 8;
    const surface = this.cellsOf((i) => this.section.layer[i] !== 0).filter(([a]) => Math.abs(a - x) < 4);
    const y = Math.min(...surface.map((cell) => cell[1]));
    const box = this.boxAround(x, Math.max(y - 20, 12), width);
    if (!surface.length || !this.isFree(box)) return;
    this.taken.push(box);
    pen.strokeStyle = this.look.ink;
    pen.lineWidth = 1;
    stroke(pen, [[x, box[3]], [x, y]]);
    this.write(pen, words, x, (box[1] + box[3]) / 2);
  }

  markRim(pen, [across, depth]) {
    const [x, y] = [this.x(across), this.y(depth)];
    const words = this.simple ? "rim of the eye socket" : "supraorbital rim";
    const width = pen.measureText(words).width;
    const box = [x + 12, y + 8, x + 18 + width, y + 25];
    pen.strokeStyle = pen.fillStyle = this.look.ink;
    pen.lineWidth = 2;
    ring(pen, x, y, 5);
    stroke(pen, [[x + 4, y + 4], [x + 12, y + 14]]);
    this.taken.push(box, [x - 7, y - 7, x + 7, y + 7]);
    this.write(pen, words, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2);
  }

  write(pen, words, x, y, font = NAME_FONT, colour = this.look.ink) {
    pen.font = font;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = this.look.halo;
    pen.strokeText(words, x, y);
    pen.fillStyle = colour;
    pen.fillText(words, x, y);
  }

  drawAxes(pen) {
    const { section, look } = this;
    const bottom = this.y(section.depth_mm[section.depth_mm.length - 1]);
    pen.strokeStyle = pen.fillStyle = look.axis;
    pen.lineWidth = 1;
    pen.font = SMALL_FONT;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (let mm = 0; mm <= this.most; mm++) {
      const y = this.y(section.entry[1] + mm);
      stroke(pen, [[ROOM.left - (mm % 2 ? 3 : 6), y], [ROOM.left, y]]);
      if (mm % 2 === 0) pen.fillText(String(mm), ROOM.left - 9, y);
    }
    pen.textAlign = "center";
    const right = this.width - ROOM.right;
    for (let mm = Math.ceil((this.from - section.entry[0]) / 5) * 5; this.x(section.entry[0] + mm) <= right; mm += 5) {
      const x = this.x(section.entry[0] + mm);
      stroke(pen, [[x, bottom], [x, bottom + 5]]);
      pen.fillText(written(mm, 0), x, bottom + 14);
    }
    stroke(pen, [[ROOM.left, ROOM.top], [ROOM.left, bottom], [right, bottom]]);
    pen.fillText(this.simple ? "mm along the skin" : section.across_label, (ROOM.left + right) / 2, bottom + 31);
    pen.save();
    pen.translate(11, (ROOM.top + bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText("mm deep", 0, 0);
    pen.restore();
  }

  /** The painted tissue and over it the needle with its tip at a depth. */
  drawOver(depth_mm) {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.back, 0, 0);
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const { section, look } = this;
    const [x, y] = [this.x(section.entry[0] + section.tip[0] - section.entry[0]), this.y(section.entry[1] + depth_mm)];
    for (const [colour, width] of [[look.halo, 6.5], [look.ink, 3]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.lineCap = "butt";
      stroke(pen, [[x, 0], [x, y]]);
    }
    pen.fillStyle = look.halo;
    dot(pen, x, y, 6);
    pen.strokeStyle = look.ink;
    pen.lineWidth = 2.5;
    ring(pen, x, y, 5);
    pen.textAlign = "left";
    if (depth_mm > 0) this.tag(pen, `tip ${depth_mm.toFixed(1)} mm deep`, x + 12, 14);
    if (Math.abs(depth_mm - this.given) > 0.05 && !this.simple) this.tag(pen, `dose still at ${this.given.toFixed(1)} mm`, x + 12, 32);
  }

  tag(pen, words, x, y) {
    pen.font = NAME_FONT;
    const half = pen.measureText(words).width / 2;
    this.write(pen, words, x + half, y);
  }

  // ---- in words

  description() {
    const inside = this.layerAt(this.given);
    const name = (part) => (part.muscle ? (this.simple ? plainMuscle(part.muscle) : wordsOf(part.muscle)) : this.simple ? PLAIN_LAYERS[part.layer] : part.layer);
    const spans = this.tissue.map((part) => `${name(part)} ${part.from_mm.toFixed(1)} to ${part.to_mm.toFixed(1)} mm`).join("; ");
    const title = this.simple ? "the needle" : `the needle at ${this.section.title}`;
    const rim = this.section.rim_mm ? " The rim of the eye socket is in the cut." : "";
    return `Cut through the layers along ${title}. Below the entry: ${spans}. The tip lies ${this.given.toFixed(1)} mm deep, in ${name(inside)}.${rim}`;
  }

  table() {
    const tip = this.layerAt(this.given);
    const seen = new Set();
    const rows = this.tissue.map((part, k) => {
      const last = k === this.tissue.length - 1;
      const name = [...termed(part.muscle ? wordsOf(part.muscle) : part.layer, seen), part === tip ? make("span", { class: "gl-chip gl-chip-accent" }, "tip") : null].filter(Boolean);
      if (part === tip) name.splice(-1, 0, " ");
      return make("tr", {}, make("th", { scope: "row" }, ...name), make("td", { class: "gl-number" }, part.from_mm.toFixed(1)), make("td", { class: "gl-number" }, last ? "deeper" : part.to_mm.toFixed(1)));
    });
    const head = ["below the entry", "from, mm", "to, mm"].map((words, k) => make("th", { scope: "col", class: k ? "gl-number" : null }, words));
    return make("table", { class: "gl-table gl-section-table" }, make("caption", { class: "gl-visually-hidden" }, "Layers along the needle"), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  }

  /** What the needle passes, in plain words, one after the other. */
  steps() {
    const passed = [];
    for (const part of this.tissue) {
      if (part.from_mm >= this.given || part.layer === "epidermis") continue;
      const words = part.muscle ? plainMuscle(part.muscle) : PLAIN_LAYERS[part.layer];
      if (passed.some((step) => step.words === words)) continue;
      passed.push({ words, to: Math.min(part.to_mm, this.given) });
    }
    this.passed = passed;
    this.items = passed.map((step, k) => make("li", {}, k === passed.length - 1 ? make("b", {}, `Here it stops: ${step.words}`) : step.words, make("span", { class: "gl-muted" }, ` ${step.to.toFixed(1)} mm deep`)));
    const again = make("button", { type: "button", class: "gl-button gl-moving" }, make("span", { class: "gl-icon gl-icon-play", "aria-hidden": "true" }), "Watch the needle");
    again.addEventListener("click", () => this.animate());
    return make("div", {}, make("p", {}, "On its way the needle passes:"), make("ol", { class: "gl-steps" }, ...this.items), again);
  }

  /** Once, when the picture first comes into view. */
  arrive() {
    this.sight.disconnect();
    if (this.simple && this.section) this.animate();
  }

  animate() {
    cancelAnimationFrame(this.moving);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const stops = [-0.8, ...this.passed.map((step) => step.to)];
    const begin = performance.now();
    const frame = (now) => {
      const time = (now - begin) / ARRIVING_MS;
      const leg = Math.min(Math.floor(time), stops.length - 1);
      const share = Math.min(Math.max((time - leg) * 1.6, 0), 1); // moves, then rests a moment in the layer
      const ease = share * share * (3 - 2 * share);
      const depth = leg >= stops.length - 1 ? this.given : stops[leg] + ease * (stops[leg + 1] - stops[leg]);
      this.items.forEach((item, k) => item.toggleAttribute("aria-current", k === leg));
      this.drawOver(depth);
      if (leg < stops.length - 1) this.moving = requestAnimationFrame(frame);
    };
    this.moving = requestAnimationFrame(frame);
  }
}
