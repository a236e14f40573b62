//! Paths that only scanners ask for.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

use crate::http::{Feature, Features};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A request for a path that scanners for weaknesses ask for: secrets (`/.env`, `/.git/`), consoles
    /// (`/wp-admin`, `/actuator`), steps upwards (`../`), known holes.
    /// ## Why it matters
    /// Everybody on the Internet is asked; what matters is the answer. A secret that is answered with
    /// 200 and content is out, and reported as an error.
    /// ## When it is innocent
    /// Sites that run WordPress, phpMyAdmin, Spring or the like, and whoever may use them.
    /// ## What to do
    /// Look at the status. If a secret was sent, change it now.
    pub static PROBE_PATH = {
        id: "probe-path",
        title: "Request for a path typical of vulnerability scanners",
        severity: Severity::Notice,
        otherwise: &[(Severity::Error, "if a path of secrets is answered with 200 and content")],
        source: "RFC 9110 section 17.3 (attacks based on file and path names); founding document on 404",
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} probed {server} for '{target}' and got {status}.",
            "{client} 探测了 {server} 的 '{target}',得到 {status}。",
        ),
        check: Check::Exchange(Trigger::Probing, probe),
    }
}

/// What stands in such targets, behind a first look at a few octets.
static PROBES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = concat!(
        r"/\.env|/\.git/|/\.svn/|/\.aws/|/wp-login\.php|/wp-admin|/xmlrpc\.php|/phpmyadmin|/pma/",
        r"|/vendor/phpunit|/cgi-bin/|/actuator(?:/|$)|/solr/|/manager/html|/boaform|/HNAP1",
        r"|/owa/auth|/_ignition|/telescope|/server-status|/config\.json|/\.DS_Store|/shell\.php",
        r"|/eval-stdin|\.\./|%2e%2e|/etc/passwd|\$\{jndi:|/druid/|/nacos/|/thinkphp|/index\.php\?s=",
    );
    RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build().ok()
});

/// Paths of secrets.
static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"/\.env|/\.git/|/\.aws/|/etc/passwd|/actuator";
    RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build().ok()
});

fn probe(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let target = request.head.target();
    let plain = decoded(target);
    let meets = |pattern: &Option<Regex>| {
        pattern.as_ref().is_some_and(|p| p.is_match(&plain) || p.is_match(target))
    };
    if !meets(&PROBES) {
        return;
    }
    let out = scene.status() == Some(200) && response.content > 0 && meets(&SECRETS);
    report.find().severity_if(out, Severity::Error).add();
}

/// The target with its percent escapes undone.
fn decoded(target: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(target.len());
    let mut rest = target;
    while let [first, behind @ ..] = rest {
        let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
        if let (b'%', [high, low, after @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            plain.push(high << 4 | low);
            rest = after;
        } else {
            plain.push(*first);
            rest = behind;
        }
    }
    plain
}

/// A first look, for every request: whether one of the patterns may be in this target. Of its first
/// octets [`has_front`] may be known.
pub(in crate::rules) fn may_probe(
    features: Features,
    target: &[u8],
    known: Option<(usize, bool)>,
) -> bool {
    let (end, found) = known.unwrap_or_default();
    found
        || !features.and(Features::of(&[Feature::Escape, Feature::Dots])).is_empty()
        || end < target.len() && has_front(target.get(end..).unwrap_or_default())
}

/// Whether a slash is there with the front of a pattern behind it.
pub(in crate::rules) fn has_front(octets: &[u8]) -> bool {
    memchr::memchr_iter(b'/', octets).any(|slash| {
        let front = octets.get(slash + 1..).and_then(|behind| behind.first_chunk::<3>());
        front.is_some_and(|front| is_front(front.map(|octet| octet.to_ascii_lowercase())))
    })
}

/// What stands behind the slash in the patterns, as far as it is no dot.
const fn is_front(octets: [u8; 3]) -> bool {
    match octets[0] {
        b'w' => matches!(octets, [_, b'p', b'-']),
        b'x' => matches!(octets, [_, b'm', b'l']),
        b'p' => matches!(octets, [_, b'h', b'p'] | [_, b'm', b'a']),
        b'v' => matches!(octets, [_, b'e', b'n']),
        b'c' => matches!(octets, [_, b'g', b'i'] | [_, b'o', b'n']),
        b'a' => matches!(octets, [_, b'c', b't']),
        b's' => matches!(octets, [_, b'o', b'l'] | [_, b'e', b'r'] | [_, b'h', b'e']),
        b'm' => matches!(octets, [_, b'a', b'n']),
        b'b' => matches!(octets, [_, b'o', b'a']),
        b'h' => matches!(octets, [_, b'n', b'a']),
        b'o' => matches!(octets, [_, b'w', b'a']),
        b'_' => matches!(octets, [_, b'i', b'g']),
        b't' => matches!(octets, [_, b'e', b'l'] | [_, b'h', b'i']),
        b'e' => matches!(octets, [_, b'v', b'a'] | [_, b't', b'c']),
        b'd' => matches!(octets, [_, b'r', b'u']),
        b'n' => matches!(octets, [_, b'a', b'c']),
        b'i' => matches!(octets, [_, b'n', b'd']),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::report::path;

    #[test]
    fn the_first_look_lets_every_pattern_through() {
        for target in [
            "/.env",
            "/.git/config",
            "/.svn/entries",
            "/.aws/credentials",
            "/wp-login.php",
            "/blog/wp-admin/",
            "/xmlrpc.php",
            "/phpmyadmin/",
            "/PMA/",
            "/vendor/phpunit/x",
            "/cgi-bin/luci",
            "/actuator",
            "/actuator/env",
            "/solr/admin",
            "/manager/html",
            "/boaform/admin",
            "/HNAP1/",
            "/owa/auth/x",
            "/_ignition/execute",
            "/telescope/requests",
            "/server-status",
            "/config.json",
            "/.DS_Store",
            "/shell.php",
            "/eval-stdin.php",
            "/a/../b",
            "/%2e%2e/b",
            "/x?f=/etc/passwd",
            "/${jndi:ldap}",
            "/druid/index.html",
            "/nacos/v1",
            "/thinkphp/x",
            "/index.php?s=/x",
            "/%2eenv",
        ] {
            let pattern = PROBES.as_ref().expect("the pattern is right");
            let octets = target.as_bytes();
            assert!(pattern.is_match(octets) || pattern.is_match(&decoded(octets)), "{target}");
            let features = Features::of_target(octets);
            assert!(may_probe(features, octets, None), "{target}");
            let path = path(octets);
            let known = Some((path.len(), has_front(path)));
            assert!(may_probe(features, octets, known), "{target}");
        }
        for target in ["/environment", "/orders/42", "/api/v1/users?page=2", "/", "*", "/actuators"]
        {
            let pattern = PROBES.as_ref().expect("the pattern is right");
            assert!(!pattern.is_match(target.as_bytes()), "{target}");
        }
    }
}
