# Shoal. `make` alone prints this help.
#
#   make demo ARGS="--headless --viewers 20 --for 20s --report demo.json"
#   make trial SCENARIO=cmd/shoal/scenarios/trial-350.yml ARGS="--baseline --media"
#   make test TESTFLAGS="-v -run Story"
#   make fuzz FUZZTIME=5m
#
# Everything built or downloaded stays in .cache, which git ignores.

BIN := .cache/bin/shoal

# What `shoal demo` and `shoal trial` get, what the trial is of, what `shoal sim` gets, what `go test` gets, how long each fuzz target runs.
ARGS      ?=
SCENARIO  ?= cmd/shoal/scenarios/trial-60.yml
SIM       ?= --seeds 5
TESTFLAGS ?=
FUZZTIME  ?= 20s
BENCH     ?= .

# What `make table` runs: seeds of each case, cases by name (all without any), and more flags, --kept.
SEEDS ?= 5
CASES ?=
TABLE ?=

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.11.4

# Packages with goroutines in them, and those that must compile for the browser.
CONCURRENT := core/node core/transport transports plugins api cmd
PURE       := core/chunk core/swarm core/scheduler core/engine core/budget core/sim core/event core/report
CROSS      := linux/arm64 darwin/arm64 windows/amd64

# The examples are modules of their own, which ./... does not reach. $(call in-examples,command) runs one in each.
EXAMPLES := $(dir $(wildcard plugins/examples/*/go.mod))
in-examples = @for d in $(EXAMPLES); do echo "$$d"; (cd $$d && $(1)) || exit 1; done

# $(call packages,dirs): ./dir/... of those dirs that are there.
packages = $(patsubst %,./%/...,$(wildcard $(1)))

.DEFAULT_GOAL := help
.PHONY: help demo trial soak profile build mediamtx test examples check bench bench-sim table fuzz gen rewrite clean \
	check-fmt check-lint check-gen check-cross check-wasm check-race

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## run MediaMTX, a source and viewers on this machine; ARGS="--help" for choices
	@MEDIAMTX_BIN="$$(go run ./cmd/mediamtx)" && export MEDIAMTX_BIN && exec $(BIN) demo $(ARGS)

trial: build ## run SCENARIO with real nodes over real sockets, beside the simulator; ARGS="--baseline --media --report trial.json"
	@MEDIAMTX_BIN="$$(go run ./cmd/mediamtx)" && export MEDIAMTX_BIN && exec $(BIN) trial $(SCENARIO) $(ARGS)

soak: build ## half an hour of 100 real viewers with churn, plugins and sources killed; fails when memory, goroutines or descriptors grow
	@MEDIAMTX_BIN="$$(go run ./cmd/mediamtx)" && export MEDIAMTX_BIN && \
		exec $(BIN) trial cmd/shoal/scenarios/soak.yml --no-sim --process 10 --steady $(ARGS)

profile: build ## what takes the processor's time in a trial of SCENARIO, by process; profiles stay in .cache/profile
	@rm -rf .cache/profile && mkdir -p .cache/profile
	@MEDIAMTX_BIN="$$(go run ./cmd/mediamtx)" && export MEDIAMTX_BIN && \
		$(BIN) trial $(SCENARIO) --no-sim --profile --data .cache/profile $(ARGS)
	@for f in .cache/profile/cpu-*.pprof; do echo && go tool pprof -top -nodecount=25 $(BIN) $$f 2>/dev/null; done

build: ## build the one binary into .cache/bin
	@[ -e $(BIN) ] || echo "building $(BIN); the first time takes a minute or two"
	@go build -o $(BIN) ./cmd/shoal

mediamtx: ## obtain the real MediaMTX and print where it is
	@go run ./cmd/mediamtx

# What runs real processes and keeps time comes last and one package at a time,
# so that packages do not take the processor from each other. Most others wait
# for timers and sockets, so more packages and tests than processors run at once.
# All is compiled before: tests that keep time want no compiler beside them.
test: ## unit, contract, story, fuzz-seed and end-to-end tests; TESTFLAGS="-v -run X"
	@go run ./cmd/mediamtx >/dev/null
	go list -export -test ./... >/dev/null
	go test $(TESTFLAGS) -p 4 -parallel 4 $$(go list ./... | grep -v /cmd/)
	@$(MAKE) --no-print-directory examples
	go test $(TESTFLAGS) -p 1 -parallel 3 ./cmd/...

examples: ## build, vet and test the third parties' plugins in plugins/examples
	$(call in-examples,go build -o /dev/null ./... && go vet ./... && go test $(TESTFLAGS) ./...)

check: check-fmt check-gen check-cross check-wasm check-lint check-race ## what CI runs after the tests

check-fmt:
	@bad=$$(find . -name '*.go' -not -path './.cache/*' | xargs gofmt -l); \
	[ -z "$$bad" ] || { echo "gofmt would change (run gofmt -w):"; echo "$$bad"; exit 1; }

# What go vet says, golangci-lint's govet says too.
check-lint:
	$(GOLANGCI_LINT) run ./...
	$(call in-examples,$(GOLANGCI_LINT) run ./...)

# Generating twice must change nothing: compare the files before and after.
check-gen:
	@if [ -z "$(wildcard api/plugin/v1/*.proto)" ]; then echo "no .proto yet: nothing is generated"; exit 0; fi; \
	before=$$(cat api/plugin/v1/*.pb.go | cksum); \
	$(MAKE) --no-print-directory gen || exit 1; \
	[ "$$before" = "$$(cat api/plugin/v1/*.pb.go | cksum)" ] || { \
		echo "generated files were out of date and are new now; look at git diff and commit them"; exit 1; }

# Nobody runs what is built here: without optimisation and debugging data it takes half the time.
check-cross:
	@for t in $(CROSS); do \
		echo "building cmd/shoal for $$t"; \
		export CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/}; \
		for d in cmd/shoal $(EXAMPLES); do \
			go build -C $$d -gcflags='all=-N -l -dwarf=false' -ldflags=-w -o /dev/null . || exit 1; \
		done; \
	done

check-wasm:
	GOOS=js GOARCH=wasm go build $(call packages,$(PURE))
	@if [ -d cmd/shoal-web ]; then \
		echo "building cmd/shoal-web for js/wasm"; \
		GOOS=js GOARCH=wasm go build -o /dev/null ./cmd/shoal-web || exit 1; \
	fi

# Three kinds are left out: plugincheck, which judges processes of their own, where the detector sees nothing of them; what a trial
# measures beside the swarm, which is of one goroutine a reader; and all policies but the default, since policies have no
# goroutines, and what surrounds them is the same for each.
raced = $$(go list $(call packages,$(1)) | grep -v -E '/(plugincheck|trial/(baseline|frames)|schedulers/(clubs|edf|latest|rarest))$$')

# All is compiled before, as for make test, which has vetted it, too.
check-race: export CGO_ENABLED := 1
check-race:
	go list -export -test -race $(call raced,$(CONCURRENT)) >/dev/null
	go test -race -short -vet=off -p 2 -parallel 4 $(call raced,$(filter-out cmd,$(CONCURRENT)))
	go test -race -short -vet=off -p 1 $(call raced,cmd)

bench: ## benchmarks, for benchstat; BENCH=Step
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-sim: build ## simulate every scenario of cmd/shoal/scenarios, reports and pages into .cache/sim; SIM="--compare substream,edf"
	@mkdir -p .cache/sim
	@for s in cmd/shoal/scenarios/*.yml; do \
		n=.cache/sim/$$(basename $$s .yml); echo "$$s"; \
		$(BIN) sim $$s --report $$n.json --html $$n.html $(SIM) || exit 1; echo; \
	done

table: build ## run every case that scheduling is judged by, print asked beside measured; SEEDS=1 CASES=small-2,small-5 TABLE=--kept
	@go build -o .cache/bin/table ./cmd/shoal/scenarios/table
	@.cache/bin/table --shoal $(BIN) --seeds $(SEEDS) $(if $(CASES),--cases $(CASES)) $(TABLE)

fuzz: ## run every fuzz target for FUZZTIME
	@for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; \
		done; \
	done

gen: ## lint the protobuf and generate its Go code
	@[ -z "$(wildcard api/plugin/v1/*.proto)" ] || go generate ./api/plugin/...

# Tests with files to rewrite declare a flag of that name.
rewrite: ## write stories and golden files anew; then read git diff
	@files=$$(grep -rl --include='*_test.go' 'flag.Bool("rewrite"' . || true); \
	for d in $$(for f in $$files; do dirname $$f; done | sort -u); do go test $$d -rewrite || exit 1; done

clean: ## remove .cache, the built MediaMTX included
	rm -rf .cache
