//! Requests for ranges, and what they hang on.

use crate::http::{FieldName, Message, header::range::Ranges};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A request for very many ranges, or for ranges that overlap.
    /// ## Why it matters
    /// Each one costs the server memory and disk: with a few requests of this kind it is out of
    /// service.
    /// ## When it is innocent
    /// Update clients and players that ask for many ranges in ascending order; only very many of
    /// these are reported.
    /// ## What to do
    /// Limit ranges in the server (Apache: `MaxRanges`; nginx: `max_ranges`).
    pub static RANGE_ABUSE = {
        id: "range-abuse",
        title: "Range with many small or overlapping parts",
        severity: Severity::Warning,
        codes: &["206", "416"],
        source: "RFC 9110 section 14.2 MAY ignore or reject (more than two overlapping ranges, many small ones); RFC 9110 section 17.15",
        parameters: &[
            Parameter { name: "overlaps", default: &[2.0], meaning: "pairs of ranges that may overlap" },
            Parameter { name: "specs", default: &[16.0], meaning: "ranges that need not be in ascending order" },
            Parameter { name: "hard_max", default: &[200.0], meaning: "ranges in any order" },
        ],
        guards: &[Guard::HeadWhole],
        message: text(
            "{client} asked for {count} ranges of {url} ({overlaps} overlaps); denial-of-service pattern.",
            "{client} 对 {url} 请求了 {count} 个范围({overlaps} 处重叠),属于拒绝服务手法。",
        ),
        check: Check::Message(On::Request, Trigger::RequestField(&[FieldName::Range]), abuse),
    }
}

fn abuse(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let value = message.head.value(FieldName::Range).and_then(Ranges::parse);
    let Some(ranges) = value else { return };
    let count = ranges.specs.len();
    let overlaps = ranges.overlaps();
    if overlaps as f64 > report.parameter("overlaps")
        || count as f64 > report.parameter("specs") && !ranges.ascending()
        || count as f64 > report.parameter("hard_max")
    {
        report.find().plain("count", count).plain("overlaps", overlaps).add();
    }
}

rule! {
    /// ## What it sees
    /// If-Range without Range, or with a weak validator.
    /// ## Why it matters
    /// The server has to ignore it, so the answer is always the whole.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Send it with Range, and with a strong validator.
    pub static IF_RANGE_INVALID = {
        id: "if-range-invalid",
        title: "If-Range without Range, or with a weak entity tag",
        severity: Severity::Notice,
        codes: &["200", "206", "416"],
        source: "RFC 9110 section 13.1.5 MUST NOT generate; founding document on 416",
        guards: &[Guard::HeadWhole],
        message: text(
            "{client} sent 'If-Range: {value}' on {url} {what}.",
            "{client} 在 {url} 上发送了 'If-Range: {value}',但 {what}。",
        ),
        check: Check::Message(On::Request, Trigger::RequestField(&[FieldName::IfRange]), if_range),
    }
}

fn if_range(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let Some(value) = message.head.value(FieldName::IfRange) else { return };
    let what = if !message.head.has(FieldName::Range) {
        text("without a Range", "却没有 Range")
    } else if value.starts_with(b"W/") {
        text("with a weak validator", "使用了弱校验器")
    } else {
        return;
    };
    report.find().octets("value", value).phrase("what", what).add();
}
