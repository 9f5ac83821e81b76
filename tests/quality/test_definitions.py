"""The vocabulary is complete, consistent, and easy to look up."""

import pytest

from quality.definitions import DefinitionError, load_definitions

STANDARD = {
    "person": "record_id full_name first_name middle_name last_name title birth_date gender marital_status email phone "
    "street city region postcode country language occupation income attribute valid_at",
    "account": "account_id name industry country registration_number parent_id size_band",
    "identifier": "email phone customer_id person_id user_id loyalty_number government_id device_id cookie_id",
    "interaction": "occurred_at touchpoint key channel is_online assisted initiator sequence session_id order_id "
    "case_id value currency cost use_case programme_id source medium campaign url attribute",
    "order": "order_id ordered_at status amount line_amount currency tax discount shipping refunded quantity "
    "product_id",
    "case": "case_id opened_at closed_at topic status priority channel cost",
    "survey": "response_id survey metric question responded_at score comment",
    "consent": "granted purpose lawful_basis channel at",
}


def test_linkable_terms_are_exactly_the_standard_terms_of_the_conventions():
    expected = {f"{entity}.{field}" for entity, fields in STANDARD.items() for field in fields.split()}
    assert set(load_definitions().linkable) == expected


def test_slots_are_the_terms_that_make_a_row_per_column():
    slots = load_definitions().slots
    assert {"interaction.occurred_at", "survey.score", "consent.granted", "identifier.device_id"} <= slots
    assert not slots & {"person.email", "person.attribute", "order.ordered_at"}


def test_identifiers_carry_the_default_limits_of_identity():
    terms = load_definitions().terms
    assert terms["identifier.loyalty_number"].cardinality == 1
    assert (terms["identifier.email"].fan_out, terms["identifier.email"].cardinality) == (5, None)
    assert terms["identifier.cookie_id"].strength == "weak"
    identifiers = [t for t in terms.values() if t.entity == "identifier" and t.linkable]
    assert all(t.strength and t.order for t in identifiers)


def test_personal_data_is_never_published_raw():
    terms = load_definitions().terms.values()
    assert [t.term for t in terms if t.pii in ("direct", "sensitive") and t.masking == "none"] == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("order.amout", "order.amount"),
        ("person.surname", "person.last_name"),
        ("person.date_of_birth", "person.birth_date"),
        ("zzz.qqq", None),
    ],
)
def test_nearest_finds_a_term_by_name_or_synonym(asked, found):
    assert load_definitions().nearest(asked) == found


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (
            "  a: {meaning: A., type: string, synonyms: [Mail]}\n    b: {meaning: B., type: string, synonyms: [mail]}",
            "x.a and x.b share the synonym 'mail'",
        ),
        ("  a: {meaning: A., type: text}", "x.a.type is 'text'; allowed: string"),
        ("  a: {meaning: A., type: string, pii: direct}", "x.a is direct personal data without masking"),
        ("  a: {meaning: A., type: string, colour: red}", "x.a: .*colour"),
        ("  a: {type: string}", "x.a: missing meaning"),
    ],
)
def test_load_definitions_refuses_a_contradiction_by_name(tmp_path, entries, said):
    file = tmp_path / "definitions.yml"
    file.write_text(f"x:\n  owner: o\n  source:\n  {entries}\n")
    with pytest.raises(DefinitionError, match=said):
        load_definitions(file)
