"""Everything public is documented: what it does, and for a function its parameters and an example."""

import inspect
import re

import pytest

import clvmodels


def is_ours(thing):
    """Written in this package, not brought in from a library."""
    source = thing.fget if isinstance(thing, property) else thing
    return (getattr(source, "__module__", None) or "").startswith("clvmodels")


def is_documentable(thing):
    return inspect.isclass(thing) or inspect.isroutine(thing) or isinstance(thing, property)


def held_by(owner):
    """The public functions, classes, methods and properties of ours in a module or a class."""
    names = getattr(owner, "__all__", None) or [name for name in dir(owner) if not name.startswith("_")]
    held = {name: getattr(owner, name) for name in names}
    return {name: thing for name, thing in held.items() if is_documentable(thing) and is_ours(thing)}


def everything_public():
    """All that the names of `clvmodels.__all__` lead to, by dotted name."""
    found = held_by(clvmodels)
    for name in clvmodels.__all__:
        if inspect.ismodule(module := getattr(clvmodels, name)):
            found[name] = module
            found.update({f"{name}.{inner}": thing for inner, thing in held_by(module).items()})
    for name, owner in list(found.items()):
        if inspect.isclass(owner):
            found.update({f"{name}.{inner}": thing for inner, thing in held_by(owner).items()})
    return found


def methods_of(public):
    """The names of what a class holds."""
    return {name for name in public if inspect.isclass(public.get(name.rpartition(".")[0]))}


def documentation(thing):
    """The docstring; the one that a dataclass or a named tuple makes for itself does not count."""
    text = inspect.getdoc(thing) or ""
    return "" if inspect.isclass(thing) and text.startswith(f"{thing.__name__}(") else text


PUBLIC = everything_public()
FUNCTIONS = sorted({name for name, thing in PUBLIC.items() if inspect.isfunction(thing)} - methods_of(PUBLIC))


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_has_a_docstring(name):
    assert documentation(PUBLIC[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_documents_its_parameters(name):
    text = documentation(PUBLIC[name])
    parameters = inspect.signature(PUBLIC[name]).parameters
    assert [parameter for parameter in parameters if not re.search(rf"\b{parameter}\b", text)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_shows_an_example(name):
    assert ">>> " in documentation(PUBLIC[name])
