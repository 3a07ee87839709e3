//! What is told while a command waits or works.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use crate::render::console::Console;
use crate::render::style::paragraph;
use crate::render::waiting;
use leora_core::plan::{Plan, Step};
use leora_db::apply::{ApplyError, Blocker, Observer, Progress, Stop, Waiting};

/// Tells what goes on: who blocks, and how far a long step is.
pub(super) struct Narrator {
    console: Console,
    said: Option<Instant>,
    /// Who blocks is said however often it is said how far a step is.
    named: Option<Instant>,
    /// The transactions of those who were listed last.
    listed: Vec<String>,
    /// What helps where several tables are never free at the same time, as long as it was not said.
    remedy: Option<&'static str>,
}

/// After so many attempts it is said what helps.
const SAY_HOW: u32 = 3;

/// How long nothing is said when nobody in particular blocks.
const SAY_NOTHING: Duration = Duration::from_secs(2);

impl Narrator {
    pub(super) fn new(console: Console) -> Narrator {
        Narrator {
            console,
            said: None,
            named: None,
            listed: Vec::new(),
            remedy: None,
        }
    }

    /// One that also says how the plan could be carried out otherwise.
    pub(super) fn of_plan(console: Console, plan: &Plan) -> Narrator {
        Narrator {
            remedy: plan.may_be_divided().then_some(waiting::ONE_AT_A_TIME),
            ..Narrator::new(console)
        }
    }

    /// One that also says when a rollback gets its locks.
    pub(super) fn of_rollback(console: Console) -> Narrator {
        Narrator {
            remedy: Some(waiting::LESS_LOAD),
            ..Narrator::new(console)
        }
    }

    /// Whether they are those who were listed last; they are from now on.
    fn were_listed(&mut self, blockers: &[Blocker]) -> bool {
        let transactions = blockers.iter().map(|blocker| &blocker.transaction);
        let were_listed = transactions.clone().eq(&self.listed);
        self.listed = transactions.cloned().collect();
        were_listed
    }

    /// Says what an error does not say in its one sentence: who blocks, what has changed.
    pub(super) fn tell_more(&mut self, error: &ApplyError) {
        let tried = match error {
            ApplyError::LockNotObtained { tried, .. } => tried,
            ApplyError::PartlyApplied(partly) => match &partly.why {
                Stop::Locked(tried) => tried,
                _ => return,
            },
            ApplyError::Changed(changed) => {
                let changed = waiting::changed(changed, Console::width());
                return self.console.complain(&changed);
            }
            _ => return,
        };
        if !self.were_listed(&tried.blockers) {
            let blocked = waiting::blocked_at_the_end(&tried.blockers, Console::width());
            self.console.complain(&blocked);
        }
    }

    /// How long between two lines about the same: short for a person, long for a log.
    fn pause() -> Duration {
        if std::io::stderr().is_terminal() {
            Duration::from_secs(2)
        } else {
            Duration::from_secs(10)
        }
    }

    fn is_due(said: &mut Option<Instant>) -> bool {
        let due = said.is_none_or(|said| said.elapsed() >= Narrator::pause());
        if due {
            *said = Some(Instant::now());
        }
        due
    }
}

impl Observer for Narrator {
    fn waiting(&mut self, waiting: &Waiting<'_>) {
        // Before the blockers are known there is nothing to tell, unless every attempt is. Many short transactions
        // block without one that is found at it.
        let known: &[Blocker] = waiting.blockers;
        let tell = !known.is_empty() || waiting.waited >= SAY_NOTHING;
        if self.console.is_verbose() || (tell && Narrator::is_due(&mut self.named)) {
            let were_listed = self.were_listed(known);
            self.console
                .complain(&waiting::waiting(waiting, were_listed, Console::width()));
            if waiting.attempt >= SAY_HOW
                && let Some(remedy) = self.remedy.take()
            {
                self.console.complain(&paragraph(remedy, Console::width()));
            }
        }
    }

    fn step_begun(&mut self, number: usize, step: &Step) {
        self.said = Some(Instant::now());
        self.console
            .progress(&format!("step {}: {}\n", number + 1, step.change.summary()));
    }

    fn progress(&mut self, number: usize, _step: &Step, progress: &Progress) {
        if Narrator::is_due(&mut self.said) {
            self.console.progress(&waiting::progress(number, progress));
        }
    }
}
