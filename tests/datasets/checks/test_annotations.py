"""Every defect of annotations, as the checks find it and as mmdet's and this package's data sets really take it."""

import copy
from pathlib import Path

import pytest
from broken_data import CLASSES, DEFECTS, Defect, good, instances, write

from nwd_mmdet.datasets.checks.annotations import BadAnnotations, check_annotations, refuse_or_tell
from nwd_mmdet.datasets.checks.boxes import handed_on
from nwd_mmdet.datasets.checks.classes import check_objects
from nwd_mmdet.datasets.checks.columns import CocoColumns
from nwd_mmdet.datasets.checks.data_sets import read_columns
from nwd_mmdet.datasets.checks.findings import Finding, Level, Reader

READERS = {'CocoDataset': Reader.COCO, 'CheckedCocoDataset': Reader.CHECKED}


def found(columns: CocoColumns, reader: Reader) -> list[Finding]:
    kept = handed_on(columns, CLASSES, reader)
    return [*check_annotations(columns, CLASSES, reader), *check_objects(columns, kept, reader)]


@pytest.mark.parametrize('reader', Reader)
def test_nothing_is_wrong_with_good_annotations(reader: Reader) -> None:
    assert found(CocoColumns.of(good(), 'good.json'), reader) == []


@pytest.mark.parametrize('kind', READERS)
@pytest.mark.parametrize('defect', DEFECTS, ids=lambda defect: defect.key)
def test_what_is_said_of_a_defect_is_what_happens(defect: Defect, kind: str, tmp_path: Path) -> None:
    content = copy.deepcopy(good())
    defect.change(content)
    path, reader = write(tmp_path / 'a.json', content), READERS[kind]
    columns = read_columns(path)
    findings = {finding.check.key: finding for finding in found(columns, reader)}
    assert findings[defect.key].count == 1, findings
    fate = findings[defect.key].fate
    outcome = defect.coco if kind == 'CocoDataset' else defect.checked
    if isinstance(outcome, type):
        assert fate.level is Level.ERROR
        with pytest.raises(outcome):
            instances(path, kind)
        assert kind != 'CocoDataset' or outcome.__name__ in fate.text
        return
    assert instances(path, kind) == outcome == handed_on(columns, CLASSES, reader).sum()
    left_out = outcome < len(content['annotations'])
    assert left_out == (fate.level is Level.LOSS) or fate.level is Level.ERROR or defect.key in LOST_OTHERWISE


# A box of which a part is outside is lost to one class alone; text in flags loses the object, not the box.
LOST_OTHERWISE = ('under-1-px', 'text-in-flags')


def test_errors_are_raised_and_what_is_left_out_is_told(log: list[str]) -> None:
    content = good()
    content['annotations'][0]['category_id'] = 7
    refuse_or_tell(CocoColumns.of(content, 'left_out.json'), CLASSES, Reader.COCO)
    (line,) = log
    assert 'a category that the file does not list: 1, first: annotation 10' in line and 'Remedy: ' in line
    content['annotations'][1]['bbox'] = None
    with pytest.raises(BadAnnotations, match=r'not of four numbers: 1, first: annotation 11.*bbox None'):
        refuse_or_tell(CocoColumns.of(content, 'left_out.json'), CLASSES, Reader.COCO)


def test_classes_that_are_a_text_are_no_names() -> None:
    (finding,) = check_annotations(CocoColumns.of(good(), 'a.json'), 'ship', Reader.COCO)
    assert finding.check.key == 'classes-are-text' and "classes='ship'" in finding.first
