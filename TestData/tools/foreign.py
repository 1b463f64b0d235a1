"""Classes of a training script that a reader has not got: pickled by the names of modules that exist only here."""

import sys
import types


def foreign(module: str):
    """Decorates a class, as if `module` had declared it."""

    def declare(cls):
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            sys.modules.setdefault(name, types.ModuleType(name))
        cls.__module__, cls.__qualname__ = module, cls.__name__
        setattr(sys.modules[module], cls.__name__, cls)
        return cls

    return declare
