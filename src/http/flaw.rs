//! Flaws: every way in which a message differs from the grammar, as the parser saw it. A flaw is a
//! fact without an opinion; rules judge. One row a flaw, with the names that Suricata and Zeek
//! raise for the same, so that an analyst finds what he knows.

macro_rules! flaws {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $suricata:expr, $zeek:expr;)+) => {
        /// A deviation from RFC 9112 that did not keep the message from being read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Flaw {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Flaw {
            /// All flaws in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in records: stable, lower case with hyphens.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ }
            }

            /// The events that Suricata raises for it (`app-layer-event:http.…`).
            pub const fn suricata(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &$suricata,)+ }
            }

            /// The weirds or events that Zeek raises for it.
            pub const fn zeek(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &$zeek,)+ }
            }
        }
    };
}

flaws! {
    /// Empty lines stood in front of the start line.
    LeadingEmptyLines = "leading-empty-lines", [], ["empty_http_request"];
    /// A line ended in a lone LF.
    BareLf = "bare-lf", ["deformed_eol"], ["line_terminated_with_single_LF"];
    /// A CR stood somewhere else than in front of a LF.
    BareCr = "bare-cr", ["deformed_eol"], ["line_terminated_with_single_CR"];
    /// A NUL octet stood in the head.
    Nul = "nul", [], ["NUL_in_line"];
    /// A control octet stood in the head.
    ControlOctet = "control-octet", ["request_header_invalid", "response_header_invalid"], [];
    /// The start line does not follow the grammar.
    OddStartLine = "odd-start-line",
        ["request_line_invalid", "request_line_incomplete", "method_delim_non_compliant",
         "uri_delim_non_compliant", "response_line_invalid_protocol"],
        ["bad_HTTP_request", "bad_HTTP_request_with_version", "bad_HTTP_reply",
         "multiple_HTTP_request_elements"];
    /// White space stood in front of the start line.
    LeadingSpace = "leading-space", ["request_line_leading_whitespace"], ["bad_HTTP_request"];
    /// The target contains white space.
    SpaceInTarget = "space-in-target", ["uri_delim_non_compliant"],
        ["multiple_HTTP_request_elements"];
    /// The target contains an octet that is not printable ASCII.
    OddTarget = "odd-target", [], [];
    /// There is no target.
    NoTarget = "no-target", ["request_line_incomplete"], ["missing_HTTP_uri"];
    /// The method is not a token.
    OddMethod = "odd-method", ["request_line_unknown_method"], ["unknown_HTTP_method"];
    /// The version is missing: HTTP/0.9.
    NoVersion = "no-version", ["request_line_missing_protocol"],
        ["invalid_http_09_request_method", "http_09_reply_before_request"];
    /// The version is not HTTP/1.0 or HTTP/1.1.
    OddVersion = "odd-version",
        ["response_invalid_protocol", "response_line_invalid_protocol",
         "request_line_unknown_method_invalid_protocol"],
        ["bad_HTTP_version", "HTTP_version_mismatch"];
    /// The version is not in upper case.
    LowerCaseVersion = "lower-case-version", [], ["lowercase_HTTP_keyword"];
    /// Something stands behind the version.
    TextBehindVersion = "text-behind-version", ["protocol_contains_extra_data"],
        ["crud after HTTP version is ignored"];
    /// The status is not three digits.
    BadStatus = "bad-status", ["response_invalid_status", "response_line_invalid_response_status"],
        ["HTTP_reply_code_missing"];
    /// The status is outside 100 to 599.
    StatusOutOfRange = "status-out-of-range", ["response_line_invalid_response_status"], [];
    /// A field line continues on the next line (obs-fold).
    FoldedField = "folded-field", ["invalid_request_field_folding", "invalid_response_field_folding"],
        ["HTTP_obsolete_line_folding"];
    /// A continuation line stands in front of the first field.
    FoldBeforeFields = "fold-before-fields",
        ["invalid_request_field_folding", "invalid_response_field_folding"], [];
    /// A field line has no colon.
    NoColon = "no-colon", ["request_field_missing_colon", "response_field_missing_colon"],
        ["http_no_crlf_in_header_list"];
    /// White space stands between a field name and its colon.
    SpaceBeforeColon = "space-before-colon",
        ["request_invalid_lws_after_name", "response_invalid_lws_after_name"], [];
    /// A field name is empty.
    EmptyFieldName = "empty-field-name",
        ["request_invalid_empty_name", "response_invalid_empty_name"], [];
    /// A field name is not a token.
    OddFieldName = "odd-field-name", ["request_header_invalid", "response_header_name_not_token"],
        [];
    /// The framing fields are written so that readers may differ on what they say.
    ObscuredFraming = "obscured-framing", [], [];
    /// The head is larger than the limit; the rest of it was skipped.
    HeadTooLarge = "head-too-large", ["request_field_too_long", "response_field_too_long"],
        ["exceeded_mime_max_header_bytes", "contentline_size_exceeded"];
    /// There are more field lines than the limit; the rest were searched for framing alone.
    TooManyFields = "too-many-fields", ["request_too_many_headers", "response_too_many_headers"],
        ["exceeded_mime_max_header_bytes"];
    /// There are both Content-Length and Transfer-Encoding.
    LengthAndCoding = "length-and-coding", [], ["HTTP_content_length_and_chunked"];
    /// Content-Length is repeated with the same value.
    LengthRepeated = "length-repeated",
        ["duplicate_content_length_field_in_request", "duplicate_content_length_field_in_response"],
        [];
    /// There are several Content-Length values that differ.
    LengthDiffers = "length-differs",
        ["duplicate_content_length_field_in_request", "duplicate_content_length_field_in_response"],
        ["HTTP_bad_content_length"];
    /// Content-Length is not a number that can be meant.
    LengthInvalid = "length-invalid",
        ["invalid_content_length_field_in_request", "invalid_content_length_field_in_response",
         "content_length_extra_data_start", "content_length_extra_data_end"],
        ["HTTP_bad_content_length"];
    /// Content-Length has leading zeros.
    LengthLeadingZeros = "length-leading-zeros", [], ["HTTP_content_length_leading_zeros"];
    /// Transfer-Encoding is not a list of codings.
    CodingInvalid = "coding-invalid",
        ["invalid_transfer_encoding_value_in_request", "invalid_transfer_encoding_value_in_response",
         "response_abnormal_transfer_encoding"], [];
    /// Transfer-Encoding does not end in chunked.
    CodingNotChunked = "coding-not-chunked",
        ["invalid_transfer_encoding_value_in_request", "response_abnormal_transfer_encoding"], [];
    /// Transfer-Encoding names chunked more than once.
    ChunkedTwice = "chunked-twice", [], ["HTTP_chunked_multi"];
    /// Transfer-Encoding stands in a message of HTTP/1.0.
    CodingInHttp10 = "coding-in-http10", ["response_chunked_old_proto"], [];
    /// A response that cannot have a body carries framing fields that a 1xx or 204 must not have.
    FramingOnBodiless = "framing-on-bodiless",
        ["switching_proto_with_content_length", "response_body_unexpected"], [];
    /// A chunk-size line cannot be read.
    ChunkSizeInvalid = "chunk-size-invalid",
        ["invalid_request_chunk_len", "invalid_response_chunk_len"], ["HTTP_bad_chunk_size"];
    /// A chunk-size line has extensions.
    ChunkExtension = "chunk-extension", ["request_chunk_extension", "response_chunk_extension"],
        [];
    /// A line of the chunked coding ends in a lone LF.
    ChunkBareLf = "chunk-bare-lf", ["deformed_eol"], ["line_terminated_with_single_LF"];
    /// A line of the chunked coding contains a CR that ends nothing.
    ChunkBareCr = "chunk-bare-cr", ["deformed_eol"], ["line_terminated_with_single_CR"];
    /// The data of a chunk are not followed by a line end.
    ChunkDataOverrun = "chunk-data-overrun",
        ["invalid_request_chunk_len", "invalid_response_chunk_len"], ["HTTP_bad_chunk_size"];
    /// The chunked body has a trailer section.
    Trailers = "trailers", [], [];
    /// The trailer section is larger than the limit.
    TrailersTooLarge = "trailers-too-large", [], ["exceeded_mime_max_header_bytes"];
    /// The message begins where framing had been lost: its start line was searched for.
    Resynchronised = "resynchronised", [], ["HTTP_overlapping_messages"];
    /// The length of the body had to be guessed.
    FramingGuessed = "framing-guessed", [], [];
}

/// A set of flaws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flaws(u64);

impl Flaws {
    /// Adds one.
    pub fn add(&mut self, flaw: Flaw) {
        self.0 |= 1 << flaw as u8;
    }

    /// Adds one if a condition holds.
    pub fn add_if(&mut self, condition: bool, flaw: Flaw) {
        self.0 |= u64::from(condition) << flaw as u8;
    }

    /// Whether one is in it.
    pub const fn has(self, flaw: Flaw) -> bool {
        self.0 >> flaw as u8 & 1 == 1
    }

    /// The others.
    pub const fn without(self, flaw: Flaw) -> Self {
        Self(self.0 & !(1 << flaw as u8))
    }

    /// Whether both sets have a member in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Those that are in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// These flaws.
    pub const fn of(flaws: &[Flaw]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < flaws.len() {
            set |= 1 << flaws[index] as u8;
            index += 1;
        }
        Self(set)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds those of another set.
    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Its members in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Flaw> {
        Flaw::ALL.iter().copied().filter(move |flaw| self.has(*flaw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_the_set() {
        assert!(Flaw::ALL.len() <= 64);
        for (index, flaw) in Flaw::ALL.iter().enumerate() {
            assert!(
                flaw.name()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'1' || b == b'0')
            );
            assert!(Flaw::ALL[..index].iter().all(|other| other.name() != flaw.name()));
            assert!(flaw.meaning().ends_with('.'));
        }
    }

    #[test]
    fn a_set_holds_what_was_added() {
        let mut flaws = Flaws::default();
        assert!(flaws.is_empty());
        for flaw in Flaw::ALL {
            assert!(!flaws.has(*flaw));
            flaws.add(*flaw);
            assert!(flaws.has(*flaw));
        }
        assert_eq!(flaws.iter().collect::<Vec<_>>(), Flaw::ALL);
    }
}
