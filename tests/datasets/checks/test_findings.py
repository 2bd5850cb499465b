"""What a finding says, to people and to scripts."""

import json

from nwd_mmdet.datasets.checks.findings import Check, Fate, Finding, Level, Reader, Report, SetSize

CHECK = Check('wet', 'boxes under water', Fate(Level.HINT, 'nothing'), 'dry them', Fate(Level.LOSS, 'they drown'))


def test_what_happens_depends_on_the_class_that_reads() -> None:
    assert CHECK.fate_in(Reader.CHECKED) == CHECK.fate
    assert CHECK.fate_in(Reader.COCO) == CHECK.in_coco
    assert CHECK.fate_in(Reader.UNKNOWN) == Fate(Level.HINT, 'CheckedCocoDataset: nothing; CocoDataset: they drown')
    assert CHECK.fate_in(Reader.OTHER).level is Level.HINT


def test_a_report_has_errors_first() -> None:
    error = Finding(CHECK, 'a.json', 1200, 'box 1', Fate(Level.ERROR, 'it ends'))
    report = Report([Finding(CHECK, 'b.json', 1, 'box 2', CHECK.fate), error], [SetSize('train: a.json', 9, 8, 7, 5)])
    assert report.errors == [error]
    text = report.text()
    assert text.startswith('train: a.json: 8 of 9 images, 5 of 7 boxes (2 left out)\n\nERROR: boxes under water: 1,200')
    assert text.endswith('ERROR: 1, left out: 0, hint: 1')
    content = json.loads(json.dumps(report.to_json()))
    assert content['errors'] == 1 and [f['level'] for f in content['findings']] == ['error', 'hint']
    assert content['findings'][0]['count'] == 1200 and content['sets'][0]['boxes_used'] == 5
    assert str(error) == 'a.json: boxes under water: 1,200, first: box 1. In training: it ends. Remedy: dry them.'
