"""The paths really taken, as a Sankey diagram: a column for every visit, a ribbon for every move.

Put here: where blocks and ribbons lie. Keep out: who flows where (flows.py), the look charts share (charts.py).
Every instance is in it: columns are cut, never paths. Drawn with areas of Vega-Lite, so that a page needs one library.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import altair as alt

from pipelines.publish.journey_pages.charts import DOTS, HATCH, INK, PAPER, SOFT, SOLID, finish
from pipelines.publish.journey_pages.figures import GOAL, LOST, OPEN, JourneyFigures
from pipelines.publish.journey_pages.flows import FATE, FATES, STAGE, Flow, Node, find_flows
from pipelines.publish.journey_pages.words import number, plain, wrap

HEIGHT = 480  # at least; a column of many blocks needs more
BETWEEN = 24  # pixels above every block: room for its label
PAGE, LETTER = 1100, 7  # pixels of a wide page and of a letter: how much of a name fits beside its count
BLOCK = 0.08  # width of a block, in columns
FILLS = {GOAL: "url(#goal)", LOST: HATCH, OPEN: DOTS}
SIGNS = {GOAL: "✓", LOST: "✕", OPEN: "…"}
SAYS = {GOAL: "goal", LOST: "lost", OPEN: "in progress"}


def draw_paths(figures: JourneyFigures) -> dict[str, Any]:
    """The diagram: blocks labelled with stage and count, ribbons painted by what became of those who walk them."""
    flows = find_flows(figures.paths)
    order = {stage.stage_id: stage.stage_no for stage in figures.stages}
    names = {stage.stage_id: stage.name for stage in figures.stages}
    blocks, scale, height = _place_blocks(flows, order)
    last = max(node.column for node in blocks)
    columns = last + 0.85  # beside the last one there is room for labels
    along = alt.Scale(domain=[0, columns], nice=False, zero=False)
    down = alt.Scale(domain=[0, height], reverse=True, nice=False)
    x, y = alt.X("x:Q", scale=along, axis=None), alt.Y("y:Q", scale=down, axis=None)
    going_on = {flow.start for flow in flows}
    labels = [
        {
            **_label(node, size, names, order, int(PAGE / columns / LETTER) - 10),
            **(
                {"x": node.column, "y": at}
                if node in going_on
                else {"x": node.column + BLOCK, "y": at + size * scale / 2}
            ),
            "leads_on": node in going_on,
        }
        for node, (at, size) in blocks.items()
    ]
    rectangles = [
        {
            **{"x": node.column, "x2": node.column + BLOCK, "y": at, "y2": at + max(size * scale, 1.5)},
            "fill": FILLS[node.fate] if node.fate else SOLID,
            "told": label["label"],
        }
        for (node, (at, size)), label in zip(blocks.items(), labels, strict=True)
    ]
    ribbons = alt.Chart(alt.InlineData(_ribbons(flows, blocks, scale, order, names)))
    above = [label for label in labels if label["leads_on"]]
    beside = [label for label in labels if not label["leads_on"]]
    layers = [
        ribbons.mark_area(interpolate="monotone", line=False).encode(
            x=x,
            y=y,
            y2="y2:Q",
            detail="ribbon:N",
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.value(SOFT),
            strokeWidth=alt.value(0.4),
            tooltip=alt.Tooltip("told:N", title="path"),
        ),
        alt.Chart(alt.InlineData(rectangles))
        .mark_rect(stroke=SOFT, strokeWidth=0.6)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", fill=alt.Fill("fill:N", scale=None), tooltip="told:N"),
        *_write(above, x, y, dx=0, dy=-9, columns=columns),
        *_write(beside, x, y, dx=4, dy=0, columns=columns),
    ]
    return finish(alt.layer(*layers), f"Paths taken through {figures.name}", height)


def _write(labels: list[dict[str, Any]], x: alt.X, y: alt.Y, dx: int, dy: int, columns: float) -> list[alt.Chart]:
    """Labels with a rim of paper around them; only sign and number where the screen is narrow."""
    chart = alt.Chart(alt.InlineData(labels)).transform_calculate(told="width < 600 ? datum.short : datum.label")
    look = {"align": "left", "dx": dx, "dy": dy, "limit": alt.ExprRef(f"width / {columns} - 8")}  # a column's width
    rim, ink = {"stroke": PAPER, "strokeWidth": 4, "strokeJoin": "round"}, {"fill": INK}
    return [chart.mark_text(**look, **paint).encode(x=x, y=y, text="told:N") for paint in (rim, ink)]


def _place_blocks(flows: list[Flow], order: Mapping[str, int]) -> tuple[dict[Node, tuple[float, int]], float, int]:
    """Top and number of instances of every block; pixels of one instance, so that the fullest column fits; the height.

    Stages lie in their order, ends below them, the lost last.
    """
    coming, going = defaultdict(int), defaultdict(int)
    for flow in flows:
        coming[flow.end] += flow.instances
        going[flow.start] += flow.instances
    sizes = {node: max(coming[node], going[node]) for node in [*coming, *going]}
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(sizes, key=lambda n: (n.column, n.rank(order))):
        columns[node.column].append(node)
    height = max(HEIGHT, *(2 * BETWEEN * len(nodes) for nodes in columns.values()))
    scale = min((height - BETWEEN * len(nodes)) / sum(sizes[n] for n in nodes) for nodes in columns.values())
    placed = {}
    for nodes in columns.values():
        at = float(BETWEEN)
        for node in nodes:
            placed[node] = (at, sizes[node])
            at += sizes[node] * scale + BETWEEN
    return placed, scale, height


def _ribbons(
    flows: list[Flow],
    blocks: dict[Node, tuple[float, int]],
    scale: float,
    order: Mapping[str, int],
    names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Four points for every ribbon; at both ends ribbons lie in the order of what they lead to, so few cross."""
    leave = {node: at for node, (at, _) in blocks.items()}
    arrive = dict(leave)
    tops: dict[Flow, list[float]] = defaultdict(list)
    for flow in sorted(flows, key=lambda f: (f.start.rank(order), f.end.rank(order), FATES.index(f.fate))):
        tops[flow].append(leave[flow.start])
        leave[flow.start] += flow.instances * scale
    for flow in sorted(flows, key=lambda f: (f.end.rank(order), f.start.rank(order), FATES.index(f.fate))):
        tops[flow].append(arrive[flow.end])
        arrive[flow.end] += flow.instances * scale
    points = []
    for ribbon, (flow, (top, bottom)) in enumerate(tops.items()):
        move = f"{_name(flow.start, names)} → {_name(flow.end, names)}"
        told = f"{move}: {number(flow.instances)}, in the end {SAYS[flow.fate]}"
        begin, length = flow.start.column + BLOCK, 1 - BLOCK
        for part, level in ((0, top), (0.35, top), (0.65, bottom), (1, bottom)):
            place = {"x": begin + length * part, "y": level, "y2": level + flow.instances * scale}
            points.append({**place, "ribbon": ribbon, "fill": FILLS[flow.fate], "told": told})
    return points


def _name(node: Node, names: Mapping[str, str]) -> str:
    return names[node.name] if node.kind == STAGE else SAYS[node.name] if node.kind == FATE else plain(node.name)


def _label(node: Node, size: int, names: Mapping[str, str], order: Mapping[str, int], room: int) -> dict[str, str]:
    [told] = wrap(_name(node, names), max(room, 8), 1)
    sign = SIGNS[node.fate] if node.fate else order[node.name] if node.kind == STAGE else "+"
    return {"label": f"{sign} {told} · {number(size)}", "short": f"{sign} · {number(size)}"}
