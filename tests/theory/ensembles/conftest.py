"""What a refusal must look like, everywhere."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from theory.ensembles import InvalidArgument

Refusal = Callable[..., AbstractContextManager[None]]


@contextmanager
def _refusal(argument: str, shown: object, remedy: str = "") -> Iterator[None]:
    with pytest.raises(InvalidArgument) as raised:
        yield
    error = raised.value
    assert error.argument == argument
    assert str(shown) in error.problem
    assert error.remedy
    assert remedy in error.remedy
    assert str(error) == f"{argument}: {error.problem}; {error.remedy}"
    assert "\n" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


@pytest.fixture(scope="session")
def refusal() -> Refusal:
    """`with refusal(argument, shown, remedy): ...`: one line, no chained error; it names all three."""
    return _refusal
