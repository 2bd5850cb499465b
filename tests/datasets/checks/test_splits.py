"""Images and labels that two data sets have in common, or not."""

from pathlib import Path

from nwd_mmdet.datasets.checks.image_contents import ImageContent
from nwd_mmdet.datasets.checks.splits import check_labels, check_shared_content, check_shared_names


def test_shared_names_of_files_that_may_be_the_same(tmp_path: Path) -> None:
    for folder, sizes in (('train', (5, 7, 9)), ('val', (5, 8, 9))):
        (tmp_path / folder).mkdir()
        for name, size in zip('abc', sizes):
            (tmp_path / folder / name).write_bytes(bytes(size))
    train, val = ([(name, tmp_path / folder / name) for name in 'abc'] for folder in ('train', 'val'))
    (finding,) = check_shared_names('train and val', train, val, {})
    assert (finding.count, finding.first) == (2, 'a')  # b differs in size
    read = {path: ImageContent('') for _, path in (*train, *val)}
    assert list(check_shared_names('train and val', train, val, read)) == []  # their contents are compared
    (finding,) = check_shared_names('train and val', [('b', None)], val, {})
    assert finding.count == 1
    assert list(check_shared_names('train and val', [('d', None)], val, {})) == []


def test_shared_content() -> None:
    one, two, three = map(Path, ('one', 'two', 'three'))
    contents = {one: ImageContent('', digest=b'1'), two: ImageContent('', digest=b'1'), three: ImageContent('broken')}
    (finding,) = check_shared_content('both', [one, one, three], [two, three], contents)
    assert (finding.count, finding.first) == (1, 'one and two')
    assert list(check_shared_content('both', [three], [three], contents)) == []


def test_labels() -> None:
    assert list(check_labels('both', ['ship', 'buoy'], ['ship', 'buoy'])) == []
    (finding,) = check_labels('both', ['ship', 'buoy', 'pier'], ['buoy', 'ship'])
    assert finding.count == 3 and "label 0 is 'ship' and 'buoy'" in finding.first
