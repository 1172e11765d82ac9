"""What code decides the bits of a block: this package's sources, and a user's own classes and functions.

A user's code is followed from what is measured: its class and all that it inherits, each function that they name, in
their own module or another of the user's, and the constants that these use, as they are when the run begins. What is
not seen: code that is only found while it runs (``getattr`` with a computed name, ``eval``, a file that is read), and
what compiled extensions do. Installed packages count by their versions, the standard library by Python's.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib.util
import re
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

DISTRIBUTION = "vanishing-curvature"
"""Name under which this package is installed."""

_SAMPLER = ("montecarlo", "theory/ensembles")
"""The sources that draw and measure."""
_ROOT = Path(__file__).parents[2]
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@cache
def package() -> str:
    """Return this package's version, with a digest of the sources that draw and measure.

    Examples
    --------
    >>> package() == package(), package().endswith(")")
    (True, True)
    """
    try:
        release = version(DISTRIBUTION)
    except PackageNotFoundError:
        release = "not installed"
    return f"{release} (sources {digest_of_sources(*_SAMPLER)})"


def digest_of_sources(*folders: str) -> str:
    """Return a digest of this package's sources in some folders, their names and contents.

    Parameters
    ----------
    *folders : str
        The folders, from the root of the sources, e.g. ``"theory/ensembles"``.

    Examples
    --------
    >>> len(digest_of_sources("theory", "montecarlo"))
    16
    """
    content = hashlib.sha256()
    for folder in folders:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            content.update(f"{path.relative_to(_ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


def own_code(*things: object) -> str:
    """Return a digest of the code of all of a user's classes and functions that things use, with their names.

    Parameters
    ----------
    *things : object
        What is drawn and measured: observables, laws, engines.

    Returns
    -------
    str
        Empty if all of them are this package's own.

    Examples
    --------
    >>> from theory.ensembles import Law
    >>> own_code(Law.named("normal"))
    ''
    """
    reader = _Reader()
    text = "\n".join(map(reader.told, things))
    if not reader.own:
        return ""
    used = " ".join(f"{name}=={number}" for name, number in sorted(reader.libraries.items()))
    digest = hashlib.sha256(f"{text}\n{used}".encode()).hexdigest()[:16]
    return f"{digest} ({', '.join(reader.own)})"


def told_apart(*things: object) -> str:
    """Return a text of all that things hold and do, whatever they compare as: what differs in it is not the same.

    Parameters
    ----------
    *things : object
        What is drawn and measured.

    Examples
    --------
    >>> from fractions import Fraction
    >>> told_apart(1) == told_apart(Fraction(1)), 1 == Fraction(1)
    (False, True)
    """
    return ", ".join(map(_Reader().told, things))


class _Reader:
    """Tells all that things are made of in a text, which is the same in every process, and in which each comes once."""

    def __init__(self) -> None:
        self.own: dict[str, None] = {}
        self._within = 0
        self.libraries: dict[str, str] = {}
        self._seen: dict[
            tuple[int, frozenset[str]], tuple[int, object]
        ] = {}  # the object is kept, so that its id stays its own

    def told(self, thing: Any, used: frozenset[str] = frozenset()) -> str:
        """Return the text of a thing; of a module only the names that are used."""
        match thing:
            case None | bool() | int() | float() | complex() | str() | bytes() | types.EllipsisType():
                return repr(thing)
            case np.generic():
                return repr(thing)
            case types.BuiltinFunctionType() | np.ufunc():
                return str(thing.__name__)
            case types.CodeType():  # which of the constants in code are one object depends on how it was loaded
                return self._code(thing, None)
            case tuple() if type(thing) is tuple:
                return f"({self._all(thing)})"
            case frozenset():
                return f"frozenset({self._all(sorted(thing, key=repr))})"
        key = (id(thing), used if isinstance(thing, types.ModuleType) else frozenset[str]())
        if key in self._seen:
            return f"<{self._seen[key][0]}>"
        self._seen[key] = (len(self._seen), thing)
        match thing:
            case types.ModuleType():
                return self._module(thing, used)
            case types.FunctionType():
                return self._function(thing)
            case type():
                return self._class(thing)
            case types.MethodType():
                return f"{self.told(thing.__func__)} of {self.told(thing.__self__)}"
            case staticmethod() | classmethod():
                return f"{type(thing).__name__} {self.told(thing.__func__)}"
            case property():
                return f"property {self._all((thing.fget, thing.fset, thing.fdel))}"
            case functools.partial():
                return f"partial {self._all((thing.func, thing.args, thing.keywords))}"
            case functools.cached_property():
                return f"cached {self.told(thing.func)}"
            case np.ndarray() if not thing.dtype.hasobject:
                content = hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()
                return f"array({thing.dtype.str}, {thing.shape}, {content})"
            case list() | tuple():
                return f"{type(thing).__name__}({self._all(thing)})"
            case set():
                return f"set({self._all(sorted(thing, key=repr))})"
            case dict():
                return f"{type(thing).__name__}({self._all(part for pair in thing.items() for part in pair)})"
        return self._instance(thing)

    def _all(self, things: Iterable[Any]) -> str:
        return ", ".join(map(self.told, things))

    def _module(self, module: types.ModuleType, used: frozenset[str]) -> str:
        if self._is_known(module.__name__):
            return module.__name__
        found = (self.told(vars(module)[name], used) for name in sorted(used & set(vars(module))))
        return f"{module.__name__}({', '.join(found)})"

    def _function(self, function: types.FunctionType) -> str:
        name = f"{function.__module__}.{function.__qualname__}"
        if self._is_known(function.__module__):
            return name
        with self._entered(function):
            return self._function_of_the_users(function)

    def _function_of_the_users(self, function: types.FunctionType) -> str:
        code, names = self._code(function.__code__, function.__doc__), _names(function.__code__)
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_full(cell)]
        parts = [function.__defaults__, function.__kwdefaults__, cells]
        named = {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}
        told = [*map(self.told, parts), *(f"{name}={self.told(value, names)}" for name, value in named.items())]
        package = function.__globals__.get("__package__")
        told += [f"{name}={_sources(name, package)}" for name in sorted(_imports(function.__code__))]
        return f"function {code} {' '.join(told)}"

    def _code(self, code: types.CodeType, doc: str | None) -> str:
        constants = code.co_consts[1:] if doc is not None and code.co_consts[:1] == (doc,) else code.co_consts
        table = getattr(code, "co_exceptiontable", b"")
        return f"({code.co_code.hex()} {table.hex()} {code.co_names} {self._all(constants)})"

    def _class(self, kind: type) -> str:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if self._is_known(kind.__module__):
            return name
        with self._entered(kind):
            return self._class_of_the_users(kind)

    def _class_of_the_users(self, kind: type) -> str:
        own = {key: value for key, value in vars(kind).items() if not _is_bookkeeping(key, value)}
        bases = self._all(kind.__bases__)
        return f"class {kind.__qualname__}({bases}) {' '.join(f'{key}={self.told(own[key])}' for key in sorted(own))}"

    def _instance(self, thing: Any) -> str:
        kind = type(thing)
        head = self.told(kind)
        known = self._is_known(kind.__module__)
        if is_dataclass(kind):
            names = [field.name for field in fields(kind)]
            more = [] if known else [name for name in _held(thing) if name not in names]
            held = ((name, self.told(getattr(thing, name))) for name in names + more)
            return f"{head}({', '.join(f'{name}={told}' for name, told in held)})"
        if not known and hasattr(thing, "__dict__"):
            return f"{head}({self.told(vars(thing))}{self._slots(thing)})"
        if not known and (slots := self._slots(thing)):
            return f"{head}({slots})"
        if wrapped := getattr(thing, "__wrapped__", None):  # a function with a cache
            return f"{head}({self.told(wrapped)})"
        return f"{head}({_ADDRESS.sub('', repr(thing))})"

    def _slots(self, thing: Any) -> str:
        found = (name for name in _slot_names(type(thing)) if hasattr(thing, name))
        return "".join(f" {name}={self.told(getattr(thing, name))}" for name in found)

    @contextmanager
    def _entered(self, thing: type | types.FunctionType) -> Iterator[None]:
        """Remember the name of what is measured, not of what it uses; a method goes by its class."""
        if not self._within:
            self.own.setdefault(thing.__qualname__.partition(".")[0])
        self._within += 1
        yield
        self._within -= 1

    def _is_known(self, module: str | None) -> bool:
        """Whether a module counts by its version: it is not the user's own."""
        name = module or "builtins"
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or f"{name}.".startswith(("montecarlo.", "theory.ensembles.")):
            return True
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None or not file.startswith(_INSTALLED):
            return False
        self.libraries[top] = str(getattr(sys.modules.get(top), "__version__", "unknown"))
        return True


def _slot_names(kind: type) -> Iterator[str]:
    """Yield the names under which objects of a class hold what is not in their dictionaries."""
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                hidden = name.startswith("__") and not name.endswith("__")
                yield f"_{base.__name__.lstrip('_')}{name}" if hidden else name


def _held(thing: object) -> list[str]:
    """Return what an object was given beside its class, but for what it can compute again."""
    kind = type(thing)
    names = [*getattr(thing, "__dict__", ()), *(name for name in _slot_names(kind) if hasattr(thing, name))]
    return [name for name in names if not isinstance(getattr(kind, name, None), functools.cached_property)]


def _names(code: types.CodeType) -> frozenset[str]:
    """Return all names that a function uses, in the functions within it, too."""
    nested = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return frozenset(code.co_names).union(*map(_names, nested))


def _imports(code: types.CodeType) -> frozenset[str]:
    """Return the modules that a function imports when it is called, and functions within it, too."""
    nested = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    found = (step.argval for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME")
    return frozenset(found).union(*map(_imports, nested))


def _sources(module: str, package: str | None) -> str:
    """Return a digest of the file of a user's module, or of all files of a package, without importing it."""
    content = hashlib.sha256()
    for name in (module.partition(".")[0], f"{package}.{module}" if package else ""):
        with suppress(ImportError, ValueError, AttributeError):
            spec = importlib.util.find_spec(name) if name and name not in sys.stdlib_module_names else None
            if spec is None or spec.origin is None or spec.origin.startswith(_INSTALLED):
                continue
            folders = spec.submodule_search_locations or ()
            for path in sorted(
                {Path(spec.origin), *(path for folder in folders for path in Path(folder).rglob("*.py"))}
            ):
                content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


def _is_full(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _is_bookkeeping(name: str, value: object) -> bool:
    """Whether Python, or dataclasses, keep this in a class beside what was written there."""
    dunder = name.startswith("__") and name.endswith("__")
    return name == "_abc_impl" or (dunder and not isinstance(value, types.FunctionType))
