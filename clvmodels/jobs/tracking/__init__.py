"""MLflow: a run, figures and a registered model of each retraining, where a tracking server is configured."""
