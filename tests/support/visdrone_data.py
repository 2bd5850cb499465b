"""A split of VisDrone-DET with every oddity of its text files."""

from pathlib import Path

from PIL import Image

from nwd_mmdet.datasets.annotation_files import write_json
from nwd_mmdet.datasets.visdrone_conversion import convert, image_sizes

FILES = {
    'a': '10,20,30,40,1,4,0,0\n\n10,20,30,40,1,4,0,0\n5,5,4,0,1,1,0,2,\n90,70,30,30,1,10,1,1\n',
    'b': '0,0,50,50,0,0,0,0\n60,60,20,20,0,11,0,0\n30,10,8,6,0,2,0,0\n',
    'c': '',
}


def write_split(folder: Path) -> Path:
    """Three images of 100 x 80 px with annotations."""
    for part in ('annotations', 'images'):
        (folder / part).mkdir()
    for stem, text in FILES.items():
        (folder / 'annotations' / f'{stem}.txt').write_text(text)
        Image.new('RGB', (100, 80)).save(folder / 'images' / f'{stem}.jpg')
    return folder


def write_converted(folder: Path, name: str) -> Path:
    """The same in COCO's format, beside the images."""
    write_split(folder)
    write_json(convert(folder, image_sizes(folder / 'images')).dataset, folder / name)
    return folder / name
