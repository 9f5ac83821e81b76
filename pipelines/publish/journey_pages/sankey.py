"""The paths really taken, as a Sankey diagram: a column for every visit, a ribbon for every move.

Put here: who flows where, where it lies, the chart. Keep out: the look charts share (charts.py).
Every instance is in it: columns are cut, never paths. Drawn with areas of Vega-Lite, so that a page needs one library.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import altair as alt

from pipelines.publish.journey_pages.charts import DOTS, HATCH, INK, PAPER, SOFT, SOLID, finish
from pipelines.publish.journey_pages.figures import GOAL, LOST, OPEN, JourneyFigures, Path, fate
from pipelines.publish.journey_pages.words import number, plain

COLUMNS = 7  # visits drawn one by one; what comes after them is one block
HEIGHT = 480
BETWEEN = 24  # pixels above every block: room for its label
BLOCK = 0.08  # width of a block, in columns
FATES = (GOAL, OPEN, LOST)  # from top to bottom within a block
FILLS = {GOAL: "url(#goal)", LOST: HATCH, OPEN: DOTS}
LATER = "later"
Node = tuple[int, str, str]  # (column, stage, end or later; its id)


@dataclass(frozen=True)
class Flow:
    """Instances that go from one block to the next and meet the same fate in the end."""

    start: Node
    end: Node
    fate: str
    instances: int


def find_flows(paths: tuple[Path, ...], columns: int = COLUMNS) -> list[Flow]:
    """Every step of every path, added up.

    A path that ends in a terminal stage ends in that stage's block; another one in a block of its outcome.
    """
    counted: dict[tuple[Node, Node, str], int] = defaultdict(int)
    for path in paths:
        end = fate(path.outcome)
        nodes: list[Node] = [(n, "stage", stage) for n, stage in enumerate(path.stages[:columns])]
        if len(path.stages) > columns:
            nodes.append((columns, LATER, LATER))
        if end != GOAL or len(path.stages) > columns:
            nodes.append((len(nodes), "end", path.outcome))
        for start, after in zip(nodes, nodes[1:], strict=False):
            counted[start, after, end] += path.instances
    return [Flow(start, end, what, n) for (start, end, what), n in counted.items()]


def draw_paths(figures: JourneyFigures) -> dict[str, Any]:
    """The diagram: blocks labelled with stage and count, ribbons painted by what became of those who walk them."""
    flows = find_flows(figures.paths)
    order = {stage.stage_id: stage.stage_no for stage in figures.stages}
    names = {stage.stage_id: stage.name for stage in figures.stages}
    blocks, scale = _place_blocks(figures, flows, order)
    last = max((node[0] for node in blocks), default=0)
    along = alt.Scale(domain=[0, last + 0.85], nice=False, zero=False)
    down = alt.Scale(domain=[0, HEIGHT], reverse=True, nice=False)
    x, y = alt.X("x:Q", scale=along, axis=None), alt.Y("y:Q", scale=down, axis=None)
    going_on = {flow.start for flow in flows}
    labels = [
        {
            **_label(node, size, names, order),
            **({"x": node[0], "y": at} if node in going_on else {"x": node[0] + BLOCK, "y": at + size * scale / 2}),
            "leads_on": node in going_on,
        }
        for node, (at, size) in blocks.items()
    ]
    rectangles = [
        {
            **{"x": node[0], "x2": node[0] + BLOCK, "y": at, "y2": at + max(size * scale, 1.5)},
            "fill": SOLID if node[1] != "end" else FILLS[fate(node[2])],
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
        *_write(above, x, y, dx=0, dy=-9),
        *_write(beside, x, y, dx=4, dy=0),
    ]
    return finish(alt.layer(*layers), f"Paths taken through {figures.name}", HEIGHT)


def _write(labels: list[dict[str, Any]], x: alt.X, y: alt.Y, dx: int, dy: int) -> list[alt.Chart]:
    """Labels with a rim of paper around them; only sign and number where the screen is narrow."""
    chart = alt.Chart(alt.InlineData(labels)).transform_calculate(told="width < 600 ? datum.short : datum.label")
    rim = chart.mark_text(align="left", dx=dx, dy=dy, stroke=PAPER, strokeWidth=4, strokeJoin="round")
    return [
        mark.encode(x=x, y=y, text="told:N") for mark in (rim, chart.mark_text(align="left", dx=dx, dy=dy, fill=INK))
    ]


def _place_blocks(
    figures: JourneyFigures, flows: list[Flow], order: dict[str, int]
) -> tuple[dict[Node, tuple[float, int]], float]:
    """Top and number of instances of every block, and the pixels of one instance, so that the fullest column fits.

    Stages lie in their order, ends below them, the lost last.
    """
    sizes: dict[Node, int] = defaultdict(int)
    for path in figures.paths:
        sizes[0, "stage", path.stages[0]] += path.instances
    for flow in flows:
        sizes[flow.end] += flow.instances
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(sizes, key=lambda n: (n[0], *_rank(n, order))):
        columns[node[0]].append(node)
    scale = min((HEIGHT - BETWEEN * len(nodes)) / sum(sizes[n] for n in nodes) for nodes in columns.values())
    placed = {}
    for nodes in columns.values():
        at = float(BETWEEN)
        for node in nodes:
            placed[node] = (at, sizes[node])
            at += sizes[node] * scale + BETWEEN
    return placed, scale


def _rank(node: Node, order: dict[str, int]) -> tuple[int, int, str]:
    if node[1] == "end":
        return 2, FATES.index(fate(node[2])), node[2]
    return (0, order[node[2]], "") if node[1] == "stage" else (1, 0, "")


def _ribbons(
    flows: list[Flow],
    blocks: dict[Node, tuple[float, int]],
    scale: float,
    order: dict[str, int],
    names: dict[str, str],
) -> list[dict[str, Any]]:
    """Four points for every ribbon; at both ends ribbons lie in the order of what they lead to, so few cross."""
    leave = {node: at for node, (at, _) in blocks.items()}
    arrive = dict(leave)
    tops: dict[Flow, list[float]] = defaultdict(list)
    for flow in sorted(
        flows, key=lambda f: (f.start[0], _rank(f.start, order), _rank(f.end, order), FATES.index(f.fate))
    ):
        tops[flow].append(leave[flow.start])
        leave[flow.start] += flow.instances * scale
    for flow in sorted(
        flows, key=lambda f: (f.end[0], _rank(f.end, order), _rank(f.start, order), FATES.index(f.fate))
    ):
        tops[flow].append(arrive[flow.end])
        arrive[flow.end] += flow.instances * scale
    points = []
    for number_, (flow, (top, bottom)) in enumerate(tops.items()):
        told = (
            f"{_name(flow.start, names)} → {_name(flow.end, names)}: {number(flow.instances)}, in the end "
            f"{ {GOAL: 'at a goal', LOST: 'lost', OPEN: 'in progress'}[flow.fate] }"
        )
        begin, length = flow.start[0] + BLOCK, 1 - BLOCK
        for part, level in ((0, top), (0.35, top), (0.65, bottom), (1, bottom)):
            place = {"x": begin + length * part, "y": level, "y2": level + flow.instances * scale}
            points.append({**place, "ribbon": number_, "fill": FILLS[flow.fate], "told": told})
    return points


def _name(node: Node, names: dict[str, str]) -> str:
    if node[1] == "stage":
        return names[node[2]]
    return "further visits" if node[1] == LATER else plain(node[2])


def _label(node: Node, size: int, names: dict[str, str], order: dict[str, int]) -> dict[str, str]:
    if node[1] == "end":
        sign = {GOAL: "✓", LOST: "✕", OPEN: "…"}[fate(node[2])]
    else:
        sign = str(order[node[2]]) if node[1] == "stage" else "+"
    return {"label": f"{sign} {_name(node, names)} · {number(size)}", "short": f"{sign} · {number(size)}"}
