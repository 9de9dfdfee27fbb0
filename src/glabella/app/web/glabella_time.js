/**
 * The days: slider, expressions, before and after, and what the chosen day looks like in numbers. Talks only to the bus, never to a server.
 * Also home of the small helpers that read a months document.
 */
import { bus } from "glabella_bus";
import { termed } from "glabella_terms";

export const LAST_DAY = 365;
export const EXPRESSIONS = { rest: "Rest", maximum_frown: "Frown", brow_raise: "Brow raise", smile: "Smile", eye_closure: "Eye closure" };
const SIMPLE_EXPRESSIONS = { ...EXPRESSIONS, brow_raise: "Raise brows", eye_closure: "Close eyes" };
const MOVED = ["maximum_frown", "brow_raise", "smile", "eye_closure"];
const TICKS = [0, 30, 60, 90, 120, 180, 270, 365];
const MARKS = { visible_from: ["▲", "Visible from"], strongest: ["◆", "Strongest"], half_gone: ["◐", "Half gone by"] };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const GRADES = ["none", "mild", "moderate", "severe"];
const PLAIN_GRADES = ["hardly to be seen", "faint", "marked", "deep"];
const PLAIN_MOVEMENTS = { maximum_frown: "Frowning", brow_raise: "Raising the brows", smile: "Smiling", eye_closure: "Closing the eyes" };
const PLAY_DAYS_PER_SECOND = 24;
const SPEAK_AFTER_MS = 900;
const DAY_MS = 86400000;

// ---- reading a months document

/** @returns {?number} a curve's value on a day, linear between the days computed; null where there is none */
export function valueAt(days, values, day) {
  if (!values?.length) return null;
  if (day <= days[0]) return values[0];
  const last = days.length - 1;
  if (day >= days[last]) return values[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (days[middle] <= day) low = middle;
    else high = middle;
  }
  const share = (day - days[low]) / (days[high] - days[low]);
  return values[low] + share * (values[high] - values[low]);
}

/** @returns {?{median: number, low: number, high: number}} */
export function bandAt(days, curve, day) {
  if (!curve) return null;
  const [median, low, high] = [curve.median, curve.low, curve.high].map((values) => valueAt(days, values, day));
  return median === null ? null : { median, low: low ?? median, high: high ?? median };
}

/** A number as people write it: a real minus, no '-0'. */
export function written(number, digits, signed = false) {
  const text = number.toFixed(digits);
  if (Number(text) === 0) return text.replace("-", "");
  return text.startsWith("-") ? `−${text.slice(1)}` : (signed ? "+" : "") + text;
}

/** @returns {{value: string, band: string}} '43 %' and '30 to 55'; the band is empty where it does not show */
export function bandText(band, { digits = 0, unit = "", signed = false } = {}) {
  if (!band) return { value: "–", band: "" };
  const [median, low, high] = [band.median, band.low, band.high].map((number) => written(number, digits, signed));
  return { value: median + (unit && ` ${unit}`), band: low === median && high === median ? "" : `${low} to ${high}` };
}

/** 'corrugator_supercilii_left' as 'corrugator supercilii, left'. */
export function wordsOf(name) {
  const [, base, side] = /^(.*?)(?:_(left|right))?$/.exec(name);
  return base.replaceAll("_", " ") + (side ? `, ${side}` : "");
}

/** '2027-01-14' as '14 Jan 2027'. */
export function dateText(date) {
  const [year, month, day] = date.split("-").map(Number);
  return `${day} ${MONTHS[month - 1]} ${year}`;
}

/** @returns {?string} the calendar date of a day, where the document knows when the treatment was */
export function dateOfDay(months, day) {
  const start = treatmentDate(months);
  return start === null ? null : dateText(new Date(start + Math.round(day) * DAY_MS).toISOString().slice(0, 10));
}

function treatmentDate(months) {
  if (months?.treatment_date) return Date.parse(months.treatment_date);
  const dated = (months?.dates ?? []).filter((entry) => entry.date && entry.day !== null);
  const sure = dated.find((entry) => Number.isInteger(entry.day)) ?? dated[0];
  return sure ? Date.parse(sure.date) - Math.round(sure.day) * DAY_MS : null;
}

/** 'day 30, 14 Jan 2027': what the slider says. */
export function dayText(months, day) {
  const date = dateOfDay(months, day);
  return (day === 0 ? "day 0, before the treatment" : `day ${Math.round(day)}`) + (date ? `, ${date}` : "");
}

/** @returns {HTMLElement} element with attributes and children; no HTML is ever read from text */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

let made = 0;

/** @returns {string} an id that no other part of the page has */
export function newId(word) {
  return `gl-${word}-${++made}`;
}

// ---- the time bar

export class TimeBar {
  /** @param {HTMLElement} host empty element @param {{simple?: boolean}} options simple: plain words, no grades */
  constructor(host, { simple = false } = {}) {
    this.host = host;
    this.simple = simple;
    this.playing = 0;
    this.build();
    this.off = [
      bus.on("day", () => this.showDay()),
      bus.on("months", () => this.showMonths()),
      bus.on("expression", () => this.showChoices()),
      bus.on("split", () => this.showChoices()),
    ];
    this.showMonths();
    this.showChoices();
  }

  dispose() {
    this.pause();
    clearTimeout(this.speaking);
    this.off.forEach((off) => off());
    this.host.replaceChildren();
  }

  build() {
    const id = newId("day");
    this.day = make("output", { class: "gl-time-day gl-number", for: id });
    this.date = make("span", { class: "gl-muted gl-time-date" });
    this.play = make("button", { type: "button", class: "gl-button gl-time-play" });
    this.play.addEventListener("click", () => (this.playing ? this.pause() : this.start()));
    this.slider = make("input", { type: "range", id, class: "gl-range", min: 0, max: LAST_DAY, step: 1, value: 0 });
    this.slider.addEventListener("input", () => {
      this.pause();
      bus.set({ day: Number(this.slider.value) });
    });
    this.slider.addEventListener("keydown", (event) => this.jump(event));
    this.marks = make("div", { class: "gl-range-marks", "aria-hidden": "true" });
    const ticks = TICKS.map((day) => make("span", { class: "gl-range-tick", "data-day": day }, String(day)));
    ticks.forEach((tick, i) => place(tick, TICKS[i]));
    this.dates = make("ul", { class: "gl-dates", "aria-label": "Days to look at" });
    this.readout = make("div", { class: "gl-readout" });
    this.status = make("p", { class: "gl-visually-hidden", role: "status" });
    const head = make("div", { class: "gl-time-head" }, make("label", { for: id, class: "gl-time-label" }, "Day "), this.day, this.date, this.play);
    const track = make("div", { class: "gl-range-box" }, this.marks, this.slider, make("div", { class: "gl-range-ticks", "aria-hidden": "true" }, ...ticks));
    this.host.replaceChildren(head, track, this.dates, this.buildChoices(), this.readout, this.status);
    this.pause();
  }

  buildChoices() {
    const name = newId("expression");
    const labels = this.simple ? SIMPLE_EXPRESSIONS : EXPRESSIONS;
    this.radios = Object.entries(labels).map(([value]) => make("input", { type: "radio", name, value }));
    this.radios.forEach((radio) => radio.addEventListener("change", () => radio.checked && bus.set({ expression: radio.value })));
    const options = this.radios.map((radio) => make("label", {}, radio, make("span", {}, labels[radio.value])));
    this.split = make("input", { type: "checkbox", role: "switch" });
    this.split.addEventListener("change", () => bus.set({ split: this.split.checked }));
    return make(
      "div",
      { class: "gl-time-choices" },
      make("fieldset", { class: "gl-segmented" }, make("legend", {}, "Expression"), ...options),
      make("label", { class: "gl-switch" }, this.split, make("span", {}, "Before and after")),
    );
  }

  /** Page keys move by 30 days; the browser itself moves by 1 with the arrows and to the ends with Home and End. */
  jump(event) {
    const step = { PageUp: 30, PageDown: -30 }[event.key];
    if (!step) return;
    event.preventDefault();
    bus.set({ day: clampDay(bus.day + step) });
  }

  start() {
    let before = performance.now();
    let day = bus.day >= LAST_DAY ? 0 : bus.day;
    const step = (now) => {
      day = Math.min(day + ((now - before) * PLAY_DAYS_PER_SECOND) / 1000, LAST_DAY);
      before = now;
      bus.set({ day: Math.round(day) });
      if (day >= LAST_DAY) this.pause();
      else this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
    this.play.replaceChildren(make("span", { class: "gl-icon gl-icon-pause", "aria-hidden": "true" }), "Pause");
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.play.replaceChildren(make("span", { class: "gl-icon gl-icon-play", "aria-hidden": "true" }), "Play the year");
  }

  showMonths() {
    const entries = (bus.months?.dates ?? []).filter((entry) => MARKS[entry.what] && entry.day !== null && entry.day >= 0 && entry.day <= LAST_DAY);
    this.marks.replaceChildren(...entries.flatMap(markOf));
    this.dates.replaceChildren(...entries.map((entry) => this.dateButton(entry)));
    this.dates.hidden = !entries.length;
    this.cells = this.simple ? this.simpleCells() : this.cellsWithNumbers();
    this.readout.replaceChildren(...this.cells.map((cell) => cell.element));
    if (bus.months && !bus.months.banded && !this.simple) this.readout.append(make("p", { class: "gl-muted gl-readout-note" }, ...termed("band is being computed")));
    this.showDay();
  }

  dateButton(entry) {
    const [sign, title] = MARKS[entry.what];
    const lines = [
      make("span", { class: "gl-date-title" }, make("span", { "aria-hidden": "true", class: "gl-date-mark" }, sign), title),
      make("span", { class: "gl-date-day gl-number" }, `day ${Math.round(entry.day)}${rangeText(entry)}`),
    ];
    if (entry.date) lines.push(make("span", { class: "gl-muted gl-date-date" }, dateText(entry.date)));
    const button = make("button", { type: "button", class: "gl-date", title: entry.note || null }, ...lines);
    button.addEventListener("click", () => {
      this.pause();
      bus.set({ day: clampDay(Math.round(entry.day)) });
    });
    return make("li", {}, button);
  }

  cellsWithNumbers() {
    const { days, curves } = bus.months ?? {};
    if (!curves) return [];
    const grade = curves.grade?.glabellar?.maximum_frown;
    const cells = [cell("Frown lines", "grade 0 none to 3 severe", (day) => ({ ...bandText(bandAt(days, grade, day), { digits: 1 }), extra: gradeWord(valueAt(days, grade?.median, day)) }))];
    for (const name of MOVED) {
      cells.push(cell(`${EXPRESSIONS[name]} kept`, "of untreated", (day) => bandText(bandAt(days, curves.movement?.[name], day), { unit: "%" })));
    }
    const brow = (side, day) => bandText(bandAt(days, curves.brow_mm?.[side]?.peak, day), { digits: 1, unit: "mm", signed: true });
    cells.push(sidesCell("Brow peak", "+ is up", brow));
    return cells;
  }

  simpleCells() {
    const { days, curves } = bus.months ?? {};
    if (!curves) return [];
    const grade = curves.grade?.glabellar?.maximum_frown;
    const cells = MOVED.map((name) => plainMeter(PLAIN_MOVEMENTS[name], (day) => bandAt(days, curves.movement?.[name], day)));
    const brows = (day) => ["left", "right"].map((side) => valueAt(days, curves.brow_mm?.[side]?.peak?.median, day) ?? 0);
    return [
      plainFact("Lines when you frown", (day) => PLAIN_GRADES[nearestGrade(valueAt(days, grade?.median, day) ?? 0)]),
      ...cells,
      plainFact("Your brows", (day) => browWords(brows(day))),
    ];
  }

  showDay() {
    const day = bus.day;
    const text = dayText(bus.months, day);
    if (this.slider.value !== String(Math.round(day))) this.slider.value = String(Math.round(day));
    this.slider.setAttribute("aria-valuetext", text);
    this.day.textContent = String(Math.round(day));
    this.date.textContent = dateOfDay(bus.months, day) ?? (day === 0 ? "before the treatment" : "");
    for (const cell of this.cells) cell.show(day);
    clearTimeout(this.speaking); // a screen reader hears a day once the hand rests on it
    this.speaking = setTimeout(() => this.speak(), SPEAK_AFTER_MS);
  }

  speak() {
    if (bus.months) this.status.textContent = [dayText(bus.months, bus.day), ...this.cells.map((cell) => cell.says())].join("; ");
  }

  showChoices() {
    for (const radio of this.radios) radio.checked = radio.value === bus.expression;
    this.split.checked = Boolean(bus.split);
  }
}

function clampDay(day) {
  return Math.min(Math.max(day, 0), LAST_DAY);
}

function place(element, day) {
  element.style.left = `${(100 * day) / LAST_DAY}%`;
}

/** ' (92 to 128)', ' (from 92)' where the later end lies beyond the days computed; empty where the band does not show. */
function rangeText({ low_day, high_day }) {
  const [low, high] = [low_day, high_day].map((day) => (day === null || day === undefined ? null : Math.round(day)));
  if (low === null || low === high) return "";
  return high === null ? ` (from ${low})` : ` (${low} to ${high})`;
}

/** The band of a date as a bar over the slider, and the date itself as its sign. */
function markOf(entry) {
  const low = clampDay(entry.low_day ?? entry.day);
  const high = clampDay(entry.high_day ?? (entry.low_day === null ? entry.day : LAST_DAY));
  const bar = make("span", { class: "gl-range-band" });
  place(bar, low);
  bar.style.width = `${(100 * (high - low)) / LAST_DAY}%`;
  const sign = make("span", { class: "gl-range-mark", "data-what": entry.what }, MARKS[entry.what][0]);
  place(sign, clampDay(entry.day));
  return [bar, sign];
}

function nearestGrade(grade) {
  return Math.min(Math.max(Math.round(grade), 0), GRADES.length - 1);
}

function gradeWord(grade) {
  return grade === null ? "" : GRADES[nearestGrade(grade)];
}

/** A number with its name, band and unit. `textOf(day)` -> {value, band, extra}. */
function cell(title, note, textOf) {
  const value = make("b", { class: "gl-readout-value gl-number" });
  const band = make("span", { class: "gl-readout-band gl-number" });
  const element = make("div", { class: "gl-readout-cell" }, make("span", { class: "gl-readout-title" }, ...termed(title)), value, band, make("span", { class: "gl-readout-note" }, note));
  let said = "";
  const show = (day) => {
    const text = textOf(day);
    value.textContent = text.value;
    band.textContent = [text.extra, text.band && `(${text.band})`].filter(Boolean).join(" ");
    said = `${title} ${text.value}${text.band && ` (${text.band})`}`;
  };
  return { element, show, says: () => said };
}

/** One quantity of both sides of the face. `textOf(side, day)` -> {value, band}. */
function sidesCell(title, note, textOf) {
  const rows = ["left", "right"].map((side) => ({ side, value: make("b", { class: "gl-number" }), band: make("span", { class: "gl-number" }), said: "" }));
  const lines = rows.map(({ side, value, band }) => make("span", { class: "gl-readout-side" }, make("span", {}, side), value, band));
  const element = make("div", { class: "gl-readout-cell" }, make("span", { class: "gl-readout-title" }, ...termed(title)), ...lines, make("span", { class: "gl-readout-note" }, note));
  const show = (day) => {
    for (const row of rows) {
      const text = textOf(row.side, day);
      row.value.textContent = text.value;
      row.band.textContent = text.band && `(${text.band})`;
      row.said = `${row.side} ${text.value}${text.band && ` (${text.band})`}`;
    }
  };
  return { element, show, says: () => `${title} ${rows.map((row) => row.said).join(", ")}` };
}

/** How much of a movement is left, as a bar with its band and in words. */
function plainMeter(title, at) {
  const [bar, band] = [make("i"), make("i", { class: "gl-meter-band" })];
  const [words, range] = [make("span", { class: "gl-meter-words" }), make("span", { class: "gl-meter-range gl-muted" })];
  const element = make("div", { class: "gl-meter" }, make("b", {}, title), words, make("span", { class: "gl-meter-bar", "aria-hidden": "true" }, bar, band), range);
  const percent = (share) => `${Math.min(Math.max(share, 0), 100)}%`;
  const show = (day) => {
    const share = at(day);
    bar.style.width = percent(share?.median ?? 0);
    band.style.left = percent(share?.low ?? 0);
    band.style.width = percent((share?.high ?? 0) - (share?.low ?? 0));
    words.textContent = strengthWords(share);
    const text = bandText(share).band;
    range.textContent = text && `9 in 10 people: ${text} %`;
  };
  return { element, show, says: () => `${title}: ${words.textContent}` };
}

function strengthWords(share) {
  if (!share) return "not known";
  const percent = Math.round(share.median);
  return percent >= 99 ? "as strong as before" : `${percent} % as strong as before`;
}

function plainFact(title, wordsAt) {
  const words = make("span", { class: "gl-meter-words" });
  const element = make("div", { class: "gl-meter gl-meter-fact" }, make("b", {}, title), words);
  return { element, show: (day) => (words.textContent = wordsAt(day)), says: () => `${title}: ${words.textContent}` };
}

function browWords(heights) {
  const one = (mm) => (written(Math.abs(mm), 1) === "0.0" ? "as high as before" : `${written(Math.abs(mm), 1)} mm ${mm > 0 ? "higher" : "lower"}`);
  const [left, right] = heights.map(one);
  return left === right ? `${left}${left.startsWith("as") ? "" : " on both sides"}` : `left ${left}, right ${right}`;
}
