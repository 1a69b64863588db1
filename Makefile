# Short names for what is done often. `make` lists them; .ci/run is what must hold.
export GOWORK := off
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
FUZZTIME ?= 100000x

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

fmt: ## format every Go file
	git ls-files '*.go' | xargs $(TOOL) gofumpt -w

lint: ## format check, vet, staticcheck, tidy, the three requirements
	.ci/run format tidy requires vet staticcheck

test: ## go test ./...
	go test ./...

race: ## tests under the race detector
	go test -race ./...

debug: ## tests with step counters, yields and assertions
	go test -tags debug ./...

fuzz: ## FUZZTIME (100000x) inputs for every fuzz target
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

study: ## measure, judge and draw the growth of every structure
	go run ./examples/study

peers: ## every row against the peers, into evidence/RESULTS.md
	go run -C evidence ./peers

linear: ## at least 100,000 linearizability histories a type
	go test -C evidence -tags debug ./linear/... -timeout 2h -long

mutants: ## planted bugs, and the statement-deletion sweep
	go run -C evidence ./mutants -sweep

ci: ## everything that must hold
	.ci/run

.PHONY: help fmt lint test race debug fuzz study peers linear mutants ci
.DEFAULT_GOAL := help
