"""What the documents show works as it stands.

Put here: examples of docs/, checked against the demo company. Keep out: the demo company itself.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from pipelines.lint import lint_company

REPOSITORY = Path(__file__).resolve().parents[2]


def example(page: str) -> str:
    return re.search(r"```yaml\n(.*?)```", (REPOSITORY / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)[1]


def test_the_documents_examples_are_faultless_in_the_demo_company(tmp_path):
    # Regression: the example journey named touchpoints no company declares.
    company = tmp_path / "demo"
    shutil.copytree(REPOSITORY / "companies" / "demo", company)
    (company / "contracts" / "fair_visits.odcs.yaml").write_text(example("add-a-source.md"), encoding="utf-8")
    (company / "journeys" / "fibre_online.yml").write_text(example("add-a-journey.md"), encoding="utf-8")
    page = (REPOSITORY / "docs" / "add-a-source.md").read_text(encoding="utf-8")
    touchpoints = yaml.safe_load((company / "touchpoints.yml").read_text(encoding="utf-8"))
    touchpoints["touchpoints"] |= yaml.safe_load(re.search(r"`(fair_visited: \{.*?\})`", page)[1])
    (company / "touchpoints.yml").write_text(yaml.safe_dump(touchpoints), encoding="utf-8")
    assert lint_company(company) == []
