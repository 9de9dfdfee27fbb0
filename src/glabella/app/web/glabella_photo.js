/**
 * A person's photo with the sites of a plan on it: to place, drag, nudge and select. Framework-neutral. Where a pixel lies on the skin is
 * for the server to say; here are only the picture, marks over it, and hands.
 */
import { Markers, addStyle, draw, drawLegend, drawNames, follow, make } from "glabella_face_marks";

const CLICK_PIXELS = 5;
const ARROWS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * Make a viewer in `host`. `emit(name, detail)` hears pick {x, y}, drag_end {id, x, y} in pixels of the picture, select {id},
 * nudge {id, right, up}, ready, failed. Returns setPicture, setSites, setAnatomy, setMode, project, dispose.
 */
export function createPhotoViewer({ host, emit = () => {} }) {
  addStyle();
  return new PhotoViewer(host, emit);
}

class PhotoViewer {
  constructor(host, emit) {
    Object.assign(this, { host, emit, sites: [], anatomy: null, frame: [0, 0, 1, 1], mode: "place" });
    this.image = make("img", { alt: "", draggable: "false" });
    this.shapes = draw("svg", { class: "glf-marks", "aria-hidden": "true" });
    this.names = draw("svg", { class: "glf-marks", "aria-hidden": "true" });
    this.svg = draw("svg", { class: "glf-marks", role: "group", "aria-label": "Injection sites on the photo" });
    this.root = make("div", { class: "glf glp place" }, this.image, this.shapes, this.names, this.svg);
    this.legend = make("div", { class: "glp-legend", hidden: "" });
    host.append(this.root, this.legend);
    this.markers = new Markers(this.svg, { down: (site, event) => this.grab(site, event) });
    this.image.addEventListener("pointerdown", (event) => { this.pressed = [event.clientX, event.clientY]; });
    this.image.addEventListener("pointerup", (event) => this.release(event));
    this.image.addEventListener("load", () => this.loaded());
    this.image.addEventListener("error", () => this.image.getAttribute("src") && this.lost());
    this.watch = new ResizeObserver(() => this.lay());
    this.watch.observe(this.root);
    window.__glabella_photo = { ready: false, viewer: this, project: (pixel) => this.project(pixel) };
  }

  // ---- the picture

  /** Show the part `frame` [left, top, width, height] of a picture, in its own pixels; null: none. */
  setPicture(picture) {
    window.__glabella_photo.ready = false;
    if (!picture) return this.image.removeAttribute("src");
    const { url, frame } = picture;
    this.frame = frame;
    this.root.style.aspectRatio = `${frame[2]} / ${frame[3]}`;
    this.root.style.setProperty("--glp-shape", String(frame[2] / frame[3]));
    this.image.src = url;
  }

  loaded() {
    window.__glabella_photo.ready = true;
    this.lay();
    this.emit("ready", {});
  }

  lost() {
    this.emit("failed", { message: "the photo could not be loaded", status: 404 });
  }

  get scale() { return this.root.clientWidth / this.frame[2]; }

  place([x, y]) { return [(x - this.frame[0]) * this.scale, (y - this.frame[1]) * this.scale]; }

  pixelOf(event) {
    const box = this.root.getBoundingClientRect();
    return { x: this.frame[0] + (event.clientX - box.left) / this.scale, y: this.frame[1] + (event.clientY - box.top) / this.scale };
  }

  /** Window coordinates [x, y] of a pixel of the picture. */
  project(pixel) {
    const box = this.root.getBoundingClientRect(), [x, y] = this.place(pixel);
    return [box.left + x, box.top + y];
  }

  // ---- sites

  /** Show sites: [{id, label, words, units, pixel [x, y], seen, selected, beyond_label}]. */
  setSites(sites) {
    const held = document.activeElement?.closest?.(".glp .site")?.dataset.site;
    this.sites = sites;
    this.markers.set(sites);
    for (const site of sites) this.open(site);
    this.lay();
    if (held !== undefined) this.markers.groups.get(Number(held))?.group.focus({ preventScroll: true });
    const hidden = sites.filter((site) => !site.seen).length;
    this.image.alt = `Photo of the person, ${sites.length} injection ${sites.length === 1 ? "site" : "sites"}${hidden ? `, ${hidden} not visible in it` : ""}`;
  }

  /** Let the keyboard have a site too. */
  open(site) {
    const { group } = this.markers.groups.get(site.id);
    const said = { tabindex: "0", role: "button", "aria-pressed": String(!!site.selected), "aria-label": site.words };
    for (const [name, value] of Object.entries(said)) group.setAttribute(name, value);
    group.addEventListener("keydown", (event) => {
      const step = ARROWS[event.key];
      if (step) this.emit("nudge", { id: site.id, right: step[0], up: step[1] });
      else if (event.key === "Enter" || event.key === " ") this.emit("select", { id: site.id });
      else return;
      event.preventDefault();
    });
  }

  setMode(mode) {
    this.mode = mode;
    this.root.classList.toggle("place", mode === "place");
  }

  grab(site, event) {
    event.preventDefault();
    event.stopPropagation();
    const start = [event.clientX, event.clientY], held = { id: site.id };
    this.held = held; // by name: the sites may be sent again while one is dragged
    this.markers.groups.get(site.id).group.focus({ preventScroll: true });
    follow(window, event, (moved) => {
      if (!held.at && Math.hypot(moved.clientX - start[0], moved.clientY - start[1]) <= CLICK_PIXELS) return;
      held.at = this.pixelOf(moved);
      this.lay();
    }, () => {
      this.held = null;
      if (held.at) this.emit("drag_end", { id: held.id, ...held.at });
      else this.emit("select", { id: held.id });
    });
  }

  release(event) {
    const [x, y] = this.pressed || [NaN, NaN];
    this.pressed = null;
    if (this.mode !== "place" || !(Math.hypot(event.clientX - x, event.clientY - y) <= CLICK_PIXELS)) return;
    this.emit("pick", this.pixelOf(event));
  }

  // ---- what lies over it

  /** Show {title, shapes: [{name, colour, line, dashed, paths: [[[x, y], ..], ..]}], points: [{name, pixel}]}; null takes it away. */
  setAnatomy(anatomy) {
    this.anatomy = anatomy;
    this.lay();
  }

  lay() {
    if (!this.root.clientWidth) return;
    const places = this.sites.map(({ id, pixel, seen }) => {
      const dragged = this.held?.id === id && this.held.at, [x, y] = this.place(dragged ? [dragged.x, dragged.y] : pixel);
      return { id, x, y, far: !seen && !dragged };
    });
    this.markers.move(places, this.root.clientWidth / 2);
    this.drawShapes();
    window.__glabella_photo.places = places;
  }

  drawShapes() {
    const { shapes = [], points = [], title } = this.anatomy || {};
    this.shapes.replaceChildren(...shapes.flatMap(({ colour, line, dashed, paths }) => paths.map((path) => {
      const d = `M${path.map((pixel) => this.place(pixel).map((v) => v.toFixed(1)).join(" ")).join("L")}`;
      const shape = draw("path", { d, class: line ? "glp-line" : "glp-sheet", style: `color: ${colour}` });
      if (dashed) shape.setAttribute("stroke-dasharray", "5 4");
      return shape;
    })));
    drawNames(this.names, points.map(({ name, pixel }) => { const [x, y] = this.place(pixel); return { name, x, y }; }));
    const items = [...new Map(shapes.map((one) => [one.name, { label: one.name, colour: one.colour, line: one.line, dashed: one.dashed }])).values()];
    if (this.told === this.anatomy) return;
    this.told = this.anatomy;
    drawLegend(this.legend, items.length ? { title, items } : null);
  }

  dispose() {
    this.watch.disconnect();
    this.root.remove();
    this.legend.remove();
    if (window.__glabella_photo?.viewer === this) delete window.__glabella_photo;
  }
}
