//! What each command's help ends with. Every line that begins with `leora-migrate` can be typed.

use leora_core::verify::checks;
use leora_schema::LEORA;

pub(super) const DEMO: &str = "\
Needs PostgreSQL's server programs, no running server and no configuration. The
scratch server lives in a temporary directory, listens on a socket there, and is
gone afterwards.

Example:
  leora-migrate demo";

pub(super) const VALIDATE: &str = "\
Examples:
  leora-migrate validate
  leora-migrate validate --baseline snapshot.toml
  leora-migrate validate --prisma prisma/schema.prisma";

pub(super) const PLAN: &str = "\
Examples:
  leora-migrate plan
  leora-migrate plan --check             exit 1 when something is pending
  leora-migrate plan --format sql --out phase1.sql
  leora-migrate plan --grants-like-existing
  leora-migrate plan --report markdown=plan.md --report html=plan.html
  leora-migrate plan --prisma-migration prisma/migrations";

pub(super) const APPLY: &str = "\
Examples:
  leora-migrate apply                    shows the plan, and asks
  leora-migrate apply --yes              in CI
  leora-migrate apply --plan plan.json   that plan, or none
  leora-migrate apply --grants-like-existing
  leora-migrate apply --yes --no-verify
  leora-migrate apply --one-table-at-a-time
  leora-migrate apply --prisma-migration prisma/migrations";

pub(super) const VERIFY: &str = "\
Examples:
  leora-migrate verify
  leora-migrate verify --details         every check, and the SQL of all advice
  leora-migrate verify --only deletes --only tenants
  leora-migrate verify --dry-run
  leora-migrate verify --report junit=verify.xml --report markdown=verify.md

The rows it needs are made and deleted in one transaction that is always rolled
back.";

pub(super) const ROLLBACK: &str = "\
Examples:
  leora-migrate rollback                 shows what would go, and asks
  leora-migrate rollback --yes --discard-rows";

pub(super) const STATUS: &str = "\
Examples:
  leora-migrate status
  leora-migrate status --format json";

pub(super) const SNAPSHOT: &str = "\
Example:
  leora-migrate snapshot --out schema/baseline.toml";

pub(super) const DIFF: &str = "\
SOURCE is one of declared (the declaration on top of the baseline), url (the
database), empty, a snapshot (FILE.toml), FILE.prisma, or a folder of those.

Examples:
  leora-migrate diff --from url --to prisma/schema.prisma
  leora-migrate diff --from url --to declared --format sql";

pub(super) const PRISMA: &str = "\
Example:
  leora-migrate prisma patch prisma/schema.prisma";

pub(super) const PATCH: &str = "\
Examples:
  leora-migrate prisma patch prisma/schema.prisma
  leora-migrate prisma patch prisma/schema.prisma --write";

pub(super) const SCHEMA: &str = "\
Example:
  leora-migrate schema verify";

pub(super) fn graph() -> String {
    let referenced = checks::relations(&LEORA);
    let model = referenced.last().map_or(LEORA.tenant, |last| last.model);
    format!(
        "\
Examples:
  leora-migrate graph --out deletes.svg
  leora-migrate graph models --format mermaid
  leora-migrate graph --focus {model} --depth 1 --format dot

Drawn from the declaration and the schema that stood before; only --try needs a
database."
    )
}

pub(super) const EXPLAIN: &str = "\
Examples:
  leora-migrate explain LM0073
  leora-migrate explain tables.count
  leora-migrate explain deletes          each check of the group";

pub(super) const COMPLETIONS: &str = "\
Examples:
  leora-migrate completions bash > ~/.local/share/bash-completion/completions/leora-migrate
  leora-migrate completions zsh > ~/.zfunc/_leora-migrate
  leora-migrate completions fish > ~/.config/fish/completions/leora-migrate.fish";

pub(super) const MAN: &str = "\
Examples:
  leora-migrate man                      the program's page
  leora-migrate man apply                a command's page
  leora-migrate man --out man/man1       all pages, as packages install them";
