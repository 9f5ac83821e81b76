"""What the gate says, and how its rules look at a document that may be malformed.

Put here: Problem, names of places in a document, suggestions, safe access.
Keep out: any rule (gate_*.py).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Finding = tuple[str, str]  # path inside the file, message with remedy
Findings = Iterator[Finding]
NAME = r"[a-z][a-z0-9_]*"


@dataclass(frozen=True, order=True)
class Problem:
    """One fault: which file, where in it, what is wrong and what to do."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.message}"


class StrictLoader(yaml.CSafeLoader):
    """YAML in which a key given twice is an error and a date stays text."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen and key != "<<":
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(str(key))
        return super().construct_mapping(node, deep)


StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(file: Path) -> tuple[dict[str, Any], list[Finding]]:
    """The mapping in `file`; where it cannot be read, an empty mapping and the fault."""
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=StrictLoader)
    except (OSError, UnicodeDecodeError) as fault:
        return {}, [("file", f"cannot be read ({type(fault).__name__}); write it as UTF-8 text")]
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "file"
        return {}, [(where, f"is no valid YAML: {getattr(fault, 'problem', fault)}; mend this line")]
    if not isinstance(document, dict):
        return {}, [("file", "holds no mapping; start it with `key: value` lines")]
    return document, []


def as_map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def as_maps(value: Any) -> list[dict[str, Any]]:
    return [v for v in as_list(value) if isinstance(v, dict)]


def custom_of(element: dict[str, Any]) -> dict[str, Any]:
    """An element's custom properties by name."""
    return {str(c.get("property")): c.get("value") for c in as_maps(element.get("customProperties"))}


def path_of(document: Any, elements: Sequence[str | int]) -> str:
    """`schema.shop_orders.properties.email`: list positions replaced by the names the author gave."""
    parts, here = [], document
    for element in elements:
        here = here[element] if isinstance(here, (dict, list)) else None
        if isinstance(element, int):
            named = as_map(here)
            name = next((named[k] for k in ("name", "server", "id", "property", "username") if named.get(k)), None)
            parts.append(str(name) if name else f"[{element}]")
        else:
            parts.append(str(element))
    return ".".join(parts).replace(".[", "[")


def suggest(seen: Any, allowed: Iterable[str]) -> str:
    """`; allowed: a, b; nearest 'a'`."""
    options = sorted(set(allowed))
    near = difflib.get_close_matches(str(seen), options, n=1, cutoff=0.6)
    listed = ", ".join(options[:20]) + (" …" if len(options) > 20 else "")
    return f"; allowed: {listed or 'none'}" + (f"; nearest {near[0]!r}" if near else "")
