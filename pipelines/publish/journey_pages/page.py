"""One HTML page per journey, with everything in it, and the picture of its map.

Put here: what is on a page and where it is written. Keep out: figures (read.py), drawings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pipelines.publish.journey_pages import words
from pipelines.publish.journey_pages.charts import (
    SAYS,
    describe_place,
    draw_dropouts,
    draw_funnel,
    draw_hotspots,
    draw_satisfaction,
    draw_times,
)
from pipelines.publish.journey_pages.figures import GOAL, LOST, OPEN, JourneyFigures, fate
from pipelines.publish.journey_pages.journey_map import WIDEST, draw_map
from pipelines.publish.journey_pages.read import read_journeys
from pipelines.publish.journey_pages.sankey import draw_paths
from pipelines.publish.look import put_page, shared_style, style, templates_of

LEGEND = (
    "Line: thicker where more went, dashed where the declared map has no such move, dotted where it has one that "
    "nobody made. Frame: double at a goal, dashed at an optional stage."
)
NARROWEST, LETTER = 560, 6.8  # pixels of a picture of its own, and of a letter in it


@dataclass(frozen=True)
class Written:
    """The files of one journey."""

    journey_id: str
    page: Path
    picture: Path


def write_pages(published: Path, site: Path, journey_id: str | None = None) -> list[Written]:
    """Write `journeys/<journey>.html` and `.svg` of every journey, or of one, for every user of the machine to read.

    Args:
        published: the published file; nothing else is read.
        site: folder of what is written for people; made where it is missing. A page that is there is replaced whole.
    Raises:
        PublishError: nothing is published yet, or no journey has that id.
    """
    journeys = read_journeys(published, journey_id)
    folder = site / "journeys"
    folder.mkdir(parents=True, exist_ok=True)
    for opened in (site, folder):
        opened.chmod(0o755)
    return [
        Written(
            figures.journey_id,
            put_page(folder / f"{figures.journey_id}.html", render_page(figures)),
            put_page(folder / f"{figures.journey_id}.svg", render_map(figures)),
        )
        for figures in journeys
    ]


def render_page(figures: JourneyFigures) -> str:
    """The page as one HTML text that needs no other file."""
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            figures=figures,
            maps=_maps(figures),
            legend=LEGEND,
            summary=_summary(figures),
            funnel=draw_funnel(figures) if figures.funnel else None,
            paths=draw_paths(figures) if figures.paths else None,
            dropouts=draw_dropouts(figures) if any(fate(p.outcome) != GOAL for p in figures.paths) else None,
            times=draw_times(figures) if any(s.visits and s.terminal_outcome is None for s in figures.stages) else None,
            feels=draw_satisfaction(figures) if _has_answers(figures) else None,
            hotspots=draw_hotspots(figures) if any(spot.customers_lost for spot in figures.hotspots) else None,
            vega=Markup(vega_scripts()),
            fates={"goal": GOAL, "lost": LOST, "open": OPEN},
            fate=fate,
            says=SAYS,
            place=describe_place,
            few=words.MIN_ANSWERS,
        )
    )


def render_map(figures: JourneyFigures) -> str:
    """The map as a picture of its own: a complete SVG file."""
    drawing = draw_map(figures, wide=True)
    width = max(drawing.width, NARROWEST)
    return (
        _templates()
        .get_template("map.svg.j2")
        .render(
            figures=figures,
            drawing=drawing,
            picture_width=width,
            legend=words.wrap(LEGEND, int(width / LETTER), 5),
            summary=_summary(figures),
            **{"ref": "map", "wide": True, "alone": True},
        )
    )


def _maps(figures: JourneyFigures) -> list[tuple[str, bool, Any]]:
    """Wide for screens, tall for phones and paper; a journey of many stages is tall everywhere."""
    tall = ("tall", False, draw_map(figures, wide=False))
    if len(figures.stages) > WIDEST:
        return [("only", *tall[1:])]
    return [("wide", True, draw_map(figures, wide=True)), tall]


def _has_answers(figures: JourneyFigures) -> bool:
    return any(stage.csat_answers >= words.MIN_ANSWERS for stage in figures.stages)


def _summary(figures: JourneyFigures) -> str:
    shown = figures.shown
    when = f", {figures.first_at:%-d %b %Y} to {figures.last_at:%-d %b %Y}" if figures.first_at else ""
    return f"Version {shown.version} ({shown.status}) · {words.number(figures.instances)} journeys{when}"


@cache
def vega_scripts() -> str:
    """Vega, Vega-Lite and Vega-Embed in one text; it takes seconds to put together."""
    import vl_convert

    return vl_convert.javascript_bundle()


@cache
def _templates() -> Environment:
    environment = templates_of(__package__)
    environment.filters |= {
        name: getattr(words, name) for name in ("common", "number", "share", "duration", "mean", "measured", "plain")
    }
    environment.globals |= {
        "colours": shared_style("colours.css"),
        "layout": shared_style("page.css"),
        "paint": style(Path(__file__).parent / "templates" / "map.css"),
    }
    return environment
