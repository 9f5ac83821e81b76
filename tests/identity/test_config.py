"""identity.yml: defaults, overrides, and errors that say what and where."""

from __future__ import annotations

import pytest
from identity_warehouse import TERMS

from identity.config import load_config
from identity.config_reader import IdentityConfigError


def test_defaults_come_from_the_terms():
    config = load_config(None, TERMS)
    assert config.strong == (
        "government_id", "customer_id", "person_id", "loyalty_number", "user_id", "email", "phone"
    )  # fmt: skip
    assert config.weak == ("device_id", "cookie_id")
    assert config.cardinality_of("loyalty_number", "shop") == 1
    assert config.cardinality_of("email", "") is None
    assert (config.fan_out["email"], config.fan_out["address"]) == (5, 10)
    assert (config.forward_days, config.look_back_days) == (90, 30)


def test_a_namespaced_limit_goes_before_the_types(configure):
    config = configure(limits={"cardinality": {"customer_id@erp": 3, "customer_id@old": None}})
    assert config.cardinality_of("customer_id", "erp") == 3
    assert config.cardinality_of("customer_id", "old") is None
    assert config.cardinality_of("customer_id", "crm") == 1


def test_given_blocklists_and_mailboxes_are_added_to_the_defaults(configure):
    config = configure(blocklist={"email": ["^shop@"]}, role_mailboxes=["Kasse"])
    assert "^shop@" in config.blocklist["email"] and len(config.blocklist["email"]) > 1
    assert "kasse" in config.role_mailboxes and "info" in config.role_mailboxes


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"limit": {}}, "'limit' is not allowed here; allowed: identifiers, limits, guard"),
        (
            {"limits": {"cardinality": {"loyalti_number": 1}}},
            "limits.cardinality: 'loyalti_number' .* nearest 'loyalty",
        ),
        ({"limits": {"fan_out": {"email": 0}}}, "limits.fan_out.email: 0 .* 1 or more, or null for unlimited"),
        ({"limits": {"fan_out": [5]}}, r"limits.fan_out: \[5\] .* mapping of <type> or <type>@<namespace>"),
        ({"identifiers": {"strong": ["device_id"]}}, "identifiers.strong: 'device_id' is not allowed here"),
        ({"stitching": {"forward_days": "90d"}}, "stitching.forward_days: '90d' .* whole number of days"),
        ({"guard": {"allow_typos": "no"}}, "guard.allow_typos: 'no' .* true, false"),
        ({"blocklist": {"email": ["("]}}, r"blocklist.email: '\(' .* a regular expression"),
        ({"survivorship": {"email": "newest"}}, "survivorship.email: 'newest' .* source_priority, most_recent, oldest"),
        ({"survivorship": {"street": "oldest"}}, "survivorship: 'street' .* default, name, address"),
        ({"normalise": {"country": "Germany"}}, "normalise.country: 'Germany' .* two capital ISO letters"),
        ({"stitching": ["x"]}, r"stitching: \['x'\] .* a mapping of forward_days"),
        ({"model": {"blocking": ["email"]}}, r"model.blocking: \['email'\] .* a list of rules, each a list of columns"),
        ({"model": {"blocking": []}}, r"model.blocking: \[\] .* a list of rules"),
        ({"model": {"blocking": [["emial"]]}}, "model.blocking: 'emial' .* nearest 'email'"),
        ({"model": {"blocking": [["left(emial, 2)"]]}}, "model.blocking: 'emial' .* nearest 'email'"),
        ({"model": {"blocking": [["left(email, 0)"]]}}, r"model.blocking: 'left\(email, 0\)' .* n from 1 to 99"),
        ({"model": {"blocking": [["email) or (1=1"]]}}, r"model.blocking: 'email\) or \(1=1' .* a column, or"),
        ({"model": {"candidates": 0}}, "model.candidates: 0 .* 1 or more"),
        ({"model": {"match": 1}}, "model.match: 1 .* a number between 0 and 1"),
        ({"model": {"match": 0.5, "review": 0.6}}, "model.review: 0.6 .* up to model.match, 0.5"),
        ({"model": {"comparisons": {"sex": False}}}, "model.comparisons: 'sex' .* first_name, family"),
        ({"model": {"comparisons": {"last_name": False}}}, "comparisons.last_name: False .* without names"),
        ({"model": {"comparisons": {"gender": True}}}, "comparisons.gender: True .* every level: same, different"),
        ({"model": {"comparisons": {"gender": {"same": 1}}}}, "comparisons.gender: .* every level: same, different"),
        (
            {"model": {"comparisons": {"gender": {"same": 0.9, "different": 0.2}}}},
            "comparisons.gender: 1.1 .* shares that add up to 1",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_place_and_remedy(configure, sections, message):
    with pytest.raises(IdentityConfigError, match=message) as refused:
        configure(**sections)
    assert "identity.yml" in str(refused.value)
