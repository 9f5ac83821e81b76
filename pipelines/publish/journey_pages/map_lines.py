"""The lines of a journey's map: where a move's line runs, how thick it is, what its label says.

Put here: geometry between the cards. Keep out: the cards (journey_map.py), painting (templates/map.svg.j2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.publish.journey_pages.figures import JourneyFigures, Move
from pipelines.publish.journey_pages.words import duration, number, share

THINNEST, THICKEST = 1.5, 9.0  # of a line; what lies between says how many went
PORT = 16  # between the ends of two arcs at one card
CORNER = 10


@dataclass(frozen=True)
class Frame:
    """A direction to draw in: `along` the order of the stages, `across` it."""

    is_wide: bool
    places: Mapping[str, int]  # of the stages, from 0
    starts: tuple[float, ...]  # of the cards, along
    lengths: tuple[float, ...]
    across: float  # of every card
    gap: float
    lane: float  # between two arcs

    def between(self, place: int) -> float:
        """The middle of the gap after a card."""
        return self.starts[place] + self.lengths[place] + self.gap / 2

    def middle(self, place: int) -> float:
        return self.starts[place] + self.lengths[place] / 2

    def span(self, move: Move) -> int:
        """How many stages further a move leads; back is less than nought."""
        return self.places[move.to_stage] - self.places[move.from_stage]

    def at(self, along: float, across: float) -> str:
        return f"{along:.1f} {across:.1f}" if self.is_wide else f"{across:.1f} {along:.1f}"


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


def draw_lines(frame: Frame, ahead: list[Move], arcs: list[Move], figures: JourneyFigures) -> list[Line]:
    """Args:
    ahead: moves to the next stage, drawn straight.
    arcs: moves past or back to other stages: ahead on one side of the cards, back on the other.
    """
    most = max((move.moves for move in [*ahead, *arcs]), default=0) or 1
    return [_straight(frame, m, figures, most) for m in ahead] + _arcs(frame, arcs, figures, most)


def _straight(frame: Frame, move: Move, figures: JourneyFigures, most: int) -> Line:
    """To the next stage: straight on, the label in the gap."""
    place = frame.places[move.from_stage]
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


def _arcs(frame: Frame, moves: list[Move], figures: JourneyFigures, most: int) -> list[Line]:
    lanes = _lanes(frame, moves)
    leaving, arriving = defaultdict(list), defaultdict(list)
    for move in sorted(moves, key=lambda m: -abs(frame.span(m))):
        leaving[move.from_stage, frame.span(move) > 0].append(move)  # the longest nearest to the middle of a card:
        arriving[move.to_stage, frame.span(move) > 0].append(move)  # so no two cross there
    lines = []
    for move in moves:
        is_ahead = frame.span(move) > 0
        way = 1 if is_ahead else -1
        start = _port(frame, frame.places[move.from_stage], leaving[move.from_stage, is_ahead], move, way)
        end = _port(frame, frame.places[move.to_stage], arriving[move.to_stage, is_ahead], move, -way)
        is_outside = is_ahead != frame.is_wide  # the side where `across` grows
        edge, sign = (frame.across, 1) if is_outside else (0, -1)
        lane = edge + sign * frame.lane * (lanes[move] + 0.8)
        turn = lane - sign * CORNER
        thickness = _thickness(move, most)
        tip = _tip(thickness)
        label = _label(move, figures)
        label = (" · ".join(label),) if frame.is_wide else label[:1]
        halfway = frame.between((frame.places[move.from_stage] + frame.places[move.to_stage] - 1) // 2)
        x, y = (halfway, lane) if frame.is_wide else (lane, halfway)  # in a gap, where no arc ends
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
                plate=plate_width(label[0]),
                told=_told(move, figures),
            )
        )
    return lines


def _port(frame: Frame, place: int, moves: list[Move], move: Move, way: int) -> float:
    """Where an arc touches a card: leaving beyond its middle, arriving before it, closer where there are many."""
    step = min(PORT, (frame.lengths[place] / 2 - CORNER) / len(moves))
    return frame.middle(place) + way * step * (moves.index(move) + 0.6)


def _lanes(frame: Frame, moves: list[Move]) -> dict[Move, int]:
    """A lane for every arc: short ones near the cards, no two in one lane where both pass."""
    taken: dict[tuple[bool, int], list[tuple[int, int]]] = defaultdict(list)
    lanes = {}
    for move in sorted(moves, key=lambda m: abs(frame.span(m))):
        low, high = sorted((frame.places[move.from_stage], frame.places[move.to_stage]))
        is_ahead, lane = frame.span(move) > 0, 0
        while any(low < end and start < high for start, end in taken[is_ahead, lane]):
            lane += 1
        taken[is_ahead, lane].append((low, high))
        lanes[move] = lane
    return lanes


def reach(frame: Frame, moves: list[Move]) -> tuple[float, float]:
    """How far the arcs ahead, and those back, stand out."""
    lanes = _lanes(frame, moves)
    room = 16 if frame.is_wide else frame.lane / 2
    outermost = [max((lane for move, lane in lanes.items() if (frame.span(move) > 0) == side), default=None)
                 for side in (True, False)]  # fmt: skip
    ahead, back = (0.0 if lane is None else frame.lane * (lane + 0.8) + room for lane in outermost)
    return ahead, back


def plate_width(label: str) -> float:
    """Of the ground beneath a label."""
    return 7.2 * len(label) + 8


def _thickness(move: Move, most: int) -> float:
    return THINNEST + (THICKEST - THINNEST) * move.moves / most


def _tip(thickness: float) -> float:
    return 8 + thickness * 0.7


def _arrow(frame: Frame, along: float, across: float, way: tuple[int, int], size: float) -> str:
    """A triangle with its tip at a point."""
    back_along, back_across = along - way[0] * size, across - way[1] * size
    wing = size * 0.62
    wings = [frame.at(back_along + way[1] * wing * side, back_across + way[0] * wing * side) for side in (1, -1)]
    return " ".join(point.replace(" ", ",") for point in (frame.at(along, across), *wings))


def _label(move: Move, figures: JourneyFigures) -> tuple[str, ...]:
    if not move.moves:
        return ("0",)
    lines = (number(move.moves), share(move.moves, figures.stage(move.from_stage).visits))
    return (*lines, duration(move.median_s)) if move.median_s is not None else lines


def _told(move: Move, figures: JourneyFigures) -> str:
    came, went = figures.stage(move.from_stage), figures.stage(move.to_stage)
    after = "" if move.median_s is None else f", after {duration(move.median_s)} (median)"
    declared = "" if move.is_declared else ", which the journey's map does not allow"
    part = f"{share(move.moves, came.visits)} of {number(came.visits)} visits"
    return f"From {came.name} to {went.name}: {number(move.moves)} moves, {part}{after}{declared}"
