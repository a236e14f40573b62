//! Pages of the documentation: in goes a row, out comes Markdown. The texts are written so that
//! they need no escaping; a test holds them to it.

use std::fmt::Write;

use super::{Explanation, Language, Status, all};

/// One code in one language, as a section with a second-level heading.
pub fn markdown(status: &Status, language: Language) -> String {
    let explanation = Explanation::of(status, language);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "## {}\n\n{}", explanation.title, explanation.standing);
    for paragraph in &explanation.meaning {
        let _ = writeln!(out, "\n{paragraph}");
    }
    for section in &explanation.sections {
        let _ = writeln!(out, "\n### {}\n", section.heading);
        for (item, number) in section.items.iter().zip(1..) {
            let _ = if section.numbered {
                writeln!(out, "{number}. {item}")
            } else {
                writeln!(out, "- {item}")
            };
        }
    }
    let related: Vec<_> =
        explanation.related.iter().map(|code| format!("[{code}]({code}.md)")).collect();
    if !related.is_empty() {
        let heading = match language {
            Language::English => "See also",
            Language::Chinese => "另见",
        };
        let _ = writeln!(out, "\n### {heading}\n\n{}", related.join(" · "));
    }
    out
}

/// The page of one code: English, then Chinese.
pub fn page(status: &Status) -> String {
    let mut out = format!("# {} {}\n", status.code, status.phrase);
    for language in Language::ALL {
        out.push('\n');
        out.push_str(&markdown(status, language));
    }
    out
}

/// The page that lists the codes, with a link to the page of each.
pub fn index() -> String {
    let mut out = String::from(
        "# HTTP status codes\n\nGenerated from `src/status/catalogue`; rewrite with \
         `UPDATE_DOCS=1 cargo test --test docs`. An asterisk marks codes that are not in IANA's \
         registry.\n\n| code | phrase | in a few words | 简述 |\n| --- | --- | --- | --- |\n",
    );
    for status in all() {
        let mark = if status.vendor.is_some() { r"\*" } else { "" };
        let [english, chinese] = Language::ALL.map(|language| status.gist.in_language(language));
        let (code, phrase) = (status.code, status.phrase);
        let _ = writeln!(out, "| [{code}]({code}.md){mark} | {phrase} | {english} | {chinese} |");
    }
    out
}
