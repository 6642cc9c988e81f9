"""One file per model: priors, the PyMC graph, and the fit; its posterior with the predictions beside it."""
