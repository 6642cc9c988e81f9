"""From any low-dimensional PyMC model to draws of its posterior: importance sampling, NUTS, or the mode alone."""
