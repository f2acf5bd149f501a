"""What kinds of sources share whose copy is one file: what a program prints, here or on another machine."""

from respaldo.sources.output.source import Expected, OutputSource, Program

__all__ = ["Expected", "OutputSource", "Program"]
