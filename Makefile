# What one types every day. CONTRIBUTING.md says more.
PKG ?= ./...
BENCH ?= .

.PHONY: build test check generate bench

build:
	CGO_ENABLED=0 go build -o . ./cmd/tailor ./cmd/tailor-agent

test:
	go test ./...

check:
	.ci/run

generate:
	go generate ./...
	go test ./supernet -run Docs -update

bench:
	go test -run '^$$' -bench '$(BENCH)' $(PKG)
