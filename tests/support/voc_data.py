"""Pascal VOC XML, drawn for the tests of its converter."""

from pathlib import Path

from PIL import Image

SIZE = (100, 80)


def thing(name: str = 'car', box: tuple[object, ...] = (11, 21, 41, 61), more: str = '') -> str:
    """One object."""
    corners = ''.join(f'<{key}>{value}</{key}>' for key, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), box))
    return f'<object><name>{name}</name>{more}<bndbox>{corners}</bndbox></object>'


def write_annotation(folder: Path, stem: str, *objects: str, size: tuple[int, int] | None = SIZE) -> None:
    """An XML file."""
    measure = f'<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>' if size else ''
    text = f'<annotation><filename>{stem}.jpg</filename>{measure}{"".join(objects)}</annotation>'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f'{stem}.xml').write_text(text)


def write_image(folder: Path, name: str) -> None:
    """An image of 100 x 80 px."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', SIZE).save(folder / name)


def write_devkit(root: Path) -> Path:
    """Two images, one of them without objects, one split."""
    write_annotation(
        root / 'Annotations',
        'a',
        thing(),
        thing('traffic light', (1, 1, 100, 80), '<truncated>1</truncated>'),
        thing('car', (5.9, 6.2, 30, 31.99), '<difficult>1</difficult>'),
        thing('car', (0, 70, 120, 75)),
    )
    write_annotation(root / 'Annotations', 'b')
    for stem in 'ab':
        write_image(root / 'JPEGImages', f'{stem}.jpg')
    (root / 'ImageSets/Main').mkdir(parents=True)
    (root / 'ImageSets/Main/train.txt').write_text('a\nb\n')
    return root
