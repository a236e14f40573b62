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

/// How long the head of the request took; where it never ended, until one side ended the connection or
/// the exchange was given up.
pub(super) fn head_time(exchange: &Exchange) -> Option<Duration> {
    let request = exchange.request.as_deref()?;
    let now = &exchange.circumstances;
    let ends = now.fin.iter().chain(&now.reset).flatten();
    let ended = ends.filter(|mark| mark.packet >= request.last.packet);
    let ended = ended.min_by_key(|mark| mark.packet).copied();
    let end = match request.head_whole {
        true => request.head_end,
        false => ended.unwrap_or(exchange.completed),
    };
    Some(end.since(request.first))
}
