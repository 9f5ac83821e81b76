"""Where everything on a journey's map lies: a card per stage in order, a line per move with its figures.

Put here: geometry of the map, wide or tall. Keep out: how it is painted (templates/map.svg.j2).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pipelines.publish.journey_pages.figures import JourneyFigures, Move, Stage
from pipelines.publish.journey_pages.words import MIN_ANSWERS, NONE, duration, number, plain, share, wrap

MAX_ARCS = 12  # moves drawn beside those to the next stage; more cannot be told apart, and the table has them all
WIDEST = 5  # stages that fit beside each other on a page
THINNEST, THICKEST = 1.5, 9.0  # of a line; what lies between says how many went
LINE = 17  # height of a row of text in a card
PORT = 16  # between the ends of two arcs at one card
CORNER = 10


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
class Line:
    """A move as a line with an arrow and a label."""

    path: str
    arrow: str
    thickness: float
    move: Move
    label: tuple[str, ...]
    label_x: float
    label_y: float
    plate: float  # width of the ground beneath the label
    told: str


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


@dataclass(frozen=True)
class _Frame:
    """A direction to draw in: `along` the order of the stages, `across` it."""

    is_wide: bool
    starts: tuple[float, ...]  # of the cards, along
    lengths: tuple[float, ...]
    across: float  # of every card
    gap: float
    lane: float  # between two arcs

    def between(self, place: int) -> float:
        """The middle of the gap after a card."""
        return self.starts[place] + self.lengths[place] + self.gap / 2

    def at(self, along: float, across: float) -> str:
        return f"{along:.1f} {across:.1f}" if self.is_wide else f"{across:.1f} {along:.1f}"


def draw_map(figures: JourneyFigures, *, wide: bool) -> MapDrawing:
    """Lay out the map from left to right, or from top to bottom for a narrow screen."""
    rows = {stage.stage_id: _rows(stage, figures.instances) for stage in figures.stages}
    titles = {s.stage_id: tuple(wrap(f"{s.stage_no} {s.name}", 19 if wide else 22)) for s in figures.stages}
    heights = [34 + (len(rows[s.stage_id]) + len(titles[s.stage_id])) * LINE for s in figures.stages]
    frame = _frame(wide, heights)
    numbers = {stage.stage_id: place for place, stage in enumerate(figures.stages)}
    ahead = [m for m in figures.moves if numbers[m.to_stage] == numbers[m.from_stage] + 1]
    others = [m for m in figures.moves if m not in ahead]
    arcs, left_out = others[:MAX_ARCS], others[MAX_ARCS:]
    most = max((m.moves for m in figures.moves), default=1)
    cards = tuple(
        _card(frame, place, stage, titles[stage.stage_id], rows[stage.stage_id], figures.instances)
        for place, stage in enumerate(figures.stages)
    )
    drawn = [_straight(frame, numbers[m.from_stage], m, figures, most) for m in ahead]
    drawn += _arcs(frame, arcs, numbers, figures, most)
    skips = _reach(frame, [m for m in arcs if numbers[m.to_stage] > numbers[m.from_stage]], numbers)
    backs = _reach(frame, [m for m in arcs if numbers[m.to_stage] < numbers[m.from_stage]], numbers)
    before, after = (skips, backs) if wide else (backs, skips)  # arcs ahead lie above, or at the right
    along = frame.starts[-1] + frame.lengths[-1]
    across = frame.across + before + after
    left, top, width, depth = (0, -before, along, across) if wide else (-before, 0, across, along)
    return MapDrawing(left - 6, top - 6, width + 12, depth + 12, cards, tuple(drawn), len(left_out),
                      sum(m.moves for m in left_out))  # fmt: skip


def _frame(wide: bool, heights: list[float]) -> _Frame:
    """Cards of one height beside each other, or of their own heights below each other."""
    lengths, gap = ([196.0] * len(heights), 92) if wide else (heights, 62)
    starts = tuple(sum(lengths[:place]) + gap * place for place in range(len(lengths)))
    return _Frame(wide, starts, tuple(lengths), max(heights) if wide else 216, gap, 36 if wide else 32)


def _rows(stage: Stage, instances: int) -> tuple[Row, ...]:
    rows = [Row("★ moment of truth", "truth")] if stage.is_moment_of_truth else []
    if stage.entries:
        rows.append(Row(f"▸ {number(stage.entries)} begin here"))
    rows.append(Row(f"{number(stage.reached)} came · {share(stage.reached, instances)}"))
    if stage.timed_visits:
        rows.append(Row(f"{duration(stage.median_s)} median (n {number(stage.timed_visits)})"))
    if stage.sla_s and stage.sla_visits:
        late = share(stage.sla_breached, stage.sla_visits)
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


def _card(
    frame: _Frame, place: int, stage: Stage, title: tuple[str, ...], rows: tuple[Row, ...], instances: int
) -> Card:
    start, length = frame.starts[place], frame.lengths[place]
    x, y, width, height = (start, 0, length, frame.across) if frame.is_wide else (0, start, frame.across, length)
    return Card(x, y, width, height, stage, title, rows, stage.reached / instances if instances else 0)


def _straight(frame: _Frame, place: int, move: Move, figures: JourneyFigures, most: int) -> Line:
    """To the next stage: straight on, the label in the gap."""
    start = frame.starts[place] + frame.lengths[place]
    end, middle = start + frame.gap, frame.across / (2 if frame.is_wide else 4)
    thickness = _thickness(move, most)
    tip = _tip(thickness)
    x, y = (
        (start + frame.gap / 2 - 5, middle) if frame.is_wide else (middle + thickness / 2 + 10, start + frame.gap / 2)
    )
    return Line(
        path=f"M{frame.at(start, middle)} L{frame.at(end - tip, middle)}",
        arrow=_arrow(frame, end, middle, (1, 0), tip),
        thickness=thickness,
        move=move,
        label=_label(move, figures),
        label_x=x,
        label_y=y,
        plate=0,
        told=_told(move, figures),
    )


def _arcs(frame: _Frame, moves: list[Move], numbers: dict[str, int], figures: JourneyFigures, most: int) -> list[Line]:
    """Moves past or back to other stages: ahead on one side of the cards, back on the other."""
    lanes = _lanes(moves, numbers)
    leaving, arriving = defaultdict(list), defaultdict(list)
    for move in sorted(moves, key=lambda m: -abs(numbers[m.to_stage] - numbers[m.from_stage])):
        ahead = numbers[move.to_stage] > numbers[move.from_stage]
        leaving[move.from_stage, ahead].append(move)  # the longest ends nearest to the middle: no two cross at a card
        arriving[move.to_stage, ahead].append(move)
    lines = []
    for move in moves:
        ahead = numbers[move.to_stage] > numbers[move.from_stage]
        way = 1 if ahead else -1
        start = _middle(frame, numbers[move.from_stage])
        start += way * PORT * (leaving[move.from_stage, ahead].index(move) + 0.6)
        end = _middle(frame, numbers[move.to_stage])
        end -= way * PORT * (arriving[move.to_stage, ahead].index(move) + 0.6)
        outside = ahead != frame.is_wide  # the side where `across` grows
        edge, sign = (frame.across, 1) if outside else (0, -1)
        lane = edge + sign * frame.lane * (lanes[move] + 0.8)
        thickness = _thickness(move, most)
        tip = _tip(thickness)
        label = _label(move, figures)
        label = (" · ".join(label),) if frame.is_wide else label[:1]
        turn = lane - sign * CORNER
        halfway = frame.between((numbers[move.from_stage] + numbers[move.to_stage] - 1) // 2)  # no arc ends in a gap
        x, y = (halfway, lane) if frame.is_wide else (lane, halfway)
        lines.append(
            Line(
                path=f"M{frame.at(start, edge)} L{frame.at(start, turn)} "
                f"Q{frame.at(start, lane)} {frame.at(start + way * CORNER, lane)} "
                f"L{frame.at(end - way * CORNER, lane)} Q{frame.at(end, lane)} {frame.at(end, turn)} "
                f"L{frame.at(end, edge + sign * tip)}",
                arrow=_arrow(frame, end, edge, (0, -sign), tip),
                thickness=thickness,
                move=move,
                label=label,
                label_x=x,
                label_y=y,
                plate=7.2 * len(label[0]) + 8,
                told=_told(move, figures),
            )
        )
    return lines


def _lanes(moves: list[Move], numbers: dict[str, int]) -> dict[Move, int]:
    """A lane for every arc: short ones near the cards, no two in one lane where both pass."""
    taken: dict[tuple[bool, int], list[tuple[int, int]]] = defaultdict(list)
    lanes = {}
    for move in sorted(moves, key=lambda m: abs(numbers[m.to_stage] - numbers[m.from_stage])):
        low, high = sorted((numbers[move.from_stage], numbers[move.to_stage]))
        ahead, lane = numbers[move.to_stage] > numbers[move.from_stage], 0
        while any(low < end and start < high for start, end in taken[ahead, lane]):
            lane += 1
        taken[ahead, lane].append((low, high))
        lanes[move] = lane
    return lanes


def _reach(frame: _Frame, moves: list[Move], numbers: dict[str, int]) -> float:
    """How far the arcs of one side stand out."""
    lanes = _lanes(moves, numbers)
    room = 16 if frame.is_wide else 24
    return frame.lane * (max(lanes.values()) + 0.8) + room if lanes else 0


def _middle(frame: _Frame, place: int) -> float:
    return frame.starts[place] + frame.lengths[place] / 2


def _thickness(move: Move, most: int) -> float:
    return THINNEST + (THICKEST - THINNEST) * move.moves / most


def _tip(thickness: float) -> float:
    return 8 + thickness * 0.7


def _arrow(frame: _Frame, along: float, across: float, way: tuple[int, int], size: float) -> str:
    """A triangle with its tip at a point."""
    back_along, back_across = along - way[0] * size, across - way[1] * size
    wing = size * 0.62
    wings = [frame.at(back_along + way[1] * wing * side, back_across + way[0] * wing * side) for side in (1, -1)]
    return " ".join(point.replace(" ", ",") for point in (frame.at(along, across), *wings))


def _label(move: Move, figures: JourneyFigures) -> tuple[str, ...]:
    lines = (number(move.moves), share(move.moves, figures.stage(move.from_stage).visits))
    return (*lines, duration(move.median_s)) if move.median_s is not None else lines


def _told(move: Move, figures: JourneyFigures) -> str:
    came, went = figures.stage(move.from_stage), figures.stage(move.to_stage)
    after = "" if move.median_s is None else f", after {duration(move.median_s)} (median)"
    declared = "" if move.is_declared else ", which the journey's map does not allow"
    part = f"{share(move.moves, came.visits)} of {number(came.visits)} visits"
    return f"From {came.name} to {went.name}: {number(move.moves)} moves, {part}{after}{declared}"
