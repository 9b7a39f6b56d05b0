# All work is in scripts/; this page names it.
.PHONY: help run test check bench bench-hearing faults eval planner-model-test build setup wer speech-model speech-model-test kill-test conformance

# Programs and benches in one go, so that they share one build of everything.
RELEASE = cargo build --release --bins --benches

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: ## set up, build, fetch models, carry out one spoken command, serve
	@scripts/run

test: ## install what the tests need, then run them all
	@scripts/test-setup
	cargo build --workspace --bins --tests
	@scripts/test-models
	cargo test --workspace

kill-test: ## kill the service at 200 random points of commands with effects, and count them
	cargo build --workspace --bins
	HARK_KILL_POINTS=200 cargo test --workspace --test all -- --nocapture killed

check: ## formatting, lints and documentation
	@scripts/setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace

bench: ## measure the whole path from voice to action
	@scripts/test-setup
	$(RELEASE)
	@scripts/test-models release
	cargo bench --bench voice_to_action

bench-hearing: ## measure how well and how soon Hark hears (an hour of sound; some 15 minutes)
	@scripts/bench-setup
	$(RELEASE)
	@scripts/test-models release
	cargo bench --bench hearing

conformance: ## run the protocol's conformance suite against Hark as a client (docs/conformance.md)
	@scripts/setup
	@scripts/conformance

faults: ## what a broken server costs the others, and how soon a stop stops (docs/faults.md)
	@scripts/test-setup
	cargo bench --bench faults

eval: ## how right the planner is, on the rated commands and dialogues of fixtures/
	@scripts/test-setup
	$(RELEASE)
	@scripts/test-models release
	HARK_DATA_DIR=.tools "$${CARGO_TARGET_DIR:-target}/release/hark" eval fixtures/commands.jsonl fixtures/dialogues.jsonl \
		--registries fixtures/registries --registry desk+four --twice $(EVAL)

planner-model-test: ## test the recipe of the planner's adapter (installs PyTorch)
	@models/training/planner/make test

build: ## set up and build the release
	@scripts/setup
	cargo build --release

setup: ## install what is needed to build
	@scripts/setup

wer: ## word error rate of each speech model at hand
	@scripts/test-setup
	cargo build --release
	@scripts/word-errors

speech-model: ## train the embedded speech model (hours, 16 GB of disk)
	@models/training/speech/make

speech-model-test: ## test that recipe (a few minutes; installs PyTorch)
	@models/training/speech/make test
