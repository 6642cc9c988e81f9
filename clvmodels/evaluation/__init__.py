"""Forecasts checked on held-out data: forecasters, measures, comparison with simple baselines, a verdict in words."""
