//! What others see of the same databases: Prisma's own engine, and a diff of two `pg_dump --schema-only`.
//!
//! `make compare` measures and writes `fixtures/sabotage/README.md`; `make test` holds its counts to the
//! cases that there are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use leora_db::scratch::Binaries;

use super::stand::Stand;
use super::{Base, Case, broken, each, fixture, harmless, judged};
use crate::support::{Output, repository};

const TABLE: &str = "fixtures/sabotage/README.md";

/// Who is not silent about a database.
#[derive(Clone, Copy, Default)]
struct Speaks {
    leora_migrate: bool,
    prisma: bool,
    dump: bool,
}

/// How many databases there are, and about how many of them each speaks.
#[derive(Clone, Copy, Default)]
struct Sum {
    cases: usize,
    leora_migrate: usize,
    prisma: usize,
    dump: usize,
}

impl Sum {
    fn add(&mut self, speaks: Speaks) {
        self.cases += 1;
        self.leora_migrate += usize::from(speaks.leora_migrate);
        self.prisma += usize::from(speaks.prisma);
        self.dump += usize::from(speaks.dump);
    }
}

/// Whether Prisma's engine finds that the database is not what the application declares, or fails over it.
fn prisma_speaks(url: &str) -> bool {
    let mut oracle = Command::new(repository("tests/oracle/prisma-oracle"));
    oracle
        .args(["exit", "url", "fixtures/leora/phase1.prisma"])
        .current_dir(repository(""))
        .env("DATABASE_URL", url);
    Output::of(oracle, "").code != Some(0)
}

/// The schema as pg_dump writes it, without comments and what differs from dump to dump.
fn dump(url: &str) -> String {
    let program = Binaries::find().unwrap().directory().join("pg_dump");
    let mut pg_dump = Command::new(program);
    pg_dump.args(["--schema-only", url]).env_remove("PGOPTIONS");
    let output = Output::of(pg_dump, "");
    let says = |line: &&str| {
        !["--", "\\restrict", "\\unrestrict"]
            .iter()
            .any(|skipped| line.starts_with(skipped))
    };
    let lines = output
        .stdout
        .lines()
        .filter(says)
        .filter(|line| !line.is_empty());
    lines.map(|line| line.to_owned() + "\n").collect::<String>() + &output.stderr
}

fn ask_all(stand: &Stand, cases: Vec<Case>) -> Vec<(Case, Speaks)> {
    let sound = [Base::Plain, Base::RowSecurity].map(|base| dump(&stand.url(base.name())));
    let look = |case: &Case, database: &str| {
        let url = stand.url(database);
        let as_expected = judged(stand, case, database).is_ok();
        Speaks {
            leora_migrate: as_expected == case.expected.breaks.is_some(),
            prisma: prisma_speaks(&url),
            dump: dump(&url) != sound[usize::from(case.expected.database == Base::RowSecurity)],
        }
    };
    let seen = each(stand, cases, look);
    let told = |(case, speaks): (Case, Result<Speaks, String>)| match speaks {
        Ok(speaks) => (case, speaks),
        Err(error) => panic!("the script of {} fails: {error}", case.name),
    };
    seen.into_iter().map(told).collect()
}

fn percent(part: usize, of: usize) -> usize {
    (part * 100 + of / 2) / of.max(1)
}

/// The page, from what came of the broken and of the harmless.
fn page(stand: &Stand, broken: &[(Case, Speaks)], harmless: &[(Case, Speaks)]) -> String {
    let mut classes: BTreeMap<&str, Sum> = BTreeMap::new();
    let (mut all, mut quiet) = (Sum::default(), Sum::default());
    for (case, speaks) in broken {
        classes.entry(class(case)).or_default().add(*speaks);
        all.add(*speaks);
    }
    for (_, speaks) in harmless {
        quiet.add(Speaks {
            leora_migrate: !speaks.leora_migrate,
            prisma: !speaks.prisma,
            dump: !speaks.dump,
        });
    }
    let mut text = format!(
        "# Sabotage\n\nA folder each: `broken.sql` breaks a migrated database in one way, and `expected.toml` says in a sentence \
         how, and\nexactly which checks of `leora-migrate verify` must fail, and which cannot be proved; where it says `settled`, \
         what\nverify says to type is typed, and the database must be sound again. `harmless/` varies what does not matter, \
         and\nnothing may fail. `cargo test --test suite sabotage` tries all of them.\n\n\
         ## Who sees it\n\n`make compare` measures this and writes it down. leora-migrate counts where exactly the checks fail \
         that must;\nPrisma's engine where `migrate diff --exit-code` against `fixtures/leora/phase1.prisma` is not 0; pg_dump \
         where its\n`--schema-only` differs from the sound database's, comments and `\\restrict` left out. PostgreSQL {}.\n\n\
         | Broken | cases | leora-migrate | Prisma's engine | pg_dump diff |\n| --- | ---: | ---: | ---: | ---: |\n",
        stand.version()
    );
    let mut line = |name: &str, sum: Sum| {
        let Sum {
            cases,
            leora_migrate,
            prisma,
            dump,
        } = sum;
        let _ = writeln!(
            text,
            "| {name} | {cases} | {leora_migrate} | {prisma} | {dump} |"
        );
    };
    for (name, sum) in classes {
        line(name, sum);
    }
    line("**all broken**", all);
    line("**harmless, does not fail the run**", quiet);
    let unseen = all.cases - all.prisma;
    let _ = write!(
        text,
        "\nPrisma's engine does not see {unseen} of the {} broken databases ({} %), pg_dump {} of them.\n",
        all.cases,
        percent(unseen, all.cases),
        all.cases - all.dump
    );
    for (what, fails) in [
        (
            "Prisma's engine",
            (|speaks| speaks.prisma) as fn(&Speaks) -> bool,
        ),
        ("a pg_dump diff", |speaks| speaks.dump),
    ] {
        let failed: Vec<_> = harmless
            .iter()
            .filter(|(_, speaks)| fails(speaks))
            .map(|(case, _)| case.name.as_str())
            .collect();
        let _ = write!(
            text,
            "\nHarmless, and {what} fails the run: {}.\n",
            failed.join(", ")
        );
    }
    text +=
        "\n## Case by case\n\n| Broken | Prisma's engine | pg_dump diff |\n| --- | --- | --- |\n";
    let word = |sees| if sees { "sees it" } else { "-" };
    for (case, speaks) in broken {
        let (prisma, dump) = (word(speaks.prisma), word(speaks.dump));
        let _ = writeln!(text, "| {} | {prisma} | {dump} |", case.name);
    }
    text
}

/// The first word of its name.
fn class(case: &Case) -> &str {
    case.name.split('-').next().unwrap_or(&case.name)
}

/// `make compare`. It needs node, and takes minutes.
#[test]
#[ignore = "measures others: make compare"]
fn sabotage_compared() {
    let stand = Stand::new();
    for base in [Base::Plain, Base::RowSecurity] {
        let name = base.name();
        assert!(
            !prisma_speaks(&stand.url(name)),
            "the sound database {name}"
        );
    }
    let sorted = |mut seen: Vec<(Case, Speaks)>| {
        seen.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        seen
    };
    let broken = sorted(ask_all(&stand, broken()));
    let harmless = sorted(ask_all(&stand, harmless()));
    std::fs::write(repository(TABLE), page(&stand, &broken, &harmless)).unwrap();
}

/// A case that is added and not measured would make the table a claim.
#[test]
fn sabotage_table_is_of_the_cases_that_there_are() {
    let text = fixture(TABLE);
    let of_another_server = |case: &&Case| case.expected.min_version > 15;
    for case in broken().iter().filter(|case| !of_another_server(case)) {
        let row = format!("\n| {} | ", case.name);
        assert!(
            text.contains(&row),
            "make compare: {} is not in {TABLE}",
            case.name
        );
    }
}
