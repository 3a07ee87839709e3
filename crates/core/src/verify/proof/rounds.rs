//! A proof goes in rounds, each written from what came of those before. One is enough where no CHECK
//! constraint asks for particular values and all is well.

use std::collections::BTreeMap;

use super::composer;
use super::conditions::{self, Question};
use super::evidence::{Evidence, Gathered, ServerFailure, is_about_circumstances};
use super::judge;
use super::programme::{Kind, Programme, Step, Trial};
use super::refusal::refusal;
use super::server;
use super::subject::Subject;
use super::touches::{AlsoLocked, touches};
use super::world::{Learned, World};
use crate::diff::Object;
use crate::graph::Mark;
use crate::model::Identifier;
use crate::verify::check::Check;
use crate::verify::checks::tried::DELETES;

/// How many rounds there are at most. With who we are, what the catalogs say and which rows there are it makes
/// eight round trips.
const MOST_ROUNDS: usize = 5;

/// A proof in the making.
pub struct Proof<'a> {
    subject: &'a Subject<'a>,
    learned: Learned,
    next: Option<(Round, Programme)>,
    rounds_made: usize,
    has_tried_singly: bool,
    /// The rounds that checks are judged by.
    judged: Vec<(Programme, Evidence)>,
    /// The failure of the server in a round that no check is judged by.
    server_failure: Option<ServerFailure>,
}

/// What a round is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Which values CHECK constraints take.
    Values,
    /// Everything there is to try.
    Everything,
    /// Which tables take a row, each by itself.
    Singly,
    /// The foreign keys that were refused when they were tried at once.
    Alone,
}

/// The first programme of a proof, which asks nothing of the server to be written.
pub struct FirstRound {
    round: Round,
    programme: Programme,
}

impl FirstRound {
    /// Writes it, to the last word that the server is sent.
    pub fn of(subject: &Subject<'_>) -> FirstRound {
        let learned = Learned::default();
        let world = World::new(subject, &learned);
        let questions = conditions::questions(&world);
        let (round, programme) = if questions.is_empty() || !subject.options.ask_for_any() {
            (Round::Everything, composer::everything(&world))
        } else {
            (Round::Values, asking(&world, &questions))
        };
        programme.script();
        FirstRound { round, programme }
    }

    /// What the proof will touch and what it costs, a line each, as far as it is known before: the answers of this
    /// round can leave rows out. It was written for `subject`; `also` are the tables that are locked besides
    /// [`FirstRound::locked`].
    pub fn touches(&self, subject: &Subject<'_>, also: &[AlsoLocked]) -> Vec<String> {
        let learned = Learned::default();
        let world = World::new(subject, &learned);
        match self.round {
            Round::Values => {
                let questions = self.programme.trials.len();
                touches(&world, &composer::everything(&world), questions, also)
            }
            Round::Everything | Round::Singly | Round::Alone => {
                touches(&world, &self.programme, 0, also)
            }
        }
    }

    /// The tables that are locked by name, as SQL.
    pub fn locked(&self, subject: &Subject<'_>) -> Vec<String> {
        let learned = Learned::default();
        World::new(subject, &learned).to_lock()
    }
}

impl<'a> Proof<'a> {
    /// A proof that begins with `first`, which was written for `subject`.
    pub fn new(subject: &'a Subject<'a>, first: FirstRound) -> Proof<'a> {
        Proof {
            subject,
            learned: Learned::default(),
            next: Some((first.round, first.programme)),
            rounds_made: 0,
            has_tried_singly: false,
            judged: Vec::new(),
            server_failure: None,
        }
    }

    /// What to run next, until there is nothing more.
    pub fn next(&self) -> Option<&Programme> {
        self.next.as_ref().map(|(_, programme)| programme)
    }

    /// How many round trips may be made besides the one of what is next.
    pub fn round_trips_left(&self) -> usize {
        MOST_ROUNDS.saturating_sub(self.rounds_made + 1)
    }

    /// Takes what came of it when so many more round trips were made for it.
    pub fn learn_after(&mut self, more: usize, evidence: Evidence) {
        self.rounds_made += more;
        self.learn(evidence);
    }

    /// Takes what came of it.
    pub fn learn(&mut self, evidence: Evidence) {
        let Some((round, programme)) = self.next.take() else {
            return;
        };
        self.rounds_made += 1;
        if let (Round::Values | Round::Singly, Evidence::Gathered(gathered)) = (round, &evidence) {
            let found = server::failure_in(self.subject, gathered);
            self.server_failure = self.server_failure.take().or(found);
        }
        match (round, &evidence) {
            (Round::Values, Evidence::Gathered(gathered)) => {
                let world = World::new(self.subject, &self.learned);
                let questions = conditions::questions(&world);
                let answers = gathered
                    .trials
                    .iter()
                    .map(|answers| answers.answers.first()?.as_ref()?.parse().ok());
                let makers = conditions::learn(&questions, answers);
                let tied = questions.iter().map(|question| {
                    let columns = question
                        .columns
                        .iter()
                        .map(|column| column.name.clone())
                        .collect();
                    (question.table.clone(), columns)
                });
                let tied = tied.collect();
                (self.learned.makers, self.learned.tied) = (makers, tied);
                self.again();
            }
            (Round::Singly, Evidence::Gathered(gathered)) => {
                self.has_tried_singly = true;
                self.learn_singly(gathered);
                self.again();
            }
            (Round::Everything, Evidence::Gathered(gathered))
                if self.could_do_better(&programme, gathered) => {}
            (Round::Everything, _) => {
                let alone = judge::to_try_alone(&programme, &evidence);
                if !alone.is_empty() && self.rounds_made < MOST_ROUNDS {
                    let world = World::new(self.subject, &self.learned);
                    self.next = Some((Round::Alone, composer::each_alone(&world, &alone)));
                }
                self.judged.push((programme, evidence));
            }
            _ => self.judged.push((programme, evidence)),
        }
    }

    /// Every check that is tried on rows, by what came of it.
    pub fn checks(&self) -> Vec<Check> {
        judge::judge(self.subject, &self.judged)
    }

    /// The failure of the server, when one kept something from being found out.
    pub fn server_failure(&self) -> Option<ServerFailure> {
        let of_judged = server::failure(self.subject, &self.judged);
        of_judged.or_else(|| self.server_failure.clone())
    }

    /// What came of deleting the row that each foreign key names.
    pub fn deletes(&self) -> BTreeMap<Object, Mark> {
        judge::marks(self.subject, &self.judged, DELETES.id)
    }

    fn again(&mut self) {
        let programme = composer::everything(&World::new(self.subject, &self.learned));
        self.next = Some((Round::Everything, programme));
    }

    /// Where the rows could not be made: finds out which could, and leaves the others out.
    fn could_do_better(&mut self, programme: &Programme, gathered: &Gathered) -> bool {
        let Some(reason) = judge::rows_missing(programme, &gathered.build) else {
            return false;
        };
        let failure = gathered.build.failure.as_ref();
        let state = failure.map_or("", |failure| failure.sqlstate.as_str());
        let hopeless = (is_about_circumstances(state) && state != "42501")
            || failure.is_some_and(|failure| server::is_of_server(self.subject, failure));
        if hopeless || self.rounds_made + 2 > MOST_ROUNDS {
            return false;
        }
        if !self.has_tried_singly {
            let world = World::new(self.subject, &self.learned);
            self.next = Some((Round::Singly, composer::each_singly(&world)));
            return true;
        }
        let named = failure.map(|failure| failure.table.as_str());
        let world = World::new(self.subject, &self.learned);
        let Some(table) = named.and_then(|named| world.named(named)).cloned() else {
            return false;
        };
        if self.learned.rich.contains(&table) && !self.learned.fragile.contains(&table) {
            self.learned.fragile.insert(table);
        } else {
            self.learned.unbuildable.insert(table, reason);
        }
        self.again();
        true
    }

    /// Two trials for each table: a row with all its columns, and one with the required ones.
    fn learn_singly(&mut self, gathered: &Gathered) {
        let tables: Vec<Identifier> = World::new(self.subject, &self.learned)
            .tables
            .keys()
            .map(|name| (*name).clone())
            .collect();
        for (table, both) in tables.into_iter().zip(gathered.trials.chunks(2)) {
            let [whole, sparse] = both else { continue };
            let refusal = |answers| refusal(self.subject, answers);
            match (refusal(whole), refusal(sparse)) {
                (None, None) => {}
                (None, Some(_)) => {
                    self.learned.rich.insert(table);
                }
                (Some(_), None) => {
                    self.learned.sparse.insert(table);
                }
                (Some(reason), Some(_)) => {
                    self.learned.unbuildable.insert(table, reason);
                }
            }
        }
    }
}

fn asking(world: &World<'_>, questions: &[Question<'_>]) -> Programme {
    let options = world.subject.options;
    let ask = |question: &Question<'_>| {
        let step = Step::new(Kind::Ask, None, question.sql.clone());
        Trial::new(vec![step], Vec::new())
    };
    Programme {
        trials: questions.iter().map(ask).collect(),
        code: world.code_to_find(),
        lock_timeout_ms: options.lock_timeout_ms,
        statement_timeout_ms: options.statement_timeout_ms,
        ..Programme::default()
    }
}
