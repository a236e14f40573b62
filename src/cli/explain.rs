//! `httpwhy explain [CODE|CAUSE|RULE|FLAW]`: what it means and what to do about it.

use std::io::{self, IsTerminal, Write};

use clap::{Args, ValueEnum};
use httpwhy::diagnosis::CAUSES;
use httpwhy::error::Error;
use httpwhy::export::{causes, flaws};
use httpwhy::filter;
use httpwhy::http::Flaw;
use httpwhy::rules::{self, RULES};
use httpwhy::status::{self, Explanation, Language};

use super::Done;

/// Columns where there is no terminal to ask.
const COLUMNS: usize = 80;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tag {
    En,
    Zh,
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A status code (502), a reason phrase ("Bad Gateway"), a cause (upstream-refused), a
    /// rule (body-on-204) or a flaw (bare-lf);
    /// without it all are listed
    #[arg(value_name = "CODE|CAUSE|RULE|FLAW")]
    what: Option<String>,
    /// The language of the explanation
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Tag,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let language = match arguments.lang {
        Tag::En => Language::English,
        Tag::Zh => Language::Chinese,
    };
    let text = match &arguments.what {
        Some(what) => explain(what, language)?,
        None => list(language),
    };
    let written = io::stdout().lock().write_all(text.as_bytes());
    written.map_err(|source| Error::Write { what: "standard output".to_owned(), source })?;
    Ok(Done::Well)
}

fn explain(what: &str, language: Language) -> Result<String, Error> {
    let columns = terminal_size::terminal_size()
        .filter(|_| io::stdout().is_terminal())
        .map_or(COLUMNS, |(terminal_size::Width(columns), _)| usize::from(columns).min(100));
    if let Ok(code) = what.parse::<u16>() {
        if code > 999 {
            return Err(Error::Usage(format!("{what} is no status code: they have three digits")));
        }
        return Ok(Explanation::of_code(code, language).to_text(columns));
    }
    if what == "filter" {
        return Ok(filter::explain());
    }
    if let Some(cause) = CAUSES.iter().find(|cause| cause.id == what) {
        return Ok(causes::text(cause, language, columns));
    }
    if let Some(rule) = RULES.iter().find(|rule| rule.id == what) {
        return Ok(rules::page(rule, language));
    }
    if let Some(flaw) = Flaw::ALL.iter().find(|flaw| flaw.name() == what) {
        return Ok(flaws::text(*flaw, language, columns));
    }
    let named: Vec<String> = status::phrase_belongs_to(what.as_bytes())
        .map(|status| status::explain(status, language, columns))
        .collect();
    if named.is_empty() {
        let known = "httpwhy explain lists what is known";
        return Err(Error::Usage(format!(
            "`{what}` is no status code, cause, rule or flaw; {known}"
        )));
    }
    Ok(named.join("\n"))
}

fn list(language: Language) -> String {
    let say = |english, chinese| status::Text { english, chinese }.in_language(language);
    let mut text = status::list(language);
    text.push_str(say("\nCauses of failures:\n", "\n失败的原因：\n"));
    for cause in CAUSES {
        text.push_str(&format!("{:<31} {}\n", cause.id, causes::title(cause, language)));
    }
    text.push_str(say("\nRules:\n", "\n规则：\n"));
    for rule in RULES {
        let severity = rules::severity_name(rule.severity, language);
        let title = rules::title(rule, language);
        text.push_str(&format!("{:<36} {severity:<8} {title}\n", rule.id));
    }
    text.push_str(say("\nFlaws of messages:\n", "\n报文的缺陷：\n"));
    for flaw in Flaw::ALL {
        text.push_str(&format!("{:<22} {}\n", flaw.name(), flaws::meaning(*flaw, language)));
    }
    text
}
