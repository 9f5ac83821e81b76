"""What PM4Py says, told as JSON; runs in an environment of its own (support/own_python.py).

Put here: all that speaks to PM4Py, and nothing of ours. Keep out: what is expected (test_pm4py.py).
    ask_pm4py.py costs FILE      FILE: [{net, paths}, …]; the cost of each path and of the empty one, per net
    ask_pm4py.py variants FILE   FILE: an XES log; {path: instances}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pm4py
from pm4py.algo.conformance.alignments.petri_net import algorithm
from pm4py.objects.log.obj import Event, Trace
from pm4py.objects.petri_net.obj import Marking, PetriNet
from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to

MOVE = 10_000  # what it takes for a move of one side alone; silent moves cost 1


def tell_costs(file: str) -> list[list[int]]:
    asked = json.loads(Path(file).read_text())
    return [[_cost(path, petri) for path in ["", *one["paths"]]] for one in asked if (petri := _petri(one["net"]))]


def tell_variants(file: str) -> dict[str, int]:
    return {">".join(path): count for path, count in pm4py.get_variants(pm4py.read_xes(file)).items()}


def _petri(net: dict) -> tuple[PetriNet, Marking, Marking]:
    """A place for each stage, one before the first and one after the last; a transition for each move."""
    petri, end = PetriNet("map"), len(net["stages"]) + 1
    places = [PetriNet.Place(f"p_{n}") for n in range(end + 1)]
    petri.places.update(places)
    moves = [*((0, stage) for stage in net["entry"]), *net["moves"], *((stage, end) for stage in net["final"])]
    for start, stage in moves:
        label = None if stage == end else net["stages"][stage - 1]
        transition = PetriNet.Transition(f"t_{start}_{stage}", label)
        petri.transitions.add(transition)
        add_arc_from_to(places[start], transition, petri)
        add_arc_from_to(transition, places[stage], petri)
    return petri, Marking({places[0]: 1}), Marking({places[end]: 1})


def _cost(path: str, petri: tuple[PetriNet, Marking, Marking]) -> int:
    trace = Trace([Event({"concept:name": stage}) for stage in path.split(">") if stage])
    aligned = algorithm.apply_trace(trace, *petri, variant=algorithm.Variants.VERSION_DIJKSTRA_LESS_MEMORY)
    return aligned["cost"] // MOVE


if __name__ == "__main__":
    answer = {"costs": tell_costs, "variants": tell_variants}[sys.argv[1]](sys.argv[2])
    print("\n" + json.dumps(answer))
