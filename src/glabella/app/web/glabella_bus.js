/**
 * The bus of a page: one small shared state at `window.glabella`, and who wants to know when it changes.
 *
 *   bus.set({ day: 30 })                     tells every listener of 'day' at once, before set() returns; equal values tell nobody
 *   const off = bus.on("day", (day) => ...)  called with the new value (not at once: read bus.day first); off() ends it
 *
 * day         0..365, day 0 is before the treatment          split      true: before and after side by side
 * expression  rest | maximum_frown | brow_raise | smile | eye_closure
 * theme       light | dark; follows the page by itself         months     the months document, or null
 * personUrl   address of the face bundle, or null              overlay    what lies over the face, or null
 */
const START = { day: 0, expression: "rest", split: false, theme: "light", months: null, personUrl: null, overlay: null };

function makeBus() {
  const state = { ...START, theme: themeOf(document) };
  const listeners = new Map(Object.keys(state).map((name) => [name, new Set()]));
  const known = (name) => {
    if (!listeners.has(name)) throw new Error(`glabella bus: '${name}' is unknown; one of ${[...listeners.keys()].join(", ")}`);
    return name;
  };
  const bus = {
    /** @param {string} name @param {(value: any) => void} listener @returns {() => void} ends the listening */
    on(name, listener) {
      const those = listeners.get(known(name));
      those.add(listener);
      return () => those.delete(listener);
    },
    /** @param {object} patch new values by name */
    set(patch) {
      const changed = Object.keys(patch).filter((name) => !Object.is(state[known(name)], patch[name]));
      for (const name of changed) state[name] = patch[name]; // all of them first: a listener sees one consistent state
      for (const name of changed) for (const listener of [...listeners.get(name)]) tell(listener, state[name]);
    },
  };
  for (const name of listeners.keys()) Object.defineProperty(bus, name, { get: () => state[name], enumerable: true });
  followTheme(bus);
  return bus;
}

/** One listener's mistake is reported and does not silence the others. */
function tell(listener, value) {
  try {
    listener(value);
  } catch (error) {
    reportError(error);
  }
}

/** Quasar's class on the body decides; without one, the reader's own setting. */
function themeOf(page) {
  const classes = page.body?.classList;
  if (classes?.contains("body--dark")) return "dark";
  if (classes?.contains("body--light")) return "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function followTheme(bus) {
  const look = () => bus.set({ theme: themeOf(document) });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
  if (document.body) new MutationObserver(look).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}

/** @param {string} url own route, e.g. '/view/results/k.json' @returns {string} the same behind the server's prefix */
export function ownUrl(url) {
  return url.startsWith("/") ? (window.path_prefix ?? "") + url : url;
}

/** @returns {Promise<Response>} a good answer of an own route; an error has the answer's `status` */
export async function ask(url, what) {
  const answer = await fetch(ownUrl(url));
  if (!answer.ok) throw Object.assign(new Error(`${what} could not be loaded (${answer.status})`), { status: answer.status });
  return answer;
}

/** What a shell tells the server of an error: with status 404 the page asks anew. */
export function failure(error) {
  return { message: String(error.message ?? error), status: error.status ?? null };
}

let newest = 0;

/**
 * Fetch a months document and put it on the bus; of several calls only the newest counts.
 * @param {?string} url null takes the document away
 */
export async function loadMonths(url) {
  const mine = ++newest;
  let months = null;
  if (url) {
    months = await (await ask(url, "the months")).json();
  }
  if (mine === newest) bus.set({ months });
}

export const bus = (window.glabella ??= makeBus());
