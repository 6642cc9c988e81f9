"""Lifetime value of customers, of segments and of customers to come, and how it is spread over them."""

from clvmodels.lifetime_value.segments import segments
from clvmodels.lifetime_value.value import LifetimeValue

__all__ = ["LifetimeValue", "segments"]
