//! Rules in, their pages of documentation out, in Markdown. The same data as `explain` shows.

use std::fmt::Write as _;

use super::chinese::Chinese;
use super::rule::{Check, Guard, On, Rule, Severity};
use super::{RULES, text};
use crate::status::{Language, Text};

/// The headings that every rule's documentation has, in this order.
pub const HEADINGS: [&str; 4] =
    ["## What it sees", "## Why it matters", "## When it is innocent", "## What to do"];

/// The page of a rule, in one language. Where nobody has translated the rule yet, its own words stay
/// English.
pub fn page(rule: &Rule, language: Language) -> String {
    let say = |english, chinese| text(english, chinese).in_language(language);
    let chinese = translated(rule, language);
    let title = chinese.as_ref().map_or(rule.title, |chinese| chinese.title);
    let mut page = format!("# `{}`\n\n{title}{}\n\n", rule.id, say(".", "。"));
    let colon = say(": ", "：");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(page, "* **{name}**{colon}{value}");
    };
    row(say("severity", "严重程度"), &severity(rule, language, chinese.as_ref()));
    row(say("looks at", "检查对象"), looks_at(rule).in_language(language));
    let comma = say(", ", "、");
    if !rule.codes.is_empty() {
        row(say("status codes", "状态码"), &rule.codes.join(comma));
    }
    row(say("source", "依据"), rule.source);
    if !rule.supersedes.is_empty() {
        let names: Vec<String> = rule.supersedes.iter().map(|id| format!("`{id}`")).collect();
        row(say("makes superfluous", "取代"), &names.join(comma));
    }
    if language == Language::English {
        row("says", &code(rule.message.english));
    }
    row(say("in Chinese", "消息"), &code(rule.message.chinese));
    if !rule.guards.is_empty() {
        page.push_str(say("\nSilent where:\n\n", "\n以下情况不作判断：\n\n"));
        for guard in rule.guards {
            let silence = match language {
                Language::English => guard.silence(),
                Language::Chinese => silence(*guard),
            };
            let _ = match language {
                Language::English => writeln!(page, "* {silence} (`{}`)", guard.name()),
                Language::Chinese => writeln!(page, "* {silence}（`{}`）", guard.name()),
            };
        }
    }
    if !rule.parameters.is_empty() {
        page.push_str(say(
            "\n| parameter | default | meaning |\n| --- | --- | --- |\n",
            "\n| 参数 | 默认值 | 含义 |\n| --- | --- | --- |\n",
        ));
        for parameter in rule.parameters {
            let default: Vec<String> = parameter.default.iter().map(f64::to_string).collect();
            let default = default.join(comma);
            let note = chinese.as_ref().and_then(|chinese| chinese.note(parameter.name));
            let meaning = note.unwrap_or(parameter.meaning);
            let _ = writeln!(page, "| `{}` | {default} | {meaning} |", parameter.name);
        }
    }
    page.push('\n');
    page.push_str(&chinese.map_or_else(|| documentation(rule), |chinese| chinese.documentation));
    page
}

/// What a rule finds, in a few words.
pub fn title(rule: &Rule, language: Language) -> &'static str {
    translated(rule, language).map_or(rule.title, |chinese| chinese.title)
}

fn translated(rule: &Rule, language: Language) -> Option<Chinese> {
    (language == Language::Chinese).then(|| Chinese::of(rule)).flatten()
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
pub fn index(language: Language) -> String {
    let say = |english, chinese| text(english, chinese).in_language(language);
    let mut page = say(
        "# Rules\n\nWhat httpwhy says about messages and connections, and how bad that is. Each rule keeps \
         silent where it cannot know. [In Chinese / 中文](zh/README.md).\n\n| rule | severity | finds |\n\
         | --- | --- | --- |\n",
        "# 规则\n\nhttpwhy 对报文与连接的判断及其严重程度。凡无法确知之处，规则一律不作判断。\
         [English](../README.md)\n\n| 规则 | 严重程度 | 发现 |\n| --- | --- | --- |\n",
    )
    .to_owned();
    for rule in RULES {
        let _ = writeln!(
            page,
            "| [`{id}`]({id}.md) | {} | {} |",
            severity_name(rule.severity, language),
            title(rule, language),
            id = rule.id
        );
    }
    page
}

/// The name of a severity: that of records, or a Chinese word.
pub const fn severity_name(severity: Severity, language: Language) -> &'static str {
    match (language, severity) {
        (Language::English, _) => severity.name(),
        (Language::Chinese, Severity::Info) => "信息",
        (Language::Chinese, Severity::Notice) => "注意",
        (Language::Chinese, Severity::Warning) => "警告",
        (Language::Chinese, Severity::Error) => "错误",
    }
}

fn severity(rule: &Rule, language: Language, chinese: Option<&Chinese>) -> String {
    let mut text = severity_name(rule.severity, language).to_owned();
    if language == Language::Chinese {
        let _ = write!(text, "（`{}`）", rule.severity.name());
    }
    for (severity, when) in rule.otherwise {
        let name = severity_name(*severity, language);
        let _ = match chinese.and_then(|chinese| chinese.note(severity.name())) {
            Some(when) => write!(text, "；{when}则为{name}（`{}`）", severity.name()),
            None => write!(text, "; {name} {when}"),
        };
    }
    text
}

/// When a rule is silent because of a guard.
const fn silence(guard: Guard) -> &'static str {
    match guard {
        Guard::HeadWhole => "头部没有被完整抓到",
        Guard::RequestKnown => "抓包中没有对应的请求",
        Guard::NoGap => "连接上有缺失的字节",
        Guard::NotMidstream => "抓包从连接中途开始",
        Guard::BothDirections => "缺少某一方向的数据包",
        Guard::NotHttp10 => "有一方的报文是 HTTP/1.0",
        Guard::NotCached => "响应来自缓存",
        Guard::ProxyLower => "并不沉默，但若经过代理，严重程度降一级",
        Guard::MinHistory => "抓包中没有更早的数据可供比较",
        Guard::NotTls => "字节由 TLS 解密而来",
    }
}

const fn looks_at(rule: &Rule) -> Text {
    match rule.check {
        Check::Message(On::Request, ..) => text("each request", "每个请求"),
        Check::Message(On::Interim, ..) => text("each interim response", "每个临时响应"),
        Check::Message(On::Response, ..) => text("each response", "每个响应"),
        Check::Message(On::Any, ..) => text("each message", "每个报文"),
        Check::Exchange(..) => text("each exchange", "每次交互"),
        Check::Settled(..) => text("each exchange and what follows it", "每次交互及其后续"),
        Check::Connection(_) => text("each connection", "每个连接"),
        Check::Watch(..) => text("the traffic as a whole", "整体流量"),
    }
}

fn code(template: &str) -> String {
    format!("`{template}`")
}
