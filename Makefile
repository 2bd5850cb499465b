# make demo    train a small detector on drawn aerial images, show its table and pictures (CPU, minutes)
# make test    the test suite            make lint     ruff and mypy
# make docs    the pages and the API as a site, docs/_build/index.html; a broken link fails
# make bench   docs/performance.md       make figures  docs/figures/
# make docker  a CUDA image              make test-openmmlab  the test suite on upstream mmdet 3.3.0
# Everything runs in .venv, made here when it is missing or older than requirements/ and setup.py.

VENV ?= .venv
STACK ?= onedl
BIN = $(VENV)/bin
# The first Python 3.10 to 3.12 there is; override with make PYTHON=/path/to/python.
PYTHON ?= $(firstword $(foreach python,python3 python3.12 python3.11 python3.10,$(shell \
	$(python) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $(python))))

.PHONY: install demo test test-openmmlab lint format docs figures bench docker clean

install: $(VENV)/.installed

$(VENV)/.installed: $(filter-out requirements/docs.txt,$(wildcard requirements/*.txt)) setup.py
	@test -n "$(PYTHON)" || { echo 'No Python 3.10 to 3.12 found. Install one, or name it: make PYTHON=/path/to/python'; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): 5 GB on disk, most of it torch with CUDA; minutes."
	$(PYTHON) -m venv --clear $(VENV) || { echo 'Python came without venv; on Debian: apt install python3-venv'; exit 1; }
	$(BIN)/python -m pip install --no-cache-dir -r requirements/$(STACK).txt -r requirements/dev.txt
	$(BIN)/python -m pip install --no-deps -e .
	@touch $@

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-openmmlab:
	$(MAKE) test VENV=.venv-openmmlab STACK=openmmlab

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo: CONFIG = faster-rcnn_r18-small_fpn_rpn-nwd_synthetic
demo: install
	$(BIN)/nwd-mmdet draw-synthetic data/synthetic
	$(BIN)/nwd-mmdet train configs/demo/$(CONFIG).py --work-dir work_dirs/demo
	$(BIN)/nwd-mmdet test work_dirs/demo/$(CONFIG).py $$(cat work_dirs/demo/last_checkpoint) \
		--show-dir $(CURDIR)/work_dirs/demo/pictures
	@echo
	@echo "Checkpoint: $$(cat work_dirs/demo/last_checkpoint)"
	@echo "Pictures of the held-out images, objects left, detections right: work_dirs/demo/pictures/"
	@echo "The same detector with IoU: $(BIN)/nwd-mmdet train configs/demo/faster-rcnn_r18-small_fpn_synthetic.py"

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx --fresh-env --write-all --fail-on-warning --keep-going --quiet -c docs . docs/_build
	@echo 'Open docs/_build/index.html'

$(VENV)/.installed-docs: $(VENV)/.installed requirements/docs.txt
	$(BIN)/python -m pip install --no-cache-dir -r requirements/docs.txt
	@touch $@

figures: install
	$(BIN)/nwd-mmdet draw-figures

bench: install
	$(BIN)/nwd-mmdet benchmark --out docs/performance.md

docker:
	docker build -t nwd_mmdet -f docker/Dockerfile .

clean:
	rm -rf $(VENV) .venv-openmmlab work_dirs data/synthetic docs/_build docs/api
