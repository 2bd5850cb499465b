"""ImbalanceHook: its numbers, when it records, and that it changes nothing."""

import json
from pathlib import Path

import pytest
import torch
from detectors import DEMO, batch, build_small, read
from mmdet.registry import HOOKS, MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.runner import Runner

from nwd_mmdet.analysis.imbalance.loss_calls import LossCall
from nwd_mmdet.hooks import ImbalanceHook, sample_scalars


def test_scalars_of_hand_made_calls() -> None:
    """Two levels of one loss: three negatives, of which one is hard, and a hard positive; two images."""
    register_all_modules()
    module = MODELS.build(dict(type='CrossEntropyLoss', use_sigmoid=True))
    probabilities = torch.tensor([[0.1], [0.2]]), torch.tensor([[0.9], [0.25]])
    calls = [
        LossCall('head.loss_cls', module, probability.logit(), torch.tensor(labels), None)
        for probability, labels in zip(probabilities, ([1, 1], [1, 0]))
    ]
    scalars = sample_scalars(calls, images=2)
    losses = -torch.tensor([0.9, 0.8, 0.1, 0.25]).log()
    assert scalars == pytest.approx(
        {
            'imbalance/head.loss_cls/positives': 0.5,
            'imbalance/head.loss_cls/negatives': 1.5,
            'imbalance/head.loss_cls/positive_loss': (losses[3] / losses.sum()).item(),
            'imbalance/head.loss_cls/hard_loss': (losses[2:].sum() / losses.sum()).item(),
        }
    )
    assert sample_scalars([], images=2) == {}


class Data(torch.utils.data.Dataset):
    """Ten drawn images."""

    def __init__(self) -> None:
        self.data = batch(2)

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> dict:
        return {key: values[index % 2] for key, values in self.data.items()}


def train(work_dir: Path, hooks: list[dict]) -> tuple[dict[str, torch.Tensor], list[dict]]:
    """Weights after five steps, and what was logged."""
    torch.manual_seed(0)
    runner = Runner(
        model=build_small(DEMO),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=Data(),
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=False),
            num_workers=0,
            collate_fn=dict(type='pseudo_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
        default_hooks=dict(checkpoint=None),
        custom_hooks=hooks,
        randomness=dict(seed=0),
        log_level='ERROR',
        default_scope='mmdet',
        # By default the time in seconds, which two short trainings share, and with it the visualizer.
        experiment_name=f'{work_dir.parent.name}_{work_dir.name}',
    )
    runner.train()
    (scalars,) = work_dir.glob('*/vis_data/scalars.json') if hooks else ([None],)
    logged = [json.loads(line) for line in scalars.read_text().splitlines()] if hooks else []
    return {name: weight.clone() for name, weight in runner.model.state_dict().items()}, logged


def test_training_is_the_same_and_every_second_step_is_recorded(tmp_path: Path) -> None:
    plain, _ = train(tmp_path / 'plain', [])
    recorded, logged = train(tmp_path / 'recorded', [dict(type='ImbalanceHook', interval=2)])
    assert all(torch.equal(plain[name], recorded[name]) for name in plain)
    found = [record for record in logged if any(key.startswith('imbalance/') for key in record)]
    assert [record['step'] for record in found] == [2, 4]
    for record in found:
        rpn, rcnn = (f'imbalance/{head}.loss_cls' for head in ('rpn_head', 'roi_head.bbox_head'))
        assert 0 < record[f'{rpn}/positives'] <= 128 and record[f'{rpn}/positives'] + record[f'{rpn}/negatives'] <= 256
        assert 0 <= record[f'{rcnn}/positive_loss'] <= 1 and 0 <= record[f'{rcnn}/hard_loss'] <= 1


def test_a_config_can_name_it() -> None:
    config = read(DEMO)
    config.merge_from_dict({'custom_hooks': [dict(type='ImbalanceHook')]})
    assert HOOKS.build(Config.fromstring(config.pretty_text, '.py').custom_hooks[0]).interval == 50
    with pytest.raises(ValueError, match='interval=0'):
        ImbalanceHook(0)
