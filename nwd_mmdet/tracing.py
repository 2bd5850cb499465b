"""Whether the operations of a call become a graph."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import torch

__all__ = ['refuse_tracing', 'traced_to_be_counted']

_counting: ContextVar[bool] = ContextVar('_counting', default=False)


def refuse_tracing() -> None:
    """Refuse to be made a graph of, which would hold the indices of the example's boxes and give them for every image.

    Raises:
        RuntimeError: Under ``torch.jit.trace``, ``torch.onnx.export`` or ``torch.export``, outside of
            :func:`traced_to_be_counted`.
    """
    exporting = getattr(torch.compiler, 'is_exporting', bool)()  # older torch has no such function
    if (exporting or torch.jit.is_tracing()) and not _counting.get():  # type: ignore[no-untyped-call]
        raise RuntimeError(
            'NMS cannot be traced or exported: which boxes it keeps depends on the data, and the graph would keep '
            'those of the example. Export the network without it, model.bbox_head(model.extract_feat(images)), and run '
            'the NMS on what it returns: docs/deployment.md'
        )


@contextlib.contextmanager
def traced_to_be_counted() -> Iterator[None]:
    """Inside, NMS lets itself be traced: into graphs whose operations are counted, and which nobody runs."""
    before = _counting.set(True)
    try:
        yield
    finally:
        _counting.reset(before)
