//! List fields (RFC 9110 section 5.6.1): a head in, the members of one of its fields out.

use crate::http::{FieldName, Head};

/// The members of a list field, with their parameters, empty ones left out. Commas inside quoted
/// strings divide nothing.
pub(super) fn members(head: &Head, name: FieldName) -> impl Iterator<Item = &[u8]> {
    head.values(name).flat_map(split)
}

/// The same without the parameters.
pub(super) fn tokens(head: &Head, name: FieldName) -> impl Iterator<Item = &[u8]> {
    members(head, name)
        .map(|member| member.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii())
}

/// The members of one value.
pub(super) fn split(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let mut quoted = false;
        let mut escaped = false;
        let comma = value.iter().position(|octet| {
            match octet {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b',' if !quoted => return true,
                _ => {}
            }
            false
        });
        rest = comma.and_then(|at| value.get(at + 1..));
        value.get(..comma.unwrap_or(value.len()))
    })
    .map(<[u8]>::trim_ascii)
    .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_divided_by_commas_outside_quotes() {
        let members: Vec<&[u8]> = split(b" a, ,b;q=\"1,\\\"2\" ,c").collect();
        assert_eq!(members, [&b"a"[..], b"b;q=\"1,\\\"2\"", b"c"]);
        assert_eq!(split(b"").count(), 0);
    }
}
