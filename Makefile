# What one types every day. CONTRIBUTING.md says more.
PKG ?= ./...
BENCH ?= .

.PHONY: build agents mpi test check generate bench

build:
	CGO_ENABLED=0 go build -o . ./cmd/tailor ./cmd/tailor-agent

# tailor-agent for devices elsewhere: with tailor's own engine alone, and with all runtimes.
agents:
	for arch in amd64 arm64; do \
		export CGO_ENABLED=0 GOOS=linux GOARCH=$$arch; \
		go build -trimpath -ldflags '-s -w' -tags nativeonly -o tailor-agent-linux-$$arch-native ./cmd/tailor-agent && \
		go build -trimpath -ldflags '-s -w' -o tailor-agent-linux-$$arch ./cmd/tailor-agent || exit 1; \
	done

# tailor that trains on several machines, under mpirun.
mpi:
	go build -tags mpi -o tailor-mpi ./cmd/tailor

test:
	go test ./...

check:
	.ci/run

generate:
	go generate ./...
	go test ./supernet -run Docs -update

bench:
	go test -run '^$$' -bench '$(BENCH)' $(PKG)
