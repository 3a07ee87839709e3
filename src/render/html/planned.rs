//! The plan: what is still to be done, or what was, with its locks and its way back.

use maud::{Markup, html};

use super::{Page, soft};
use crate::render::words;
use leora_core::plan::{Plan, Transaction};

pub(super) fn section(page: &Page<'_>) -> Markup {
    let plan = page.plan;
    html! {
        section id="plan" {
            h2 { "The plan" }
            @if !plan.refusals.is_empty() {
                (refusals(plan))
            } @else if plan.steps.is_empty() {
                p { "Nothing is to be done: everything stands already. On the schema that stood before, the migration is this." }
                (steps(&page.promise.plan_on_baseline(&page.subject.schema)))
            } @else {
                (steps(plan))
            }
        }
    }
}

fn refusals(plan: &Plan) -> Markup {
    html! {
        p { (words::headline(plan)) }
        @for refusal in &plan.refusals {
            article.failure {
                h3 { (soft(&refusal.object.to_string())) " " span.id { (refusal.code) } }
                p { (soft(&refusal.reason)) }
                p.remedy { (soft(&refusal.remedy)) }
            }
        }
    }
}

fn steps(plan: &Plan) -> Markup {
    html! {
        p { (words::headline(plan)) " " (words::how_it_runs(plan)) }
        @for remark in &plan.remarks() {
            p class=[remark.is_warning.then_some("failure")] { (soft(&words::remark(remark))) }
        }
        ol.steps {
            @for step in &plan.steps {
                li {
                    h3 {
                        (soft(&step.change.summary()))
                        @if step.transaction == Transaction::Alone { " " span.id { "outside the transaction" } }
                    }
                    pre.sql { code { (soft(&step.sql)) ";" } }
                    dl {
                        div { dt { "Locks" } dd class=[step.locks.iter().any(|lock| lock.mode.blocks_writes()).then_some("caution")] { (words::locks(step)) } }
                        @for hazard in &step.hazards { div { dt { "Mind" } dd { (hazard.text()) } } }
                        div { dt { "Undo" } dd { code { (soft(&words::undo(step))) } } }
                    }
                }
            }
        }
    }
}
