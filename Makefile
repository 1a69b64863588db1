# Short names for what is done often. `make` lists them; .ci/run is what must hold.
export GOWORK := off
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
FUZZTIME ?= 100000x
CHECKS ?= 5000

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

fmt: ## format every Go file
	git ls-files -co --exclude-standard '*.go' | xargs $(TOOL) gofumpt -w

lint: ## format check, vet, staticcheck, tidy, the three requirements
	.ci/run format tidy requires vet staticcheck

test: ## go test ./...
	go test ./...

race: ## tests under the race detector
	go test -race ./...

386: ## all tests, the examples' too, as programs of 32 bits
	GOARCH=386 go test -short ./...

woven: ## concurrency tests with yields woven in
	.ci/run woven

fuzz: ## FUZZTIME (100000x) inputs for every fuzz target
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

search: ## CHECKS (5000) fresh random inputs for every property
	RAPID_CHECKS=$(CHECKS) go test -count=1 -timeout 60m ./...

crash: ## the crash tests of respcache, jobsched, chat, iot and feed at length
	go test -count=1 -timeout 30m ./examples/respcache -long
	go test -count=1 -timeout 30m ./examples/respcache/cluster -long
	go test -C examples/engines -count=1 -timeout 30m -run TestClusterKill ./respcache -long
	go test -count=1 -run TestKill ./examples/jobsched/sched -long
	go test -count=1 -run TestKill ./examples/chat/room -long
	go test -count=1 -run TestKill ./examples/iot/telemetry -long
	go test -count=1 -run TestKill ./examples/feed/timeline -long

study: ## measure, judge and draw the growth of every structure
	go run ./examples/study

chance: ## judge a skip list 20 times, with other towers each time
	go test ./examples/study/internal/measure -run 'TestOwn$$' -count=1 -v -repeat 20

victorialogs: ## build VictoriaLogs, with which logpipe is compared (27 s of CPU)
	go build -modfile=tools/victorialogs.mod -o examples/engines/logpipe/victoria-logs github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs

visual: ## every structure at work in a browser, step by step
	go run ./examples/visual

peers: ## every row against the peers, into evidence/RESULTS.md
	go run -C evidence ./peers

linear: ## 100,000 linearizability histories per type, into the record
	go run -C evidence ./linear -long -record

schedules: ## every schedule of every small program, into the record
	go run -C evidence ./schedules -record

records: ## write the documents again from their records
	go run -C evidence ./claims
	go run -C evidence ./peers -render
	go run -C evidence ./hitratio -render
	go run -C evidence ./windowcost -render

mutants: ## planted bugs, and the statement-deletion sweep
	go run -C evidence ./mutants -sweep

weak: ## planted bugs that their tests catch in some of ten runs only
	RAPID_SEED=0 RAPID_CHECKS=300 go run -C evidence ./mutants -times 10

ci: ## everything that must hold
	.ci/run

.PHONY: help fmt lint test race 386 woven fuzz search crash study chance victorialogs visual peers linear schedules records mutants weak ci
.DEFAULT_GOAL := help
