//! Rules in, their pages of documentation out, in Markdown. The same data as `explain` shows.

use std::fmt::Write as _;

use super::RULES;
use super::rule::{Check, On, Rule};

/// The headings that every rule's documentation has, in this order.
pub const HEADINGS: [&str; 4] =
    ["## What it sees", "## Why it matters", "## When it is innocent", "## What to do"];

/// The page of a rule.
pub fn page(rule: &Rule) -> String {
    let mut page = format!("# `{}`\n\n{}.\n\n", rule.id, rule.title);
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(page, "* **{name}**: {value}");
    };
    row("severity", &severity(rule));
    row("looks at", looks_at(rule));
    if !rule.codes.is_empty() {
        row("status codes", &rule.codes.join(", "));
    }
    row("source", rule.source);
    if !rule.supersedes.is_empty() {
        let names: Vec<String> = rule.supersedes.iter().map(|id| format!("`{id}`")).collect();
        row("makes superfluous", &names.join(", "));
    }
    row("says", &code(rule.message.english));
    row("说明", &code(rule.message.chinese));
    if !rule.guards.is_empty() {
        page.push_str("\nSilent where:\n\n");
        for guard in rule.guards {
            let _ = writeln!(page, "* {} (`{}`)", guard.silence(), guard.name());
        }
    }
    if !rule.parameters.is_empty() {
        page.push_str("\n| parameter | default | meaning |\n| --- | --- | --- |\n");
        for parameter in rule.parameters {
            let default: Vec<String> = parameter.default.iter().map(f64::to_string).collect();
            let default = default.join(", ");
            let _ = writeln!(page, "| `{}` | {default} | {} |", parameter.name, parameter.meaning);
        }
    }
    page.push('\n');
    page.push_str(&documentation(rule));
    page
}

/// The documentation of a rule, its lines without the space that the comment put in front.
pub fn documentation(rule: &Rule) -> String {
    let mut text = String::new();
    for line in rule.documentation.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        if line.starts_with("## ") {
            if !text.is_empty() {
                text.push('\n');
            }
            let _ = writeln!(text, "{line}\n");
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// The page that lists all rules.
pub fn index() -> String {
    let mut page = String::from(
        "# Rules\n\nWhat httpwhy says about messages and connections, and how bad that is. Each rule keeps \
         silent where it cannot know.\n\n| rule | severity | finds |\n| --- | --- | --- |\n",
    );
    for rule in RULES {
        let _ = writeln!(
            page,
            "| [`{id}`]({id}.md) | {} | {} |",
            rule.severity.name(),
            rule.title,
            id = rule.id
        );
    }
    page
}

fn severity(rule: &Rule) -> String {
    let mut text = rule.severity.name().to_owned();
    for (severity, when) in rule.otherwise {
        let _ = write!(text, "; {} {when}", severity.name());
    }
    text
}

const fn looks_at(rule: &Rule) -> &'static str {
    match rule.check {
        Check::Message(On::Request, ..) => "each request",
        Check::Message(On::Interim, ..) => "each interim response",
        Check::Message(On::Response, ..) => "each response",
        Check::Message(On::Any, ..) => "each message",
        Check::Exchange(..) => "each exchange",
        Check::Settled(..) => "each exchange and what follows it",
        Check::Connection(_) => "each connection",
        Check::Watch(..) => "the traffic as a whole",
    }
}

fn code(template: &str) -> String {
    format!("`{template}`")
}
