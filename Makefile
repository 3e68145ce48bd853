# Everything a developer does, one word each. `make help` lists them.

SHELL       := /bin/bash
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
GOFLAGS     := -trimpath
LDFLAGS     := -s -w -X github.com/cordonhq/cordon/internal/cli.version=$(VERSION)
FUZZTIME    ?= 60s
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: run
run: build ## build Cordon, replay a clinic's traffic and open the console on loopback
	bin/cordon up --replay testdata/captures/clinic.pcap.zst --speed 4x --loop --data bin/data --listen 127.0.0.1:8443

.PHONY: lab
lab: build ## bring a clinic in a box up, with Cordon at its gateway (takes root)
	scripts/install-test-tools.sh
	bin/cordon lab up --with-cordon --speed 10

.PHONY: captures
captures: build ## make the captures in testdata/captures anew, in the lab (takes root)
	scripts/install-test-tools.sh
	scripts/captures.sh

.PHONY: build
build: web ## build bin/cordon, console included: static, reproducible
	@mkdir -p bin
	go build $(GOFLAGS) -ldflags '$(LDFLAGS)' -o bin/cordon ./cmd/cordon

.PHONY: web
web: ## build the console if its sources have changed
	scripts/build-web.sh

.PHONY: test
test: ## install what the tests need and run all of them
	scripts/install-test-tools.sh
	$(MAKE) --no-print-directory build
	scripts/test.sh

.PHONY: lint
lint: ## check formatting, vet, static analysis and the console's types
	scripts/lint.sh

.PHONY: bench
bench: build ## compare Cordon's packets a second with ndpiReader's on one merged capture
	scripts/install-test-tools.sh
	go run ./tools/bench

.PHONY: agreement
agreement: build ## compare protocols per flow with nDPI's expected results
	go run ./tools/agreement

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (default 60s)
	scripts/fuzz.sh $(FUZZTIME)

.PHONY: generate
generate: build ## renew what is generated: OpenAPI, client types, CLI reference
	scripts/generate.sh

.PHONY: screenshots
screenshots: build ## renew the pictures in the documentation
	scripts/screenshots.sh

.PHONY: clean
clean: ## remove what was built
	rm -rf bin web/dist/assets web/dist/index.html web/node_modules
