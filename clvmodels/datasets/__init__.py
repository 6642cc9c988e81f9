"""Data to try things on: CDNOW, donations, and simulated customers whose parameters are known."""

from clvmodels.datasets.files import load_cdnow, load_cdnow_summary, load_donations
from clvmodels.models.simulators import simulate_rfm, simulate_transactions

__all__ = ["load_cdnow", "load_cdnow_summary", "load_donations", "simulate_rfm", "simulate_transactions"]
