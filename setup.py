from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    for line in (HERE / 'nwd_mmdet' / '__init__.py').read_text(encoding='utf-8').splitlines():
        if line.startswith('__version__'):
            return line.split("'")[1]
    raise RuntimeError('nwd_mmdet/__init__.py holds no __version__')


setup(
    name='nwd-mmdet',
    version=version(),
    description='NWD, Dual Weighting, alpha-IoU and imbalance analysis for MMDetection 3.x',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['nwd_mmdet', 'nwd_mmdet.*']),
    package_data={
        # Configs and tools, as mim and mmengine look for them: links to the folders of the checkout.
        'nwd_mmdet': ['.mim/model-index.yml', '.mim/configs/**/*', '.mim/tools/**/*'],
        'nwd_mmdet.analysis.imbalance.page': ['page.html'],
    },
    entry_points={'console_scripts': ['nwd-mmdet = nwd_mmdet.__main__:main']},
    python_requires='>=3.10',
    install_requires=[
        'torch>=2.4',
        'torchvision',
        'numpy',
        'numba',
        'pycocotools',
        'faster-coco-eval>=1.6',
        'matplotlib',
        'jinja2',
        'tqdm',
    ],
    # mmengine, mmcv and mmdet go by different distribution names, so none of them can be a hard requirement.
    extras_require={
        'onedl': ['onedl-mmengine>=0.10.12', 'onedl-mmcv>=2.3.6', 'onedl-mmdetection>=3.5.1'],
        'openmmlab': ['mmengine==0.10.7', 'mmcv-lite==2.1.0', 'mmdet==3.3.0', 'setuptools<81'],
    },
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
