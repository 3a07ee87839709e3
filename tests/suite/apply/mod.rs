//! Carrying plans out.

pub(crate) mod ground;

use leora_migrate::db::apply::Applied;
use leora_migrate::db::history::RunState;

use crate::support::Template;
use ground::Ground;

#[test]
fn an_empty_baseline_gets_all_of_it_in_one_transaction_and_the_next_plan_is_empty() {
    let ground = Ground::on(Template::Baseline);
    assert_eq!(ground.pending().len(), 16);
    let done = ground.applied();
    assert_eq!(done.attempts, 1);
    assert_eq!(ground.pending(), Vec::<String>::new());
    assert_eq!(ground.apply().unwrap(), Applied::Already);

    let history = ground.history();
    let [run] = &history.runs[..] else {
        panic!("{history:?}");
    };
    assert_eq!((run.id, run.state), (done.run, RunState::Applied));
    assert_eq!(run.steps.as_ref().map(Vec::len), Some(16));
    assert_eq!((run.steps_done, run.host.as_str()), (16, "a test"));
    assert_eq!(run.applied_by, "leora");
    let left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(ground.ask(left), "0");
}
