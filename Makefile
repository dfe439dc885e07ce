# make run: the lab on this machine.  make test: every test.  make check: style, types, layers.  make bench: speed.
# make soak: the faults of tests/faults, many more and longer of them, and an outage of ten minutes; 40 minutes in all.
PYTHON ?= python3
BIN := .venv/bin
BENCHMARKS := ingest_record watch_fold watch_process pages stream_to_table archive object_store fleet notice_speed \
	alerts ui.live ui.paint ui.channel ui.cohort ui.past
.PHONY: run test check bench soak

run: .venv/run.stamp
	@exec $(BIN)/python run.py

test: .venv/dev.stamp
	@sh .ci/browser
	$(BIN)/python -m pytest

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy app.py run.py settings.py supervisor.py
	$(BIN)/lint-imports

bench: .venv/dev.stamp
	@for each in $(BENCHMARKS); do $(BIN)/python -m "benchmarks.$$each" || exit 1; done

soak: .venv/dev.stamp
	CELLWATCH_SOAK=1 $(BIN)/python -m pytest tests/faults tests/e2e/test_outage.py -s --durations=0

.venv/run.stamp: requirements.txt
	@sh .ci/setup $(PYTHON) requirements.txt
	@touch $@

.venv/dev.stamp: requirements.txt requirements-dev.txt
	@sh .ci/setup $(PYTHON) requirements-dev.txt
	@touch $@ .venv/run.stamp
