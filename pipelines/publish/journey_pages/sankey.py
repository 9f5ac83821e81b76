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
from pipelines.publish.journey_pages.words import number, plain, wrap

HEIGHT = 480  # at least; a column of many blocks needs more
BETWEEN = 24  # pixels above every block: room for its label
PAGE, LETTER = 1100, 7  # pixels of a wide page and of a letter: how much of a name fits beside its count
SMALL = 0.02  # stages that fewer of the instances visit there share a block, and so do such ends of one fate
BLOCK = 0.08  # width of a block, in columns
FATES = (GOAL, OPEN, LOST)  # from top to bottom within a block
FILLS = {GOAL: "url(#goal)", LOST: HATCH, OPEN: DOTS}
OTHER, LATER = "other", "later"
Node = tuple[int, str, str]  # (column; stage, other, later or end; the stage or outcome, or a fate that ends share)


@dataclass(frozen=True)
class Flow:
    """Instances that go from one block to the next and meet the same fate in the end."""

    start: Node
    end: Node
    fate: str
    instances: int


def find_flows(paths: tuple[Path, ...], small: float = SMALL) -> list[Flow]:
    """Every step of every path, added up; no instance is left out.

    A path that ends in a terminal stage ends in that stage's block; another one in a block of its outcome.
    """
    walks = [(_walk(path), path) for path in paths]
    sizes: dict[Node, int] = defaultdict(int)
    for nodes, path in walks:
        for node in nodes:
            sizes[node] += path.instances
    least = small * sum(path.instances for path in paths)
    counted: dict[tuple[Node, Node, str], int] = defaultdict(int)
    for nodes, path in walks:
        drawn = [node if sizes[node] >= least else _share_block(node) for node in nodes]
        for start, end in zip(drawn, drawn[1:], strict=False):
            counted[start, end, fate(path.outcome)] += path.instances
    return [Flow(start, end, what, n) for (start, end, what), n in counted.items()]


def _walk(path: Path) -> list[Node]:
    nodes: list[Node] = [(column, "stage", stage) for column, stage in enumerate(path.stages)]
    if path.is_longer:
        nodes.append((len(nodes), LATER, LATER))
    if path.is_longer or fate(path.outcome) != GOAL or len(nodes) == 1:
        nodes.append((len(nodes), "end", path.outcome))
    return nodes


def _share_block(node: Node) -> Node:
    column, kind, name = node
    return (column, OTHER, OTHER) if kind == "stage" else (column, kind, fate(name)) if kind == "end" else node


def draw_paths(figures: JourneyFigures) -> dict[str, Any]:
    """The diagram: blocks labelled with stage and count, ribbons painted by what became of those who walk them."""
    flows = find_flows(figures.paths)
    order = {stage.stage_id: stage.stage_no for stage in figures.stages}
    names = {stage.stage_id: stage.name for stage in figures.stages}
    blocks, scale, height = _place_blocks(flows, order)
    last = max((node[0] for node in blocks), default=0)
    columns = last + 0.85  # beside the last one there is room for labels
    along = alt.Scale(domain=[0, columns], nice=False, zero=False)
    down = alt.Scale(domain=[0, height], reverse=True, nice=False)
    x, y = alt.X("x:Q", scale=along, axis=None), alt.Y("y:Q", scale=down, axis=None)
    going_on = {flow.start for flow in flows}
    labels = [
        {
            **_label(node, size, names, order, int(PAGE / columns / LETTER) - 10),
            **({"x": node[0], "y": at} if node in going_on else {"x": node[0] + BLOCK, "y": at + size * scale / 2}),
            "leads_on": node in going_on,
        }
        for node, (at, size) in blocks.items()
    ]
    rectangles = [
        {
            **{"x": node[0], "x2": node[0] + BLOCK, "y": at, "y2": at + max(size * scale, 1.5)},
            "fill": SOLID if node[1] != "end" else FILLS[_fate_of(node[2])],
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


def _place_blocks(flows: list[Flow], order: dict[str, int]) -> tuple[dict[Node, tuple[float, int]], float, int]:
    """Top and number of instances of every block; pixels of one instance, so that the fullest column fits; the height.

    Stages lie in their order, ends below them, the lost last.
    """
    coming, going = defaultdict(int), defaultdict(int)
    for flow in flows:
        coming[flow.end] += flow.instances
        going[flow.start] += flow.instances
    sizes = {node: max(coming[node], going[node]) for node in [*coming, *going]}
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(sizes, key=lambda n: (n[0], *_rank(n, order))):
        columns[node[0]].append(node)
    height = max(HEIGHT, *(2 * BETWEEN * len(nodes) for nodes in columns.values()))
    scale = min((height - BETWEEN * len(nodes)) / sum(sizes[n] for n in nodes) for nodes in columns.values())
    placed = {}
    for nodes in columns.values():
        at = float(BETWEEN)
        for node in nodes:
            placed[node] = (at, sizes[node])
            at += sizes[node] * scale + BETWEEN
    return placed, scale, height


def _rank(node: Node, order: dict[str, int]) -> tuple[int, int, str]:
    _, kind, name = node
    if kind == "end":
        return 3, FATES.index(_fate_of(name)), name
    return (0, order[name], "") if kind == "stage" else (1 if kind == OTHER else 2, 0, "")


def _fate_of(name: str) -> str:
    """Of an outcome, or of a fate that several small ends share."""
    return name if name in FATES else fate(name)


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
    _, kind, name = node
    if kind == "stage":
        return names[name]
    if kind == "end":
        return {GOAL: "goal", LOST: "lost", OPEN: "in progress"}.get(name, plain(name))
    return "later" if kind == LATER else "others"


def _label(node: Node, size: int, names: dict[str, str], order: dict[str, int], room: int) -> dict[str, str]:
    _, kind, name = node
    [told] = wrap(_name(node, names), max(room, 8), 1)
    sign = {GOAL: "✓", LOST: "✕", OPEN: "…"}[_fate_of(name)] if kind == "end" else str(order.get(name, "+"))
    return {"label": f"{sign} {told} · {number(size)}", "short": f"{sign} · {number(size)}"}
