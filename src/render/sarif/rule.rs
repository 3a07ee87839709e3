//! What a code scanning service shows beside a result: what its rule means, why, and what to do.

use serde_json::{Value, json};

use crate::explain;

/// The descriptor of the check, the advice or the code `id`, as `leora-migrate explain` has it: of the rule,
/// and not of one result. There is no page of ours on the web for it, so it has no `helpUri`.
pub(super) fn of(id: &str, level: &str) -> Value {
    let mut rule = json!({ "id": id, "defaultConfiguration": { "level": level } });
    if let [about] = &explain::find(id)[..] {
        let explain = format!("leora-migrate explain {id}");
        rule["shortDescription"] = json!({ "text": about.title });
        rule["fullDescription"] = json!({ "text": about.meaning });
        rule["help"] = json!({
            "text": format!("{}\n\n{}\n\n{explain}", about.cause, about.remedy),
            "markdown": format!(
                "**{}**\n\n{}\n\n**Why**: {}\n\n**What to do**: {}\n\n```sh\n{explain}\n```\n",
                about.title, about.meaning, about.cause, about.remedy
            ),
        });
    }
    rule
}
