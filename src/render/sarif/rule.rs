//! What a code scanning service shows beside a result: what its rule means, why, and what to do.

use serde_json::{Value, json};

use crate::explain;

/// The descriptor of the check, the advice or the code `id`, which `leora-migrate explain` explains too.
/// There is no page of ours on the web for it, so it has no `helpUri`.
pub(super) fn of(id: &str, title: &str, level: &str) -> Value {
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": title },
        "defaultConfiguration": { "level": level },
    });
    if let [about] = &explain::find(id)[..] {
        let explain = format!("leora-migrate explain {id}");
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
