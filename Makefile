.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo
NPM_QUIET := --no-audit --no-fund --loglevel=error
UI_SOURCES := $(shell find ui -type d \( -name node_modules -o -name dist -o -name test-results -o -name e2e \) -prune -o -type f -print)

help: ## Says what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ui/dist/index.html ## Builds the pages and the program, and serves on http://127.0.0.1:7546
	$(CARGO) run --release --locked --bin plimsoll -- serve $(ARGS)

test: needs tidy lint units pages differential ## Runs every check there is

ui: ui/dist/index.html ## Builds the pages

needs: ## Installs the peers and the browser that the checks call, or says what to type
	$(CARGO) xtask needs

tidy: ## Checks layers, sizes, headers and format
	$(CARGO) xtask tidy
	$(CARGO) fmt --all --check

lint: ui/dist/index.html
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

units: ui/dist/index.html
	$(CARGO) test --locked --workspace --quiet

pages: ui/dist/index.html
	cd ui && npm run --silent check && npm run --silent test
	$(CARGO) build --locked --bin plimsoll
	ui/e2e/run.sh

differential: ui/dist/index.html
	fuzz/differential/run.sh --queries 1000

bench: ui/dist/index.html ## Measures the figures beside the peers; takes about an hour
	$(CARGO) build --release --locked --bin plimsoll
	bench/run.sh

peers: ui/dist/index.html ## Measures the store and queries beside Prometheus and VictoriaMetrics; takes about an hour
	bench/peers/run.sh

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci $(NPM_QUIET)
	@touch $@

ui/dist/index.html: ui/node_modules/.package-lock.json $(UI_SOURCES)
	cd ui && npm run --silent build
	@touch $@

.PHONY: help run test ui needs tidy lint units pages differential bench peers
