# Carat's everyday commands; `make` prints this menu.

SWIFT ?= swift
PROMPT ?= It was a dark night, and the old man
TOKENS ?= 64
PREFIX ?= /usr/local
# Further flags of `swift build` and `swift test`.
FLAGS ?=

.PHONY: help setup build run test test-clients prove-kernels bench bench-check format install clean

help: ## Print this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install OpenBLAS and libomp where they are missing
	@SWIFT="$(SWIFT)" scripts/setup

build: setup ## Build the release program
	$(SWIFT) build -c release --product carat $(FLAGS)

# The prompt reaches the program by the environment, so that no shell takes its quotes and dollars for its own.
run: export PROMPT := $(value PROMPT)
run: build ## Build, then generate text with the model inside the program (PROMPT=... TOKENS=...)
	@$$($(SWIFT) build -c release --show-bin-path)/carat run -p "$$PROMPT" -n $(TOKENS)

# Built apart, as `build` does it: the test command alone would compile all again in another way.
test: setup ## Run all tests
	$(SWIFT) build --build-tests -c release --disable-xctest $(FLAGS)
	@$(SWIFT) test -c release --disable-xctest --skip-build
	@$$($(SWIFT) build -c release --show-bin-path)/AllocationCheck

test-clients: build ## Let the openai package, and Chromium where there is one, use the server (needs python3)
	@SWIFT="$(SWIFT)" scripts/test-clients/run

prove-kernels: ## Compare the kernels of every instruction set with the portable ones, emulated where need be
	@SWIFT="$(SWIFT)" scripts/prove-kernels/run

bench: setup ## Measure kernels, both matmul paths, prefill and decode
	cd Benchmarks && $(SWIFT) package benchmark

bench-check: setup ## Fail if a kernel or a decode step allocates more than Benchmarks/Thresholds allows
	cd Benchmarks && $(SWIFT) package benchmark thresholds check --target 'Kernels|Generation'

format: ## Bring the Swift sources into the project's format
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks/Benchmarks Benchmarks/Package.swift

install: setup ## Build with the Swift runtime inside and copy the program to PREFIX/bin
	$(SWIFT) build -c release --product carat --static-swift-stdlib --scratch-path .build-static
	install -d $(DESTDIR)$(PREFIX)/bin
	install -s -m 755 .build-static/release/carat $(DESTDIR)$(PREFIX)/bin/carat

clean: ## Remove what was built
	rm -rf .build .build-static Benchmarks/.build
