"""What the documentation says can be run."""

import re
import shlex
import shutil
from pathlib import Path

import mmdet
import pytest
import yaml
from conftest import ROOT
from mmcv.transforms import Compose
from mmdet.registry import DATASETS, METRICS, MODELS, TASK_UTILS
from mmdet.utils import register_all_modules
from mmengine.config import Config
from trained_demo import train_demo

from nwd_mmdet.__main__ import COMMANDS, help_text, main
from nwd_mmdet.datasets import find_annotations
from nwd_mmdet.overlaps import OVERLAPS

PAGES = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md'), *ROOT.glob('configs/*/README.md')])


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf'^```{language}\n(.*?)^```', (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_exist(page: Path) -> None:
    text = page.read_text()
    named = set(
        re.findall(r'(?<!/)\b(?:configs|tools|docs|tests|docker|nwd_mmdet)/[\w./-]*\.(?:py|sh|md|yml|svg)\b', text)
    )
    links = {link for link in re.findall(r'\]\(([^)#:]+?)(?:#[^)]*)?\)', text) if not link.startswith('http')}
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in links if not (page.parent / link).exists()]
    assert not missing, f'{page.name} names {missing}'


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    known = [name for names in COMMANDS.values() for name in names]
    typed = re.findall(r'\bnwd-mmdet ([a-z][\w-]*)', page.read_text())
    assert set(typed) <= set(known), f'{page.name} names a command that is none'


def test_the_page_of_commands_is_the_help() -> None:
    (block,) = blocks('docs/commands.md', 'text')
    assert block == f'{help_text()}\n'


def test_the_index_lists_every_page() -> None:
    index = ROOT / 'docs/README.md'
    listed = [(index.parent / link).resolve() for link in re.findall(r'\]\((.+?\.md)\)', index.read_text())]
    assert sorted(listed) == [page for page in PAGES if page != index]


BUILDERS = {
    'assigner': TASK_UTILS.build,
    'loss_bbox': MODELS.build,
    'test_pipeline': Compose,
    'train_pipeline': Compose,
    'val_evaluator': METRICS.build,
}


@pytest.mark.parametrize('page', ['docs/alpha_iou.md', 'docs/deployment.md', 'docs/evaluation.md', 'docs/overlaps.md'])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    register_all_modules()
    known = dict(OVERLAPS)
    try:
        for number, block in enumerate(blocks(page, 'python')):
            names: dict = {}
            exec(compile(block, f'{page}, python block {number}', 'exec'), names)
            for name in names.keys() & BUILDERS.keys():
                BUILDERS[name](names[name])
    finally:
        OVERLAPS.clear()
        OVERLAPS.update(known)


def test_inference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a detector that was trained for a step in place of the demo's."""
    pytest.importorskip('sahi')
    monkeypatch.chdir(tmp_path)
    demo = train_demo(tmp_path / 'training')
    (_, train), (_, draw_large) = (block.strip().splitlines() for block in blocks('docs/inference.md', 'bash'))
    name = Path(shlex.split(train)[2].partition('::')[2]).stem
    work_dir = tmp_path / 'work_dirs' / name
    shutil.copytree(demo.trained.parent, work_dir)
    (work_dir / demo.trained.name).rename(work_dir / f'{name}.py')
    (work_dir / demo.checkpoint.name).rename(work_dir / 'epoch_6.pth')
    shutil.copytree(demo.data, 'data/synthetic')
    monkeypatch.setattr('sys.argv', shlex.split(draw_large, comments=True))
    main()
    one, folder, slices = blocks('docs/inference.md', 'python')
    for block in (one, folder, slices.replace('confidence_threshold=0.3', 'confidence_threshold=0.1')):
        names: dict = {}
        exec(block, names)
    assert len(list(Path('found/vis').iterdir())) == len(list(Path('found/preds').iterdir())) == 2
    assert Path('slices/prediction_visual.png').is_file()
    assert max(annotation['bbox'][0] for annotation in names['annotations']) > 256


def test_the_command_that_evaluates_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks('docs/evaluation.md', 'python')[0], {})
    (command,) = blocks('docs/evaluation.md', 'bash')
    monkeypatch.setattr('sys.argv', shlex.split(command))
    main()
    assert '"AP_per_iou"' in (tmp_path / 'numbers.json').read_text()


def test_a_data_set_of_ones_own_is_one_file(tmp_path: Path) -> None:
    (block,) = (block for block in blocks('docs/datasets.md', 'python') if 'PortDataset' in block)
    try:
        exec(block, {})
        (tmp_path / 'port_train_v1.json').write_text('{}')
        assert find_annotations(tmp_path / 'port_train.json') == tmp_path / 'port_train_v1.json'
        with pytest.raises(FileNotFoundError, match='The port set is released at'):
            find_annotations(tmp_path / 'port_val.json')
    finally:
        DATASETS.module_dict.pop('PortDataset')


def test_the_lines_that_turn_nwd_on() -> None:
    (lines,) = blocks('README.md', 'python')
    register_all_modules()
    config = Config.fromfile(ROOT / 'configs/nwd/faster-rcnn_r50_fpn_1x_aitod.py')
    change = Config.fromstring(lines, '.py')
    config.merge_from_dict(change.to_dict())
    config.model.backbone.init_cfg = None
    model = MODELS.build(config.model)
    assert type(model.rpn_head.assigner).__name__ == 'NWDAssigner'
    assert model.rpn_head.assigner.pos_iou_thr == 0.7
    assert model.test_cfg.rpn.nms.type == model.train_cfg.rpn_proposal.nms.type == 'nwd_nms'


def test_the_line_for_retinanet() -> None:
    (line,) = re.findall(r'`(model = dict\(train_cfg=dict\(assigner=.*)`', (ROOT / 'README.md').read_text())
    register_all_modules()
    config = Config.fromfile(Path(mmdet.__file__).parent / '.mim/configs/_base_/models/retinanet_r50_fpn.py')
    config.merge_from_dict(Config.fromstring(line, '.py').to_dict())
    config.model.backbone.init_cfg = None
    assert type(MODELS.build(config.model).bbox_head.assigner).__name__ == 'NWDAssigner'


def test_metafiles_list_every_config_once() -> None:
    metafiles = [yaml.safe_load(path.read_text()) for path in ROOT.glob('configs/*/metafile.yml')]
    listed = [{model['Config'] for model in metafile['Models']} for metafile in metafiles]
    ours = sorted(config for configs in listed for config in configs if not config.startswith('mmdet::'))
    assert ours == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('configs/[!_]*/*.py'))
