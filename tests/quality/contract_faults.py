"""Faults an author may write into the shop's contract, one each.

Put here: what is written wrongly, where the gate says so, and what it must say. Keep out: what is asked of the gate
(test_gate.py).
"""

# name -> (what stood there and what the author wrote, the path the gate names, words it must say)
FAULTS = {
    "unknown_term": (
        ("definitions/order.amount}", "definitions/order.amout}"),
        "properties.amount.authoritativeDefinitions[0].url",
        ["order.amout", "nearest 'order.amount'"],
    ),
    "identifier_without_namespace": (
        ("        customProperties: [{property: namespace, value: shop.web}]\n", ""),
        "properties.cookie.namespace",
        ["identifier.cookie_id", "{property: namespace, value: shop.customer}"],
    ),
    "unknown_cursor": (
        ("property: cursor, value: updated_at", "property: cursor, value: update_at"),
        "schema.shop_orders.cursor",
        ["'update_at'", "nearest 'updated_at'"],
    ),
    "unknown_touchpoint": (
        ("interaction.touchpoint: order_cancelled", "interaction.touchpoint: order_canceled"),
        "properties.cancelled_at.constants.interaction.touchpoint",
        ["'order_canceled'", "touchpoints.yml", "nearest 'order_cancelled'"],
    ),
    "unknown_time_zone": (
        ("required: true\n        logicalTypeOptions: {format: dd.MM.yyyy HH:mm, defaultTimezone: Europe/Berlin}",
         "required: true\n        logicalTypeOptions: {format: dd.MM.yyyy HH:mm, defaultTimezone: Europe/Berlyn}"),
        "properties.ordered_at.logicalTypeOptions.defaultTimezone",
        ["'Europe/Berlyn'", "nearest 'Europe/Berlin'"],
    ),
    "unknown_logical_type": (
        ("logicalType: number\n", "logicalType: decimal\n"),
        "properties.amount.logicalType",
        ["'decimal'", "decimal(18,2)", "number"],
    ),
    "transform_names_foreign_column": (
        ("regexp_replace(total,", "regexp_replace(totl,"),
        "properties.amount.transformLogic",
        ["'totl'", "nearest 'total'"],
    ),
    "transform_looks_at_the_clock": (
        ("transformLogic: regexp_extract(customer_no, '([1-9][0-9]*)$', 1)", "transformLogic: now()"),
        "properties.customer_no.transformLogic",
        ["now()", "landed_at"],
    ),
    "unknown_custom_property": (
        ("property: loadMode, value", "property: loadModus, value"),
        "schema.shop_orders.customProperties.loadModus",
        ["nearest 'loadMode'"],
    ),
    "two_operators": (
        ("cancelled_at < ordered_at\", mustBe: 0", "cancelled_at < ordered_at\", mustBe: 0, mustBeLessThan: 9"),
        "properties.cancelled_at.quality.cancel_before_order",
        ["2 operators", "mustBe, mustBeLessThan", "keep exactly one"],
    ),
    "sql_rule_does_not_pick_rows": (
        ("select count(*) from ${object} where cancelled_at", "select sum(1) from ${object} where cancelled_at"),
        "properties.cancelled_at.quality.cancel_before_order.query",
        ["select count(*) from ${object} where <predicate>"],
    ),
    "password_in_clear_text": (
        ('    type: local\n    path: "${C360_DATA}/shop/orders_*.csv"\n    format: csv\n    encoding: utf-8\n'
         "    customProperties:\n      - {property: readOptions, value: {delimiter: \";\", header: true}}\n",
         "    type: custom\n    location: postgresql://app:hunter2@db/shop\n    format: sql\n"),
        "servers.files.location",
        ["clear text", "${CRM_URL}"],
    ),
    "unknown_read_option": (
        ('delimiter: ";"', 'delimeter: ";"'),
        "servers.files.readOptions.delimeter",
        ["nearest 'delimiter'"],
    ),
    "delimiter_on_the_server": (
        ("    format: csv\n", "    format: csv\n    delimiter: ';'\n"),
        "servers.files.delimiter",
        ["no key of the standard", "remove"],
    ),
    "missing_owner": (
        ("members: [{username: shop-owner, role: owner}, ", "members: ["),
        "team.members",
        ["role: owner"],
    ),
    "no_classification": (
        ("{name: total, physicalName: Total, logicalType: string}",
         "{name: total, physicalName: Total, logicalType: string}\n      - {name: note, logicalType: string}"),
        "properties.note.classification",
        ["no term", "confidential"],
    ),
    "loosened_classification": (
        ("physicalName: Mail\n", "physicalName: Mail\n        classification: public\n"),
        "properties.email.classification",
        ["public", "restricted", "only tighten"],
    ),
    "column_twice": (
        ("name: newsletter\n", "name: status\n"),
        "properties.status.name",
        ["2 columns"],
    ),
    "ordinary_term_twice": (
        ("definitions/person.valid_at}", "definitions/order.status}"),
        "properties.updated_at.authoritativeDefinitions",
        ["order.status", "as does status"],
    ),
    "slot_without_touchpoint": (
        ("          interaction.touchpoint: order_placed\n", ""),
        "properties.ordered_at",
        ["slot without a touchpoint", "constants"],
    ),
    "constant_is_no_term": (
        ("consent.purpose: marketing", "consent.purpos: marketing"),
        "schema.shop_orders.constants.consent.purpos",
        ["nearest 'consent.purpose'"],
    ),
    "constant_out_of_domain": (
        ("interaction.initiator: customer", "interaction.initiator: client"),
        "schema.shop_orders.constants.interaction.initiator",
        ["'client'", "company, customer"],
    ),
    "append_without_key": (
        ("        primaryKey: true\n", ""),
        "schema.shop_orders.loadMode",
        ["no primary key", "description.limitations"],
    ),
    "strange_date_format": (
        ("required: true\n        logicalTypeOptions: {format: dd.MM.yyyy HH:mm,",
         "required: true\n        logicalTypeOptions: {format: \"%d.%m.%Y\","),
        "properties.ordered_at.logicalTypeOptions.format",
        ["Java pattern", "dd.MM.yyyy HH:mm"],
    ),
    "sla_of_unknown_column": (
        ("unit: h, element: shop_orders.ordered_at}", "unit: h, element: shop_orders.order_at}"),
        "slaProperties.freshness.element",
        ["shop_orders.<column>", "nearest 'ordered_at'"],
    ),
    "json_path_on_csv": (
        ("physicalName: Mail\n", "physicalName: $.mail\n"),
        "properties.email.physicalName",
        ["JSON path", "csv"],
    ),
    "definition_on_the_web": (
        ("{type: term, url: definitions/order.status}", "{type: definition, url: definitions/order.status}"),
        "properties.status.authoritativeDefinitions[0].type",
        ["write term"],
    ),
    "unknown_key": (
        ("status: active\n", "status: active\nowner: me\n"),
        "owner",
        ["no key of the standard"],
    ),
    "version_is_a_number": (
        ("version: 1.0.0", "version: 1.0"),
        "version",
        ["float", "string"],
    ),
    "key_given_twice_in_yaml": (
        ("domain: sales\n", "domain: sales\ndomain: shop\n"),
        "line 8",
        ["'domain'", "twice"],
    ),
    "mapping_to_unknown_value": (
        ("        authoritativeDefinitions: [{type: term, url: definitions/consent.granted}]",
         "        authoritativeDefinitions: [{type: term, url: definitions/consent.granted}]\n"
         "        customProperties: [{property: valueMapping, value: {J: 'yes'}}]"),
        "properties.newsletter.valueMapping.J",
        ["'yes'", "true or false"],
    ),
    "transform_with_subquery": (
        ("transformLogic: regexp_extract(customer_no, '([1-9][0-9]*)$', 1)",
         "transformLogic: (select max(customer_no) from other)"),
        "properties.customer_no.transformLogic",
        ["subquery", "this row"],
    ),
    "rule_that_cannot_run": (
        ("- {id: no_cancel_token, metric: missingValues, arguments: {missingValues: [\"0\", \"-\"]}",
         "- {id: no_cancel_token, metric: invalidValues, arguments: {}"),
        "properties.cancelled_at.quality.no_cancel_token.arguments",
        ["pattern or validValues"],
    ),
    "limit_of_an_unknown_watch": (
        ("metric: rowCount, mustBeGreaterThan: 0,",
         "type: custom, engine: watch, implementation: rows_are_usual, mustBeLessThan: 50,"),
        "schema.shop_orders.quality.enough_orders.implementation",
        ["'rows_are_usual'", "rows_are_usual_for_their_weekday"],
    ),
    "limit_that_is_none": (
        ("metric: rowCount, mustBeGreaterThan: 0,",
         "type: custom, engine: watch, implementation: null_shares_are_usual, mustBe: 0,"),
        "schema.shop_orders.quality.enough_orders.mustBe",
        ["mustBeLessThan"],
    ),
    "lint_warning": (
        ("metric: rowCount, mustBeGreaterThan: 0,", "metric: rowCount, mustBeGreaterThan: 0, unit: percent,"),
        "schema.shop_orders.quality",
        ["datacontract lint", "unit:percent"],
    ),
}  # fmt: skip
