//! Which methods there are, and which may be sent twice.

/// IANA's registry of methods.
const REGISTERED: &[&[u8]] = &[
    b"ACL",
    b"BASELINE-CONTROL",
    b"BIND",
    b"CHECKIN",
    b"CHECKOUT",
    b"CONNECT",
    b"COPY",
    b"DELETE",
    b"GET",
    b"HEAD",
    b"LABEL",
    b"LINK",
    b"LOCK",
    b"MERGE",
    b"MKACTIVITY",
    b"MKCALENDAR",
    b"MKCOL",
    b"MKREDIRECTREF",
    b"MKWORKSPACE",
    b"MOVE",
    b"OPTIONS",
    b"ORDERPATCH",
    b"PATCH",
    b"POST",
    b"PRI",
    b"PROPFIND",
    b"PROPPATCH",
    b"PUT",
    b"QUERY",
    b"REBIND",
    b"REPORT",
    b"SEARCH",
    b"TRACE",
    b"UNBIND",
    b"UNCHECKOUT",
    b"UNLINK",
    b"UNLOCK",
    b"UPDATE",
    b"UPDATEREDIRECTREF",
    b"VERSION-CONTROL",
];

/// Methods of products that never registered them.
const IN_USE: &[&[u8]] =
    &[b"BAN", b"DEBUG", b"M-SEARCH", b"NOTIFY", b"PURGE", b"SUBSCRIBE", b"TRACK", b"UNSUBSCRIBE"];

/// Methods of WebDAV and its kin.
const WEBDAV: &[&[u8]] = &[
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"ACL",
    b"REPORT",
    b"SEARCH",
    b"BIND",
    b"REBIND",
    b"UNBIND",
    b"MKCALENDAR",
    b"VERSION-CONTROL",
    b"CHECKIN",
    b"CHECKOUT",
    b"UNCHECKOUT",
    b"MERGE",
    b"LABEL",
    b"UPDATE",
    b"BASELINE-CONTROL",
    b"MKACTIVITY",
    b"MKWORKSPACE",
    b"ORDERPATCH",
];

/// Methods that have the same effect once and many times (RFC 9110 section 9.2.2).
const IDEMPOTENT: &[&[u8]] = &[
    b"GET",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"PUT",
    b"DELETE",
    b"PROPFIND",
    b"REPORT",
    b"SEARCH",
    b"QUERY",
];

/// Whether a method is registered. Methods are case-sensitive.
pub(super) fn registered(method: &[u8]) -> bool {
    REGISTERED.contains(&method)
}

/// Whether it is not, but in use.
pub(super) fn in_use(method: &[u8]) -> bool {
    IN_USE.contains(&method)
}

/// Whether it belongs to WebDAV.
pub(super) fn of_webdav(method: &[u8]) -> bool {
    WEBDAV.contains(&method)
}

/// Whether it may be sent twice.
pub(super) fn idempotent(method: &[u8]) -> bool {
    IDEMPOTENT.contains(&method)
}
