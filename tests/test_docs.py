"""What the documentation says can be run."""

import re
from pathlib import Path

import mmdet
import pytest
import yaml
from conftest import ROOT
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config

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


@pytest.mark.parametrize('number', range(len(blocks('docs/overlaps.md', 'python'))))
def test_overlap_examples_run(number: int) -> None:
    known = dict(OVERLAPS)
    try:
        exec(blocks('docs/overlaps.md', 'python')[number], {})
    finally:
        OVERLAPS.clear()
        OVERLAPS.update(known)


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
