//! What really took place, stated by whoever wrote the conversation, in a form that compares and
//! prints compactly. It knows nothing of how a tool found out.

use std::fmt;
use std::str::FromStr;

use httpwhy::wire::Endpoint;

/// One request with its final response, or one of them alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange {
    /// Who asked.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// `None` where the request was not captured.
    pub method: Option<String>,
    /// `None` where the request was not captured.
    pub target: Option<String>,
    /// Of the final response; `None` where there is none.
    pub status: Option<u16>,
    /// Octets of the request's body without its transfer coding; `None` without a request.
    pub request_body: Option<u64>,
    /// Octets of the response's body without its transfer coding; `None` without a response.
    pub response_body: Option<u64>,
}

impl Exchange {
    /// An exchange between two endpoints from `GET /target 200 0 157`: method, target, status and
    /// the octets of the two bodies, `-` where there is none.
    pub fn parse(client: Endpoint, server: Endpoint, text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[method, target, status, request_body, response_body] = words.as_slice() else {
            return Err(format!("want METHOD TARGET STATUS OCTETS OCTETS, got {text:?}"));
        };
        let exchange = Self {
            client,
            server,
            method: absent(method).map(str::to_owned),
            target: absent(target).map(str::to_owned),
            status: number(status)?,
            request_body: number(request_body)?,
            response_body: number(response_body)?,
        };
        Ok(exchange)
    }
}

fn absent(word: &str) -> Option<&str> {
    (word != "-").then_some(word)
}

fn number<N: FromStr>(word: &str) -> Result<Option<N>, String> {
    absent(word).map(|w| w.parse().map_err(|_| format!("{w:?} is not a number"))).transpose()
}

/// `GET /orders/42 502 0 157`, as [`Exchange::parse`] reads it.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn shown<T: ToString>(value: &Option<T>) -> String {
            value.as_ref().map_or("-".to_owned(), T::to_string)
        }
        write!(
            f,
            "{} {} {} {} {}",
            shown(&self.method),
            shown(&self.target),
            shown(&self.status),
            shown(&self.request_body),
            shown(&self.response_body)
        )
    }
}

/// An endpoint from `10.9.1.2:49690` or `[2001:db8::1]:80`.
pub fn endpoint(text: &str) -> Result<Endpoint, String> {
    match text.parse() {
        Ok(std::net::SocketAddr::V4(v4)) => Ok(Endpoint::v4(v4.ip().octets(), v4.port())),
        Ok(std::net::SocketAddr::V6(v6)) => Ok(Endpoint::v6(v6.ip().octets(), v6.port())),
        Err(_) => Err(format!("{text:?} is not ADDRESS:PORT")),
    }
}

/// Nothing if both hold the same exchanges, in whatever order over different connections; else
/// the difference, one exchange a line: `- ` was expected and is missing, `+ ` is too much.
///
/// Within one pair of endpoints the order counts, for that is what pairing gets wrong.
pub fn difference(expected: &[Exchange], found: &[Exchange]) -> Option<String> {
    let by_connection = |list: &[Exchange]| {
        let mut list = list.to_vec();
        list.sort_by_key(|exchange| (exchange.client, exchange.server));
        list
    };
    let (expected, found) = (by_connection(expected), by_connection(found));
    if expected == found {
        return None;
    }
    let mut text = String::new();
    let lines = |list: &[Exchange]| -> Vec<String> {
        list.iter().map(|e| format!("{} > {} {e}", e.client, e.server)).collect()
    };
    let (left, right) = (lines(&expected), lines(&found));
    for (sign, these, those) in [("- ", &left, &right), ("+ ", &right, &left)] {
        let mut others = those.clone();
        for line in these {
            match others.iter().position(|other| other == line) {
                Some(at) => drop(others.swap_remove(at)),
                None => text.push_str(&format!("{sign}{line}\n")),
            }
        }
    }
    if text.is_empty() {
        text.push_str("the same exchanges in another order:\n");
        for (want, got) in left.iter().zip(&right).filter(|(want, got)| want != got) {
            text.push_str(&format!("- {want}\n+ {got}\n"));
        }
    }
    Some(text)
}
