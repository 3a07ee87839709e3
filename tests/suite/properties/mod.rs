//! What holds for every schema, tried on generated ones.

mod mutants;
mod schemas;
mod sound;

use leora_core::diff::compare;
use leora_core::model::canon::normalise;
use leora_core::model::snapshot;
use proptest::prelude::*;

use super::support::{Cli, Template, TestDatabase};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn normalising_twice_is_normalising_once(schema in schemas::any_schema()) {
        let once = normalise(schema);
        prop_assert_eq!(normalise(once.clone()), once);
    }

    #[test]
    fn a_schema_does_not_differ_from_itself(schema in schemas::any_schema()) {
        let schema = normalise(schema);
        prop_assert_eq!(compare(&schema, &schema), []);
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written(schema in schemas::any_schema()) {
        let schema = normalise(schema);
        let written = snapshot::write(&schema);
        let read = snapshot::read(&written);
        prop_assert_eq!(read.map_err(|error| format!("{error}\n{written}")), Ok(schema));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever single thing is otherwise, it is one difference, and the right one.
    #[test]
    fn one_change_is_one_difference(schema in schemas::any_schema()) {
        let schema = normalise(schema);
        for mutant in mutants::of(&schema) {
            let found = compare(&mutant.actual, &schema);
            prop_assert_eq!(found.len(), 1, "{:?}: {:?}", mutant.expected, found);
            prop_assert_eq!(mutants::Expected::from(&found[0]), mutant.expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 64, ..ProptestConfig::default() })]

    /// From a file to SQL to a database and back.
    #[test]
    fn what_is_written_to_a_database_is_what_is_read_from_it(schema in sound::schema()) {
        let file = snapshot::write(&normalise(schema));
        let database = TestDatabase::from(Template::Empty);
        let run = |arguments: &[&str]| {
            let cli = Cli::new().database(&database).file("wanted.toml", &file);
            cli.args(arguments).run()
        };
        let script = run(&["diff", "--from", "empty", "--to", "wanted.toml", "--format", "sql"]);
        let made = database.psql(&script.stdout);
        prop_assert_eq!(made.code, Some(0), "{}\n{}\n{}", file, script.stdout, made.stderr);
        let compared = run(&["diff", "--from", "url", "--to", "wanted.toml"]);
        prop_assert_eq!(compared.code, Some(0), "{}\n{}{}", file, compared.stdout, compared.stderr);
    }
}
