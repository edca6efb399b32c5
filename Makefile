# Every target sets up .venv by itself when it is missing. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OUT ?= out/demo
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest

.PHONY: help setup demo train-demo test test-fast check format clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed; bpy needs Python 3.11. Set PYTHON=..." >&2; exit 3; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --progress-bar off -c constraints.txt -e ".[open,render,farm,humgen3d,train,predict,page,onnx,export,view,dev]"
	$(BIN)/python -m pip install --quiet --no-deps mmhuman3d==0.11.0  # its measures, which tests hold ours against, need numpy alone
	touch $(STAMP)

setup: $(STAMP)  ## install everything into .venv

demo: $(STAMP)  ## render 12 scenes with ground truth, a contact sheet and an audit into out/demo
	$(BIN)/cuffs make render_configs/demo.yaml --count 12 --out $(OUT)
	$(BIN)/cuffs sheet $(OUT) --out $(OUT)/sheet.png
	$(BIN)/cuffs audit $(OUT)
	@echo "Look at $(OUT)/sheet.png, $(OUT)/audit/audit.json and the shards in $(OUT)/shards/."

train-demo: $(STAMP)  ## train a small network on the demo's pictures for some minutes; loss curve and overlays
	test -d $(OUT)/shards || $(MAKE) demo
	$(BIN)/cuffs-train trainer/recipes/demo.yaml --data $(OUT) --out $(OUT)-training --device cpu --resume
	@echo "Look at $(OUT)-training/curve.png and the newest picture in $(OUT)-training/pictures/."

test: $(STAMP)  ## all tests
	$(PYTEST) --durations=20
	@echo "All tests ran; their list of the slowest is above. The code they cover: cuffs/ blender_scripts/ pose_sources/ trainer/."

test-fast: $(STAMP)  ## tests that neither render nor are slow
	$(PYTEST) -m "not bpy and not slow"

check: $(STAMP)  ## lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(STAMP)  ## format all code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove .venv and outputs
	rm -rf $(VENV) out build *.egg-info
