"""Statistics of training, for the visualizer."""

import contextlib
from collections.abc import Sequence
from typing import Any

import torch
from mmdet.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from nwd_mmdet.analysis.imbalance.loss_calls import LossCall, classification_samples, recorded_losses


@HOOKS.register_module()
class ImbalanceHook(Hook):
    """Write how balanced the samples of a training are into the visualizer's scalars: TensorBoard, WandB, the JSON log.

    Every ``interval`` iterations, for each classification loss of the model, by its name in the model:
    ``positives`` and ``negatives``, per image; ``positive_loss``, the share of the loss that positives have; and
    ``hard_loss``, the share of samples to whose truth the model gives less than 0.5. They come from what the loss
    modules get, so after sampling; heads that weigh samples without such a module, as ``DWHead`` does, are passed over.
    In a distributed training they are those of the first process.

    Put it into a config with ``custom_hooks = [dict(type='ImbalanceHook', interval=50)]``.

    Args:
        interval: Iterations from one record to the next.

    Raises:
        ValueError: An ``interval`` below 1.
    """

    priority = 'LOW'

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise ValueError(f'interval={interval} must be at least 1, e.g. 50 iterations')
        self.interval = interval
        self._recording = contextlib.ExitStack()
        self._calls: list[LossCall] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Record the losses of an iteration whose turn it is."""
        if is_main_process() and self.every_n_train_iters(runner, self.interval):
            model = runner.model.module if is_model_wrapper(runner.model) else runner.model
            self._calls = self._recording.enter_context(recorded_losses(model))

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Write the scalars of the iteration, if it was recorded."""
        self._recording.close()
        if self._calls:
            images = len(data_batch['data_samples']) if isinstance(data_batch, dict) else 1
            scalars = sample_scalars(self._calls, images)
            runner.visualizer.add_scalars(scalars, step=runner.iter + 1)
            self._calls = []


def sample_scalars(calls: Sequence[LossCall], images: int) -> dict[str, float]:
    """The scalars of one iteration.

    Args:
        calls: Of one iteration; those of one loss module, such as one for each level, are taken together.
        images: Number of images in the batch.

    Returns:
        ``imbalance/NAME/positives`` and so on, for each classification loss with a sample.
    """
    by_name: dict[str, list[torch.Tensor]] = {}
    for call in calls:
        samples = classification_samples(call)
        if samples is not None:
            positive, hard = samples.positive, samples.truth < 0.5
            values = [positive, ~positive, samples.loss, samples.loss * positive, samples.loss * hard]
            by_name.setdefault(call.name, []).append(torch.stack([value.double().sum() for value in values]))
    scalars = {}
    for name, parts in by_name.items():
        positives, negatives, loss, positive_loss, hard_loss = torch.stack(parts).sum(0).tolist()
        scalars[f'imbalance/{name}/positives'] = positives / images
        scalars[f'imbalance/{name}/negatives'] = negatives / images
        if loss > 0:
            scalars[f'imbalance/{name}/positive_loss'] = positive_loss / loss
            scalars[f'imbalance/{name}/hard_loss'] = hard_loss / loss
    return scalars
