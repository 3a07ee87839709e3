//! A report's findings as SARIF 2.1.0, which code scanning services take.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::diff::Object;
use crate::report::Report;
use crate::verify::check::Outcome;

/// Where results are shown. SARIF wants a file, and this is the one in which an application that
/// uses Prisma declares its tables.
const DECLARED_IN: &str = "prisma/schema.prisma";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sarif<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: AutomationDetails,
    invocations: [Invocation<'a>; 1],
    results: Vec<SarifResult<'a>>,
    properties: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    end_time_utc: chrono::DateTime<chrono::Utc>,
    account: &'a str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

/// Writes `report`: each finding of a failed check is an error, what was not proved a warning (an
/// error where proof was asked for), advice a note. What passed is no finding.
pub fn render(report: &Report) -> String {
    let mut rules = BTreeMap::new();
    let mut results = Vec::new();
    for check in &report.checks {
        let unproved = if report.require_proof {
            "error"
        } else {
            "warning"
        };
        match &check.outcome {
            Outcome::Passed => continue,
            Outcome::Failed { findings } => {
                results.extend(findings.iter().map(|finding| {
                    let remedy = finding.remedy.as_deref().map(|text| format!("\n{text}"));
                    let text = finding.message.clone() + &remedy.unwrap_or_default();
                    result(report, check.id, "error", text, finding.object.as_ref())
                }));
            }
            Outcome::NotProved { reasons } => {
                let text = format!("not proved: {}", reasons.join("\n"));
                results.push(result(report, check.id, unproved, text, None));
            }
            Outcome::Waived { reason, until, .. } => {
                let text = format!("waived until {until}: {reason}");
                results.push(result(report, check.id, "note", text, None));
            }
            Outcome::Skipped { reason } => {
                let text = format!("skipped: {reason}");
                results.push(result(report, check.id, unproved, text, None));
            }
        }
        rules.insert(check.id, check.title.clone());
    }
    for advice in &report.advice {
        let text = format!("{}. {}", advice.title, advice.detail);
        results.push(result(report, advice.id, "note", text, None));
        rules.insert(advice.id, advice.id.replace('-', " "));
    }
    let rules = rules.into_iter().map(|(id, text)| Rule {
        id,
        short_description: Message { text },
    });
    let sarif = Sarif {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "leora-migrate",
                    version: report.run.tool_version,
                    rules: rules.collect(),
                },
            },
            automation_details: AutomationDetails {
                id: "leora-migrate/verify/",
            },
            invocations: [Invocation {
                execution_successful: true,
                end_time_utc: report.run.at,
                account: &report.run.by,
            }],
            results,
            properties: BTreeMap::from([
                ("endpoint", report.subject.endpoint.as_str()),
                ("schema", report.subject.schema.as_str()),
                ("serverVersion", report.subject.server_version.as_str()),
            ]),
        }],
    };
    super::json::render(&sarif)
}

fn result<'a>(
    report: &Report,
    rule_id: &'a str,
    level: &'static str,
    text: String,
    object: Option<&Object>,
) -> SarifResult<'a> {
    // The same finding of a later run is the same alert, as long as it is about the same thing.
    let about = object.map_or_else(|| text.clone(), ToString::to_string);
    let digest = Sha256::digest(format!("{rule_id}\n{}\n{about}", report.subject.schema));
    let fingerprint = digest[..16].iter().map(|byte| format!("{byte:02x}"));
    SarifResult {
        rule_id,
        level,
        message: Message { text },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: DECLARED_IN },
                region: Region { start_line: 1 },
            },
            logical_locations: object.map(|object| [logical(object, report)]),
        }],
        partial_fingerprints: BTreeMap::from([("leora-migrate/v1", fingerprint.collect())]),
    }
}

fn logical(object: &Object, report: &Report) -> LogicalLocation {
    let mut path = vec![report.subject.schema.quoted(), object.owner.quoted()];
    if object.name != object.owner {
        path.push(object.name.quoted());
    }
    LogicalLocation {
        name: object.name.to_string(),
        fully_qualified_name: path.join("."),
        kind: object.kind.noun(),
    }
}
