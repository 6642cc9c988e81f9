"""Every customer's scores in one table, in memory or from file to file."""

from clvmodels.scoring.batches import score
from clvmodels.scoring.scorer import QUANTITIES, Scorer

__all__ = ["QUANTITIES", "Scorer", "score"]
