"""The charts of a page, as Vega-Lite.

Put here: bars with their words above them, and the look all charts share. Keep out: the paths (sankey.py), figures.
Colours and patterns are names of the page's style sheet, so that dark screens and paper need no second drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from pipelines.publish.journey_pages.figures import LOST, OPEN, JourneyFigures, fate
from pipelines.publish.journey_pages.words import MIN_ANSWERS, duration, mean, measured, number, plain, share

INK, SOFT, PAPER, TRACK = "var(--ink)", "var(--soft)", "var(--paper)", "var(--track)"
SOLID, HATCH, DOTS = "var(--main)", "url(#lost)", "url(#open)"
CSAT = (1, 5)  # the scale every answer is told on
MOST_HOTSPOTS = 10  # drawn; the table has them all
SAYS = {
    **{"drop": "lost", "loop": "came back", "dwell": "time", "csat": "CSAT", "effort": "effort", "sentiment": "mood"},
}
ROW = 46  # height of a bar with the words above it
TOLD = 175  # pixels at the right of those words that are kept for figures
FONT = "system-ui, sans-serif"


@dataclass(frozen=True)
class Bar:
    """One row of a chart: the words above it at the left and the right, and its parts as (length, fill, meaning)."""

    name: str
    told: str
    parts: tuple[tuple[float, str, str], ...]
    mark: float | None = None  # a line across the bar: what was promised


def draw_bars(bars: list[Bar], description: str, longest: float) -> dict[str, Any]:
    """Horizontal bars from nought to `longest`, each with its words above it: readable at any width."""
    parts, marks = [], []
    for place, bar in enumerate(bars):
        start = 0.0
        for length, fill, meaning in bar.parts:
            about = {"place": place, "start": start, "end": start + length, "fill": fill}
            parts.append({**about, "stage": bar.name, "meaning": meaning})
            start += length
        if bar.mark is not None:
            marks.append({"place": place, "at": bar.mark})
    words = [{"place": place, "name": bar.name, "told": bar.told} for place, bar in enumerate(bars)]
    row = alt.Y("place:O", axis=None, sort=None)
    length = alt.Scale(domain=[0, 1.004 * longest or 1], nice=False)  # a mark at the very end stays whole
    layers = [
        alt.Chart(alt.InlineData(parts))
        .mark_bar(height=16, yOffset=10)
        .encode(
            x=alt.X("start:Q", scale=length, axis=None),
            x2="end:Q",
            y=row,
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.value(SOFT),
            strokeWidth=alt.value(0.8),
            tooltip=[alt.Tooltip("stage:N", title="stage"), alt.Tooltip("meaning:N", title="what")],
        ),
        alt.Chart(alt.InlineData(words))
        .mark_text(align="left", yOffset=-9, fontWeight=600, fill=INK, limit=alt.ExprRef(f"width - {TOLD}"))
        .encode(x=alt.value(0), y=row, text="name:N"),
        alt.Chart(alt.InlineData(words))
        .mark_text(align="right", yOffset=-9, fill=INK)
        .encode(x=alt.value("width"), y=row, text="told:N"),
    ]
    if marks:
        layers.append(
            alt.Chart(alt.InlineData(marks))
            .mark_tick(thickness=3, height=26, yOffset=10, orient="vertical", color=INK)
            .encode(x=alt.X("at:Q", scale=length, axis=None), y=row)
        )
    return finish(alt.layer(*layers), description, height=ROW * len(bars))


def finish(chart: alt.LayerChart, description: str, height: int) -> dict[str, Any]:
    """The look all charts share: as wide as the page, no frame, words in the page's ink."""
    spec = (
        chart.properties(width="container", height=height, description=description, background="transparent")
        .configure(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), padding=1, font=FONT)
        .configure_view(stroke=None)
        .configure_text(fontSize=13, baseline="middle")
        .to_dict()
    )
    del spec["$schema"]  # an address; the page says itself that it is Vega-Lite
    return spec


def draw_funnel(figures: JourneyFigures) -> dict[str, Any]:
    """Who reached each mandatory stage, in order; hatched: those of the step before who did not."""
    bars = [
        Bar(
            name=step.stage_name,
            told=f"{number(step.ordered)} of {number(step.previous)} · {share(step.ordered, step.previous)}",
            parts=(
                (step.ordered, SOLID, f"{number(step.ordered)} reached it"),
                (step.previous - step.ordered, HATCH, f"{number(step.previous - step.ordered)} did not"),
            ),
        )
        for step in figures.funnel
    ]
    return draw_bars(bars, f"Funnel of {figures.name}", figures.instances)


def draw_dropouts(figures: JourneyFigures) -> dict[str, Any]:
    """Where journeys were lost, and where they still are: one bar for each stage, the most lost first."""
    bars = []
    for stage in sorted(figures.stages, key=lambda s: (-s.lost, s.stage_no)):
        ended = [(n, HATCH, o) for o, n in stage.ended.items() if fate(o) == LOST]
        ended += [(n, DOTS, o) for o, n in stage.ended.items() if fate(o) == OPEN]
        if ended:
            bars.append(
                Bar(
                    name=stage.name,
                    told=f"{number(stage.lost)} of {number(stage.reached)} · {share(stage.lost, stage.reached)}",
                    parts=tuple((n, fill, f"{number(n)} {plain(outcome)}") for n, fill, outcome in ended),
                )
            )
    longest = max((sum(part[0] for part in bar.parts) for bar in bars), default=1)
    return draw_bars(bars, f"Where {figures.name} is lost", longest)


def draw_times(figures: JourneyFigures) -> dict[str, Any]:
    """Time until the next stage: solid to the median, hatched on to the time within which 90 % advance."""
    bars = []
    for stage in figures.stages:
        if stage.visits and stage.terminal_outcome is None:
            median, ninety = stage.p50_s, stage.p90_s
            parts = [(median, SOLID, f"median {duration(median)}")] if median is not None else []
            if ninety is not None:
                parts.append((ninety - (median or 0), DOTS, f"90 % within {duration(ninety)}"))
            bars.append(
                Bar(
                    name=stage.name,
                    told=f"{duration(median)} (n {number(stage.visits)})",
                    parts=tuple(parts),
                    mark=stage.sla_s,
                )
            )
    longest = max((x for bar in bars for x in (sum(part[0] for part in bar.parts), bar.mark or 0)), default=1)
    return draw_bars(bars, f"Time in the stages of {figures.name}", longest)


def draw_satisfaction(figures: JourneyFigures) -> dict[str, Any]:
    """Mean satisfaction of every stage with enough answers, from the lowest point of the scale to the highest."""
    low, high = CSAT
    bars = [
        Bar(
            name=stage.name,
            told=mean(stage.csat, stage.csat_answers),
            parts=((float(stage.csat) - low, SOLID, f"CSAT {mean(stage.csat, stage.csat_answers)}"),),
            mark=float(stage.expects["csat"]) - low if "csat" in stage.expects else None,
        )
        for stage in figures.stages
        if stage.csat_answers >= MIN_ANSWERS
    ]
    return draw_bars(bars, f"Satisfaction with the stages of {figures.name}", high - low)


def draw_hotspots(figures: JourneyFigures) -> dict[str, Any]:
    """The hotspots that lose most, by how many more are lost than elsewhere in the same place."""
    bars = [
        Bar(
            name=f"{spot.hotspot_no} {describe_place(figures, spot.place)}, {plain(spot.channel)}, {spot.week:%-d %b}",
            told=f"{SAYS[spot.measure]} {measured(float(spot.observed), spot.measure)} (n {number(spot.n)})",
            parts=(
                (float(spot.customers_lost or 0), HATCH, f"{spot.customers_lost or 0:.1f} more lost than elsewhere"),
            ),
        )
        for spot in figures.hotspots[:MOST_HOTSPOTS]
    ]
    return draw_bars(bars, f"Hotspots of {figures.name}", max((bar.parts[0][0] for bar in bars), default=1))


def describe_place(figures: JourneyFigures, place: tuple[str, ...]) -> str:
    """The names of a stage, or of the two stages of a move."""
    return " → ".join(figures.stage(stage).name for stage in place)
