# Every target prepares what it needs first: see packaging/develop.

PYTHON_IN_VENV := .venv/bin/python
# The value of a variable as it was given, as one word for the shell.
quoted = '$(subst ','\'',$(value $1))'

.DEFAULT_GOAL := help
.PHONY: help demo test test-systems bench packages explanations catalogues clean

help:
	@echo 'make demo          a login fails for real: see the dialog, send a report, read it as support'
	@echo 'make test          style, types and all tests, with coverage'
	@echo 'make test-systems  against whole systems: other products, installers, Wine, a clean Debian'
	@echo 'make packages      what IT rolls out, in dist/: BRAND=brand.toml gives it your name'
	@echo 'make bench         speed and memory against known peers'
	@echo 'make explanations  the same faults, as curl, requests, Chromium and pip explain them'
	@echo 'make catalogues    bring the translations up to the sentences of the code'
	@echo 'make clean         remove everything that these made'

demo:
	@packaging/develop demo
	@.venv/bin/reporter demo

test:
	@packaging/develop test
	@$(PYTHON_IN_VENV) -m ruff check .
	@$(PYTHON_IN_VENV) -m ruff format --check .
	@$(PYTHON_IN_VENV) -m mypy
	@$(PYTHON_IN_VENV) -m pytest --cov --cov-report=term:skip-covered

test-systems:
	@packaging/develop test-systems
	@$(PYTHON_IN_VENV) -m pytest tests/systems

bench:
	@packaging/develop bench
	@.venv-bench/bin/python -m tests.benchmarks

packages:
	@packaging/develop packages
	@.venv-packages/bin/python packaging/packages.py $(if $(value BRAND),--brand $(call quoted,BRAND)) \
		$(if $(value WINDOWS_PAYLOAD),--windows-payload $(call quoted,WINDOWS_PAYLOAD))

explanations:
	@packaging/develop test
	@$(PYTHON_IN_VENV) -m tests.benchmarks.explanations

catalogues:
	@packaging/develop test
	@$(PYTHON_IN_VENV) packaging/catalogues.py update
	@$(PYTHON_IN_VENV) packaging/catalogues.py compile

clean:
	@rm -rf .venv .venv-bench .venv-packages .cache .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	@find reporter packaging tests -name __pycache__ -prune -exec rm -rf {} +
	@find reporter -name '*.mo' -delete
