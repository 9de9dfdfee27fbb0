/**
 * Technical terms in the text of a page: a term is a small button with a dotted line, whose meaning shows on hover, on focus by keyboard and
 * on a tap, and which a screen reader reads as its description. The glossary comes from the server once, with the page.
 */
const GAP = 8, EDGE = 10;
let terms = [];
const waiting = new Set();

/** @param {Array<{key: string, says: string, words: string}>} given `words`: a regular expression, see glossary.py */
export function setTerms(given) {
  terms = given.map(({ key, says, words }) => ({ key, says, pattern: new RegExp(words, "gi") }));
  waiting.forEach((tell) => tell());
}

/** Calls `tell` when the glossary arrives. @returns {() => void} ends that */
export function onTerms(tell) {
  waiting.add(tell);
  return () => waiting.delete(tell);
}

/** @returns {string} id of the hidden text that says what a term means */
export function saysId(key) {
  return `gl-says-${key}`;
}

/**
 * A text in pieces; a term is a piece of its own where it occurs first.
 * @param {string} words @param {Set<string>} seen keys that need no mark any more; grows
 * @returns {Array<{words: string, key?: string}>}
 */
export function pieces(words, seen = new Set()) {
  const found = terms.flatMap(({ key, pattern }) => [...words.matchAll(pattern)].map((match) => ({ key, start: match.index, end: match.index + match[0].length })));
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const parts = [];
  let end = 0, written = 0;
  for (const term of found) {
    if (term.start < end) continue; // of words that overlap the longer ones count
    end = term.end;
    if (seen.has(term.key)) continue;
    seen.add(term.key);
    if (term.start > written) parts.push({ words: words.slice(written, term.start) });
    parts.push({ words: words.slice(term.start, term.end), key: term.key });
    written = term.end;
  }
  if (written < words.length) parts.push({ words: words.slice(written) });
  return parts;
}

/** Attributes of the button of a term. */
export function termAttributes(key) {
  return { type: "button", class: "gl-term", "data-term": key, "aria-describedby": saysId(key) };
}

/** @returns {Array<string | HTMLElement>} a text with its terms, for `make(tag, {}, ...termed(words))` */
export function termed(words, seen) {
  return pieces(words, seen).map((piece) => {
    if (!piece.key) return piece.words;
    const button = document.createElement("button");
    for (const [name, value] of Object.entries(termAttributes(piece.key))) button.setAttribute(name, value);
    button.textContent = piece.words;
    return button;
  });
}

/** Attributes by which a control explains the first term in its words. */
export function explains(words) {
  const key = pieces(words).find((piece) => piece.key)?.key;
  return key ? { "data-term": key, "aria-describedby": saysId(key) } : {};
}

/** Shows in `tip` what the term under the pointer or with the focus means, and the `title` of whatever else has the focus by keyboard. */
export function showTips(tip) {
  let owner = null, leaving = 0;
  const text = (element) => element.title || terms.find(({ key }) => key === element.dataset.term)?.says || "";
  const hide = () => {
    owner = null;
    if (tip.matches(":popover-open")) tip.hidePopover();
  };
  const show = (element) => {
    clearTimeout(leaving);
    const says = text(element);
    if (!says || owner === element) return;
    owner = element;
    tip.textContent = says;
    if (!tip.matches(":popover-open")) tip.showPopover(); // in the top layer: no box cuts it off
    const at = element.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(at.left, EDGE), innerWidth - size.width - EDGE);
    const above = at.top - size.height - GAP;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > EDGE ? above : at.bottom + GAP}px`;
  };
  const listen = {
    pointerover({ target, pointerType }) {
      if (tip.contains(target)) clearTimeout(leaving);
      const element = target.closest?.("[data-term]");
      if (element && !element.title && pointerType !== "touch") show(element);
    },
    pointerout({ target, relatedTarget }) {
      const from = owner && (owner.contains(target) || tip.contains(target));
      if (from && !owner.contains(relatedTarget) && !tip.contains(relatedTarget)) leaving = setTimeout(hide, 120); // time to reach the tip itself
    },
    focusin({ target }) {
      const element = target.closest?.("[data-term], [title]");
      if (element && target.matches("button, a, summary, [role=tab], [role=slider], input[type=radio]") && target.matches(":focus-visible")) show(element);
    },
    focusout: () => hide(),
    click({ target }) {
      const element = target.closest?.(".gl-term");
      const box = element?.closest("summary")?.parentElement;
      if (box) box.open = !box.open; // a button in a summary would keep the click to itself
      if (element) show(element);
      else if (owner && !tip.contains(target)) hide();
    },
    keydown: ({ key }) => key === "Escape" && hide(),
    scroll: () => hide(),
  };
  for (const [name, act] of Object.entries(listen)) document.addEventListener(name, act, { capture: true, passive: true });
  return () => Object.entries(listen).forEach(([name, act]) => document.removeEventListener(name, act, { capture: true }));
}
