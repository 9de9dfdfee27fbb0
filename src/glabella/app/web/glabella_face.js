/**
 * One person's face in three.js: moved and creased as a simulation says, with sites to place, drag and select, overlays, and a before /
 * after split. Framework-neutral: THREE and OrbitControls are handed in. Draws only when something changed.
 */
import { EXPRESSIONS, Movement, fetchBundle, inUnits, lineDepths, tensions } from "glabella_face_data";
import { Markers, addStyle, draw, drawLegend, drawNames, follow, make } from "glabella_face_marks";
import {
  EYE_FRAGMENT, EYE_VERTEX, LINE_FRAGMENT, LINE_VERTEX, SHEET_FRAGMENT, SHEET_VERTEX, SKIN_FRAGMENT, SKIN_VERTEX,
} from "glabella_face_shaders";

const BLEND_MS = 350, CLICK_PIXELS = 5, LARGEST_ZOOM = 5, FRAME_MM = { width: 216, height: 246, up: -6, forward: -35 };
const LAMP_FOLLOWS = 0.55; // share of the camera's turn that the lamps go along with
const LOOKS = { front: 0, left: 62, right: -62 }; // degrees towards the person's left
const WORDS = { rest: "at rest", maximum_frown: "maximum frown", brow_raise: "brow raise", smile: "smile", eye_closure: "eyes closed" };
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;
const UNDER_SKIN_MM = 14, STRAND_MM = 0.22;
// without a graphics processor: coarse pictures while things move, the full one when they rest
const DRAFT_SHARE = 0.5, MOVING_MS = 600, REST_MS = 180;

/**
 * Make a viewer in `host` (an element with a size). `bus`: day, expression, split, months (see glabella_bus.js).
 * `emit(name, detail)` hears ready, pick, select, drag_end, failed. Returns setPerson, setSites, setOverlay, setMode, lookAt,
 * snapshot, project, dispose.
 */
export function createFaceViewer({ THREE, OrbitControls, host, bus, emit = () => {}, buttons = true }) {
  addStyle();
  return new FaceViewer(THREE, OrbitControls, host, bus, emit, buttons);
}

class FaceViewer {
  constructor(THREE, OrbitControls, host, bus, emit, buttons) {
    Object.assign(this, { THREE, host, bus, emit, mode: "look", sites: [], overlay: { kind: "none" }, frames: 0, version: 0 });
    Object.assign(this, { divider: 0.5, frame: FRAME_MM });
    this.weights = { [bus.expression || "rest"]: 1 };
    this.offs = [];
    this.build(buttons);
    const software = this.startRenderer();
    if (software === null) return;
    this.software = software;
    this.startCamera(OrbitControls);
    this.listen();
    this.resize();
    window.__glabella_face = this.hook();
  }

  // ---- the page around the canvas

  build(buttons) {
    this.root = make("div", { class: "glf" });
    this.svg = draw("svg", { class: "glf-marks", "aria-hidden": "true" });
    this.names = draw("svg", { class: "glf-marks", "aria-hidden": "true" });
    this.legend = make("div", { class: "glf-legend", hidden: "" });
    this.note = make("div", { class: "glf-note", role: "status", hidden: "" });
    this.divide = make("div", {
      class: "glf-divider", role: "slider", tabindex: "0", "aria-label": "Divider between before and after, percent of the width",
      "aria-valuemin": "0", "aria-valuemax": "100", hidden: "",
    });
    this.halves = [make("div", { class: "glf-half", hidden: "" }, "before"), make("div", { class: "glf-half", hidden: "" })];
    this.root.append(this.divide, this.names, this.svg, ...this.halves, this.legend, this.note);
    if (buttons) this.root.append(this.buildButtons());
    this.host.append(this.root);
    this.markers = new Markers(this.svg, { down: (site, event) => this.grab(site, event) });
  }

  buildButtons() {
    const button = (text, label, act) => {
      const made = make("button", { type: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", act);
      return made;
    };
    return make("div", { class: "glf-buttons", role: "group", "aria-label": "Size of the face" },
      button("+", "Closer", () => this.zoomBy(1.35)), button("\u2212", "Farther", () => this.zoomBy(1 / 1.35)));
  }

  say(text) {
    this.note.hidden = !text;
    this.note.textContent = text || "";
  }

  fail(message, status = null) {
    this.say(message);
    this.emit("failed", { message, status });
  }

  // ---- renderer and camera

  /** Whether drawing is done in software; null where there is no WebGL. */
  startRenderer() {
    const trial = document.createElement("canvas").getContext("webgl2");
    if (!trial) {
      this.fail("This browser shows no 3D pictures (WebGL 2 is missing). Sites can be placed in the table.");
      return null;
    }
    const info = trial.getExtension("WEBGL_debug_renderer_info");
    const software = SOFTWARE.test(trial.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : trial.RENDERER));
    trial.getExtension("WEBGL_lose_context")?.loseContext();
    const { THREE } = this;
    this.renderer = new THREE.WebGLRenderer({ antialias: !software, alpha: true, powerPreference: "high-performance" });
    this.pixelRatio = Math.min(window.devicePixelRatio || 1, 2);
    this.renderer.setPixelRatio(this.pixelRatio);
    this.renderer.setClearAlpha(0);
    this.renderer.autoClear = false;
    this.canvas = this.renderer.domElement;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Face, loading");
    this.root.prepend(this.canvas);
    return software;
  }

  startCamera(OrbitControls) {
    const { THREE } = this;
    this.scene = new THREE.Scene();
    this.camera = new THREE.OrthographicCamera(-100, 100, 100, -100, 50, 1400);
    this.camera.position.set(0, this.frame.up, 700 + this.frame.forward);
    this.controls = new OrbitControls(this.camera, this.canvas);
    Object.assign(this.controls, {
      enableDamping: false, minZoom: 1, maxZoom: LARGEST_ZOOM, minPolarAngle: 0.28 * Math.PI, maxPolarAngle: 0.66 * Math.PI,
      minAzimuthAngle: -0.62 * Math.PI, maxAzimuthAngle: 0.62 * Math.PI, zoomToCursor: true, rotateSpeed: 0.7, screenSpacePanning: true,
    });
    this.controls.target.set(0, this.frame.up, this.frame.forward);
    this.controls.update();
    this.controls.addEventListener("change", () => { this.limitPan(); this.invalidate(); });
  }

  limitPan() {
    const { target } = this.controls, room = 1 - 1 / this.camera.zoom, { width, height, up, forward } = this.frame;
    const wanted = [[target.x, 0, width], [target.y, up, height], [target.z, forward, width]]
      .map(([value, middle, size]) => Math.max(middle - 0.55 * size * room, Math.min(middle + 0.55 * size * room, value)));
    const moved = new this.THREE.Vector3(...wanted).sub(target);
    target.add(moved);
    this.camera.position.add(moved);
  }

  zoomBy(factor) {
    if (!this.renderer) return;
    this.camera.zoom = Math.max(1, Math.min(LARGEST_ZOOM, this.camera.zoom * factor));
    this.camera.updateProjectionMatrix();
    this.limitPan();
    this.invalidate();
  }

  /** Look from the 'front', the person's 'left' or 'right'; zoom stays. */
  lookAt(name) {
    if (!this.renderer) return;
    const turn = ((LOOKS[name] ?? 0) * Math.PI) / 180, { target } = this.controls;
    target.set(0, target.y, this.frame.forward);
    this.camera.position.set(target.x + 700 * Math.sin(turn), target.y, target.z + 700 * Math.cos(turn));
    this.controls.update();
    this.limitPan();
    this.invalidate();
  }

  resize() {
    const width = Math.max(this.root.clientWidth, 1), height = Math.max(this.root.clientHeight, 1);
    this.size = { width, height };
    this.renderer.setSize(width, height, false);
    const half = Math.max(this.frame.height / 2, (this.frame.width / 2) * (height / width));
    Object.assign(this.camera, { left: (-half * width) / height, right: (half * width) / height, top: half, bottom: -half });
    this.camera.updateProjectionMatrix();
    this.draw(true);
  }

  listen() {
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.root);
    const on = (target, name, act) => { target.addEventListener(name, act); this.offs.push(() => target.removeEventListener(name, act)); };
    on(this.canvas, "pointerdown", (event) => { this.pressed = [event.clientX, event.clientY]; });
    on(this.canvas, "pointerup", (event) => this.release(event));
    on(this.canvas, "webglcontextlost", (event) => { event.preventDefault(); this.say("The picture was lost; it comes back by itself."); });
    on(this.canvas, "webglcontextrestored", () => { // the first frame is sometimes never shown, so the words go with the second
      this.invalidate();
      setTimeout(() => { this.say(""); this.invalidate(); }, REST_MS);
    });
    on(this.divide, "pointerdown", (event) => this.dragDivider(event));
    on(this.divide, "keydown", (event) => this.stepDivider(event));
    this.offs.push(this.bus.on("day", () => this.refresh()), this.bus.on("months", () => this.changed()),
      this.bus.on("split", () => this.refresh()), this.bus.on("theme", () => this.invalidate()),
      this.bus.on("expression", (name) => this.express(name ?? this.bus.expression)));
  }

  // ---- a person

  /** Load the face at `url` and show it. */
  async setPerson(url) {
    if (!this.renderer) return;
    this.url = url;
    try {
      const bundle = await fetchBundle(url);
      if (this.url !== url || this.gone) return;
      this.adopt(bundle);
    } catch (error) {
      this.fail(`The face could not be loaded: ${error.message}`, error.status);
    }
  }

  adopt(bundle) {
    this.clear();
    this.bundle = bundle;
    this.movement = new Movement(bundle);
    this.fit(bundle.arrays.position);
    const count = bundle.header.vertices;
    this.shared = this.sharedAttributes(bundle);
    this.tint = new this.THREE.BufferAttribute(new Float32Array(2 * count), 2);
    this.grain = this.grainTexture(bundle.arrays.grain);
    this.skins = [this.makeSkin(), this.makeSkin()];
    this.eyes = bundle.header.eyes.map((eye, k) => this.makeEye(eye, Object.values(bundle.header.lids)[k]));
    this.say("");
    this.setOverlay(this.overlay);
    this.placeSites();
    this.changed();
    this.ready = true;
    this.emit("ready", {});
  }

  /** Frame the whole head, however tall it is. */
  fit(position) {
    let top = 0;
    for (let i = 1; i < position.length; i += 3) top = Math.max(top, position[i]);
    this.frame = { ...FRAME_MM, height: Math.max(FRAME_MM.height, 2 * (top + 7 - FRAME_MM.up)) };
    this.resize();
  }

  clear() {
    if (!this.skins) return;
    for (const { mesh } of this.skins) { this.scene.remove(mesh); mesh.geometry.dispose(); mesh.material.forEach((m) => m.dispose()); }
    for (const { mesh } of this.eyes) { this.scene.remove(mesh); mesh.geometry.dispose(); mesh.material.dispose(); }
    this.grain.dispose();
    this.ramp?.dispose();
    this.ramp = this.skins = null;
    this.clearDrawn();
  }

  sharedAttributes({ header, arrays }) {
    const { THREE } = this, count = header.vertices;
    const attribute = (values, size, normalized = false) => new THREE.BufferAttribute(values, size, normalized);
    const marks = new Float32Array(3 * count), slopes = [0, 1, 2].map(() => new Int8Array(4 * count));
    for (let i = 0; i < count; i++) {
      marks[3 * i] = arrays.openness[i] / 255;
      marks[3 * i + 1] = arrays.hairline[i] * arrays.hairline.scale;
      marks[3 * i + 2] = arrays.sway[i] * arrays.sway.scale;
      for (let c = 0; c < 3; c++) for (let d = 0; d < 3; d++) slopes[c][4 * i + d] = arrays.slope[9 * i + 3 * c + d];
    }
    return {
      colour: attribute(arrays.colour, 4, true), marks: attribute(marks, 3), brow: attribute(inUnits(arrays.brow), 3),
      rest: attribute(arrays.position, 3), phase: attribute(inUnits(arrays.phase), 3), strength: attribute(inUnits(arrays.strength), 3),
      slope0: attribute(slopes[0], 4, true), slope1: attribute(slopes[1], 4, true), slope2: attribute(slopes[2], 4, true),
      index: attribute(arrays.triangles, 1),
    };
  }

  grainTexture(values) {
    const { THREE } = this;
    const texture = new THREE.DataTexture(values, 64, 64, THREE.RGBAFormat, THREE.UnsignedByteType);
    Object.assign(texture, {
      wrapS: THREE.RepeatWrapping, wrapT: THREE.RepeatWrapping, magFilter: THREE.LinearFilter, minFilter: THREE.LinearMipmapNearestFilter,
      generateMipmaps: true, needsUpdate: true,
    });
    return texture;
  }

  lamps() {
    if (!this.lampUniforms) {
      const vectors = () => [new this.THREE.Vector3(), new this.THREE.Vector3()];
      this.lampUniforms = { uLamp: { value: vectors() }, uHalf: { value: vectors() }, uPixelMm: { value: 0.3 }, uBlur: { value: 0 } };
    }
    return this.lampUniforms;
  }

  makeSkin() {
    const { THREE } = this, { header } = this.bundle, count = header.vertices;
    const geometry = new THREE.BufferGeometry();
    for (const [name, attribute] of Object.entries(this.shared)) if (name !== "index") geometry.setAttribute(name, attribute);
    geometry.setIndex(this.shared.index);
    const position = new THREE.BufferAttribute(new Float32Array(3 * count), 3), normal = new THREE.BufferAttribute(new Float32Array(3 * count), 3);
    position.setUsage(THREE.DynamicDrawUsage);
    normal.setUsage(THREE.DynamicDrawUsage);
    geometry.setAttribute("position", position).setAttribute("normal", normal).setAttribute("tint", this.tint);
    const turns = header.vary.map((row) => row.map((v) => v / (2 * Math.PI))), halves = [turns.slice(0, 3), turns.slice(3)];
    const uniforms = {
      ...this.lamps(), uGrain: { value: this.grain }, uDepthLeft: { value: new THREE.Vector3() }, uDepthRight: { value: new THREE.Vector3() },
      uSpacing: { value: new THREE.Vector3(6, 6, 6) }, uVary: { value: halves.map((rows) => new THREE.Matrix3(...rows.flatMap((row) => row.slice(0, 3)))) },
      uShift: { value: halves.map((rows) => new THREE.Vector3(...rows.map((row) => row[3]))) },
      uHair: { value: linear(THREE, header.hair) }, uBrowLength: { value: header.brow_length_mm },
      uChin: { value: header.chin_up_mm }, uScale: { value: header.scale }, uTint: { value: 0 }, uLevels: { value: 0 },
      uLevel: { value: new Float32Array(8) }, uRange: { value: new THREE.Vector2(0, 1) }, uRamp: { value: null },
    };
    const materials = header.groups.map(({ start, count: size, paint }, k) => {
      geometry.addGroup(start, size, k);
      return Object.assign(shader(THREE, SKIN_VERTEX, SKIN_FRAGMENT, uniforms), { defines: definesOf(paint) });
    });
    const mesh = new THREE.Mesh(geometry, materials);
    mesh.frustumCulled = false;
    mesh.renderOrder = 1;
    this.scene.add(mesh);
    return { mesh, position, normal, uniforms, key: "" };
  }

  makeEye({ centre, radius_mm }, lids) {
    const { THREE } = this;
    const uniforms = {
      ...this.lamps(), uGrain: { value: this.grain }, uIris: { value: new THREE.Vector3(...this.bundle.header.iris) },
      uRadius: { value: radius_mm }, uUpper: { value: new Float32Array(24) },
      uLower: { value: new Float32Array(24) }, uCorners: { value: new THREE.Vector2() }, uInner: { value: -Math.sign(centre[0]) },
    };
    const mesh = new THREE.Mesh(new THREE.SphereGeometry(radius_mm, 48, 32), shader(THREE, EYE_VERTEX, EYE_FRAGMENT, uniforms, false));
    mesh.position.set(...centre);
    mesh.frustumCulled = false;
    this.scene.add(mesh);
    return { mesh, uniforms, centre, lids };
  }

  // ---- what the bus says

  /** A new months document or a new person. */
  changed() {
    this.version += 1;
    for (const skin of this.skins || []) skin.key = "";
    this.refresh();
  }

  refresh() {
    this.showSplit();
    this.describe();
    this.invalidate();
  }

  /** Turn to another expression over `BLEND_MS`, at once where motion is unwelcome. */
  express(name) {
    if (!EXPRESSIONS.includes(name)) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.turning = still ? null : { from: { ...this.weights }, to: name, start: performance.now() };
    if (still) this.weights = { [name]: 1 };
    this.refresh();
  }

  turn() {
    if (!this.turning) return;
    const { from, to, start } = this.turning;
    const share = Math.min((performance.now() - start) / BLEND_MS, 1), s = share * share * (3 - 2 * share);
    this.weights = {};
    for (const name of EXPRESSIONS) {
      const weight = (1 - s) * (from[name] || 0) + (name === to ? s : 0);
      if (weight > 1e-6) this.weights[name] = weight;
    }
    if (share < 1) this.invalidate(); else this.turning = null;
  }

  get day() { return Number(this.bus.day) || 0; }

  describe() {
    const expression = WORDS[this.bus.expression] || "at rest", count = this.sites.length;
    const when = this.bus.months ? (this.bus.split ? `before and on day ${Math.round(this.day)}` : `day ${Math.round(this.day)}`) : "untreated";
    const who = this.bundle?.header.title || "the person";
    this.canvas.setAttribute("aria-label", `Face of ${who}, ${when}, ${expression}, ${count} injection ${count === 1 ? "site" : "sites"}`);
  }

  // ---- movement and drawing

  /** Bring one skin to a day; nothing is computed where it is there already. */
  bring(skin, day) {
    const { header } = this.bundle, { months } = this.bus, weights = months ? this.weights : { rest: 1 };
    const key = JSON.stringify([day, weights, this.version]);
    if (skin.key === key) return;
    skin.key = key;
    skin.newton = tensions(header, months, weights, day);
    this.movement.apply(skin.newton, weights, skin.position.array, skin.normal.array);
    skin.position.needsUpdate = skin.normal.needsUpdate = true;
    const depths = lineDepths(header, months, weights, day);
    skin.uniforms.uSpacing.value.fromArray(depths.spacing);
    skin.uniforms.uDepthLeft.value.fromArray(depths.left);
    skin.uniforms.uDepthRight.value.fromArray(depths.right);
    skin.closed = weights.eye_closure || 0;
  }

  invalidate() {
    if (!this.renderer) return;
    if (window.__glabella_face) window.__glabella_face.settled = false;
    if (this.pending || this.gone) return;
    this.pending = requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  /** In software, whether to draw coarsely now because things move; then the full picture follows when they rest. */
  hurry(now) {
    clearTimeout(this.resting);
    const draft = this.software && !this.full && now - this.drawnAt < MOVING_MS;
    if (draft) this.resting = setTimeout(() => { this.full = true; this.invalidate(); }, REST_MS);
    const ratio = this.pixelRatio * (draft ? DRAFT_SHARE : 1);
    if (this.renderer.getPixelRatio() !== ratio) this.renderer.setPixelRatio(ratio);
    this.full = false;
    this.drawnAt = now;
    return draft;
  }

  draw(full = false) {
    if (!this.skins || this.gone) return;
    const started = performance.now();
    this.full ||= full;
    const draft = this.hurry(started);
    this.turn();
    this.aimLamps();
    const { renderer, size } = this, split = !!this.bus.split && !!this.bus.months, at = Math.round(this.divider * size.width);
    renderer.setScissorTest(false);
    renderer.clear();
    if (split) {
      renderer.setScissorTest(true);
      renderer.setScissor(0, 0, at, size.height);
      this.drawSkin(1, 0);
      renderer.setScissor(at, 0, size.width - at, size.height);
    }
    this.drawSkin(0, this.day);
    this.putMarks();
    this.frames += 1;
    this.frameMs = performance.now() - started;
    const hook = window.__glabella_face;
    if (hook) Object.assign(hook, { ready: !!this.ready, day: this.day, frames: this.frames, version: this.version, frameMs: this.frameMs, settled: !draft && !this.turning });
  }

  drawSkin(number, day) {
    const skin = this.skins[number];
    this.bring(skin, day);
    this.skins.forEach(({ mesh }, k) => { mesh.visible = k === number; });
    for (const eye of this.eyes) this.shadeEye(eye, skin);
    this.renderer.render(this.scene, this.camera);
  }

  /** The shadow of the lids on an eyeball, from where the lids are; a closing lid presses the eye back a little. */
  shadeEye({ mesh, uniforms, centre, lids }, skin) {
    const p = skin.position.array, x = (v) => p[3 * v] - centre[0], y = (v) => p[3 * v + 1] - centre[1];
    const { upper, lower } = lids, first = x(upper[0]), last = x(upper[upper.length - 1]);
    uniforms.uCorners.value.set(first, last);
    for (const [line, table] of [[upper, uniforms.uUpper.value], [lower, uniforms.uLower.value]]) {
      for (let k = 0, j = 0; k < 24; k++) {
        const at = first + ((last - first) * k) / 23;
        while (j < line.length - 2 && x(line[j + 1]) < at) j++;
        const share = Math.max(0, Math.min(1, (at - x(line[j])) / (x(line[j + 1]) - x(line[j]) || 1)));
        table[k] = (1 - share) * y(line[j]) + share * y(line[j + 1]);
      }
    }
    mesh.scale.setScalar(1 - 0.05 * skin.closed);
  }

  aimLamps() {
    const { THREE } = this, { uLamp, uHalf, uPixelMm, uBlur } = this.lamps();
    const towards = this.camera.getWorldDirection(new THREE.Vector3()).negate();
    const turn = LAMP_FOLLOWS * Math.atan2(towards.x, towards.z), a = (-42 * Math.PI) / 180, e = (38 * Math.PI) / 180;
    uLamp.value[0].set(Math.sin(a) * Math.cos(e), Math.sin(e), Math.cos(a) * Math.cos(e));
    uLamp.value[1].set(-1.15 * Math.sin(a) * Math.cos(e), 0.25, 0.8).normalize();
    uLamp.value.forEach((lamp, k) => {
      lamp.applyAxisAngle(new THREE.Vector3(0, 1, 0), turn);
      uHalf.value[k].copy(lamp).add(towards).normalize();
    });
    uPixelMm.value = (this.camera.right - this.camera.left) / this.camera.zoom / (this.size.width * this.renderer.getPixelRatio());
    uBlur.value = Math.max(0, Math.round(Math.log2(uPixelMm.value / STRAND_MM)));
  }

  // ---- split view

  showSplit() {
    const on = !!this.bus.split && !!this.bus.months;
    for (const element of [this.divide, ...this.halves]) element.hidden = !on;
    if (!on || !this.size) return;
    const percent = 100 * this.divider;
    this.divide.style.left = `${percent}%`;
    this.divide.setAttribute("aria-valuenow", String(Math.round(percent)));
    this.halves[1].textContent = `day ${Math.round(this.day)}`;
    this.halves[0].style.right = `calc(${100 - percent}% + 12px)`;
    this.halves[1].style.left = `calc(${percent}% + 12px)`;
  }

  moveDivider(share) {
    this.divider = Math.max(0.02, Math.min(0.98, share));
    this.refresh();
  }

  dragDivider(event) {
    event.preventDefault();
    this.divide.focus();
    const left = this.root.getBoundingClientRect().left;
    follow(this.divide, event, (moved) => this.moveDivider((moved.clientX - left) / this.size.width));
  }

  stepDivider(event) {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1, PageDown: -0.1, PageUp: 0.1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.moveDivider(this.divider + step);
  }

  // ---- sites

  /** Show sites: [{id, label, units, point [x, y, z] mm on the resting skin, selected, side, beyond_label}]. */
  setSites(sites) {
    this.sites = sites.map((site) => ({ ...site }));
    this.markers.set(this.sites);
    this.placeSites();
    if (this.canvas) this.describe();
    if (this.frames && !this.gone) this.putMarks(); // they lie over the picture, which need not be drawn again
    else this.invalidate();
  }

  placeSites() {
    if (!this.bundle) return;
    for (const site of this.sites) site.foot = (this.held?.id === site.id && this.held.hit) || this.footOf(site.point);
  }

  setMode(mode) {
    this.mode = mode;
    this.root.classList.toggle("place", mode === "place");
  }

  grab(site, event) {
    event.preventDefault();
    event.stopPropagation();
    const start = [event.clientX, event.clientY], held = { id: site.id, hit: null };
    let moved = false;
    this.held = held; // by name: the sites may be sent again while one is dragged
    follow(window, event, (e) => {
      moved ||= Math.hypot(e.clientX - start[0], e.clientY - start[1]) > CLICK_PIXELS;
      const found = moved && this.pickAt(e.clientX, e.clientY);
      if (!found) return;
      held.hit = found;
      this.placeSites();
      this.invalidate();
    }, () => {
      this.held = null;
      if (held.hit) this.emit("drag_end", { id: held.id, point: held.hit.point });
      else if (!moved) this.emit("select", { id: held.id });
    });
  }

  release(event) {
    const [x, y] = this.pressed || [NaN, NaN];
    this.pressed = null;
    if (this.mode !== "place" || !(Math.hypot(event.clientX - x, event.clientY - y) <= CLICK_PIXELS) || !this.bundle) return;
    const hit = this.pickAt(event.clientX, event.clientY);
    if (hit) this.emit("pick", { point: hit.point, triangle: hit.triangle, barycentric: hit.barycentric });
  }

  /** The skin shown at a horizontal place of the picture: the divider has two. */
  skinAt(x) {
    return this.bus.split && this.bus.months && x < this.divider * this.size.width ? this.skins[1] : this.skins[0];
  }

  /** What of the skin is seen at a place of the window: the point on the resting skin, the triangle and where in it. */
  pickAt(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const x = clientX - box.left, y = clientY - box.top, { width, height } = this.size;
    const ray = new this.THREE.Raycaster();
    ray.setFromCamera(new this.THREE.Vector2((2 * x) / width - 1, 1 - (2 * y) / height), this.camera);
    const hit = castRay(ray.ray, this.skinAt(x).position.array, this.bundle.arrays.triangles);
    if (!hit || this.bundle.arrays.triangles[3 * hit.triangle] >= this.bundle.header.skin_vertices) return null;
    return { ...hit, point: this.onSkin(hit, this.bundle.arrays.position) };
  }

  onSkin({ triangle, barycentric }, position) {
    const corners = this.bundle.arrays.triangles.subarray(3 * triangle, 3 * triangle + 3);
    return [0, 1, 2].map((d) => barycentric.reduce((sum, share, k) => sum + share * position[3 * corners[k] + d], 0));
  }

  footOf(point) {
    return closest(point, this.bundle.arrays.position, this.bundle.arrays.triangles, this.bundle.header.skin_vertices);
  }

  /** Pixels of a point of space, and whether its side is turned away given a normal. */
  toPixel(point) {
    const v = new this.THREE.Vector3(...point).project(this.camera);
    return { x: (0.5 + 0.5 * v.x) * this.size.width, y: (0.5 - 0.5 * v.y) * this.size.height };
  }

  locate(foot, skin) {
    const at = this.toPixel(this.onSkin(foot, skin.position.array));
    const towards = this.camera.getWorldDirection(new this.THREE.Vector3()).negate();
    const normal = new this.THREE.Vector3(...this.onSkin(foot, skin.normal.array)).normalize();
    return { ...at, far: normal.dot(towards) < 0.08 };
  }

  /** Where a foot is drawn: by the skin of that half of the picture on which it comes to lie. */
  seen(foot) {
    const now = this.locate(foot, this.skins[0]);
    return this.skinAt(now.x) === this.skins[0] ? now : this.locate(foot, this.skins[1]);
  }

  putMarks() {
    const places = this.sites.filter((site) => site.foot).map((site) => ({ id: site.id, ...this.seen(site.foot) }));
    this.markers.move(places, this.size.width / 2);
    if (this.namedPoints) drawNames(this.names, this.namedPoints.map(({ name, foot }) => ({ name, ...this.seen(foot) })).filter((p) => !p.far));
    else if (this.names.firstChild) this.names.replaceChildren();
  }

  // ---- overlays

  /** Show {kind: none | dose | muscles | landmarks | risk, url, legend}. `legend` adds to the overlay's own: title, note. */
  async setOverlay(overlay) {
    this.overlay = overlay || { kind: "none" };
    if (!this.bundle) return;
    const { kind, url, legend } = this.overlay;
    this.clearDrawn();
    this.setTint(0);
    drawLegend(this.legend, null);
    if (kind === "muscles") this.showMuscles(legend);
    if (kind === "landmarks") this.showLandmarks(legend);
    if (kind === "dose" || kind === "risk") await this.showScalar(kind, url, legend);
    this.invalidate();
  }

  async showScalar(kind, url, legend) {
    try {
      const { header, arrays } = await fetchBundle(url);
      if (this.overlay.url !== url || this.gone) return;
      if (header.vertices !== this.bundle.header.vertices) throw new Error("it belongs to another face");
      const values = inUnits(arrays.values), count = header.vertices;
      for (let i = 0; i < count; i++) {
        this.tint.array[2 * i] = values[i];
        this.tint.array[2 * i + 1] = arrays.known ? arrays.known[i] : 1;
      }
      this.tint.needsUpdate = true;
      this.setRamp(header.ramp, header.stepped);
      this.setTint(header.stepped ? 2 : 1, header.levels.map(({ at }) => at), header.range);
      drawLegend(this.legend, { ...header.legend, ...legend });
    } catch (error) {
      this.emit("failed", { message: `The overlay could not be loaded: ${error.message}`, status: error.status ?? null });
    }
  }

  setTint(kind, levels = [], range = [0, 1]) {
    for (const { mesh, uniforms } of this.skins) {
      mesh.material.forEach((material, k) => {
        material.defines = definesOf(this.bundle.header.groups[k].paint, kind ? ["TINT"] : []);
        material.needsUpdate = true;
      });
      uniforms.uTint.value = kind;
      uniforms.uLevels.value = levels.length;
      uniforms.uLevel.value.set(levels.slice(0, 8));
      uniforms.uRange.value.fromArray(range);
      uniforms.uRamp.value = this.ramp || null;
    }
  }

  setRamp(colours, stepped) {
    const { THREE } = this, pixels = new Uint8Array(colours.flatMap((c) => [...c, 255]));
    this.ramp?.dispose();
    this.ramp = new THREE.DataTexture(pixels, colours.length, 1, THREE.RGBAFormat, THREE.UnsignedByteType);
    this.ramp.magFilter = this.ramp.minFilter = stepped ? THREE.NearestFilter : THREE.LinearFilter;
    this.ramp.needsUpdate = true;
  }

  clearDrawn() {
    for (const object of this.drawn || []) { this.scene.remove(object); object.geometry.dispose(); object.material.dispose(); }
    this.drawn = [];
    this.namedPoints = null;
  }

  showMuscles(legend) {
    const { header, arrays } = this.bundle, points = inUnits(arrays.sheet_points), strips = [], items = new Map();
    const corners = [], index = [], inks = [];
    for (const sheet of header.sheets) {
      const ink = colourOf(sheet.colour), first = corners.length / 3;
      const at = (r, c) => Array.from(points.subarray(3 * (sheet.start + r * sheet.columns + c), 3 * (sheet.start + r * sheet.columns + c) + 3));
      for (let r = 0; r < sheet.rows; r++) for (let c = 0; c < sheet.columns; c++) { corners.push(...at(r, c)); inks.push(...ink, 0.34); }
      const rows = sheet.closed ? sheet.rows : sheet.rows - 1;
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < sheet.columns - 1; c++) {
          const [a, b] = [first + r * sheet.columns + c, first + ((r + 1) % sheet.rows) * sheet.columns + c];
          index.push(a, b, b + 1, a, b + 1, a + 1);
        }
      }
      for (let c = 0; c < sheet.columns; c += 2) {
        const line = Array.from({ length: rows + 1 }, (_, r) => at(r % sheet.rows, c));
        strips.push({ line, ink: [...ink, 0.85] });
      }
      items.set(sheet.name.replace(/_(left|right)$/, ""), sheet.colour);
    }
    this.addSheet(corners, index, inks);
    this.addLines(strips, 1.3, 0, UNDER_SKIN_MM);
    drawLegend(this.legend, {
      title: "Muscles of the model", items: [...items].map(([name, colour]) => ({ label: name.replace(/_/g, " "), colour })), ...legend,
    });
  }

  showLandmarks(legend) {
    const { header, arrays } = this.bundle, points = inUnits(arrays.curve_points), bony = [], soft = [], brows = [];
    for (const { name, start, count } of header.curves) {
      const line = Array.from({ length: count }, (_, k) => Array.from(points.subarray(3 * (start + k), 3 * (start + k) + 3)));
      if (name.startsWith("brow")) brows.push({ line, ink: [0.36, 0.23, 0.16, 0.55] });
      else if (/rim|fusion/.test(name)) bony.push({ line, ink: [0.02, 0.28, 0.48, 0.95] });
      else soft.push({ line, ink: [0.27, 0.30, 0.33, 0.9] });
    }
    this.addLines(bony, 2.2, 0, 6);
    this.addLines(soft, 1.4, 3, 6);
    this.addLines(brows, 2, 0, 6);
    this.namedPoints = Object.entries(header.points).filter(([name]) => /notch|nasion|glabella|trichion|canthus/.test(name))
      .map(([name, point]) => ({ name: name.replace(/_(left|right)$/, "").replace(/_/g, " "), foot: this.footOf(point) }));
    drawLegend(this.legend, {
      title: "Landmarks", ...legend,
      items: [
        { label: "bony rim of the orbit, temporal fusion line", colour: "rgb(5,71,122)", line: true },
        { label: "hairline, upper margin of the frontalis", colour: "rgb(69,77,84)", line: true, dashed: true },
        { label: "brow", colour: "rgb(92,59,41)", line: true },
      ],
    });
  }

  addSheet(corners, index, inks) {
    const { THREE } = this, geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.Float32BufferAttribute(corners, 3)).setAttribute("ink", new THREE.Float32BufferAttribute(inks, 4));
    geometry.setIndex(index);
    this.addDrawn(geometry, SHEET_VERTEX, SHEET_FRAGMENT, { uUnder: { value: UNDER_SKIN_MM } }, 2);
  }

  addLines(strips, width, dash, under) {
    const { THREE } = this, data = { position: [], other: [], corner: [], along: [], ink: [] }, index = [];
    for (const { line, ink } of strips) {
      let along = 0;
      for (let k = 0; k + 1 < line.length; k++) {
        const [a, b] = [line[k], line[k + 1]], next = along + Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]), base = data.along.length;
        for (const [end, far, way, at] of [[a, b, 1, along], [b, a, -1, next]]) {
          for (const side of [-1, 1]) {
            data.position.push(...end); data.other.push(...far); data.corner.push(side, way); data.along.push(at); data.ink.push(...ink);
          }
        }
        index.push(base, base + 1, base + 2, base + 1, base + 3, base + 2);
        along = next;
      }
    }
    const geometry = new THREE.BufferGeometry();
    for (const [name, size] of [["position", 3], ["other", 3], ["corner", 2], ["along", 1], ["ink", 4]]) {
      geometry.setAttribute(name, new THREE.Float32BufferAttribute(data[name], size));
    }
    geometry.setIndex(index);
    const uniforms = { uSize: { value: new THREE.Vector2() }, uWidth: { value: width }, uUnder: { value: under }, uDash: { value: dash } };
    const mesh = this.addDrawn(geometry, LINE_VERTEX, LINE_FRAGMENT, uniforms, 3);
    mesh.onBeforeRender = () => uniforms.uSize.value.set(this.size.width, this.size.height);
  }

  addDrawn(geometry, vertex, fragment, uniforms, order) {
    const { THREE } = this, mesh = new THREE.Mesh(geometry, shader(THREE, vertex, fragment, uniforms));
    Object.assign(mesh.material, { depthWrite: false, side: THREE.DoubleSide });
    mesh.frustumCulled = false;
    mesh.renderOrder = order;
    this.scene.add(mesh);
    this.drawn.push(mesh);
    return mesh;
  }

  // ---- for others

  /** The picture as a PNG data URL over a plain background. */
  snapshot(background = "#e7e9eb") {
    this.draw(true);
    const copy = document.createElement("canvas");
    Object.assign(copy, { width: this.canvas.width, height: this.canvas.height });
    const pen = copy.getContext("2d");
    pen.fillStyle = background;
    pen.fillRect(0, 0, copy.width, copy.height);
    pen.drawImage(this.canvas, 0, 0);
    return copy.toDataURL("image/png");
  }

  /** Window coordinates [x, y] of a point of the resting skin, as the face is drawn now. */
  project(point) {
    const box = this.canvas.getBoundingClientRect(), { x, y } = this.seen(this.footOf(point));
    return [box.left + x, box.top + y];
  }

  hook() {
    return { ready: false, settled: false, day: this.day, frames: 0, version: 0, project: (point) => this.project(point), viewer: this };
  }

  dispose() {
    this.gone = true;
    cancelAnimationFrame(this.pending);
    clearTimeout(this.resting);
    this.offs.forEach((off) => off?.());
    this.watch?.disconnect();
    this.controls?.dispose();
    if (this.renderer) { this.clear(); this.renderer.dispose(); this.renderer.forceContextLoss(); }
    this.root.remove();
    if (window.__glabella_face?.viewer === this) delete window.__glabella_face;
  }
}

function shader(THREE, vertexShader, fragmentShader, uniforms, transparent = true) {
  return new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3, vertexShader, fragmentShader, uniforms, transparent, depthWrite: true, toneMapped: false,
    ...(transparent && {
      blending: THREE.CustomBlending, blendSrc: THREE.OneFactor, blendDst: THREE.OneMinusSrcAlphaFactor, blendEquation: THREE.AddEquation,
    }),
  });
}

/** Parts of the skin's shader that are wanted. */
function definesOf(...lists) {
  return Object.fromEntries(lists.flat().map((name) => [name, 1]));
}

function linear(THREE, colour) {
  return new THREE.Vector3(...colour.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)));
}

function colourOf(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) / 255);
}

/** The first triangle that a ray meets from outside: {triangle, barycentric, distance}, null for none. */
function castRay({ origin: o, direction: d }, p, triangles) {
  let best = Infinity, found = null;
  for (let t = 0; t < triangles.length; t += 3) {
    const a = 3 * triangles[t], b = 3 * triangles[t + 1], c = 3 * triangles[t + 2];
    const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
    const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
    const px = d.y * vz - d.z * vy, py = d.z * vx - d.x * vz, pz = d.x * vy - d.y * vx, det = ux * px + uy * py + uz * pz;
    if (det < 1e-9) continue;
    const sx = o.x - p[a], sy = o.y - p[a + 1], sz = o.z - p[a + 2], u = (sx * px + sy * py + sz * pz) / det;
    if (u < 0 || u > 1) continue;
    const qx = sy * uz - sz * uy, qy = sz * ux - sx * uz, qz = sx * uy - sy * ux, v = (d.x * qx + d.y * qy + d.z * qz) / det;
    if (v < 0 || u + v > 1) continue;
    const distance = (vx * qx + vy * qy + vz * qz) / det;
    if (distance > 0 && distance < best) { best = distance; found = { triangle: t / 3, barycentric: [1 - u - v, u, v], distance }; }
  }
  return found;
}

/** The point of the skin closest to `point`, as a triangle and where in it. */
function closest(point, p, triangles, skinVertices) {
  let best = Infinity, found = null;
  const q = point, far = 36; // mm2: no triangle of the skin is so large that its corners lie farther from a point on it
  for (let t = 0; t < triangles.length; t += 3) {
    const a = 3 * triangles[t];
    if (triangles[t] >= skinVertices) continue;
    const gap = (p[a] - q[0]) ** 2 + (p[a + 1] - q[1]) ** 2 + (p[a + 2] - q[2]) ** 2;
    if (gap > far + best) continue;
    const { square, barycentric } = nearestInTriangle(q, p, a, 3 * triangles[t + 1], 3 * triangles[t + 2]);
    if (square < best) { best = square; found = { triangle: t / 3, barycentric }; }
  }
  return found;
}

function nearestInTriangle(q, p, a, b, c) {
  const dot = (x, y) => x[0] * y[0] + x[1] * y[1] + x[2] * y[2];
  const from = (i, j) => [p[j] - p[i], p[j + 1] - p[i + 1], p[j + 2] - p[i + 2]];
  const u = from(a, b), v = from(a, c), w = [q[0] - p[a], q[1] - p[a + 1], q[2] - p[a + 2]];
  const uu = dot(u, u), uv = dot(u, v), vv = dot(v, v), wu = dot(w, u), wv = dot(w, v), det = uu * vv - uv * uv || 1e-12;
  let s = (vv * wu - uv * wv) / det, t = (uu * wv - uv * wu) / det;
  s = Math.max(0, Math.min(1, s)); // near enough beyond an edge: the neighbour is closer there
  t = Math.max(0, Math.min(1 - s, t));
  const away = [0, 1, 2].map((k) => w[k] - s * u[k] - t * v[k]);
  return { square: dot(away, away), barycentric: [1 - s - t, s, t] };
}
