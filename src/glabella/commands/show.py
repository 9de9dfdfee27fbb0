"""``glabella show``: the reference face, its muscles, the products."""

from pathlib import Path

import click

from glabella.errors import InputError, nearest

SHOWN = ("face", "muscles", "products")
PICTURE_ENDINGS = {"face": (".png",), "muscles": (".png", ".svg", ".pdf")}


@click.command()
@click.argument("what", metavar="face|muscles|products")
@click.option("--region", metavar="REGION", help="With muscles: upper_face (default) or lower_face.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Picture to write; else WHAT.png here.")
def show(what: str, region: str | None, out: Path | None) -> None:
    """Draw the reference face or its muscles, or list the products with their licensed patterns."""
    if what not in SHOWN:
        raise InputError(f"show: '{what}' is unknown; {nearest(what, SHOWN)}")
    from glabella.files import write_beside, write_file
    from glabella.names import REGIONS

    if region is not None and (what != "muscles" or region not in REGIONS):
        wrong = nearest(region, REGIONS) if what == "muscles" else "only 'show muscles' has regions; leave --region out"
        raise InputError(f"--region {region}: {wrong}")
    if what == "products":
        from glabella.show import product_lines

        text = "\n".join(product_lines())
        if out is None:
            click.echo(text)
            return
        write_file(out, text + "\n", "file")
    else:
        out = out or Path(f"{what}.png")
        if out.suffix.lower() not in PICTURE_ENDINGS[what] and not out.is_dir():
            raise InputError(f"picture {out}: the name must end in {' or '.join(PICTURE_ENDINGS[what])}")
        write_beside(out, "picture", _draw_face if what == "face" else _draw_lower_muscles if region == "lower_face" else _draw_muscles)
    click.echo(f"wrote {out}", err=True)


def _draw_face(path: Path) -> None:
    from glabella.face import load_face
    from glabella.report.face_picture import draw_face

    draw_face(load_face(), path)


def _draw_muscles(path: Path) -> None:
    from glabella.evidence import load_parameters
    from glabella.face import load_face
    from glabella.report.anatomy_picture import draw_muscles
    from glabella.stages.anatomy.atlas import build_atlas

    draw_muscles(build_atlas(load_face(), None, load_parameters()), path)


def _draw_lower_muscles(path: Path) -> None:
    from glabella.evidence.lower_face import load_lower_parameters
    from glabella.face import load_face
    from glabella.report.lower_anatomy_picture import draw_lower_muscles
    from glabella.stages.anatomy.lower_face import build_lower_atlas

    draw_lower_muscles(build_lower_atlas(load_face(), None, load_lower_parameters()), path)
