"""Copies that people make by hand: who is asked to make them, who verifies them (activities 9 to 13)."""
