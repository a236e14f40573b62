//! A trailer section in, its fields out (RFC 9112 section 7.1.2). The section was found by the parser,
//! which keeps it as it was sent.

use crate::http::{Field, FieldName};

/// The lines as fields; one without a colon is a name without a value.
pub(super) fn fields(octets: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(|line| {
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        Field { name: FieldName::recognise(name), name_octets: name, value }
    })
}
