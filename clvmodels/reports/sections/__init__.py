"""The report's sections: each a function of values that returns a `Section`."""
