"""What mmengine saves loads under torch.load's safe default, and nothing else that could do harm."""

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner, load_checkpoint
from mmengine.utils import digit_version

from nwd_mmdet.stack import checkpoints
from nwd_mmdet.stack.checkpoints import RefusedCheckpoint, allow_mmengine_globals, refuse_code

pytestmark = pytest.mark.skipif(
    digit_version(torch.__version__) < digit_version('2.6'), reason='torch.load is not safe by default before 2.6'
)


class Line(BaseModel):
    """y = ax + b."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> dict:
        return dict(loss=(self.layer(inputs) - 2 * inputs).square().mean())


class Asks:
    """An object whose pickle gets an attribute, which is how a harmful one gets hold of a function."""

    def __init__(self, owner: type, name: str) -> None:
        self.request = owner, name

    def __reduce__(self) -> tuple[Callable, tuple]:
        return getattr, self.request


@pytest.fixture(autouse=True)
def empty_list() -> Iterator[None]:
    """Begin without safe globals beyond torch's own, and put back those of before."""
    before = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    yield
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(before)


@pytest.fixture(scope='module', params=['EpochBasedTrainLoop', 'IterBasedTrainLoop'])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of two steps of training, written by mmengine's runner."""
    by_epoch = request.param == 'EpochBasedTrainLoop'
    folder = tmp_path_factory.mktemp(request.param)
    checkpoint = dict(type='CheckpointHook', interval=1, by_epoch=by_epoch)
    Runner(
        model=Line(),
        work_dir=str(folder),
        train_dataloader=dict(dataset=[torch.ones(1), torch.zeros(1)], sampler=dict(type='DefaultSampler')),
        train_cfg=dict(type=request.param, **({'max_epochs': 1} if by_epoch else {'max_iters': 2})),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.01)),
        param_scheduler=dict(type='CosineAnnealingLR', by_epoch=by_epoch, T_max=2),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1), checkpoint=checkpoint),
        experiment_name=request.param,
        default_scope='mmdet',  # it outlasts the runner; with its own default, tests after this one find no mmdet
        log_level='ERROR',
    ).train()
    return Path((folder / 'last_checkpoint').read_text())


def test_loads_with_the_safe_default(checkpoint: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match='HistoryBuffer|getattr'):
        torch.load(checkpoint)
    allow_mmengine_globals()
    loaded = torch.load(checkpoint)
    trusted = torch.load(checkpoint, weights_only=False)
    loss, expected = (each['message_hub']['log_scalars']['train/loss'] for each in (loaded, trusted))
    assert len(loss.data[0]) == 2
    np.testing.assert_array_equal(loss.data, expected.data)
    assert loss.statistics('mean') == expected.mean()
    assert loaded['optimizer']['state'][0]['step'] == 2


def test_stays_allowed_after_mmengine_loads(checkpoint: Path) -> None:
    allow_mmengine_globals()
    load_checkpoint(Line(), str(checkpoint))  # onedl-mmengine takes its own safe globals off the list afterwards
    torch.load(checkpoint)


@pytest.mark.parametrize('module', ['numpy.core', 'numpy._core'], ids=['saved with NumPy 1', 'saved with NumPy 2'])
def test_numpy_of_either_generation(module: str, tmp_path: Path) -> None:
    values = dict(
        best=np.float64(0.4),
        count=np.int64(3),
        flag=np.bool_(True),
        palette=np.arange(6, dtype=np.uint8).reshape(2, 3),
        names=np.array(['ship', 'vehicle']),
    )
    torch.save(values, tmp_path / 'here.pth', _use_new_zipfile_serialization=False)
    here = np.empty(0).__reduce__()[0].__module__.removesuffix('.multiarray').encode()
    saved = (tmp_path / 'here.pth').read_bytes()
    assert here in saved
    (tmp_path / 'there.pth').write_bytes(saved.replace(here + b'.', module.encode() + b'.'))
    allow_mmengine_globals()
    loaded = torch.load(tmp_path / 'there.pth')
    for name, value in values.items():
        np.testing.assert_array_equal(loaded[name], value)


@pytest.mark.parametrize(
    ('owner', 'name'),
    [(np.ndarray, 'tofile'), (HistoryBuffer, '__init__'), (HistoryBuffer, 'register_statistics')],
)
def test_getattr_serves_for_nothing_else(owner: type, name: str, tmp_path: Path) -> None:
    allow_mmengine_globals()
    torch.save(Asks(owner, name), tmp_path / 'harmful.pth')
    with pytest.raises(Exception, match=f"may not ask for attribute '{name}'"):
        torch.load(tmp_path / 'harmful.pth')


class Payload:
    """A pickle that calls a function while it is loaded: here, one that makes a file."""

    def __init__(self, function: Callable, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable, tuple]:
        return self.call


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    return tmp_path / 'victim'


def payloads(victim: Path) -> dict[str, object]:
    return {
        'system': Payload(os.system, f'touch {victim}'),
        'open': Payload(open, str(victim), 'w'),
        'exec': Payload(exec, f"open({str(victim)!r}, 'w')"),
        'getattr': Payload(getattr, Path, 'home'),
        'beside weights': {'state_dict': {'layer.bias': torch.zeros(1)}, 'meta': Payload(os.system, f'touch {victim}')},
    }


@pytest.mark.parametrize('form', payloads(Path()))
@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'old format'])
def test_what_runs_code_is_refused_and_named(form: str, zipped: bool, victim: Path, tmp_path: Path) -> None:
    allow_mmengine_globals()
    refuse_code()
    torch.save(payloads(victim)[form], tmp_path / 'a.pth', _use_new_zipfile_serialization=zipped)
    with pytest.raises(RefusedCheckpoint, match=r'a\.pth was not loaded: .*(--trust-checkpoint|more than data)'):
        load_checkpoint(Line(), str(tmp_path / 'a.pth'))
    assert not victim.exists()


def test_trusted_checkpoints_run(victim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_code()
    torch.save(payloads(victim)['beside weights'], tmp_path / 'a.pth')
    monkeypatch.setattr(checkpoints, '_trusted', False)
    checkpoints.trust()
    load_checkpoint(Line(), str(tmp_path / 'a.pth'))
    assert victim.exists()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'cannot be read as a checkpoint: '),
        (b'no checkpoint at all', 'was not loaded: it is no checkpoint'),
        ({'meta': {}, 'state_dict': {}}, 'holds no weights'),
        ({'meta': {'epoch': 3}}, 'holds no weights'),
        ([torch.zeros(1)], 'holds no weights'),
    ],
    ids=['empty', 'text', 'no tensors', 'meta alone', 'a list'],
)
def test_what_is_no_checkpoint_is_named(content: object, message: str, tmp_path: Path) -> None:
    refuse_code()
    path = tmp_path / 'a.pth'
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(RefusedCheckpoint, match=f'a.pth {message}'):
        load_checkpoint(Line(), str(path))


def test_a_cut_checkpoint_is_named(checkpoint: Path, tmp_path: Path) -> None:
    allow_mmengine_globals()
    refuse_code()
    whole = checkpoint.read_bytes()
    (tmp_path / 'cut.pth').write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefusedCheckpoint, match='cut.pth cannot be read as a checkpoint'):
        load_checkpoint(Line(), str(tmp_path / 'cut.pth'))


def test_weights_by_other_names_load(tmp_path: Path) -> None:
    refuse_code()
    for content in (Line().state_dict(), {'model': Line().state_dict()}):
        torch.save(content, tmp_path / 'a.pth')
        load_checkpoint(Line(), str(tmp_path / 'a.pth'))
