"""How pictures look, and how a figure becomes a PNG and an inline SVG that follows the reader's light or dark scheme.

Every colour used in a figure is one of the roles below. In the SVG the roles become CSS variables, so that ``report.html`` can
recolour the same drawing for a dark page; the PNG keeps the light values. Series colours are those of Okabe and Ito, which
people with any colour vision can tell apart; lines differ in their dashes as well.
"""

import html
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glabella.names import side_of, without_side

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1c2733", "#566371", "#d5dbe1", "#fdfdfc"
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#c84e00", "#00825f", "#b0588a", "#b97a00", "#3a93c5"
ROLES = {
    INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper", BLUE: "--blue", VERMILLION: "--vermillion",
    GREEN: "--green", PURPLE: "--purple", ORANGE: "--orange", SKY: "--sky",
}  # fmt: skip
SIDE_COLOURS = {"left": BLUE, "right": VERMILLION, "": GREEN}
SIDE_DASHES: dict[str, Any] = {"left": "-", "right": (0, (4, 2)), "": "-"}
EXPRESSION_COLOURS = {"rest": MUTED, "maximum_frown": BLUE, "brow_raise": VERMILLION, "smile": GREEN, "eye_closure": PURPLE}
EXPRESSION_DASHES: dict[str, Any] = {
    "rest": (0, (1, 1.5)), "maximum_frown": "-", "brow_raise": (0, (5, 2)), "smile": (0, (7, 2, 1.5, 2)), "eye_closure": (0, (3, 1.5)),
}  # fmt: skip
SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9, "text.color": INK, "text.parse_math": False, "axes.titlesize": 10,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titley": 1.0,
    "axes.titlecolor": INK, "axes.labelcolor": MUTED, "axes.labelsize": 8.5,
    "axes.edgecolor": MUTED, "axes.facecolor": "none", "axes.linewidth": 0.8, "axes.grid": True, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": GRID, "grid.linewidth": 0.7, "xtick.color": MUTED,
    "ytick.color": MUTED, "xtick.labelsize": 8, "ytick.labelsize": 8, "xtick.major.size": 3, "ytick.major.size": 0,
    "lines.linewidth": 1.8, "lines.solid_capstyle": "round", "legend.frameon": False, "legend.fontsize": 8, "figure.facecolor": "none",
    "savefig.facecolor": "none", "svg.fonttype": "none", "svg.hashsalt": "glabella", "path.simplify_threshold": 0.2,
}  # fmt: skip
PNG_DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Picture:
    """One picture of the report: file name without ending, heading, what it shows in words, and its PNG.

    The page shows the inline ``svg`` of a drawing and the smaller ``jpeg`` of a painted picture.
    """

    name: str
    title: str
    alt: str
    png: bytes
    svg: str = ""
    jpeg: bytes = b""


def styled() -> Any:
    """Context in which figures are made and saved."""
    import matplotlib as mpl

    return mpl.rc_context(SETTINGS)


@dataclass(frozen=True)
class Margins:
    """Room around the axes of a figure, in inches; ``between`` columns and ``under`` rows where there are several."""

    left: float = 0.62
    right: float = 0.15
    top: float = 0.32
    bottom: float = 0.48
    between: float = 0.55
    under: float = 0.45


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, margins: Margins | None = None, **sharing: Any
) -> tuple["Figure", Any]:
    """A figure of ``width`` x ``height`` inches that belongs to no window system, with an array (rows, columns) of axes."""
    from matplotlib.figure import Figure

    m = margins or Margins()
    panel_width = (width - m.left - m.right - (columns - 1) * m.between) / columns
    panel_height = (height - m.top - m.bottom - (rows - 1) * m.under) / rows
    figure = Figure(figsize=(width, height))
    axes = figure.subplots(
        rows, columns, squeeze=False, **sharing,
        gridspec_kw={
            "left": m.left / width, "right": 1 - m.right / width, "top": 1 - m.top / height, "bottom": m.bottom / height,
            "wspace": m.between / panel_width, "hspace": m.under / panel_height,
        },
    )  # fmt: skip
    return figure, axes


def finish(figure: "Figure", name: str, title: str, alt: str, watermark: str | None) -> Picture:
    """Draw the figure as PNG on white paper and as SVG without paper, both with the watermark."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    if watermark:
        stamp(figure, watermark)
    png, svg = io.BytesIO(), io.StringIO()
    figure.set(facecolor="white", dpi=PNG_DOTS_PER_INCH)
    FigureCanvasAgg(figure).print_png(png, metadata={"Software": None, "Title": title})
    figure.set(facecolor="none", dpi=72)
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return Picture(name, title, alt, png.getvalue(), inline_svg(svg.getvalue(), name, alt))


def stamp(figure: "Figure", watermark: str) -> None:
    """Write the watermark large and pale across the figure."""
    width, height = figure.get_size_inches()
    figure.text(
        0.5, 0.5, watermark.upper(), fontsize=min(110, 14 * min(width, 2.2 * height)), color=VERMILLION, alpha=0.15, weight="bold",
        ha="center", va="center", rotation=24, zorder=1000, gid="watermark",
    )  # fmt: skip


def stamp_pixels(image: Any, watermark: str) -> Any:
    """The same for a picture of pixels (a PIL image)."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    size = image.width // 6
    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans-Bold.ttf", size)
    layer = Image.new("RGBA", (2 * image.width, 2 * image.height), (0, 0, 0, 0))
    red, green, blue = (int(VERMILLION[k : k + 2], 16) for k in (1, 3, 5))
    ImageDraw.Draw(layer).text((image.width, image.height), watermark.upper(), (red, green, blue, 70), font, anchor="mm")
    turned = layer.rotate(24).crop((image.width // 2, image.height // 2, image.width // 2 + image.width, image.height // 2 + image.height))
    return Image.alpha_composite(image.convert("RGBA"), turned).convert("RGB")


def inline_svg(svg: str, name: str, alt: str) -> str:
    """Matplotlib's SVG made fit to stand inside a page: own ids, colours as CSS variables, no fixed size, with a text alternative."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^\")]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    for colour, role in ROLES.items():
        svg = re.sub(rf"{colour}\b", f"var({role})", svg, flags=re.I)
    svg = re.sub(r"font: ([\d. a-z]*?)([\d.]+)px [^;\"]*", lambda m: _font(m[1], m[2]), svg)
    svg = re.sub(r'(?<= d=")[^"]+', lambda m: re.sub(r"-?\d+\.\d+", _two_decimals, m[0]), svg)
    view = re.search(r'viewBox="([^"]+)"', svg)
    head = f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" viewBox="{view[1] if view else ""}" class="chart">'
    svg = re.sub(r"^<svg[^>]*>", lambda _: head, svg, count=1).replace("xlink:href", "href")
    return re.sub(r">\s+<", "><", svg)


def _two_decimals(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _font(before: str, size: str) -> str:
    weight = next((word for word in before.split() if word in ("bold", "600", "700")), "")
    return f"font-size: {size}px" + (f"; font-weight: {weight}" if weight else "")


def words(name: str) -> str:
    """'corrugator_supercilii_left' as 'corrugator supercilii, left'."""
    side = side_of(name)
    return without_side(name).replace("_", " ") + (f", {side}" if side else "")
