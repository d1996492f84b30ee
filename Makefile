# `make demo` and `make test` set up everything they need on a bare Debian 12 (Python 3.11, git, make, g++).
# Also: build (the default), zoo, lint, format, asan, tsan, fuzz, aarch64, install-check, docs, uses, clean.
# PRESET=release builds with all optimisation.
SHELL := /bin/bash
.DEFAULT_GOAL := build
PY := .venv/bin/python
PRESET ?= dev
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)/python
# One cache entry for the same file in every clone.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: setup build demo zoo test lint format asan tsan fuzz aarch64 install-check docs uses clean

# --- setting up: done once, again when the lists change ---------------------------------------------------------------
APT := ccache libcli11-dev nlohmann-json3-dev libfmt-dev libgtest-dev libgmock-dev python3-dev python3-venv
setup: build/.apt .venv/.installed

# $(call installed,PACKAGES)
installed = dpkg -s $(1) >/dev/null 2>&1 || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $(1); }

build/.apt: Makefile
	@mkdir -p build
	@$(call installed,$(APT))
	@touch $@

build/.apt-aarch64: Makefile
	@mkdir -p build
	@$(call installed,g++-aarch64-linux-gnu)
	@touch $@

.venv/.installed: requirements-dev.txt | build/.apt
	@[ -x $(PY) ] || python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# --- building -----------------------------------------------------------------------------------------------------------
build/%/build.ninja: CMakePresets.json | setup
	cmake --preset $*

build: setup build/$(PRESET)/build.ninja
	cmake --build --preset $(PRESET)

# --- running ------------------------------------------------------------------------------------------------------------
demo: build
	$(PY) tools/demo.py

# Every model of torchvision, hours; results in build/zoo are kept, so it may be stopped and started.
zoo: build
	$(PY) -m tools.zoo; failed=$$?; \
	$(PY) -m tools.zoo --onnx --families && $(PY) -m tools.zoo --page && exit $$failed

test: build
	$(MAKE) aarch64 tsan
	$(MAKE) asan ASAN_TESTS='Export*:*ExportFile*:Text*:Verify*'
	build/$(PRESET)/tests/cpp/torch2trt_tests --gtest_brief=1
	build/$(PRESET)/tests/cpp/torch2trt_runtime_tests --gtest_brief=1
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -m "not slow"

# The C++ tests under AddressSanitizer and UBSan; `make test` runs those of the readers of files.
ASAN_TESTS ?= *
asan: setup build/asan/build.ninja
	cmake --build --preset asan --target torch2trt_tests torch2trt_runtime_tests
	build/asan/tests/cpp/torch2trt_runtime_tests --gtest_brief=1
	build/asan/tests/cpp/torch2trt_tests --gtest_brief=1 --gtest_filter='$(ASAN_TESTS)'

# The runtime's contexts and pools under ThreadSanitizer.
tsan: setup build/tsan/build.ninja
	cmake --build --preset tsan --target torch2trt_runtime_tests
	build/tsan/tests/cpp/torch2trt_runtime_tests --gtest_brief=1

# The readers of files under libFuzzer, FUZZ_SECONDS each; needs clang and libclang-rt-dev. What it finds is left in
# build/fuzz/found; the inputs worth keeping in build/fuzz/corpus.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := bundle metadata pt2 model text
fuzz: setup build/fuzz/build.ninja
	cmake --build --preset fuzz
	build/fuzz/tests/fuzz/fuzz_corpus build/fuzz/seeds
	for target in $(FUZZ_TARGETS); do \
	  mkdir -p build/fuzz/corpus/$$target build/fuzz/found && \
	  build/fuzz/tests/fuzz/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=3000 -max_len=65536 \
	    -artifact_prefix=build/fuzz/found/$$target- build/fuzz/corpus/$$target build/fuzz/seeds/$$target || exit 1; done

# The runtime for aarch64, with Debian's cross compiler.
aarch64: setup build/.apt-aarch64
	@$(MAKE) --no-print-directory build/aarch64/build.ninja
	cmake --build --preset aarch64

# --- keeping the house ----------------------------------------------------------------------------------------------------
CPP = $$(git ls-files --cached --others --exclude-standard '*.cpp' '*.h')
lint: setup build/dev/build.ninja
	clang-format --dry-run -Werror $(CPP)
	ruff check --quiet
	ruff format --quiet --check
	$(PY) tools/checks
	$(PY) tools/tidy.py

format: setup
	clang-format -i $(CPP)
	ruff check --silent --fix --exit-zero
	ruff format --quiet

# The package as pip installs it, in a folder of its own.
install-check: setup
	$(PY) -m pytest -q -m slow tests/install

docs: uses
	$(PY) tools/operators_doc.py > docs/operators.md

# What `torch2trt ops NAME` says of arguments, observed on the operator table.
uses: build
	OMP_NUM_THREADS=1 $(PY) -W ignore tools/argument_uses.py > build/argument_uses.tsv
	mv build/argument_uses.tsv src/handlers/argument_uses.tsv

clean:
	rm -rf build
