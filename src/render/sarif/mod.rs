//! A report's findings as SARIF 2.1.0, which code scanning services take.

mod rule;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::render::remedy::told;
use crate::report::{NoResult, Reason, Report, Run};
use leora_core::diff::Object;
use leora_core::model::Identifier;
use leora_core::verify::check::{Check, Finding, Outcome};

/// Where the application's tables are declared, as far as that is known.
///
/// GitHub refuses a whole upload when one result has no file and line
/// (github/codeql-action, issues 1738 and 2459), so there is always one.
#[derive(Clone, Debug)]
pub struct Places {
    /// The file, as a URI, for what stands at no line of its own.
    pub file: String,
    /// The URI and the line of each table that is declared.
    pub tables: BTreeMap<Identifier, (String, usize)>,
}

impl Default for Places {
    /// No file is known. Prisma's usual one is where somebody would look first; that a result is at its
    /// first line says no more than that.
    fn default() -> Places {
        Places {
            file: "prisma/schema.prisma".to_owned(),
            tables: BTreeMap::new(),
        }
    }
}

/// Writes `report`: each finding of a failed check is an error, what was not proved a warning (an
/// error where proof was asked for), advice a note. What passed is no finding. Where the server failed meanwhile,
/// the run is said to be unsuccessful, and the results are those found until then.
pub fn render(report: &Report, places: &Places) -> String {
    let mut log = Log {
        report,
        places,
        rules: BTreeMap::new(),
        results: Vec::new(),
    };
    for check in &report.checks {
        log.add_check(check);
    }
    for advice in &report.advice {
        let text = format!("{}. {}", advice.title, advice.detail);
        log.add(advice.id, "note", text, None, json!([]));
        let rule = rule::of(advice.id, "note");
        log.rules.insert(advice.id.to_owned(), rule);
    }
    let Log { rules, results, .. } = log;
    let invocation = invocation(&report.run, report.exit_code(), report.error.as_ref());
    let mut run = run("verify", &report.run, invocation, report.error.as_ref());
    run["tool"]["driver"]["rules"] = rules.into_values().collect();
    run["results"] = results.into();
    run["properties"] = json!({
        "endpoint": report.subject.endpoint,
        "schema": report.subject.schema,
        "serverVersion": report.subject.server_version,
    });
    whole(run)
}

/// Writes that there is no result, as what the tool has to say of itself. There are no `results`, not
/// even none of them: an empty list says that nothing is wrong (SARIF 2.1.0, 3.14.23).
pub fn no_result(none: &NoResult) -> String {
    let error = Some(&none.error);
    let invocation = invocation(&none.run, none.exit_code, error);
    whole(run(none.command, &none.run, invocation, error))
}

fn invocation(run: &Run, exit_code: u8, error: Option<&Reason>) -> Value {
    let mut invocation = json!({
        "executionSuccessful": error.is_none(),
        "endTimeUtc": run.at,
        "account": run.by,
        "exitCode": exit_code,
    });
    if let Some(error) = error {
        invocation["exitCodeDescription"] = error.title.into();
        invocation["toolExecutionNotifications"] = json!([{
            "descriptor": { "id": error.code, "index": 0 },
            "level": "error",
            "message": { "text": format!("{}\n{}", error.message, error.remedy) },
            "timeUtc": run.at,
        }]);
    }
    invocation
}

fn run(command: &str, run: &Run, invocation: Value, error: Option<&Reason>) -> Value {
    let mut whole = json!({
        "tool": { "driver": {
            "name": "leora-migrate",
            "version": run.version(),
            "semanticVersion": run.tool_version,
        } },
        "automationDetails": { "id": format!("leora-migrate/{command}/") },
        "invocations": [invocation],
    });
    if let Some(error) = error {
        let descriptor = rule::of(&error.code.to_string(), "error");
        whole["tool"]["driver"]["notifications"] = json!([descriptor]);
    }
    whole
}

fn whole(run: Value) -> String {
    super::json::render(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }))
}

struct Log<'a> {
    report: &'a Report,
    places: &'a Places,
    rules: BTreeMap<String, Value>,
    results: Vec<Value>,
}

impl<'a> Log<'a> {
    fn add_check(&mut self, check: &'a Check) {
        let unproved = if self.report.require_proof {
            "error"
        } else {
            "warning"
        };
        match &check.outcome {
            Outcome::Passed => return,
            // It was not looked at, and no result of the run.
            Outcome::Skipped { .. } if self.report.error.is_some() => return,
            Outcome::Failed { findings } => {
                for finding in findings {
                    self.add_finding(check, finding, "error", json!([]));
                }
            }
            Outcome::NotProved { reasons } => {
                let text = format!("not proved: {}", reasons.join("\n"));
                self.add(&check.id.to_string(), unproved, text, None, json!([]));
            }
            Outcome::Waived {
                findings,
                reason,
                until,
            } => {
                let justification = format!("{reason} (waived until {until})");
                // No error: GitHub takes no notice of suppressions.
                for finding in findings {
                    let suppressed = json!([{
                        "kind": "external",
                        "status": "accepted",
                        "justification": justification,
                    }]);
                    self.add_finding(check, finding, "note", suppressed);
                }
            }
            Outcome::Skipped { reason } => {
                let text = format!("skipped: {reason}");
                self.add(&check.id.to_string(), unproved, text, None, json!([]));
            }
        }
        let id = check.id.to_string();
        let rule = rule::of(&id, "error");
        self.rules.insert(id, rule);
    }

    fn add_finding(&mut self, check: &Check, finding: &Finding, level: &str, suppressed: Value) {
        let remedy = finding
            .remedy
            .as_ref()
            .map(|remedy| format!("\n{}", told(remedy)));
        let text = finding.told().into_owned() + &remedy.unwrap_or_default();
        self.add(
            &check.id.to_string(),
            level,
            text,
            finding.object.as_ref(),
            suppressed,
        );
    }

    /// A result. One that has suppressions wants them of all, though they be none (SARIF 2.1.0, 3.27.23).
    fn add(
        &mut self,
        rule: &str,
        level: &str,
        text: String,
        object: Option<&Object>,
        suppressed: Value,
    ) {
        let schema = &self.report.subject.schema;
        // The same finding of a later run is the same alert, as long as it is about the same thing.
        let about = object.map_or_else(|| text.clone(), ToString::to_string);
        let digest = Sha256::digest(format!("{rule}\n{schema}\n{about}"));
        let fingerprint: String = digest[..16].iter().map(|b| format!("{b:02x}")).collect();
        let mut location = self.place(object);
        if let Some(object) = object {
            location["logicalLocations"] = json!([logical(object, schema)]);
        }
        self.results.push(json!({
            "ruleId": rule,
            "level": level,
            "message": { "text": text },
            "locations": [location],
            "partialFingerprints": { "leora-migrate/v1": fingerprint },
            "suppressions": suppressed,
        }));
    }

    fn place(&self, object: Option<&Object>) -> Value {
        let declared = object.and_then(|object| self.places.tables.get(&object.owner));
        let (uri, line) = match declared {
            Some((uri, line)) => (uri, *line),
            None => (&self.places.file, 1),
        };
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": uri },
            "region": { "startLine": line },
        } })
    }
}

fn logical(object: &Object, schema: &Identifier) -> Value {
    let mut path = vec![schema.quoted(), object.owner.quoted()];
    if object.name != object.owner {
        path.push(object.name.quoted());
    }
    json!({
        "name": object.name,
        "fullyQualifiedName": path.join("."),
        "kind": object.kind.noun(),
    })
}
