"""Do a detector's tasks pull with equal force? Losses, gradients and their angles, and the levels of the pyramid.

Imbalance review (Oksuz et al., "Imbalance Problems in Object Detection"), sections 5.2 and 7.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class TaskBalance:
    """Means over batches of what each loss weighs and how hard it pulls at the features that all tasks share.

    The features are the outputs of the neck, or of the backbone where there is none. Gradients are taken there and not
    at the weights before: they need no pass through the backbone, and differ by level.

    Attributes:
        batches: Number of batches added.
    """

    def __init__(self) -> None:
        self.batches = 0
        self._losses: dict[str, float] = {}
        self._gradients: dict[str, np.ndarray] = {}
        self._cosines: dict[tuple[str, str], float] = {}
        self._activations: np.ndarray | None = None

    def add(self, losses: Mapping[str, Any], features: tuple[Tensor, ...]) -> None:
        """Take one batch.

        Args:
            losses: What the model's ``loss`` returned: name → scalar, or list of them; those that no name calls a loss
                are passed over.
            features: Outputs of the neck from which they were computed, one for each level, with gradients.
        """
        tasks = {name: _total(value) for name, value in losses.items() if 'loss' in name}
        gradients = {}
        for name, loss in tasks.items():
            if loss.requires_grad:
                found = torch.autograd.grad(loss, features, retain_graph=True, allow_unused=True)
                gradients[name] = [
                    torch.zeros_like(feature) if part is None else part for feature, part in zip(features, found)
                ]
        for name, loss in tasks.items():
            self._losses[name] = self._losses.get(name, 0.0) + loss.item()
        squared = {
            name: np.array([part.double().square().sum().item() for part in parts]) for name, parts in gradients.items()
        }
        for name, values in squared.items():
            self._gradients[name] = self._gradients.get(name, 0.0) + np.sqrt(values)
        names = list(gradients)
        for index, first in enumerate(names):
            for second in names[index + 1 :]:
                dot = sum((a.double() * b.double()).sum().item() for a, b in zip(gradients[first], gradients[second]))
                scale = np.sqrt(squared[first].sum() * squared[second].sum())
                pair = first, second
                self._cosines[pair] = self._cosines.get(pair, 0.0) + (dot / scale if scale else 0.0)
        activations = np.array([feature.detach().double().square().mean().sqrt().item() for feature in features])
        self._activations = activations if self._activations is None else self._activations + activations
        self.batches += 1

    def as_dict(self) -> dict[str, Any]:
        """Means over the batches, ready for ``json.dump``.

        ``loss``: name → value. ``gradient``: name → norm of the gradient at the features of all levels.
        ``gradient_per_level``: name → norm at each level, from the finest on. ``cosine``: pairs of losses, and the
        cosine of the angle between their gradients: 1 where they agree, below 0 where one undoes the other.
        ``activation_per_level``: root mean square of the features.
        """
        count = max(self.batches, 1)
        per_level = {name: (values / count).tolist() for name, values in self._gradients.items()}
        return {
            'batches': self.batches,
            'loss': {name: value / count for name, value in self._losses.items()},
            'gradient': {name: float(np.linalg.norm(values)) for name, values in per_level.items()},
            'gradient_per_level': per_level,
            'cosine': [[first, second, value / count] for (first, second), value in self._cosines.items()],
            'activation_per_level': [] if self._activations is None else (self._activations / count).tolist(),
        }


@contextmanager
def shared_features(model: nn.Module) -> Iterator[list[tuple[Tensor, ...]]]:
    """Collect what the neck, or a backbone without one, returns while the context lasts, one tuple for each call."""
    collected: list[tuple[Tensor, ...]] = []
    part = model.get_submodule('neck' if getattr(model, 'neck', None) is not None else 'backbone')
    handle = part.register_forward_hook(
        lambda module, args, output: collected.append(tuple(output) if isinstance(output, (tuple, list)) else (output,))
    )
    try:
        yield collected
    finally:
        handle.remove()


def _total(value: Any) -> Tensor:
    return value.mean() if isinstance(value, Tensor) else sum(part.mean() for part in value)


def read_losses(scalars: Path) -> dict[str, list[tuple[int, float]]]:
    """The losses of a run: name → step and value, from mmengine's ``vis_data/scalars.json``.

    Raises:
        FileNotFoundError: No such file.
    """
    losses: dict[str, list[tuple[int, float]]] = {}
    for line in scalars.read_text(encoding='utf-8').splitlines():
        record = json.loads(line)
        for name, value in record.items():
            if name.startswith('loss_') or '.loss_' in name:
                losses.setdefault(name, []).append((int(record['step']), float(value)))
    return losses


def pace(losses: Mapping[str, list[tuple[int, float]]]) -> dict[str, list[tuple[int, float]]]:
    """How far each task is learned: its loss over its first one (the review's Figure 17 compares such falls).

    Args:
        losses: Of :func:`read_losses`. A loss that begins at 0 is left out.
    """
    return {
        name: [(step, value / values[0][1]) for step, value in values]
        for name, values in losses.items()
        if values and values[0][1] > 0
    }
