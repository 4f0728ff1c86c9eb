"""escriba: a static blog generator with exactly reproducible char-LSTM samples in its posts.

For programs and notebooks: `escriba.load`, `escriba.train` (docs/python.md). They are imported when
they are first asked for.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from escriba.api import EscribaError, Model, Sample, States, load, train
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            problem = f"module 'escriba' has no attribute '{name}'"
            raise AttributeError(problem)
        from escriba import api

        return getattr(api, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = ["EscribaError", "Model", "Sample", "States", "load", "train"]
