"""Contracts: what a run asks of its own, the question of a renewal, and the watch over all of them."""
