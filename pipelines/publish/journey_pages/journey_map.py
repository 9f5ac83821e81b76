"""A journey's map: a card per stage in its order, with its figures, and lines between them.

Put here: the cards, and how large the whole is. Keep out: lines (map_lines.py), painting (templates/map.svg.j2).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.publish.journey_pages.figures import JourneyFigures, Move, Stage
from pipelines.publish.journey_pages.map_lines import Frame, Line, draw_lines, plate_width, reach
from pipelines.publish.journey_pages.words import MIN_ANSWERS, NONE, duration, number, plain, share, wrap

MAX_ARCS = 12  # moves drawn beside those to the next stage; more cannot be told apart, and the table has them all
WIDEST = 5  # stages that fit beside each other on a page
LINE = 17  # height of a row of text in a card
RIM = 6


@dataclass(frozen=True)
class Row:
    """A line of text in a card; its kind is how it is painted: fact, lost, goal, open or truth."""

    text: str
    kind: str = "fact"


@dataclass(frozen=True)
class Card:
    """A stage as a box."""

    x: float
    y: float
    width: float
    height: float
    stage: Stage
    title: tuple[str, ...]
    rows: tuple[Row, ...]
    reached: float  # 0-1, of all instances


@dataclass(frozen=True)
class MapDrawing:
    """A whole map; left and top may be negative."""

    left: float
    top: float
    width: float
    height: float
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]
    left_out: int  # kinds of moves that are not drawn
    left_out_moves: int


def draw_map(figures: JourneyFigures, *, wide: bool) -> MapDrawing:
    """Lay out the map from left to right, or from top to bottom for a narrow screen."""
    rows = [_rows(stage, figures.instances) for stage in figures.stages]
    titles = [tuple(wrap(f"{s.stage_no} {s.name}", 19 if wide else 22)) for s in figures.stages]
    places = {stage.stage_id: place for place, stage in enumerate(figures.stages)}
    ahead = [m for m in figures.moves if places[m.to_stage] == places[m.from_stage] + 1]
    others = [m for m in figures.moves if m not in ahead]
    arcs, left_out = others[:MAX_ARCS], others[MAX_ARCS:]
    heights = [34.0 + LINE * (len(row) + len(title)) for row, title in zip(rows, titles, strict=True)]
    frame = _frame(wide, places, heights, arcs)
    cards = [_card(frame, *told, figures.instances) for told in zip(figures.stages, titles, rows, strict=True)]
    skips, backs = reach(frame, arcs)
    before, after = (skips, backs) if wide else (backs, skips)  # arcs ahead lie above, or at the right
    along, across = frame.starts[-1] + frame.lengths[-1], frame.across + before + after
    left, top, width, height = (0, -before, along, across) if wide else (-before, 0, across, along)
    return MapDrawing(
        **{"left": left - RIM, "top": top - RIM, "width": width + 2 * RIM, "height": height + 2 * RIM},
        cards=tuple(cards),
        lines=tuple(draw_lines(frame, ahead, arcs, figures)),
        left_out=len(left_out),
        left_out_moves=sum(m.moves for m in left_out),
    )


def _frame(wide: bool, places: dict[str, int], heights: list[float], arcs: list[Move]) -> Frame:
    """Cards of one height beside each other, or of their own heights below each other, labels of arcs between lanes."""
    lengths, gap = ([196.0] * len(heights), 92) if wide else (heights, 62)
    starts = tuple(sum(lengths[:place]) + gap * place for place in range(len(lengths)))
    lane = 36 if wide else max([32.0, *(plate_width(number(m.moves)) + 6 for m in arcs)])
    return Frame(wide, places, starts, tuple(lengths), max(heights) if wide else 216, gap, lane)


def _rows(stage: Stage, instances: int) -> tuple[Row, ...]:
    rows = [Row("★ moment of truth", "truth")] if stage.is_moment_of_truth else []
    if stage.entries:
        rows.append(Row(f"▸ {number(stage.entries)} begin here"))
    rows.append(Row(f"{number(stage.reached)} came · {share(stage.reached, instances)}"))
    if stage.p50_s is not None:
        rows.append(Row(f"{duration(stage.p50_s)} median (n {number(stage.visits)})"))
    if stage.sla_s and stage.sla_visits:
        late = share(stage.sla_breaches, stage.sla_visits)
        rows.append(Row(f"{late} over {duration(stage.sla_s)} (n {number(stage.sla_visits)})"))
    if stage.csat_answers:
        rows.append(Row(f"CSAT {_few(stage.csat, stage.csat_answers)}"))
    if stage.sentiment_answers:
        rows.append(Row(f"mood {_few(stage.sentiment, stage.sentiment_answers)}"))
    if stage.lost:
        rows.append(Row(f"✕ {number(stage.lost)} lost · {share(stage.lost, stage.reached)}", "lost"))
    if going := stage.ended.get("in_progress"):
        rows.append(Row(f"… {number(going)} still here", "open"))
    if stage.terminal_outcome:
        rows.append(
            Row(f"✓ {number(stage.ended.get(stage.terminal_outcome, 0))} {plain(stage.terminal_outcome)}", "goal")
        )
    return tuple(rows)


def _few(value: float | None, answers: int) -> str:
    return f"{NONE if answers < MIN_ANSWERS else f'{value:.1f}'} (n {number(answers)})"


def _card(frame: Frame, stage: Stage, title: tuple[str, ...], rows: tuple[Row, ...], instances: int) -> Card:
    place = frame.places[stage.stage_id]
    start, length = frame.starts[place], frame.lengths[place]
    x, y, width, height = (start, 0, length, frame.across) if frame.is_wide else (0, start, frame.across, length)
    return Card(x, y, width, height, stage, title, rows, stage.reached / instances if instances else 0)
