"""What the documentation says can be run."""

import ast
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from coco_data import entry, write_set
from conftest import ROOT
from mmcv.transforms import Compose
from mmdet.registry import DATASETS, METRICS, MODELS, TASK_UTILS
from mmdet.utils import register_all_modules
from trained_demo import train_demo
from voc_data import write_devkit, write_image

from nwd_mmdet.__main__ import COMMANDS, help_text, main
from nwd_mmdet.config import load_config
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


def write_own_data(folder: Path) -> None:
    """What the page has in ``data/``, drawn."""
    write_devkit(folder / 'VOC2007')
    for split in ('trainval', 'test'):
        (folder / f'VOC2007/ImageSets/Main/{split}.txt').write_text('a\nb\n')
    annotations = [entry(1, 5, 6, 7, 8) | {'image_id': number} for number in range(1, 6)]
    write_set(folder / 'tiny', ['boat', 'buoy'], '../instances.json', annotations, 'images', images=5)
    for split in ('train', 'val'):
        write_set(folder / 'hituav', ['Person'], f'{split}.json', annotations, f'images/{split}', images=5)
    (folder / 'cars').mkdir()
    (folder / 'cars/aerial.names').write_text('car\ntruck\n')
    for name in 'abcde':
        write_image(folder / 'cars', f'{name}.jpg')
        (folder / f'cars/{name}.txt').write_text('1 0.5 0.5 0.2 0.2\n')


def test_the_way_from_files_to_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block leads to data sets that can be trained on, typed as it stands."""
    register_all_modules()
    write_own_data(tmp_path / 'data')
    monkeypatch.chdir(tmp_path)
    page = (ROOT / 'docs/datasets.md').read_text().partition('## Your own data')[2].partition('### Check')[0]
    typed = re.findall(r'^```bash\n(.*?)^```', page, re.DOTALL | re.MULTILINE)
    for block in typed:
        for words in map(shlex.split, block.splitlines()):
            if words[0] == 'export':
                for name, value in (word.split('=') for word in words[1:]):
                    monkeypatch.setenv(name, value)
            else:
                monkeypatch.setattr('sys.argv', words)
                main()
        config = load_config('nwd_mmdet::own/faster-rcnn_r18-small_fpn_rpn-nwd_anchor2_own.py')
        for split in ('train', 'val'):
            assert len(DATASETS.build(config[f'{split}_dataloader'].dataset)), block
        assert config.nwd_constant > 1
    assert len(typed) == 5


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


def test_the_first_commands_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    commands = blocks('README.md', 'bash')[0].splitlines()
    (command,) = (line.partition('#')[0] for line in commands if line.startswith('nwd-mmdet enable'))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr('sys.argv', shlex.split(command))
    main()
    (report,), (code,) = blocks('README.md', 'text'), blocks('README.md', 'python')
    assert capsys.readouterr().out.startswith(report)
    written = (tmp_path / 'mine.py').read_text()
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(written))
    assert written.splitlines()[-1] and 'nwd-mmdet train mine.py' in commands


def test_metafiles_list_every_config_once() -> None:
    metafiles = [yaml.safe_load(path.read_text()) for path in ROOT.glob('configs/*/metafile.yml')]
    listed = [{model['Config'] for model in metafile['Models']} for metafile in metafiles]
    ours = sorted(config for configs in listed for config in configs if not config.startswith('mmdet::'))
    # Those for data of one's own have no results.
    experiments = set(ROOT.glob('configs/[!_]*/*.py')) - set(ROOT.glob('configs/own/*.py'))
    assert ours == sorted(str(path.relative_to(ROOT)) for path in experiments)
