"""The data set that converters make, and its summary."""

from nwd_mmdet.datasets.conversion import Conversion, empty_dataset


def test_ids_count_from_one_and_objects_belong_to_the_last_image() -> None:
    result = Conversion(empty_dataset('drawn', {1: 'ship', 4: 'car'}))
    result.add_image('a.png', (50, 40))
    result.add_image('b.png', (50, 40), night=1)
    result.add_object(4, [1, 2, 3, 4])
    result.add_object(1, [1, 2, 30, 30], crowd=True, difficult=1)
    assert result.dataset['images'][1] == {'id': 2, 'file_name': 'b.png', 'width': 50, 'height': 40, 'night': 1}
    assert [(a['id'], a['image_id'], a['area'], a['iscrowd']) for a in result.dataset['annotations']] == [
        (1, 2, 12, 0),
        (2, 2, 900, 1),
    ]
    lines = result.summary().splitlines()
    (row,) = (line for line in lines if ' car ' in line)
    assert row.split('|')[2:5] == [' 1       ', ' 0        ', ' 1        ']
    assert [line.split('|')[2].strip() for line in lines if ' ship ' in line or ' all ' in line] == ['0', '1']


def test_the_first_example_is_kept_and_nothing_is_said_of_nothing() -> None:
    result = Conversion(empty_dataset('drawn', {1: 'ship'}))
    result.count('wrong rows', 'a, line 3')
    result.count('wrong rows', 'b, line 1', 2)
    result.count('empty files', 'c', 0)
    assert result.summary().splitlines()[-1] == '3 wrong rows (the first: a, line 3)'
