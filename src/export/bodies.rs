//! An exchange whose contents were kept as a whole in, its bodies as files out: a safe name, the octets
//! without transfer and content codings, and a line for the index that says what they are. Writes
//! no file.

use sha2::{Digest, Sha256};

use super::{Secrets, escape, json, jsonl::key};
use crate::coding::{self, Rest};
use crate::http::{Exchange, FieldName, Message};
use crate::limits;

/// Letters of a name that are taken from the target.
const NAME_OCTETS: usize = 48;

/// Endings by the beginning of the media type.
const ENDINGS: &[(&str, &str)] = &[
    ("application/json", "json"),
    ("application/javascript", "js"),
    ("application/pdf", "pdf"),
    ("application/x-www-form-urlencoded", "form"),
    ("application/xml", "xml"),
    ("application/zip", "zip"),
    ("image/gif", "gif"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/svg", "svg"),
    ("image/webp", "webp"),
    ("multipart/", "multipart"),
    ("text/css", "css"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/javascript", "js"),
    ("text/plain", "txt"),
    ("text/xml", "xml"),
];

/// A body as a file.
#[derive(Debug)]
pub struct Body {
    /// The name: letters, digits, `.`, `-` and `_` only, and unlike that of any other body.
    pub name: String,
    /// Its ending, which stands for the media type.
    pub ending: &'static str,
    /// Whose it is: `request` or `response`.
    pub side: &'static str,
    /// What is in it.
    pub octets: Vec<u8>,
    /// A line of JSON about it, ended.
    pub line: Vec<u8>,
}

/// The bodies of an exchange: of its request and of its response, where there are any.
pub fn of(id: u64, exchange: &Exchange, secrets: Secrets) -> Vec<Body> {
    let target = exchange.request.as_ref().map(|request| secrets.target(request.head.target()));
    let target = target.as_deref().unwrap_or_default();
    let messages =
        [("request", exchange.request.as_deref()), ("response", exchange.response.as_deref())];
    let messages = messages.into_iter().filter_map(|(side, message)| Some((side, message?)));
    let messages = messages.filter(|(_, message)| !message.preview.is_empty());
    messages.map(|(side, message)| body(id, side, target, message)).collect()
}

fn body(id: u64, side: &'static str, target: &[u8], message: &Message) -> Body {
    let kept = &message.preview;
    let codings = message.head.values(FieldName::ContentEncoding);
    let decoded = coding::decode(kept, codings, limits::BODY_OCTETS);
    let media = message.head.value(FieldName::ContentType);
    let coded = decoded.rest == Some(Rest::Coded);
    let name = name(id, side, target, media.unwrap_or_default());
    let name = if coded { format!("{name}.coded") } else { name };
    let mut notes: Vec<String> = Vec::new();
    if (kept.len() as u64) < message.content {
        notes.push(format!("only the first {} octets were kept", kept.len()));
    }
    if !message.complete() {
        notes.push("the body is not whole in the capture".to_owned());
    }
    notes.extend(decoded.rest.map(|rest| match rest {
        Rest::Coded => "a content coding is still on".to_owned(),
        Rest::Broken(coding) => format!("its {} is broken behind what is here", coding.name()),
        Rest::Cut(coding) => format!("its {} ends too early", coding.name()),
        Rest::More => format!("cut: it decodes to more than {} octets", limits::BODY_OCTETS),
    }));
    let mut line = b"{\"id\":".to_vec();
    let out = &mut line;
    json::number(out, id);
    key!(out, "side");
    json::word(out, side);
    key!(out, "file");
    json::word(out, &name);
    key!(out, "octets");
    json::number(out, decoded.octets.len() as u64);
    key!(out, "sha256");
    let digest = Sha256::digest(&decoded.octets);
    json::word(out, &digest.iter().map(|octet| format!("{octet:02x}")).collect::<String>());
    key!(out, "body_bytes");
    json::number(out, message.content);
    key!(out, "media_type");
    json::optional_octets(out, media);
    key!(out, "codings_removed");
    let removed: Vec<String> =
        decoded.removed.iter().map(|coding| format!("\"{}\"", coding.name())).collect();
    out.extend_from_slice(format!("[{}]", removed.join(",")).as_bytes());
    key!(out, "whole");
    json::boolean(out, notes.is_empty());
    key!(out, "note");
    let note = notes.join("; ");
    json::optional_word(out, (!note.is_empty()).then_some(&*note));
    out.extend_from_slice(b"}\n");
    let ending = ending(media.unwrap_or_default());
    Body { name, ending, side, octets: decoded.octets, line }
}

/// `000014-response-invoice.pdf`: numbers first, so that no name is special to any system.
fn name(id: u64, side: &str, target: &[u8], media: &[u8]) -> String {
    let path = target.split(|octet| matches!(octet, b'?' | b'#')).next().unwrap_or_default();
    let last = path.rsplit(|octet| *octet == b'/').next().unwrap_or_default();
    let safe = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
    let last: String =
        last.iter().filter(|octet| safe(octet)).map(|octet| char::from(*octet)).collect();
    let last: String = last.trim_matches('.').chars().take(NAME_OCTETS).collect();
    let ending = ending(media);
    let dash = if last.is_empty() { "" } else { "-" };
    let last = last.strip_suffix(&format!(".{ending}")).unwrap_or(&last);
    format!("{id:06}-{side}{dash}{last}.{ending}")
}

/// The ending of a name for a media type.
fn ending(media: &[u8]) -> &'static str {
    let media = escape::text(media).to_ascii_lowercase();
    let known = ENDINGS.iter().find(|(kind, _)| media.starts_with(kind));
    known.map_or("bin", |(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_harmless_whatever_is_asked_for() {
        for (target, media, made) in [
            (
                &b"/a/invoice.pdf?x=/../y"[..],
                &b"application/pdf"[..],
                "000014-response-invoice.pdf",
            ),
            (b"/orders/42", b"application/json; charset=utf-8", "000014-response-42.json"),
            (b"/", b"TEXT/HTML", "000014-response.html"),
            (b"/../../etc/passwd", b"", "000014-response-passwd.bin"),
            (b"/..", b"", "000014-response.bin"),
            (b"/a/%2e%2e%2f;rm -rf ~", b"x", "000014-response-2e2e2frm-rf.bin"),
            (b"/c\\con\0:x", b"x", "000014-response-cconx.bin"),
        ] {
            assert_eq!(name(14, "response", target, media), made);
        }
        assert!(name(1, "request", &b"x".repeat(9_000), b"").len() < 80);
    }
}
