{# The datasets that supply a standard table, as SQL text: a union over all datasets, read for these alone, leaves the
   others unread. Put here: finding them by their models' names. Keep out: what they supply. #}
{% macro suppliers_of(table) %}
    {%- set prefix = table ~ '__' -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name.startswith(prefix) -%}
            {%- do found.append("'" ~ node.name[prefix | length:] ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found | sort) -}}
{% endmacro %}
