# demo and test need Rust and nothing else: PostgreSQL's server is installed when it is missing.

# Tests wait for servers and other processes more than they compute.
export RUST_TEST_THREADS ?= 4

.PHONY: demo test lint bench test-matrix install-postgres install-pgbouncer

demo: install-postgres
	cargo run --quiet -- demo

test: install-postgres install-pgbouncer
	cargo test --workspace

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	scripts/deny

bench: install-postgres
	cargo bench

# The suite on PostgreSQL 13 to 18. Needs node and npm.
test-matrix: install-pgbouncer
	scripts/test-matrix

install-postgres:
	@scripts/install-postgres

install-pgbouncer:
	@scripts/install-pgbouncer
