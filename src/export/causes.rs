//! A cause of failures in, what it means and how to cure it out, for people: as text for a terminal and
//! as a section of the page in `docs`, in English or Chinese.

use crate::diagnosis::{Cause, Chinese};
use crate::status::{Language, wrap};

/// A cause in one language.
struct Told {
    title: &'static str,
    /// Headings with their texts.
    parts: [(&'static str, &'static str); 4],
    /// Software with what to do there.
    cures: Vec<(&'static str, &'static str)>,
}

/// The title of a cause.
pub fn title(cause: &Cause, language: Language) -> &'static str {
    told(cause, language).title
}

fn told(cause: &Cause, language: Language) -> Told {
    match Chinese::of(cause).filter(|_| language == Language::Chinese) {
        Some(text) => Told {
            title: text.title,
            parts: [
                ("含义", text.meaning),
                ("抓包如何证明", text.proof),
                ("何时另有原因", text.caution),
                ("怎么办", text.advice),
            ],
            cures: text.cures.iter().map(|(software, cure)| (named(software), *cure)).collect(),
        },
        None => Told {
            title: cause.title,
            parts: [
                ("What it means", cause.meaning),
                ("How packets prove it", cause.proof),
                ("When it is something else", cause.caution),
                ("What to do", cause.advice),
            ],
            cures: cause.cures.iter().map(|cure| (cure.software, cure.text)).collect(),
        },
    }
}

/// What is no product has a name in each language.
fn named(software: &'static str) -> &'static str {
    match software {
        "client" => "客户端",
        "server" => "服务器",
        "capture" => "抓包",
        product => product,
    }
}

fn colon(language: Language) -> &'static str {
    if language == Language::Chinese { "：" } else { ": " }
}

/// The text for a terminal of so many columns.
pub fn text(cause: &Cause, language: Language, columns: usize) -> String {
    let Told { title, parts, cures } = told(cause, language);
    let mut out = format!("{}{}{title}\n\n", cause.id, colon(language));
    let plain = |text: &str| text.replace('`', "");
    for (heading, text) in parts {
        out.push_str(heading);
        out.push('\n');
        wrap(&mut out, " ", &plain(text), columns);
    }
    for (software, text) in cures {
        out.push_str(&format!(" {software}{}\n", colon(language).trim_end()));
        wrap(&mut out, "   ", &plain(text), columns);
    }
    out
}

/// The section of the page.
pub fn section(cause: &Cause, language: Language) -> String {
    let Told { title, parts, cures } = told(cause, language);
    let mut out = format!("## `{}`{}{title}\n", cause.id, colon(language));
    for (heading, text) in parts {
        out.push_str(&format!("\n**{heading}** {text}\n"));
    }
    out.push('\n');
    for (software, text) in cures {
        out.push_str(&format!("* {software}{}{text}\n", colon(language)));
    }
    out
}
