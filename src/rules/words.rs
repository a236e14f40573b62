//! What the names in braces of a message stand for where the rule does not say it: an exchange, and the
//! message of it that a finding is about, in; a text that is safe to show out, for whoever reads it.

use std::borrow::Cow;

use super::report::{path, url};
use super::shown::shown;
use crate::flow::Side;
use crate::http::{Exchange, FieldName, Head, Kind, Message};
use crate::secret;
use crate::status::{Language, Text};
use crate::units::Duration;

/// Something captured that stands in a message, or a phrase of ours.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Shown(Box<str>),
    Phrase(Text),
    Seconds(Duration),
}

impl Value {
    pub fn text(&self, language: Language) -> Cow<'_, str> {
        match self {
            Self::Shown(text) => Cow::Borrowed(text),
            Self::Phrase(text) => Cow::Borrowed(text.in_language(language)),
            Self::Seconds(duration) => Cow::Owned(seconds(*duration)),
        }
    }

    /// A text that needs no care.
    pub fn plain(text: impl Into<Box<str>>) -> Self {
        Self::Shown(text.into())
    }
}

/// What the names in braces stand for that a rule said: mostly one at most, which takes no memory of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    first: Option<(&'static str, Value)>,
    others: Vec<(&'static str, Value)>,
}

impl Values {
    pub fn add(&mut self, name: &'static str, value: Value) {
        match &self.first {
            None => self.first = Some((name, value)),
            Some(_) => self.others.push((name, value)),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut all = self.first.iter().chain(&self.others);
        all.find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// Seconds with three decimals; what is short with two digits that are not zero, since less would look
/// like nothing.
fn seconds(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let decimals = match nanos {
        1..100_000 => 6,
        100_000..1_000_000 => 5,
        1_000_000..10_000_000 => 4,
        _ => 3,
    };
    format!("{:.decimals$}", nanos as f64 / 1e9)
}

/// What a name stands for. `message` is the one that the finding is about, where it is about one.
pub(super) fn value(exchange: &Exchange, message: Option<&Message>, name: &str) -> Option<Value> {
    let octets = |octets: &[u8]| Some(Value::plain(shown(octets)));
    let plain = |text: String| Some(Value::plain(text));
    let request = exchange.request.as_deref();
    let response = exchange.response.as_deref();
    let spoken = message.or(response).or(request);
    let head = spoken.map(|message| &message.head);
    let request = request.map(|request| &request.head);
    match name {
        "client" => plain(exchange.client.to_string()),
        "server" => plain(exchange.server.to_string()),
        "conn" => plain(format!("{} → {}", exchange.client, exchange.server)),
        "kind" => Some(Value::Phrase(match head?.kind() {
            Kind::Request => Text { english: "Request", chinese: "请求" },
            Kind::Response => Text { english: "Response", chinese: "响应" },
        })),
        "start_line" => octets(head?.start_line()),
        "method" => match request {
            Some(request) => octets(request.method_octets()),
            None => Some(unknown_request()),
        },
        "target" => octets(request?.target()),
        "url" => match request {
            Some(request) => plain(shown(&url(request))),
            None => plain(String::new()),
        },
        "path" => octets(path(request?.target())),
        "host" => octets(&secret::authority(request?.value(FieldName::Host)?)),
        "status" => octets(status_head(head, response)?.status_octets()),
        "class00" => {
            let status = status_head(head, response)?.status()?;
            plain(format!("{}", status / 100 * 100))
        }
        "reason" => octets(status_head(head, response)?.reason()),
        "cl" => joined(head?, FieldName::ContentLength),
        "te" => joined(head?, FieldName::TransferEncoding),
        "received" => plain(spoken?.content.to_string()),
        "bytes" => plain(spoken?.content.saturating_add(spoken?.missing).to_string()),
        "declared" => plain(spoken?.content_length.value()?.to_string()),
        "sender" => Some(Value::Phrase(side_name(match head?.kind() {
            Kind::Request => Side::Client,
            Kind::Response => Side::Server,
        }))),
        _ => None,
    }
}

fn unknown_request() -> Value {
    Value::Phrase(Text {
        english: "a request that was not captured", chinese: "未捕获的请求"
    })
}

/// The head of the response that a message is about: its own, else the final one.
fn status_head<'h>(own: Option<&'h Head>, response: Option<&'h Message>) -> Option<&'h Head> {
    match own {
        Some(head) if head.kind() == Kind::Response => Some(head),
        _ => response.map(|response| &response.head),
    }
}

fn joined(head: &Head, name: FieldName) -> Option<Value> {
    let values: Vec<&[u8]> = head.values(name).collect();
    Some(Value::plain(shown(&values.join(&b", "[..]))))
}

/// The client or the server.
pub(super) const fn side_name(side: Side) -> Text {
    match side {
        Side::Client => Text { english: "the client", chinese: "客户端" },
        Side::Server => Text { english: "the server", chinese: "服务器" },
    }
}
