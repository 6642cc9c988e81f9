"""Plots: a table in, matplotlib Axes out. Nothing is computed here but positions and colours."""

from clvmodels.plots.lifetime_value import lifetime_value
from clvmodels.plots.reliability import reliability
from clvmodels.plots.style import theme
from clvmodels.plots.svg import to_svg
from clvmodels.plots.tracking import tracking

__all__ = ["lifetime_value", "reliability", "theme", "to_svg", "tracking"]
