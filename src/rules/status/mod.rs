//! What single status codes demand, a file for each code.

pub(super) mod code_100;
pub(super) mod code_101;
pub(super) mod code_102;
pub(super) mod code_103;
pub(super) mod code_104;
pub(super) mod code_1xx;
pub(super) mod code_200;
pub(super) mod code_201;
pub(super) mod code_201_location;
pub(super) mod code_202;
pub(super) mod code_203;
pub(super) mod code_204;
pub(super) mod code_205;
pub(super) mod code_206;
pub(super) mod code_300;
pub(super) mod code_301;
pub(super) mod code_304;
pub(super) mod code_3xx;
pub(super) mod code_400;
pub(super) mod code_401;
pub(super) mod code_405;
pub(super) mod code_408;
pub(super) mod code_409;
pub(super) mod code_412;
pub(super) mod code_414;
pub(super) mod code_416;
pub(super) mod code_42x;
pub(super) mod code_5xx;
pub(super) mod error_contradicted;
pub(super) mod error_repeated;
pub(super) mod gateway;
pub(super) mod multipart;
pub(super) mod not_modified_history;
pub(super) mod range;
pub(super) mod redirect_chain;
pub(super) mod redirect_followed;
pub(super) mod repeated;
pub(super) mod retry_after;
pub(super) mod validator;
pub(super) mod webdav;
pub(super) mod websocket;

use super::report::Report;
use super::trail::Aftermath;
use crate::flow::Side;

/// Reports octets that the server sent where its response had to be over.
fn stray_body(after: &Aftermath<'_>, report: &mut Report<'_>) {
    let stray = after.strays.iter().find(|stray| stray.side == Side::Server && !stray.interim);
    if let Some(stray) = stray {
        let draft = report.find().plain("bytes", stray.count).packet(stray.first);
        draft.hexadecimal("hex", &stray.octets).add();
    }
}
