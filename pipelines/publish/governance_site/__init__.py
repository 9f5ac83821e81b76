"""The governance site: what there is, what it means, where it comes from, whether it kept its promises."""
