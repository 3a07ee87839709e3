# demo and test need Rust and nothing else: PostgreSQL's server is installed when it is missing.

# Tests wait for servers and other processes more than they compute.
export RUST_TEST_THREADS ?= 4

.PHONY: demo test lint bench faults compare test-matrix install-postgres install-pgbouncer

demo: install-postgres
	cargo run --quiet -- demo

# The broken databases keep every processor busy, so they have them alone.
test: install-postgres install-pgbouncer
	cargo test --workspace -- --skip sabotage_is
	cargo test --test suite sabotage_is

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	scripts/deny

bench: install-postgres
	cargo bench

# The client killed at 100 random moments, twice, and the server at 30.
faults: install-postgres
	LEORA_MIGRATE_KILLS=100 LEORA_MIGRATE_SERVER_KILLS=30 cargo test --test suite -- --nocapture faults::killed

# What Prisma's engine and a pg_dump diff see of the broken databases: fixtures/sabotage/README.md. Needs node and npm.
compare: install-postgres
	cargo test --test suite -- --ignored sabotage_compared

# The suite on PostgreSQL 13 to 18. Needs node and npm.
test-matrix: install-pgbouncer
	scripts/test-matrix

install-postgres:
	@scripts/install-postgres

install-pgbouncer:
	@scripts/install-pgbouncer
