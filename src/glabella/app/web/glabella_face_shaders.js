/** How skin, eyes and overlays are lit: the laws of the report's painter (report/shading.py, furrows.py) for the graphics processor. */

const COMMON = /* glsl */ `
precision highp float;
uniform vec3 uLamp[2];
uniform vec3 uHalf[2];
const vec2 POWER = vec2(0.80, 0.34);
const float AMBIENT = 0.40;

vec3 toLight(vec3 c) { return c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878); }

/** Amounts of light as sRGB, with a soft shoulder towards white. */
vec3 develop(vec3 light) {
  vec3 over = max(light - 0.7, 0.0);
  vec3 amount = min(light, 0.7) + 0.3 * over / (over + 0.3);
  vec3 a = sqrt(amount), b = sqrt(a), c = sqrt(b); // sRGB by square roots, right to a grey level and much cheaper than powers
  return clamp(0.662002687 * a + 0.684122060 * b - 0.323583601 * c - 0.0225411470 * amount, 0.0, 1.0);
}
`;

const GRAIN = /* glsl */ `
uniform sampler2D uGrain;
uniform float uBlur;
/** Smooth random values that change over one unit, blurred as far as the picture's pixels ask for. */
vec4 grain(vec2 p) {
  vec2 cell = floor(p), share = p - cell;
  return textureLod(uGrain, (cell + share * share * (3.0 - 2.0 * share) + 0.5) / 64.0, uBlur);
}
`;

export const SKIN_VERTEX = /* glsl */ `
precision highp float;
in vec4 colour; in vec3 marks; in vec3 brow; in vec3 rest; in vec3 phase; in vec3 strength;
in vec3 slope0; in vec3 slope1; in vec3 slope2; in vec2 tint;
uniform vec3 uDepthLeft, uDepthRight;
out vec3 vNormal, vBrow, vRest, vPhase, vDepth, vSlope0, vSlope1, vSlope2;
out vec4 vColour; out vec3 vMarks; out vec2 vTint;
void main() {
  vNormal = normal; vBrow = brow; vRest = rest; vPhase = phase; vMarks = marks; vTint = tint;
  vSlope0 = slope0; vSlope1 = slope1; vSlope2 = slope2;
  vDepth = strength * mix(uDepthRight, uDepthLeft, smoothstep(-2.5, 2.5, rest.x));
  vColour = vec4(colour.rgb * (colour.rgb * (colour.rgb * 0.305306011 + 0.682171111) + 0.012522878), 4.0 * colour.a);
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}
`;

export const SKIN_FRAGMENT = COMMON + GRAIN + /* glsl */ `
in vec3 vNormal, vBrow, vRest, vPhase, vDepth, vSlope0, vSlope1, vSlope2;
in vec4 vColour; in vec3 vMarks; in vec2 vTint;
out vec4 outColour;
uniform mat3 uVary[2];
uniform vec3 uShift[2];
uniform vec3 uSpacing, uHair;
uniform float uBrowLength, uChin, uScale, uPixelMm;
uniform sampler2D uRamp;
uniform int uTint, uLevels;
uniform float uLevel[8];
uniform vec2 uRange;
const float IRREGULARITY = 0.6, SHUT = 0.55;

/** sin(6.283 x), right to 0.001 and cheap. */
vec3 wave(vec3 x) {
  x = fract(x) - 0.5;
  vec3 y = x * (16.0 * abs(x) - 8.0);
  return y * (0.775 + 0.225 * abs(y));
}

float waves(vec3 p) {
  return dot(wave(uVary[0] * p + uShift[0]) + wave(uVary[1] * p + uShift[1]), vec3(0.408248));
}

/** One area's furrows: turn the normal and dim the surrounding light; never a drawn stripe. */
void crease(float depth, float phase, float spacing, vec3 slope, vec3 place, float sway, inout vec3 normal, inout float open) {
  float turns = phase / spacing;
  turns = turns - 0.5 + sway * clamp(turns, -0.5, 0.5) / 0.5;
  float number = floor(turns + 0.5), away = abs(number + 0.5);
  float vary = 0.35 * waves(place + 31.7 * away) + 0.25 * sin(13.0 * away);
  depth *= clamp(1.0 + IRREGULARITY * vary, 0.1, 1.6);
  float offset = (turns - number) * spacing;
  float narrow = min(0.13 * spacing, 0.85);
  float width = sqrt(narrow * narrow + 0.25 * uPixelMm * uPixelMm); // no finer than the picture can show
  float well = 0.7 * exp(-(offset * offset) / (width * width)) * narrow / width;
  vec3 swell = wave(vec3(offset / spacing, offset / spacing + 0.25, 0.0));
  float share = well + 0.15 * (1.0 + swell.y);
  float rise = well * 2.0 * offset / (width * width) + 0.15 * 6.2831853 / spacing * swell.x;
  normal -= depth * rise * slope;
  open /= 1.0 + SHUT * depth * share / narrow;
}

float browHair(vec3 brow) {
  if (abs(brow.y) >= 1.6 || brow.z <= 1.2) return 0.0;
  float share = clamp(brow.x / uBrowLength, -0.1, 1.1);
  float fade = smoothstep(-3.5, 7.0, brow.x) * smoothstep(uBrowLength + 4.0, uBrowLength - 9.0, brow.x);
  float thick = smoothstep(1.35, 0.25, abs(brow.y)) * fade;
  float lean = radians(72.0 - 62.0 * smoothstep(0.0, 0.75, share) - 20.0 * share * clamp(brow.y, -1.0, 1.0));
  float up = brow.y * brow.z, s = sin(lean), c = cos(lean);
  float beside = -brow.x * s + up * c, ahead = brow.x * c + up * s;
  float strand = 0.55 * grain(vec2(beside / 0.42, ahead / 3.2)).r + 0.45 * grain(vec2(beside / 0.9 + 7.7, ahead / 5.0)).g;
  return clamp(thick * (0.62 + 0.95 * (strand - 0.35)), 0.0, 0.93);
}

float scalpHair(float behind, vec3 p) {
  if (behind <= -12.0) return 0.0;
  vec4 stubble = grain(vec2((p.x + p.z) / 0.6 + 0.4 * p.y, p.y / 0.9 + 0.3 * p.z));
  return smoothstep(-5.0, 16.0, behind) * (0.62 + 0.12 * (stubble.b + stubble.a));
}

#ifdef TINT
/** An overlay's colour over the skin's, and lines of equal value that need no colour to be read. */
vec3 overlaid(vec3 albedo) {
  float share = clamp((vTint.x - uRange.x) / (uRange.y - uRange.x), 0.0, 1.0);
  if (uTint == 2) { // one colour per level
    float passed = 0.0;
    for (int k = 0; k < 8; k++) if (k < uLevels) passed += step(uLevel[k], vTint.x);
    share = (passed - 0.5) / float(uLevels);
  }
  float cover = uTint == 1 ? 0.8 * smoothstep(0.0, 0.35, share) : 0.88 * step(uLevel[0], vTint.x);
  vec3 found = mix(albedo, toLight(texture(uRamp, vec2(share, 0.5)).rgb), cover * step(0.5, vTint.y));
  if (vTint.y < 0.5 && uTint == 2) { // no number here: grey with hatching
    float line = abs(mod((vRest.x + vRest.y) * 0.7071, 2.6) - 1.3);
    found = mix(albedo, mix(vec3(dot(albedo, vec3(0.33))), vec3(0.5), 0.4), 0.75) * (line < 0.2 ? 0.8 : 1.0);
  }
  return found;
}

float contour(out float halo) {
  float line = 0.0, per = max(fwidth(vTint.x), 1e-9);
  halo = 0.0;
  if (vTint.y < 0.98) return 0.0;
  for (int k = 0; k < 8; k++) {
    if (k >= uLevels) break;
    float d = abs(vTint.x - uLevel[k]) / per;
    line = max(line, 1.0 - smoothstep(0.3, 0.9, d));
    halo = max(halo, 1.0 - smoothstep(0.9, 1.9, d));
  }
  return line;
}
#endif

void main() {
  vec3 p = vRest / uScale;
  float alpha = smoothstep(uChin - 46.0, uChin - 10.0, p.y);
  p.x = sqrt(p.x * p.x + 1.0);
  vec3 normal = normalize(vNormal), albedo = vColour.rgb;
  float open = vMarks.x, gloss = vColour.a;
#ifdef LINES
  if (max(vDepth.x, max(vDepth.y, vDepth.z)) > 0.002) {
    float sway = 0.16 * IRREGULARITY * vMarks.z;
    if (vDepth.x > 0.002) crease(vDepth.x, vPhase.x, uSpacing.x, vSlope0, p, sway, normal, open);
    if (vDepth.y > 0.002) crease(vDepth.y, vPhase.y, uSpacing.y, vSlope1, p, sway, normal, open);
    if (vDepth.z > 0.002) crease(vDepth.z, vPhase.z, uSpacing.z, vSlope2, p, sway, normal, open);
    normal = normalize(normal);
  }
#endif
#ifdef TINT
  albedo = overlaid(albedo);
#endif
  float hair = 0.0;
#ifdef SCALP
  hair = scalpHair(vMarks.y, p);
#endif
#ifdef BROW
  hair = max(hair, browHair(vBrow));
#endif
  albedo = mix(albedo, uHair, hair);
  gloss *= 1.0 - 0.8 * hair;

  const vec3 reach = vec3(0.38, 0.24, 0.18);
  vec3 bounce = 1.0 - (1.0 - open) * vec3(0.80, 0.92, 0.96);
  vec3 light = AMBIENT * (vec3(0.78, 0.72, 0.70) + vec3(0.22, 0.28, 0.32) * (0.5 + 0.5 * normal.y)) * bounce;
  vec3 beamed = 0.35 + 0.65 * bounce;
  float shine = 0.0;
  for (int k = 0; k < 2; k++) {
    float facing = dot(uLamp[k], normal);
    light += max(facing + reach, 0.0) * (POWER[k] / (1.0 + reach)) * beamed;
    float broad = clamp(dot(uHalf[k], normal), 0.0, 1.0);
    broad *= broad; broad *= broad; broad *= broad; broad *= broad;
    shine += POWER[k] * clamp(facing * 4.0, 0.0, 1.0) * (0.055 * broad + 0.05 * broad * broad * broad * broad);
  }
  vec3 found = develop(albedo * light + shine * gloss * open);
#ifdef TINT
  float halo, line = contour(halo);
  found = mix(mix(found, vec3(1.0), 0.6 * halo), vec3(0.06, 0.08, 0.10), line);
#endif
  outColour = vec4(found * alpha, alpha);
}
`;

export const EYE_VERTEX = /* glsl */ `
precision highp float;
out vec3 vOwn;
void main() {
  vOwn = position;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}
`;

export const EYE_FRAGMENT = COMMON + GRAIN + /* glsl */ `
in vec3 vOwn;
out vec4 outColour;
uniform vec3 uIris;
uniform float uRadius, uPixelMm, uUpper[24], uLower[24];
uniform vec2 uCorners;
uniform float uInner;
const float IRIS_MM = 5.85, PUPIL_MM = 1.9;

float lid(float line[24], float x) {
  float at = clamp((x - uCorners.x) / (uCorners.y - uCorners.x), 0.0, 1.0) * 23.0;
  int k = int(min(floor(at), 22.0));
  return mix(line[k], line[k + 1], at - float(k));
}

void main() {
  vec3 own = normalize(vOwn) * uRadius;
  float away = own.z > 0.0 ? length(own.xy) : uRadius, blur = 0.35 * uPixelMm;
  float iris = smoothstep(IRIS_MM + 0.30 + blur, IRIS_MM - 0.30 - blur, away);
  float pupil = smoothstep(PUPIL_MM + 0.12 + blur, PUPIL_MM - 0.12 - blur, away);
  float fibre = 0.82 + 0.36 * grain(vec2(atan(own.y, abs(own.x)) * 14.0, away / 2.6)).g;
  fibre += 0.25 * clamp(-own.y / IRIS_MM, -0.4, 1.0);
  fibre *= 1.0 - 0.62 * smoothstep(IRIS_MM - 1.5, IRIS_MM - 0.1, away);
  vec3 white = toLight(vec3(0.865, 0.845, 0.83)) - vec3(0.02, 0.12, 0.13) * smoothstep(7.5, 13.5, away);
  vec3 colour = mix(white, 1.25 * toLight(uIris) * fibre, iris);
  colour = mix(colour, vec3(0.004), pupil);
  float inner = max(uInner > 0.0 ? uCorners.y - own.x : own.x - uCorners.x, 0.0); // mm from the inner corner, where flesh begins
  colour = mix(colour, toLight(vec3(0.70, 0.47, 0.44)), 0.9 * exp(-inner * inner / 22.0));
  vec3 normal = own / uRadius;
  vec3 cornea = normalize(normal + 1.5 * vec3(own.xy, 0.0) / uRadius * smoothstep(IRIS_MM + 1.0, IRIS_MM - 1.0, away));
  float light = 0.85 * AMBIENT, shine = 0.0;
  for (int k = 0; k < 2; k++) {
    light += POWER[k] * max(dot(normal, uLamp[k]) + 0.25, 0.0) / 1.25;
    float glance = clamp(dot(cornea, uHalf[k]), 0.0, 1.0);
    shine += 1.1 * POWER[k] * POWER[k] * smoothstep(0.989, 0.998, glance) + 0.05 * POWER[k] * pow(glance, 40.0);
  }
  float shade = (1.0 - 0.62 * exp(-max(lid(uUpper, own.x) - own.y, 0.0) / 2.3)) * (1.0 - 0.25 * exp(-max(own.y - lid(uLower, own.x), 0.0) / 1.2));
  outColour = vec4(develop(colour * light * shade + shine), 1.0);
}
`;

/** Lines a few pixels wide: each corner of a segment's quad knows both ends. What lies up to `uUnder` mm below the skin shows through. */
export const LINE_VERTEX = /* glsl */ `
precision highp float;
in vec3 other; in vec2 corner; in float along; in vec4 ink;
uniform vec2 uSize;
uniform float uWidth, uUnder;
out float vAlong; out vec4 vInk;
void main() {
  vec4 a = projectionMatrix * modelViewMatrix * vec4(position, 1.0), b = projectionMatrix * modelViewMatrix * vec4(other, 1.0);
  vec2 way = (b.xy - a.xy) * uSize * corner.y;
  float size = length(way);
  vec2 aside = size > 1e-6 ? vec2(-way.y, way.x) / size : vec2(0.0);
  vAlong = along; vInk = ink;
  gl_Position = a + vec4(aside * corner.x * uWidth / uSize, projectionMatrix[2].z * uUnder, 0.0);
}
`;

export const LINE_FRAGMENT = /* glsl */ `
precision highp float;
in float vAlong; in vec4 vInk;
out vec4 outColour;
uniform float uDash;
void main() {
  if (uDash > 0.0 && mod(vAlong, uDash) > 0.62 * uDash) discard;
  outColour = vec4(vInk.rgb * vInk.a, vInk.a);
}
`;

export const SHEET_VERTEX = /* glsl */ `
precision highp float;
in vec4 ink;
uniform float uUnder;
out vec4 vInk;
void main() {
  vInk = ink;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0) + vec4(0.0, 0.0, projectionMatrix[2].z * uUnder, 0.0);
}
`;

export const SHEET_FRAGMENT = /* glsl */ `
precision highp float;
in vec4 vInk;
out vec4 outColour;
void main() { outColour = vec4(vInk.rgb * vInk.a, vInk.a); }
`;
