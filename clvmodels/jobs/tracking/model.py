"""What MLflow keeps beside a logged model and runs to load it: its own "models from code"."""

# Inside the package there is nothing to do; MLflow runs a copy.
if not __package__:
    from mlflow.models import set_model  # pyright: ignore[reportMissingImports] (an extra, not always installed)

    from clvmodels.jobs.tracking.pyfunc import python_model

    set_model(python_model())
