"""Values of environment variables get to their places, and into no message."""

import traceback

import pytest

from clvmodels.errors import ClvError, InvalidArgument, InvalidTransactions
from clvmodels.jobs.environment import Secrets, secrets_in, without_secrets

HERE = {"A": "one", "B": "${A}", "PASSWORD_ONE": "ONE", "LONG": "one two"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}/${A}.csv", "one/one.csv"),
        ("${B}", "${A}"),
        ("$A ${}x", None),
        ("no $A, no {A}", "no $A, no {A}"),
        ("", ""),
    ],
)
def test_names_in_braces_are_filled_in_once(text, filled):
    if filled is None:
        with pytest.raises(InvalidArgument, match=r"key has \$\{\}, which names no environment variable"):
            secrets_in(text, HERE, key="key")
    else:
        assert secrets_in(text, HERE, key="key").fill(text) == filled


@pytest.mark.parametrize(("name", "state"), [("NONE", "not set"), ("EMPTY", "empty"), ("BLANK", "empty")])
def test_a_variable_that_is_not_set_is_named_with_the_key_that_needs_it(name, state):
    with pytest.raises(InvalidArgument, match=rf"^a\.key needs the environment variable {name}, which is {state}$"):
        secrets_in(f"x${{{name}}}", {"EMPTY": "", "BLANK": " \n"}, key="a.key")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("one two, one", "${LONG}, ${A}"),
        ("ONE", "${PASSWORD_ONE}"),
        ("one%20two one+two", "${LONG} ${LONG}"),
        ("neither", "neither"),
    ],
)
def test_the_longest_value_is_hidden_first_and_no_value_in_what_stands_for_another(text, hidden):
    secrets = secrets_in("${A}${PASSWORD_ONE}${LONG}", HERE, key="key")
    assert secrets.hide(text) == hidden


@pytest.mark.parametrize("value", ["it's", 'say "so"', "back\\slash", "new\nline", "ümlaut&?/#", "a", "${A}", "x "])
def test_a_value_of_any_marks_is_hidden_as_it_is_and_as_python_writes_it(value):
    secrets = Secrets({"${X}": value})
    assert secrets.hide(f"<{value}> <{value!r}>") in ("<${X}> <'${X}'>", '<${X}> <"${X}">')
    assert value not in repr(secrets)


def test_without_secrets_nothing_is_changed():
    assert Secrets().hide("one") == "one"


VALUE = "one\n two"


@pytest.mark.parametrize(
    "raised", [ValueError(f"so: {VALUE}"), ValueError(f"so:\n  {VALUE!r}"), InvalidTransactions(f"so: {VALUE}")]
)
def test_an_error_that_comes_out_leads_to_no_other(raised):
    def action():
        try:
            raise KeyError(VALUE)
        except KeyError as error:
            raise raised from error

    secrets = Secrets({"${A}": VALUE})
    with pytest.raises(ClvError, match=r"so: '?\$\{A\}'?$") as error:
        without_secrets(action, secrets, failed="failed", error=InvalidArgument)
    assert error.value.__cause__ is error.value.__context__ is None
    assert "two" not in "".join(traceback.format_exception(error.value))


def test_an_interrupted_action_is_interrupted():
    def action():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        without_secrets(action, Secrets(), failed="failed", error=InvalidArgument)
