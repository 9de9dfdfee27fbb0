/** Reading the face's files, and the two linear combinations behind every picture: movement and depth of the lines. */

const TYPES = {
  float32: Float32Array, uint32: Uint32Array, uint16: Uint16Array, int16: Int16Array, uint8: Uint8Array, int8: Int8Array,
};
export const EXPRESSIONS = ["rest", "maximum_frown", "brow_raise", "smile", "eye_closure"];

/** Header and typed arrays of a file made by face/bundle.py; integers stay as they are, `scale` says what one step means. */
export function unpack(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0) !== 0x474c4246) throw new Error("not a face file");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = {};
  for (const item of header.arrays) {
    const count = item.shape.reduce((a, b) => a * b, 1);
    arrays[item.name] = new TYPES[item.dtype](buffer, 8 + length + item.offset, count);
    arrays[item.name].scale = item.scale;
  }
  return { header, arrays };
}

/** Fetch and read such a file. */
export async function fetchBundle(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw Object.assign(new Error(`${url}: ${answer.status} ${answer.statusText}`), { status: answer.status });
  return unpack(await answer.arrayBuffer());
}

/** Integers in steps as plain numbers. */
export function inUnits(values) {
  return values.scale == null ? values : Float32Array.from(values, (v) => v * values.scale);
}

/** The resting skin and what each muscle and face unit does to it. */
export class Movement {
  constructor({ header, arrays }) {
    this.rest = arrays.position;
    this.normal = inUnits(arrays.normal);
    this.vertex = arrays.moved_vertex;
    this.moved = arrays.moved;
    this.turned = arrays.turned;
    this.modes = header.modes;
    this.units = header.units;
  }

  /** Write positions and normals for tensions in newton per muscle and strengths 0 to 1 per unit (by name). */
  apply(newton, strengths, position, normal) {
    position.set(this.rest);
    normal.set(this.normal);
    this.modes.forEach((mode, m) => this.add(mode, newton[m], position, normal));
    this.units.forEach((unit) => this.add(unit, strengths[unit.name] || 0, position, normal));
  }

  add({ start, count, moved_scale, turned_scale }, amount, position, normal) {
    if (Math.abs(amount) < 1e-6) return;
    const { vertex, moved, turned } = this;
    const p = amount * moved_scale, q = amount * turned_scale;
    for (let k = start, j = 3 * start; k < start + count; k++, j += 3) {
      const i = 3 * vertex[k];
      position[i] += p * moved[j]; position[i + 1] += p * moved[j + 1]; position[i + 2] += p * moved[j + 2];
      normal[i] += q * turned[j]; normal[i + 1] += q * turned[j + 1]; normal[i + 2] += q * turned[j + 2];
    }
  }
}

/** Value of `row` (one per day) at any day, linear between days. */
export function atDay(days, row, day) {
  const last = days.length - 1;
  if (day <= days[0]) return row[0];
  if (day >= days[last]) return row[last];
  let low = 0, high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (days[middle] <= day) low = middle; else high = middle;
  }
  return row[low] + ((day - days[low]) / (days[high] - days[low])) * (row[high] - row[low]);
}

/** Tension in newton per muscle for weights of expressions; without a months document the untreated rest. */
export function tensions(header, months, weights, day) {
  if (!months) return header.tension_newton.rest;
  return months.muscles.map((_, m) => {
    let full = 0;
    for (const name of EXPRESSIONS) full += (weights[name] || 0) * months.tension_newton[name][m];
    return full * atDay(months.days, months.force[m], day);
  });
}

/** Per channel of lines: spacing and the depths on the left and on the right, in mm. */
export function lineDepths(header, months, weights, day) {
  const found = { spacing: [6, 6, 6], left: [0, 0, 0], right: [0, 0, 0] };
  if (!months) return found;
  header.areas.forEach((areas, channel) => {
    for (const area of areas) {
      const lines = months.lines[area];
      if (!lines) continue;
      found.spacing[channel] = lines.spacing_mm;
      for (const side of ["left", "right"]) {
        if (lines.depth_mm[side]) found[side][channel] = depthOf(lines.depth_mm[side], months.days, weights, day);
      }
    }
  });
  return found;
}

function depthOf(byExpression, days, weights, day) {
  let depth = 0;
  for (const name of EXPRESSIONS) if (weights[name]) depth += weights[name] * atDay(days, byExpression[name], day);
  return Math.max(depth, 0);
}
