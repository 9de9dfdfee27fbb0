"""What tests ask of the face on a page: settled, at a day and an expression, how deep its lines are on the picture."""

import base64
import io

import numpy as np
from PIL import Image

DRAWN = "() => window.__glabella_face && window.__glabella_face.ready && window.__glabella_face.frames > 0"
QUIET_MS = 200


def ready(page):
    """Wait until the face is drawn, and for as long as it still changes."""
    page.wait_for_function(DRAWN)
    settle(page)


def settle(page):
    """Wait until no frame was drawn for a while."""
    page.wait_for_function(
        """(quiet) => {
          const face = window.__glabella_face, now = performance.now();
          if (!face) return false;
          if (!window.__seen || window.__seen[0] !== face.frames) window.__seen = [face.frames, now];
          return face.settled && now - window.__seen[1] > quiet;
        }""",
        arg=QUIET_MS,
    )


def months(page):
    """Key of the months document that the page shows."""
    return page.evaluate("() => window.glabella.months && window.glabella.months.key")


def wait_for_change(page, before):
    """Wait for another months document than ``before``."""
    page.wait_for_function("(before) => window.glabella.months && window.glabella.months.key !== before", arg=before)
    settle(page)


def at(page, day, expression=None):
    """Go to a day, and to an expression by its words."""
    if expression:
        page.locator(".gl-time").get_by_role("radio", name=expression, exact=True).check(force=True)
    page.get_by_role("slider", name="Day", exact=True).fill(str(day))
    settle(page)


def picture(page):
    """The canvas, without the markers that lie over it, as grey values 0 to 1 (rows, columns)."""
    url = page.evaluate("() => window.__glabella_face.viewer.snapshot()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L"), float) / 255


def on_canvas(page, point):
    """(row, column) on the canvas of a point [x, y, z] mm of the resting skin."""
    x, y = page.evaluate("(point) => window.__glabella_face.project(point)", [float(v) for v in point])
    box = page.locator("canvas").first.bounding_box()
    return y - box["y"], x - box["x"]


def frown_depth(page):
    """How strongly the picture changes sideways between the brows, where frown lines run up and down."""
    return float(np.abs(np.diff(_window(page, (-12, 30, 30), (12, 6, 30)), axis=1)).mean())


def forehead_depth(page, side):
    """How strongly the picture changes downwards on one half of the forehead, where the lines of a raised brow run across."""
    inner, outer = (8, 38) if side == "left" else (-38, -8)  # the person's left is on the picture's right
    return float(np.abs(np.diff(_window(page, (inner, 66, 25), (outer, 42, 25)), axis=0)).mean())


def _window(page, upper_left, lower_right):
    (top, left), (bottom, right) = (on_canvas(page, point) for point in (upper_left, lower_right))
    return picture(page)[round(top) : round(bottom), round(left) : round(right)]
