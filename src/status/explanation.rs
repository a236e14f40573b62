//! A code explained: in goes a row of the catalogue (or a number without one), out come headings
//! and items in one language, and from them text for a terminal. Pages are made in `markdown`.

use std::fmt::Write;

use super::language::{Language, Text, text, without_marks};
use super::layout::wrap;
use super::{Class, Demand, Status, VALID_CODES, all, lookup};

/// Narrower than this no text is laid out; what asks for less gets this.
const LEAST_COLUMNS: usize = 24;

/// One code explained in one language. Texts still have their backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The code, its phrase and what it means in a few words.
    pub title: String,
    /// Its class, standing and sources, in one line.
    pub standing: String,
    /// What it means, and who sends it.
    pub meaning: Vec<String>,
    /// The rest under headings: causes, how to tell them apart, cures, demands, remarks.
    pub sections: Vec<Section>,
    /// Codes that are near in meaning.
    pub related: Vec<u16>,
    language: Language,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: &'static str,
    /// What stands under it, one item each.
    pub items: Vec<String>,
    /// The order of the items means something.
    pub numbered: bool,
}

impl Explanation {
    /// Explains a row of the catalogue.
    pub fn of(status: &Status, language: Language) -> Self {
        let section = |heading: Text, texts: &[Text], numbered| Section {
            heading: heading.in_language(language),
            items: texts.iter().map(|item| item.in_language(language).to_owned()).collect(),
            numbered,
        };
        let causes = match status.causes {
            [_] => text("Usual cause", "常见原因"),
            _ => text("Usual causes, the most likely first", "常见原因（按可能性排列）"),
        };
        let mut sections = vec![
            section(causes, status.causes, status.causes.len() > 1),
            section(
                text("How packets tell them apart", "如何通过抓包区分"),
                status.distinguish,
                false,
            ),
            section(text("What to change", "如何处理"), status.cures, false),
            demands(status, language),
            section(text("Worth knowing", "补充说明"), status.remarks, false),
        ];
        sections.retain(|section| !section.items.is_empty());
        let mut meaning = vec![status.meaning.in_language(language).to_owned()];
        meaning.extend(status.sent_by.map(|sender| sent_by(sender, language)));
        Self {
            title: title(status, language),
            standing: standing(status, language),
            meaning,
            sections,
            related: status.related.to_vec(),
            language,
        }
    }

    /// Explains any number: by its row if there is one, else by its class.
    pub fn of_code(code: u16, language: Language) -> Self {
        lookup(code)
            .map_or_else(|| Self::of_class_of(code, language), |status| Self::of(status, language))
    }

    fn of_class_of(code: u16, language: Language) -> Self {
        let class = Class::of(code);
        let stands_for = class.stands_for();
        let unknown = match language {
            Language::English => format!("{code}: no such code is registered or known here"),
            Language::Chinese => format!("{code}：未注册，也不在已知代码之列"),
        };
        let treated = match language {
            Language::English => format!(
                "A client that does not know a code treats it as the {stands_for} of its class \
                 (RFC 9110 section 15). Who sends it can say what is meant: look at Server, Via \
                 and the body."
            ),
            Language::Chinese => format!(
                "客户端遇到不认识的代码，按同类的 {stands_for} 处理（RFC 9110 第 15 节）。\
                 具体含义要看发送方：查看 Server、Via 和主体。"
            ),
        };
        Self {
            title: unknown,
            standing: class.name().in_language(language).to_owned(),
            meaning: vec![class.meaning().in_language(language).to_owned(), treated],
            sections: Vec::new(),
            related: vec![stands_for],
            language,
        }
    }

    /// The explanation as plain text in lines of at most `width` columns (at least 24), ending in a
    /// line break. Chinese characters take two columns.
    pub fn to_text(&self, width: usize) -> String {
        let width = width.max(LEAST_COLUMNS);
        let mut out = String::new();
        wrap(&mut out, "", &self.title, width);
        wrap(&mut out, "", &self.standing, width);
        out.push('\n');
        for paragraph in &self.meaning {
            wrap(&mut out, "", &without_marks(paragraph), width);
        }
        for section in &self.sections {
            out.push('\n');
            wrap(&mut out, "", section.heading, width);
            for (item, number) in section.items.iter().zip(1..) {
                let mark = if section.numbered { format!(" {number} ") } else { " - ".to_owned() };
                wrap(&mut out, &mark, &without_marks(item), width);
            }
        }
        if !self.related.is_empty() {
            out.push('\n');
            wrap(&mut out, "", &self.see_also(), width);
        }
        out
    }

    fn see_also(&self) -> String {
        let mut line = text("See also", "另见").in_language(self.language).to_owned();
        for code in &self.related {
            // Writing to a string cannot fail.
            let _ = write!(line, " {code}");
        }
        line
    }

    /// The language it is written in.
    pub const fn language(&self) -> Language {
        self.language
    }
}

/// The explanation of a row as plain text, see [`Explanation::to_text`].
pub fn explain(status: &Status, language: Language, width: usize) -> String {
    Explanation::of(status, language).to_text(width)
}

/// All codes, one a line of at most 80 columns: number, phrase, meaning in a few words. An asterisk
/// after the number marks those that are not registered.
pub fn list(language: Language) -> String {
    let mut out = String::new();
    for status in all() {
        let mark = if status.vendor.is_some() { '*' } else { ' ' };
        let gist = status.gist.plain(language);
        let _ = writeln!(out, "{}{mark} {:<36} {gist}", status.code, status.phrase);
    }
    out
}

fn title(status: &Status, language: Language) -> String {
    let colon = text(": ", "：").in_language(language);
    format!("{} {}{colon}{}", status.code, status.phrase, status.gist.in_language(language))
}

fn sent_by(sender: Text, language: Language) -> String {
    let sender = sender.in_language(language);
    match language {
        Language::English => format!("Sent by: {sender}."),
        Language::Chinese => format!("发送方：{sender}。"),
    }
}

fn standing(status: &Status, language: Language) -> String {
    let (comma, separator, end) = match language {
        Language::English => (", ", "; ", "."),
        Language::Chinese => ("，", "；", "。"),
    };
    let mut parts = vec![
        status.class().name().in_language(language).to_owned(),
        status.registration.name().in_language(language).to_owned(),
    ];
    if let Some(vendor) = status.vendor {
        parts.push(match language {
            Language::English => format!("used by {vendor}"),
            Language::Chinese => format!("使用者 {vendor}"),
        });
    }
    if status.class() == Class::Other && !VALID_CODES.contains(&status.code) {
        parts.push(text("treated as 5xx", "按 5xx 处理").in_language(language).to_owned());
    }
    if status.log_only {
        let log_only = text("only in its log, not on the wire", "只见于其日志，不在线上出现");
        parts.push(log_only.in_language(language).to_owned());
    } else {
        parts.push(status.content.name().in_language(language).to_owned());
    }
    if status.cacheable {
        parts.push(text("cacheable by default", "默认可缓存").in_language(language).to_owned());
    }
    let mut line = parts.join(comma);
    for source in status.sources {
        line.push_str(separator);
        line.push_str(&source.cite(language));
    }
    line.push_str(end);
    line
}

fn demands(status: &Status, language: Language) -> Section {
    let request = text("The request", "请求");
    let response = text("The response", "响应");
    let each = |party: Text, demand: &Demand| {
        let words =
            [party, demand.level.name(), demand.text].map(|word| word.in_language(language));
        match language {
            Language::English => words.join(" ") + ".",
            Language::Chinese => words.concat() + "。",
        }
    };
    let items = status
        .request
        .iter()
        .map(|demand| each(request, demand))
        .chain(status.response.iter().map(|demand| each(response, demand)))
        .collect();
    let heading = text("What is demanded", "对请求与响应的要求").in_language(language);
    Section { heading, items, numbered: false }
}
