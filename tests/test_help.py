"""What `help` tells."""

import re

import clvmodels


def test_the_packages_help_names_everything_public():
    words = set(re.findall(r"\w+", clvmodels.__doc__))
    assert set(clvmodels.__all__) - words == set()


def test_everything_public_is_in_all():
    assert set(clvmodels.__all__) == {*clvmodels._HOMES, *clvmodels._SUBMODULES}
