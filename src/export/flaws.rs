//! A flaw of a message in, what it means out, in English or Chinese, for people.

use crate::http::Flaw;
use crate::status::{Language, wrap};

/// What it means, in a sentence.
pub fn meaning(flaw: Flaw, language: Language) -> &'static str {
    match language {
        Language::English => flaw.meaning().trim(),
        Language::Chinese => chinese(flaw),
    }
}

/// The text for a terminal of so many columns, with the names that other tools have for it.
pub fn text(flaw: Flaw, language: Language, columns: usize) -> String {
    let mut out = format!("{}\n", flaw.name());
    wrap(&mut out, "", meaning(flaw, language), columns);
    for (tool, names) in [("Suricata", flaw.suricata()), ("Zeek", flaw.zeek())] {
        if !names.is_empty() {
            let says = match language {
                Language::English => format!("{tool} calls it: "),
                Language::Chinese => format!("{tool} 的名称："),
            };
            out.push('\n');
            wrap(&mut out, &says, &names.join(", "), columns);
        }
    }
    out
}

const fn chinese(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::LeadingEmptyLines => "起始行之前有空行。",
        Flaw::BareLf => "某一行以单独的 LF 结尾。",
        Flaw::BareCr => "CR 出现在 LF 之前以外的位置。",
        Flaw::Nul => "报文头中有 NUL 字节。",
        Flaw::ControlOctet => "报文头中有控制字节。",
        Flaw::OddStartLine => "起始行不符合语法。",
        Flaw::LeadingSpace => "起始行之前有空白。",
        Flaw::SpaceInTarget => "请求目标中有空白。",
        Flaw::OddTarget => "请求目标中有不可打印或非 ASCII 的字节。",
        Flaw::NoTarget => "没有请求目标。",
        Flaw::OddMethod => "方法不是合法的记号（token）。",
        Flaw::NoVersion => "缺少版本：HTTP/0.9。",
        Flaw::OddVersion => "版本不是 HTTP/1.0 或 HTTP/1.1。",
        Flaw::LowerCaseVersion => "版本没有用大写书写。",
        Flaw::TextBehindVersion => "版本之后还有内容。",
        Flaw::BadStatus => "状态码不是三位数字。",
        Flaw::StatusOutOfRange => "状态码不在 100 到 599 之间。",
        Flaw::FoldedField => "字段行延续到了下一行（obs-fold）。",
        Flaw::FoldBeforeFields => "第一个字段之前有延续行。",
        Flaw::NoColon => "字段行没有冒号。",
        Flaw::SpaceBeforeColon => "字段名与冒号之间有空白。",
        Flaw::EmptyFieldName => "字段名为空。",
        Flaw::OddFieldName => "字段名不是合法的记号（token）。",
        Flaw::ObscuredFraming => "分帧字段的写法使不同的读者可能有不同的理解。",
        Flaw::HeadTooLarge => "报文头超过上限；其余部分被跳过。",
        Flaw::TooManyFields => "字段行多于上限；其余的只查找了分帧字段。",
        Flaw::LengthAndCoding => "同时有 Content-Length 和 Transfer-Encoding。",
        Flaw::LengthRepeated => "Content-Length 以相同的值重复出现。",
        Flaw::LengthDiffers => "有几个互不相同的 Content-Length 值。",
        Flaw::LengthInvalid => "Content-Length 不是有意义的数字。",
        Flaw::LengthLeadingZeros => "Content-Length 有前导零。",
        Flaw::CodingInvalid => "Transfer-Encoding 不是编码的列表。",
        Flaw::CodingNotChunked => "Transfer-Encoding 不以 chunked 结尾。",
        Flaw::ChunkedTwice => "Transfer-Encoding 不止一次写有 chunked。",
        Flaw::CodingInHttp10 => "HTTP/1.0 的报文中有 Transfer-Encoding。",
        Flaw::FramingOnBodiless => "不能有正文的响应带有 1xx 或 204 不得有的分帧字段。",
        Flaw::ChunkSizeInvalid => "分块大小的行无法读懂。",
        Flaw::ChunkExtension => "分块大小的行带有扩展。",
        Flaw::ChunkBareLf => "分块编码的某一行以单独的 LF 结尾。",
        Flaw::ChunkBareCr => "分块编码的某一行中有并不结束该行的 CR。",
        Flaw::ChunkDataOverrun => "分块的数据之后没有行结束符。",
        Flaw::Trailers => "分块编码的正文带有尾部字段（trailer）。",
        Flaw::TrailersTooLarge => "尾部字段超过上限。",
        Flaw::Resynchronised => "报文开始于分帧已经丢失之处：它的起始行是搜索得到的。",
        Flaw::FramingGuessed => "正文的长度只能靠推测。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_flaw_has_a_sentence_of_its_own_in_both_languages() {
        for language in Language::ALL {
            let sentences = Flaw::ALL.iter().map(|flaw| meaning(*flaw, language));
            assert_eq!(sentences.collect::<BTreeSet<_>>().len(), Flaw::ALL.len());
        }
        for flaw in Flaw::ALL {
            assert!(chinese(*flaw).ends_with('。'), "{}", flaw.name());
        }
    }
}
