"""mmdet's own tools on a config with 'auto', in this process."""

import importlib.util
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from trained_demo import TrainedDemo, train_demo

from nwd_mmdet.commands.mmdet import find_tool
from nwd_mmdet.mmdet_tools import run_tool


@pytest.fixture(scope='module')
def demo(tmp_path_factory: pytest.TempPathFactory) -> TrainedDemo:
    return train_demo(tmp_path_factory.mktemp('mmdet_tools'))


@pytest.fixture
def run(demo: TrainedDemo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Run a tool in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('SYNTHETIC_ROOT', str(demo.data))

    def call(tool: str, *arguments: object) -> None:
        run_tool(find_tool(tool), [str(argument) for argument in arguments])

    return call


def test_testing_and_the_confusion_matrix_of_it(run: Callable, demo: TrainedDemo) -> None:
    run('test.py', demo.config, demo.checkpoint, '--out', 'results.pkl', '--work-dir', 'test')
    results = pickle.loads(Path('results.pkl').read_bytes())
    assert [len(result['pred_instances']['scores']) for result in results] == [50, 50]
    run('analysis_tools/confusion_matrix.py', demo.config, 'results.pkl', 'matrix')
    assert Path('matrix/confusion_matrix.png').is_file()
    run('analysis_tools/analyze_results.py', demo.config, 'results.pkl', 'cases', '--topk', '1')
    assert len(list(Path('cases').glob('*/*.png'))) == 2  # the best and the worst


def test_browsing_a_data_set(run: Callable, demo: TrainedDemo) -> None:
    run('analysis_tools/browse_dataset.py', demo.config, '--not-show', '--output-dir', 'pictures')
    assert len(list(Path('pictures').glob('*.png'))) == 4


def test_options_of_the_command_line_come_before_auto(
    run: Callable, demo: TrainedDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number needs no data, and an 'auto' is resolved like one of the file."""
    monkeypatch.setenv('SYNTHETIC_ROOT', '/nowhere')
    run('misc/print_config.py', demo.config, '--save-path', 'a/a.py', '--cfg-options', 'nwd_constant=9')
    assert Config.fromfile('a/a.py').model.rpn_head.loss_bbox.constant == 9
    monkeypatch.setenv('SYNTHETIC_ROOT', str(demo.data))
    run('misc/print_config.py', demo.trained, '--save-path', 'b/b.py', '--cfg-opt', 'nwd_constant=auto')
    assert Config.fromfile('b/b.py').model.rpn_head.loss_bbox.constant == Config.fromfile(demo.trained).nwd_constant
    monkeypatch.setenv('SYNTHETIC_ROOT', '/nowhere')
    with pytest.raises(FileNotFoundError, match=r'work_dirs/NAME/NAME\.py'):
        run('misc/print_config.py', demo.config)


def test_flops_with_nwd_nms(run: Callable, demo: TrainedDemo, capsys: pytest.CaptureFixture) -> None:
    run('analysis_tools/get_flops.py', demo.config, '--num-images', '1')
    assert 'Input shape: (128, 128)\nFlops: 0.5' in capsys.readouterr().out


def test_curves_of_a_log(run: Callable, demo: TrainedDemo) -> None:
    if 'import seaborn' in find_tool('analyze_logs').read_text():
        pytest.skip("mmdet 3.3's tool draws with seaborn")
    (log,) = demo.checkpoint.parent.glob('*/vis_data/scalars.json')
    run('analysis_tools/analyze_logs.py', 'plot_curve', log, '--keys', 'loss', '--out', 'loss.png')
    assert Path('loss.png').stat().st_size > 1000


def test_a_checkpoint_to_publish(run: Callable, demo: TrainedDemo) -> None:
    run('model_converters/publish_model.py', demo.checkpoint, 'published.pth')
    give_up = time.monotonic() + 60
    while not list(Path().glob('published-*.pth')):  # the tool does not wait for the process that renames the file
        assert time.monotonic() < give_up
        time.sleep(0.02)
    assert set(torch.load(next(Path().glob('published-*.pth')))) == {'meta', 'state_dict'}


@pytest.mark.skipif(importlib.util.find_spec('imagecorruptions') is None, reason='needs imagecorruptions')
def test_robustness(run: Callable, demo: TrainedDemo) -> None:
    options = ['model.backbone.init_cfg.type=Pretrained', 'model.backbone.init_cfg.checkpoint=none']
    options += ['test_evaluator.type=CocoMetric', 'dataset_type=CocoDataset']
    arguments = ['--out', 'out.pkl', '--corruptions', 'gaussian_noise', '--severities', '1', '--work-dir', 'test']
    run('test_robustness', demo.config, demo.checkpoint, *arguments, '--cfg-options', *options)
    results = pickle.loads(Path('out_results.pkl').read_bytes())
    assert 'coco/bbox_mAP' in results['gaussian_noise'][1]


@pytest.mark.parametrize(
    ('tool', 'package'), [('dataset_converters/lvis2ovd.py', 'jsonlines'), ('analysis_tools/benchmark.py', 'psutil')]
)
def test_a_package_that_is_missing_is_named(tool: str, package: str, run: Callable) -> None:
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f'{package} is installed')
    with pytest.raises(SystemExit, match=f"{Path(tool).name} needs the Python package '{package}'"):
        run(tool, '--help')


def test_help_is_that_of_the_tool(run: Callable, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run('dataset_converters/images2coco.py', '--help')
    assert capsys.readouterr().out.startswith('usage: images2coco.py')


def test_converters_run(run: Callable, demo: TrainedDemo) -> None:
    Path('classes.txt').write_text('ship\n')
    run('dataset_converters/images2coco.py', demo.data / 'val', 'classes.txt', 'images.json')
    assert len(json.loads((demo.data / 'annotations/images.json').read_text())['images']) == 2
