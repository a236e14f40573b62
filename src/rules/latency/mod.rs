//! Time: slow heads, slow answers, transfers that pause.

pub(super) mod outlier;
pub(super) mod slow;

use crate::http::{Exchange, FieldName, Message, header::media_type::MediaType};
use crate::units::Duration;

/// Media types whose messages take as long as somebody has something to say.
const STREAMS: [&str; 4] =
    ["text/event-stream", "multipart/x-mixed-replace", "application/grpc", "application/x-ndjson"];

/// Whether a response is a stream of events, which takes its time.
pub(super) fn is_stream(response: &Message) -> bool {
    let kind = response.head.value(FieldName::ContentType).and_then(MediaType::parse);
    kind.is_some_and(|kind| STREAMS.iter().any(|stream| kind.is(stream)))
}

/// How long the head of the request took; where it never ended, until the exchange was given up.
pub(super) fn head_time(exchange: &Exchange) -> Option<Duration> {
    let request = exchange.request.as_deref()?;
    let end = if request.head_whole { request.head_end } else { exchange.completed };
    Some(end.since(request.first))
}
