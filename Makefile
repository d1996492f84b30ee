# `make demo` and `make test` set up everything they need on a bare Debian 12 (Python 3.11, git, make, g++).
SHELL := /bin/bash
.DEFAULT_GOAL := build
PY := .venv/bin/python
PRESET ?= dev
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export PYTHONPATH := $(CURDIR)/python

.PHONY: setup build test clean
setup: build/.apt .venv/.installed

APT := ccache libcli11-dev nlohmann-json3-dev libfmt-dev libgtest-dev libgmock-dev
build/.apt: Makefile
	@mkdir -p build
	@dpkg -s $(APT) >/dev/null 2>&1 || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $(APT); }
	@touch $@

.venv/.installed: requirements-dev.txt
	@[ -x $(PY) ] || python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

build/$(PRESET)/build.ninja: | setup
	cmake --preset $(PRESET)

build: setup build/$(PRESET)/build.ninja
	cmake --build --preset $(PRESET)

test: build
	build/$(PRESET)/tests/cpp/torch2trt_tests --gtest_brief=1

clean:
	rm -rf build
