//! Exchanges and connections in, findings out.
//!
//! A rule is one block: documentation, name, severity, source, guards, and one function. [`RULES`] lists
//! them all; the list, `explain`, the pages in `docs/rules` and the tests come from the same data.
//!
//! ```text
//! rule          what a rule is, and the macro that makes one block of it
//! judge         who calls which rule when
//! trail         what is remembered of a connection while it lives
//! watch         rules with a memory of their own
//! traffic       how many responses there were of whom, for rules about many exchanges
//! tally         how many of them in which time
//! roster        places for those of whom something is remembered
//! asked         what a request asks for, as a number, for rules that remember addresses
//! lately        what was worked out for a path lately
//! answers       what was answered lately for an address, for rules that compare
//! remembered    the newest so many of something; awaited: who was told to go where
//! report        where a rule says what it found → finding, and aggregate of many
//! packets       the packets that show a finding
//! words         what the names in a message stand for
//! evidence      signs of proxies and caches
//! shown         captured octets made safe to show
//! parameters    what a user may set
//! page          documentation
//! chinese       what it says in Chinese
//! framing/ syntax/ connection/ status/ window/ …   the rules
//! ```
//!
//! To add one: its block in the file of its family, its line in [`RULES`], its Chinese text in
//! `chinese/FAMILY.md`, and two dialogues, `tests/rules/NAME/hit.http` and `miss.http`. A rule never
//! parses: what it needs is a fact of `http`.

mod aggregate;
mod answers;
mod asked;
mod awaited;
mod bits;
mod chinese;
mod connection;
mod content;
mod date;
mod ends;
mod evidence;
mod finding;
mod framing;
mod judge;
mod lately;
mod latency;
mod list;
mod methods;
mod packets;
mod page;
mod pages;
mod parameters;
mod place;
mod reference;
mod remembered;
mod report;
mod roster;
mod rule;
mod shown;
mod status;
mod status_line;
mod syntax;
mod tally;
mod traffic;
mod trail;
mod watch;
mod window;
mod words;

pub use aggregate::{Findings, Group};
pub use asked::{Asked, Hashes, Reckoner};
pub use chinese::{CHINESE_HEADINGS, Chinese, sections};
pub use finding::{Finding, Place, Subject};
pub use judge::Judge;
pub use lately::Lately;
pub use packets::Packets;
pub use page::{HEADINGS, documentation, index, page, severity_name, title};
pub use parameters::{Parameters, Unknown};
pub use place::{endpoint, template, write_template};
pub use report::{Draft, Report, Scene, path, path_of};
pub use rule::{Check, Guard, On, Parameter, Rule, Severity, Trigger};
pub use traffic::Traffic;
pub use trail::{Aftermath, Announced, Trail};
pub use watch::{Explained, Watcher};

use crate::http::{FieldName, Flaw, Flaws, Head, Kind, Method};
use crate::limits;
use crate::status::Text;

/// Every rule, by name.
pub static RULES: &[&Rule] = &[
    &status::code_202::ACCEPTED_WITHOUT_POINTER,
    &status::webdav::ALREADY_REPORTED_TOP_LEVEL,
    &status::code_3xx::AMBIGUOUS_REDIRECT_FOR_UNSAFE_METHOD,
    &window::authentication::AUTH_BRUTEFORCE_SUSPECTED,
    &window::authentication::AUTH_FAILURES_REPEATED,
    &status::error_repeated::AUTH_SAME_CREDENTIALS_REPEATED,
    &status::gateway::BAD_GATEWAY_LOOKS_LIKE_TIMEOUT,
    &status::code_400::BAD_REQUEST_EXPLAINED,
    &status::code_400::BAD_REQUEST_UNEXPLAINED,
    &status::code_1xx::BODY_ON_1XX,
    &status::code_204::BODY_ON_204,
    &status::code_205::BODY_ON_205,
    &status::code_304::BODY_ON_304,
    &framing::bodiless::BODY_ON_HEAD,
    &connection::early::BODY_SENT_AFTER_REJECTION,
    &framing::truncated::BODY_TRUNCATED,
    &window::burst_rules::BURST_4XX,
    &window::burst_rules::BURST_5XX,
    &window::portal::CAPTIVE_PORTAL_SUSPECTED,
    &status::code_401::CHALLENGE_MALFORMED,
    &status::code_401::CHALLENGE_WRONG_KIND,
    &framing::truncated::CHUNKED_BODY_TRUNCATED,
    &connection::unanswered::CLIENT_ABORT,
    &window::abandoned::CLIENT_ABORT_BURST,
    &connection::closing::CLOSE_NOT_PERFORMED,
    &connection::closing::CLOSE_UNANNOUNCED,
    &status::code_409::CONFLICT_ON_SAFE_METHOD,
    &status::code_409::CONFLICT_WITHOUT_BODY,
    &connection::protocol::CONNECT_OPTIMISTIC_DATA,
    &connection::protocol::CONNECT_REJECTED_KEPT_OPEN,
    &syntax::field::CONNECTION_LISTS_END_TO_END_FIELD,
    &syntax::field::CONNECTION_OPTION_MISSING,
    &content::CONTENT_CODING_NOT_ACCEPTED,
    &syntax::field::CONTENT_ON_BODILESS_METHOD,
    &status::code_206::CONTENT_RANGE_INVALID,
    &status::code_206::CONTENT_RANGE_ON_OTHER_STATUS,
    &status::error_repeated::CONTENT_TOO_LARGE_RESENT,
    &status::code_412::CONTENT_TOO_LARGE_SMALL_BODY,
    &content::CONTENT_TYPE_MISSING,
    &status::code_100::CONTINUE_CLIENT_RESENT_REQUEST,
    &status::code_100::CONTINUE_THEN_HEADER_REJECTION,
    &status::code_100::CONTINUE_WITHOUT_EXPECT,
    &status::code_100::CONTINUE_WITHOUT_FINAL,
    &status::code_201::CREATED_EMPTY_BODY,
    &status::code_201::CREATED_FOR_SAFE_METHOD,
    &status::code_201_location::CREATED_LOCATION_NOT_FOUND,
    &status::code_201::CREATED_WITHOUT_LOCATION,
    &status::code_401::CREDENTIALS_IN_CLEARTEXT,
    &status::code_401::CREDENTIALS_REFUSED,
    &date::DATE_CLOCK_SKEW,
    &date::DATE_MISSING,
    &connection::early::EARLY_ERROR_WITHOUT_CLOSE,
    &connection::early::EARLY_FINAL_RESPONSE,
    &status::code_103::EARLY_HINTS_WITHOUT_LINK,
    &status::code_5xx::ERROR_DETAIL_LEAK,
    &window::change::ERROR_RATE_RECOVERED,
    &window::change::ERROR_RATE_UP,
    &status::code_400::ERROR_WITHOUT_BODY,
    &status::code_100::EXPECT_UNANSWERED,
    &status::code_100::EXPECT_UNKNOWN,
    &status::code_100::EXPECT_WITHOUT_BODY,
    &status::retry_after::EXPECTATION_FAILED_NOT_RETRIED,
    &status::code_414::EXPECTATION_FAILED_WITHOUT_EXPECT,
    &status::code_401::FORBIDDEN_WITH_CHALLENGE,
    &framing::chunk::FRAMING_CHUNK_EXTENSION,
    &framing::chunk::FRAMING_CHUNK_LINE_ENDING,
    &framing::chunk::FRAMING_CHUNK_SIZE_INVALID,
    &framing::coding::FRAMING_CHUNKED_TWICE,
    &framing::coding::FRAMING_CL_AND_TE,
    &framing::length::FRAMING_CL_DIFFERING,
    &framing::length::FRAMING_CL_INVALID,
    &status::code_1xx::FRAMING_CL_ON_1XX_204,
    &framing::length::FRAMING_CL_REPEATED,
    &framing::bodiless::FRAMING_ON_CONNECT_SUCCESS,
    &framing::length::FRAMING_RESPONSE_UNFRAMED,
    &framing::coding::FRAMING_TE_HTTP10,
    &framing::coding::FRAMING_TE_NOT_CHUNKED_FINAL,
    &framing::coding::FRAMING_TE_OBFUSCATED,
    &status::code_1xx::FRAMING_TE_ON_1XX_204,
    &framing::chunk::FRAMING_TRAILER_FORBIDDEN,
    &status::gateway::GATEWAY_CODE_WITHOUT_GATEWAY,
    &status::gateway::GATEWAY_ERROR_CAUSE,
    &status::gateway::GATEWAY_TIMEOUT_TOO_FAST,
    &status::error_contradicted::GET_OR_HEAD_REFUSED,
    &status::error_contradicted::GONE_REQUESTED_AGAIN,
    &status::code_409::GONE_WITH_LOCATION,
    &connection::protocol::H2C_PRIOR_KNOWLEDGE,
    &status::code_101::H2C_UPGRADE_USED,
    &syntax::smuggling::HEADER_INJECTION_ATTEMPT,
    &syntax::field::HEADER_SECTION_OVERSIZE,
    &status::code_42x::HEADERS_TOO_LARGE_BUT_SMALL,
    &window::health::HEALTH_CHECK_FAILING,
    &syntax::host::HOST_DUPLICATE,
    &syntax::host::HOST_MISSING,
    &syntax::host::HOST_TARGET_MISMATCH,
    &syntax::field::HTTP_DATE_INVALID,
    &connection::protocol::HTTP_SENT_TO_TLS_PORT,
    &syntax::start_line::HTTP_VERSION_UNEXPECTED,
    &syntax::start_line::HTTP09_MESSAGE,
    &status::range::IF_RANGE_INVALID,
    &status::webdav::IM_USED_WITHOUT_A_IM,
    &status::code_1xx::INTERIM_FLOOD,
    &status::code_1xx::INTERIM_TO_HTTP10,
    &connection::race::KEEPALIVE_CLOSE_RACE,
    &window::latency_shift::LATENCY_SHIFT,
    &status::code_42x::LEGAL_BLOCK_WITHOUT_LINK,
    &status::code_409::LENGTH_REQUIRED_BUT_PRESENT,
    &status::code_409::LENGTH_REQUIRED_CHUNKED,
    &status::code_3xx::LOCATION_INVALID,
    &status::code_414::MEDIA_TYPE_REFUSED_WITHOUT_CONTENT,
    &status::code_414::MEDIA_TYPE_REFUSED_WITHOUT_HINT,
    &status::code_405::METHOD_CODE_CONFUSION,
    &status::code_405::METHOD_NOT_ALLOWED_BUT_LISTED,
    &status::code_405::METHOD_NOT_ALLOWED_WITHOUT_ALLOW,
    &syntax::start_line::METHOD_UNKNOWN,
    &status::code_42x::MISDIRECTED_REQUEST,
    &status::code_300::MULTIPLE_CHOICES_EMPTY,
    &status::webdav::MULTISTATUS_NOT_XML,
    &status::code_5xx::NETWORK_AUTHENTICATION_REQUIRED,
    &status::code_204::NO_CONTENT_TO_GET,
    &status::code_203::NON_AUTHORITATIVE_WITHOUT_PROXY,
    &status::code_405::NOT_ACCEPTABLE_EMPTY,
    &status::code_405::NOT_ACCEPTABLE_WITHOUT_NEGOTIATION,
    &window::missing::NOT_FOUND_HOT,
    &status::error_contradicted::NOT_FOUND_INCONSISTENT,
    &window::missing::NOT_FOUND_SCAN,
    &status::code_304::NOT_MODIFIED_ETAG_MISMATCH,
    &status::code_304::NOT_MODIFIED_EXTRA_METADATA,
    &status::not_modified_history::NOT_MODIFIED_LENGTH_WRONG,
    &status::code_304::NOT_MODIFIED_MISSED,
    &status::code_304::NOT_MODIFIED_MISSING_DATE,
    &status::not_modified_history::NOT_MODIFIED_MISSING_FIELDS,
    &status::code_304::NOT_MODIFIED_UNCONDITIONAL,
    &status::code_304::NOT_MODIFIED_UNSAFE_METHOD,
    &status::code_5xx::OBSOLETE_SERVER_CODE,
    &status::code_200::OK_EMPTY_BODY,
    &window::skew::ONE_BACKEND_FAILING,
    &window::skew::ONE_ENDPOINT_FAILING,
    &status::code_3xx::OPEN_REDIRECT_HINT,
    &status::code_206::PARTIAL_IF_RANGE_MISMATCH,
    &status::code_206::PARTIAL_LENGTH_MISMATCH,
    &status::code_206::PARTIAL_MISSING_CONTENT_RANGE,
    &status::code_206::PARTIAL_MISSING_DATE,
    &status::multipart::PARTIAL_MULTIPART_FOR_SINGLE_RANGE,
    &status::multipart::PARTIAL_MULTIPART_MALFORMED,
    &status::code_206::PARTIAL_RANGE_NOT_REQUESTED,
    &status::code_206::PARTIAL_TO_NON_GET,
    &status::validator::PARTIAL_VALIDATOR_CHANGED,
    &status::code_206::PARTIAL_WHOLE_REPRESENTATION,
    &status::code_206::PARTIAL_WITHOUT_RANGE,
    &status::code_401::PAYMENT_REQUIRED,
    &status::code_301::PERMANENT_REDIRECT_IGNORED,
    &connection::pairing::PIPELINE_MISMATCH,
    &connection::pairing::PIPELINING_USED,
    &status::code_412::PRECONDITION_FAILED_SHOULD_BE_304,
    &status::code_412::PRECONDITION_FAILED_UNCONDITIONAL,
    &status::code_412::PRECONDITION_IGNORED_MODIFIED_SINCE,
    &status::code_42x::PRECONDITION_REQUIRED_BUT_PRESENT,
    &window::probe::PROBE_PATH,
    &status::code_102::PROCESSING_102_USED,
    &status::code_401::PROXY_AUTH_FROM_ORIGIN,
    &status::code_401::PROXY_AUTH_WITHOUT_CHALLENGE,
    &status::error_repeated::PROXY_CREDENTIALS_WRONG_FIELD,
    &status::gateway::PROXY_STATUS_CONTRADICTION,
    &status::range::RANGE_ABUSE,
    &status::code_200::RANGE_IGNORED,
    &status::code_416::RANGE_NOT_SATISFIABLE_BUT_SATISFIABLE,
    &status::code_416::RANGE_NOT_SATISFIABLE_WITH_IF_RANGE,
    &status::code_416::RANGE_NOT_SATISFIABLE_WITHOUT_LENGTH,
    &status::code_416::RANGE_NOT_SATISFIABLE_WITHOUT_RANGE,
    &window::burst_rules::RATE_LIMIT_BURST,
    &status_line::REASON_PHRASE_MISMATCH,
    &status_line::REASON_PHRASE_NONSTANDARD,
    &status_line::REASON_PHRASE_SPACE_MISSING,
    &status::redirect_followed::REDIRECT_BODY_DROPPED,
    &status::code_3xx::REDIRECT_BODY_MISSING,
    &status::redirect_chain::REDIRECT_CHAIN_LONG,
    &status::redirect_followed::REDIRECT_CREDENTIAL_LEAK,
    &status::code_3xx::REDIRECT_HTTPS_DOWNGRADE,
    &status::redirect_chain::REDIRECT_LOOP,
    &status::redirect_followed::REDIRECT_METHOD_NOT_PRESERVED,
    &status::redirect_followed::REDIRECT_METHOD_REWRITTEN,
    &status::code_3xx::REDIRECT_TO_SELF,
    &status::code_3xx::REDIRECT_WITHOUT_LOCATION,
    &connection::closing::REQUEST_AFTER_CLOSE,
    &syntax::smuggling::REQUEST_INSIDE_BODY,
    &status::code_408::REQUEST_TIMEOUT_AFTER_COMPLETE_REQUEST,
    &status::code_408::REQUEST_TIMEOUT_IDLE,
    &status::code_408::REQUEST_TIMEOUT_NOT_CLOSED,
    &connection::unanswered::REQUEST_UNANSWERED,
    &status::code_414::RESERVED_418,
    &connection::closing::RESET_AFTER_RESPONSE,
    &status::code_205::RESET_CONTENT_UNFRAMED,
    &connection::closing::RESPONSE_AFTER_CLOSE,
    &connection::pairing::RESPONSE_SPLITTING_SUSPECTED,
    &latency::slow::RESPONSE_STALLED,
    &status_line::RESPONSE_VERSION_DOWNGRADE,
    &status::retry_after::RETRY_AFTER_IGNORED,
    &status::retry_after::RETRY_AFTER_INVALID,
    &status::retry_after::RETRY_AFTER_MISSING,
    &window::retry::RETRY_STORM,
    &connection::unanswered::RST_MID_RESPONSE,
    &status::redirect_followed::SEE_OTHER_WRONG_METHOD,
    &status::code_5xx::SERVER_ERROR_RESPONSE,
    &window::outage::SERVER_FAILING_COMPLETELY,
    &syntax::field::SINGLETON_FIELD_REPEATED,
    &latency::slow::SLOW_REQUEST_HEADER,
    &latency::slow::SLOW_RESPONSE,
    &latency::outlier::SLOW_RESPONSE_OUTLIER,
    &window::slowloris::SLOWLORIS_SUSPECTED,
    &status_line::STATUS_CODE_LOG_ONLY,
    &status_line::STATUS_CODE_OUT_OF_RANGE,
    &status_line::STATUS_CODE_UNKNOWN,
    &status_line::STATUS_CODE_VENDOR,
    &status_line::STATUS_LINE_MALFORMED,
    &connection::protocol::STREAM_UNPARSEABLE,
    &status::code_101::SWITCH_BEFORE_CONTINUE,
    &status::code_101::SWITCH_MISSING_UPGRADE_FIELD,
    &status::code_101::SWITCH_PROTOCOL_NOT_OFFERED,
    &status::code_101::SWITCH_THEN_CLOSE,
    &status::code_101::SWITCH_THEN_HTTP,
    &status::code_101::SWITCH_WITHOUT_UPGRADE,
    &syntax::line_end::SYNTAX_BARE_CR,
    &syntax::line_end::SYNTAX_BARE_LF,
    &syntax::line_end::SYNTAX_CONTROL_OCTET,
    &syntax::line_end::SYNTAX_FIELD_LINE_INVALID,
    &syntax::line_end::SYNTAX_OBS_FOLD,
    &syntax::start_line::SYNTAX_REQUEST_LINE_INVALID,
    &syntax::start_line::SYNTAX_REQUEST_TARGET_FORM,
    &syntax::line_end::SYNTAX_SPACE_BEFORE_COLON,
    &syntax::line_end::SYNTAX_SPACE_BEFORE_FIRST_FIELD,
    &connection::protocol::TLS_SENT_TO_HTTP_PORT,
    &status::code_42x::TOO_EARLY_WITHOUT_EARLY_DATA,
    &status::code_200::TRACE_ENABLED,
    &window::abandoned::UNANSWERED_BURST,
    &status::code_401::UNAUTHORIZED_WITHOUT_CHALLENGE,
    &status::code_42x::UNCACHEABLE_STATUS_CACHED,
    &status::repeated::UNSAFE_AUTOMATIC_RETRY,
    &connection::pairing::UNSOLICITED_RESPONSE,
    &status::code_300::UNUSED_306,
    &status::code_101::UPGRADE_OPTIMISTIC_DATA,
    &status::code_42x::UPGRADE_REQUIRED_WITHOUT_UPGRADE,
    &status::code_104::UPLOAD_RESUMPTION_INCOMPLETE,
    &status::code_414::URI_TOO_LONG_BUT_SHORT,
    &status::code_300::USE_PROXY_305,
    &status::code_5xx::VERSION_NOT_SUPPORTED_FOR_HTTP1,
    &status_line::WEBDAV_CODE_OUTSIDE_WEBDAV,
    &status::websocket::WEBSOCKET_ACCEPT_INVALID,
    &status::websocket::WEBSOCKET_FRAME_INVALID,
    &status::websocket::WEBSOCKET_REQUEST_INVALID,
    &status::websocket::WEBSOCKET_SUBPROTOCOL_NOT_OFFERED,
];

/// The rule of a name.
pub fn find(id: &str) -> Option<&'static Rule> {
    let place = RULES.binary_search_by(|rule| rule.id.cmp(id)).ok()?;
    RULES.get(place).copied()
}

/// A text in both languages.
const fn text(english: &'static str, chinese: &'static str) -> Text {
    Text { english, chinese }
}

/// How many octets of a message's content the rules want to see: error pages, parts of a multipart
/// body, requests that may hide in a body framed ambiguously.
pub fn appetite(head: &Head, flaws: Flaws, method: Option<Method>) -> usize {
    const AMBIGUOUS: Flaws = Flaws::of(&[
        Flaw::LengthAndCoding,
        Flaw::LengthDiffers,
        Flaw::CodingInvalid,
        Flaw::CodingNotChunked,
        Flaw::ObscuredFraming,
    ]);
    let wanted = match (head.kind(), head.status()) {
        (Kind::Request, _) => flaws.meets(AMBIGUOUS) || head.has(FieldName::Expect),
        (Kind::Response, Some(206 | 207 | 400..=599)) => true,
        (Kind::Response, Some(200)) => matches!(method, Some(Method::Trace | Method::Other)),
        (Kind::Response, _) => false,
    };
    if wanted { limits::INSPECTED_OCTETS } else { 0 }
}
