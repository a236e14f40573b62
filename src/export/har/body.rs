//! Bodies, as far as the run kept their front ([`Message::preview`]): as text where they are, else in
//! base64. What could hide a secret that cannot be looked for stays out unless secrets are shown. A
//! comment says what is not as it was sent.

use std::borrow::Cow;

use super::super::jsonl::key;
use super::super::{Secrets, escape, json};
use super::{text, value};
use crate::http::{FieldName, Message};
use crate::units::Count;

/// Media types that are not text and hold no secrets.
const PLAIN: [&[u8]; 4] = [b"audio/", b"font/", b"image/", b"video/"];

/// What of a body goes out.
struct Body<'m> {
    content: Content<'m>,
    comments: Vec<String>,
}

enum Content<'m> {
    Nothing,
    Text(Cow<'m, [u8]>),
    Binary(&'m [u8]),
}

/// Writes the `content` of a response.
pub(super) fn content(out: &mut Vec<u8>, message: &Message, secrets: Secrets) {
    out.extend_from_slice(b"{\"size\":");
    json::number(out, message.content);
    key!(out, "mimeType");
    value(out, Some(message), FieldName::ContentType, secrets);
    let body = read(message, secrets);
    match &body.content {
        Content::Nothing => {}
        Content::Text(octets) => {
            key!(out, "text");
            text(out, octets);
        }
        Content::Binary(octets) => {
            out.extend_from_slice(b",\"text\":\"");
            json::base64(out, octets);
            out.extend_from_slice(b"\",\"encoding\":\"base64\"");
        }
    }
    comment(out, &body.comments);
    out.push(b'}');
}

/// Writes the `postData` of a request, where there is something to tell.
pub(super) fn post_data(out: &mut Vec<u8>, message: &Message, secrets: Secrets) {
    if message.preview.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"postData\":{\"mimeType\":");
    value(out, Some(message), FieldName::ContentType, secrets);
    let mut body = read(message, secrets);
    key!(out, "text");
    match &body.content {
        Content::Nothing => json::word(out, ""),
        Content::Text(octets) => text(out, octets),
        Content::Binary(_) => {
            json::word(out, "");
            body.comments.push("no text, and HAR has no other form for a request".to_owned());
        }
    }
    comment(out, &body.comments);
    out.push(b'}');
}

fn comment(out: &mut Vec<u8>, comments: &[String]) {
    if !comments.is_empty() {
        key!(out, "comment");
        text(out, comments.join("; ").as_bytes());
    }
}

fn read(message: &Message, secrets: Secrets) -> Body<'_> {
    let preview = &message.preview;
    let mut comments = Vec::new();
    if preview.is_empty() {
        return Body { content: Content::Nothing, comments };
    }
    let whole = preview.len() as u64 >= message.content;
    if !whole {
        let (kept, all) = (Count(preview.len() as u64), Count(message.content));
        comments.push(format!("cut: the first {kept} of {all} octets"));
    }
    if !message.complete() {
        comments.push("the body is not whole in the capture".to_owned());
    }
    let coding = message.head.value(FieldName::ContentEncoding);
    let coding = coding.filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    if let Some(coding) = coding {
        comments.push(format!("content coding {} still on", escape::cut(coding, 40)));
    }
    let media = message.head.value(FieldName::ContentType).unwrap_or_default();
    let starts =
        |with: &[u8]| media.get(..with.len()).is_some_and(|front| front.eq_ignore_ascii_case(with));
    let hidden = secrets == Secrets::Hidden;
    let content = match front(preview, whole).filter(|_| coding.is_none()) {
        // Its secrets are named in lines before them.
        Some(_) if hidden && starts(b"multipart/") => Content::Nothing,
        Some(text) => Content::Text(masked(text, secrets)),
        None if hidden && !(coding.is_none() && PLAIN.iter().any(|one| starts(one))) => {
            Content::Nothing
        }
        // Half of a picture is of no use to any reader.
        None if !whole => return Body { content: Content::Nothing, comments },
        None => Content::Binary(preview),
    };
    match &content {
        Content::Nothing => {
            comments.push("left out: it could hold secrets; --show-secrets writes it".to_owned());
        }
        Content::Text(Cow::Owned(_)) => comments.push("secrets are hidden".to_owned()),
        Content::Text(_) | Content::Binary(_) => {}
    }
    Body { content, comments }
}

/// The octets where they are UTF-8, up to where the preview cuts them.
fn front(preview: &[u8], whole: bool) -> Option<&[u8]> {
    match std::str::from_utf8(preview) {
        Ok(_) => Some(preview),
        Err(error) if !whole && error.error_len().is_none() => preview.get(..error.valid_up_to()),
        Err(_) => None,
    }
}

/// Line by line, borrowed where there was no secret.
fn masked(text: &[u8], secrets: Secrets) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let mut done = 0;
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        match (secrets.line(line), &mut out) {
            (Cow::Borrowed(_), None) => {}
            (masked, Some(out)) => out.extend_from_slice(&masked),
            (masked, None) => {
                let before = text.get(..done).unwrap_or_default();
                out = Some([before, &masked].concat());
            }
        }
        done += line.len();
    }
    out.map_or(Cow::Borrowed(text), Cow::Owned)
}
