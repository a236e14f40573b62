//! Every bound on what input can make the program keep, with its unit, its default and the reason.
//! Reaching one is always counted and shown, never silent.

use crate::units::Duration;

/// Octets that connections, what waits on them and the exchanges that are looked back at take together,
/// each thing with what it costs beside its octets. Not all of it is given out: what has bounds by number
/// (parties that rules watch, groups of statistics) comes to some 40 MiB where somebody fills all of it,
/// and the program itself to ten. What views keep is not in it, nor what waits to be looked at while a
/// device is captured from ([`BUFFERED_BATCHES`]).
pub const MEMORY: u64 = 256 << 20;

/// Of [`MEMORY_PARTS`] of it, so many are for connections and what waits on them …
pub const MEMORY_CONNECTIONS: u64 = 14;

/// … so many for exchanges that rules wait to see the end of …
pub const MEMORY_RULES: u64 = 6;

/// … so many for what diagnosis looks back at …
pub const MEMORY_DIAGNOSIS: u64 = 4;

/// … and so many for what filters wait for, which mostly is what rules and diagnosis have already.
pub const MEMORY_FILTERS: u64 = 3;

/// See [`MEMORY_CONNECTIONS`].
pub const MEMORY_PARTS: u64 = 32;

/// What so many parts of a budget come to.
pub const fn share(memory: u64, parts: u64) -> u64 {
    memory / MEMORY_PARTS * parts
}

/// The least of it with which anything useful can be said.
pub const MEMORY_LEAST: u64 = 8 << 20;

/// What a piece of memory of so many octets takes: allocators have few sizes, and round up by an eighth
/// on average.
pub const fn allocated(octets: usize) -> u64 {
    (octets + octets / 8 + 16) as u64
}

/// From so many hundredths of its share on, connections that are silent are given up early …
pub const MEMORY_SCARCE: u64 = 70;

/// … the embryonic ones after this time …
pub const EMBRYONIC_IDLE_SCARCE: Duration = Duration::from_secs(5);

/// … and all others after this one …
pub const IDLE_SCARCE: Duration = Duration::from_secs(60);

/// … looked for at most so often, capture time, since all connections are looked at.
pub const SCARCE_SWEEP: Duration = Duration::from_secs(5);

/// How many connections are compared where one has to be given up …
pub const CANDIDATES: usize = 8;

/// … and how many are looked at for them: behind a flood most may be over, or too small to help.
pub const CANDIDATES_SEEN: usize = 128;

/// Largest captured length of one packet, octets. libpcap's own bound (`MAXIMUM_SNAPLEN`); a
/// record that claims more is damage, not a packet.
pub const PACKET_OCTETS: usize = 262_144;

/// The kernel's buffer for a device, MiB, unless another size is asked for: a second of 64 MB/s. It
/// belongs to the kernel as long as packets are captured; where that has less to give, libpcap
/// takes what it gets.
pub const KERNEL_BUFFER_MIB: u32 = 64;

/// Octets of a batch of packets between the thread that takes them from a device and the one that
/// looks at them: any packet fits, and one batch stays in the second-level cache.
pub const BUFFERED_OCTETS: usize = 512 * 1024;

/// Packets of such a batch; what is known of one beside its octets takes 88.
pub const BUFFERED_PACKETS: usize = 4_096;

/// Batches that may wait, which take 68 MiB if all of them do: 300,000 packets, or the half second
/// and more that a program may be kept from a busy processor. More of them would only tell later
/// that it is too slow. They are made when they are needed, so mostly there are a few.
pub const BUFFERED_BATCHES: usize = 80;

/// Octets of exchanges that a thread holds on to after they were handed to another: a few stretches of usual ones.
pub const LENT_OCTETS: u64 = 8 * 1024 * 1024;

/// Largest pcapng block, octets. As libpcap: big enough for every real block, small enough
/// that a lying length costs nothing.
pub const BLOCK_OCTETS: usize = 16 * 1024 * 1024;

/// Interfaces of one pcapng section.
pub const INTERFACES: usize = 4_096;

/// Layers of encapsulation around a TCP segment; more is an attack on the decoder.
pub const ENCAPSULATIONS: usize = 16;

/// VLAN tags in one frame.
pub const VLAN_TAGS: usize = 8;

/// IPv6 extension headers walked in one packet.
pub const EXTENSION_HEADERS: usize = 16;

/// IP datagrams being put together from fragments at one time.
pub const FRAGMENT_TRACKERS: usize = 4_096;

/// Fragments of one datagram.
pub const FRAGMENT_PIECES: usize = 64;

/// Octets held for all unfinished datagrams together.
pub const FRAGMENT_OCTETS: usize = 8 * 1024 * 1024;

/// How long a datagram waits for its missing fragments (RFC 791 suggests 15 s, Linux takes 30 s).
pub const FRAGMENT_WAIT: Duration = Duration::from_secs(30);

/// Two packets that agree in all that a copy keeps are one packet captured twice if they are no
/// further apart than this. A retransmission waits at least for a round trip and differs in
/// its IP identification or TCP timestamp.
pub const COPY_WINDOW: Duration = Duration::from_millis(20);

/// From so many hundredths of the segments on, copies are told at the top: then it was captured at more
/// places than one, and counts of anything else that reads it are wrong by as much.
pub const COPIES_NOTABLE: u64 = 20;

/// Segments remembered to find copies of them, a power of two. At a million packets a second a copy
/// comes a few packets behind the first; 16 octets each keep the table in the second-level cache.
pub const COPIES: usize = 4_096;

/// So many segments of a capture have their checksum looked at, all of them: enough for a small capture to
/// be told of every wrong one …
pub const CHECKSUMS_ALL: u64 = 4_096;

/// … and behind them one of so many, which costs a hundredth of reading and still finds a host whose
/// checksums are all wrong.
pub const CHECKSUMS_ONE_OF: u64 = 64;

/// Hosts whose wrong checksums are counted by themselves; those of others are counted together.
pub const CHECKSUM_HOSTS: usize = 64;

/// Segments of a host without which nothing is said about its checksums: one damaged packet of two is no
/// habit.
pub const CHECKSUMS_LEAST: u64 = 4;

/// Different numbers (link types, EtherTypes, protocols …) that skipped packets are counted by;
/// the rest is counted together.
pub const SKIP_NUMBERS: usize = 48;

/// Parts of the table of connections, each with its share of the limits. Their number is fixed, so that
/// what happens at a limit does not depend on how many threads share the parts; it is also the most
/// threads that can follow connections.
pub const PARTS: usize = 8;

/// Connections tracked at one time. At the limit the least useful of a few is given up, counted
/// as evicted. Peers: Retina 100,000; Arkime 1.5 million.
pub const CONNECTIONS: usize = 262_144;

/// Segments in a row that must speak of about the same place beyond a window before it is believed:
/// whoever forges fewer, or while the connection is busy, does not move it.
pub const BEYOND_WINDOW: u32 = 4;

/// A jump of the clock, ahead or back, that has to be confirmed by a second packet, seconds: one
/// packet with a wrong time ends no connection.
pub const CLOCK_STEP: i64 = 60;

/// Octets held for one direction because something before them is missing. At the limit the
/// first hole is declared a gap. Peers: Snort 4 MiB, flowscope 256 KiB.
pub const HELD_OCTETS: u64 = 1024 * 1024;

/// Segments held for one direction, whatever their size: a small segment costs memory too.
pub const HELD_SEGMENTS: usize = 1_024;

/// Octets held for all directions together.
pub const HELD_OCTETS_ALL: u64 = 64 * 1024 * 1024;

/// A hole that the receiver has acknowledged was lost by the capture alone and will not be
/// filled; but the acknowledgement may have been captured before the data. So long is waited,
/// capture time …
pub const GAP_WAIT: Duration = Duration::from_millis(200);

/// … or for so many later packets of the connection, whichever comes first.
pub const GAP_PACKETS: u32 = 2_048;

/// Octets of a connection's place in the table, in the index and in the timers.
pub const PLACE: u64 = 160;

/// How many packets of a connection may come before its handshake; behind them, or after
/// [`GAP_WAIT`], the capture counts as begun inside it.
pub const SETTLING_PACKETS: u32 = 64;

/// How long a hole is waited for where no acknowledgement can tell (the other direction was not
/// captured), capture time.
pub const BLIND_GAP_WAIT: Duration = Duration::from_secs(2);

/// Octets behind a hole that end the waiting where no acknowledgement can tell.
pub const BLIND_GAP_OCTETS: u64 = 256 * 1024;

/// Segments behind a hole that end the waiting where no acknowledgement can tell.
pub const BLIND_GAP_SEGMENTS: usize = 256;

/// Segments of each direction whose two ends are remembered behind their delivery, to see when one
/// is sent in another version: the true answer comes right behind a forged one.
pub const RECENT_SEGMENTS: usize = 8;

/// Octets kept of each version where two copies of the same sequence range differ.
pub const CONFLICT_OCTETS: usize = 64;

/// Conflicts of a connection of which both versions are kept; further ones are counted.
pub const CONFLICTS_KEPT: usize = 4;

/// Urgent octets of one direction that are awaited at one time; the oldest beyond it is read in line. A
/// sender has one at a time.
pub const URGENT_OCTETS: usize = 64;

/// How long a SYN without an answer is remembered. Linux gives up after 127 s, but repeats the SYN
/// at growing distances of at most 32 s for the first minute.
pub const EMBRYONIC_IDLE: Duration = Duration::from_secs(64);

/// How long an established connection may be silent before it counts as over. Zeek: 5 minutes.
pub const IDLE: Duration = Duration::from_secs(300);

/// The same while a request waits for its response: slow answers are what people look for.
pub const IDLE_WAITING: Duration = Duration::from_secs(900);

/// How long octets of the other side still count after a reset: what was on its way when the RST was
/// sent is on the wire all the same, and the answer in it tells what the server did.
pub const RESET_LINGER: Duration = Duration::from_secs(1);

/// How long a closed connection is remembered, so that late copies and resets are counted to it.
pub const CLOSED_LINGER: Duration = Duration::from_secs(10);

/// A segment that fills a hole so soon was overtaken on its way; later it was sent again.
/// Wireshark's bound for "out of order".
pub const REORDERING: Duration = Duration::from_millis(3);

/// Octets of one message head. Peers: Zeek 65,536, Snort 63,780, libhtp 18,000.
pub const HEAD_OCTETS: usize = 64 * 1024;

/// Field lines that are indexed in one head; further ones are counted and searched for framing.
pub const HEAD_FIELDS: usize = 256;

/// Octets of the target that are kept of a head that is too large.
pub const TARGET_OCTETS: usize = 2_048;

/// Octets of one chunk-size line with its extensions.
pub const CHUNK_LINE_OCTETS: usize = 4_096;

/// Significant hexadecimal digits of a chunk size: what fits 64 bits.
pub const CHUNK_SIZE_DIGITS: usize = 16;

/// Octets of one trailer section.
pub const TRAILER_OCTETS: usize = 16 * 1024;

/// Octets of something else that are tolerated before a connection counts as not HTTP.
pub const FOREIGN_OCTETS: u64 = 4_096;

/// Requests of one connection that may wait for their response; the oldest beyond it is reported
/// as unanswered. Peers: libhtp 512, Snort 99.
pub const UNANSWERED_REQUESTS: usize = 512;

/// Octets that they and their interim responses may take; the oldest beyond it is reported as unanswered.
pub const UNANSWERED_OCTETS: u64 = 1024 * 1024;

/// Interim responses kept per exchange; further ones are counted.
pub const INTERIM_RESPONSES: usize = 16;

/// Client octets held back while a CONNECT or an Upgrade waits for its answer.
pub const HELD_BACK_OCTETS: usize = 64 * 1024;

/// Octets kept of what follows a response that must not have a body.
pub const EXTRA_OCTETS: usize = 64;

/// Octets kept of something odd to quote it: a chunk line, a chunk extension.
pub const QUOTED_OCTETS: usize = 64;

/// Locations of new resources that a rule waits to see fetched; they are awaited for seconds.
pub const AWAITED_LOCATIONS: usize = 256;

/// Redirects of one chain of which the addresses are remembered.
pub const CHAIN_HOPS: usize = 32;

/// Addresses of which a rule counts how often each client asks for them; the oldest is forgotten.
pub const COUNTED_ADDRESSES: usize = 4_096;

/// Addresses of which it is remembered what was answered, to compare later answers with it; the oldest is
/// forgotten.
pub const ANSWERED_ADDRESSES: usize = 4_096;

/// Ranges read of one Range field: more is an attack, whatever they are.
pub const RANGES: usize = 4_096;

/// Octets kept of what each side says behind a switch of protocols, or first on a connection that
/// is not HTTP: the header of a WebSocket frame takes at most 14, a status line tells itself in 16.
pub const GREETING_OCTETS: usize = 32;

/// Octets kept of the content of a message that a rule wants to look into.
pub const INSPECTED_OCTETS: usize = 64 * 1024;

/// Connections whose latest exchange waits for what comes behind it before the last rules judge
/// it; on further ones these rules stay silent, which is counted. An exchange takes about 1 KiB.
pub const JUDGED_CONNECTIONS: usize = 65_536;

/// Exchanges of one connection that wait so; the oldest beyond it is judged by what is known.
pub const UNSETTLED_EXCHANGES: usize = 64;

/// Servers whose traffic rules watch at one time; the one that was not seen for longest makes room. A
/// busy one takes about 20 KiB in all.
pub const WATCHED_SERVERS: usize = 4_096;

/// The same for clients at servers. One that is busy for minutes takes about 6 KiB.
pub const WATCHED_PAIRS: usize = 4_096;

/// The same for endpoints: a method and a path template at a server. One takes up to 2 KiB.
pub const WATCHED_ENDPOINTS: usize = 8_192;

/// The same for servers of a host.
pub const WATCHED_HOSTS: usize = 8_192;

/// Failures of one server or client that a rule about many of them remembers at one time.
pub const WATCHED_FAILURES: usize = 1_024;

/// The same for all servers together, as far as each has more than [`WATCHED_FAILURES_OF_MANY`]: a flood of
/// failures of many would take gigabytes (an element takes 88 octets).
pub const WATCHED_FAILURES_OF_ALL: usize = 65_536;

/// Failures that are kept of each server where there are too many of all.
pub const WATCHED_FAILURES_OF_MANY: usize = 32;

/// Groups of equal findings counted by themselves; further ones are counted together.
pub const FINDING_GROUPS: usize = 4_096;

/// Examples kept of each group of findings.
pub const FINDING_EXAMPLES: usize = 5;

/// Octets of captured text shown in the message of a finding; a line longer than that says no more.
pub const SHOWN_OCTETS: usize = 160;

/// Endpoints told apart when two captures are compared; further ones are counted together.
pub const COMPARED_ENDPOINTS: usize = 4_096;

/// Durations kept of each of them: a median of so many is off by less than 2 % of all in rank. At
/// most 32 MiB for each capture.
pub const COMPARED_DURATIONS: usize = 1_024;

/// Names of response fields counted for each of them, and the octets of a name.
pub const COMPARED_FIELDS: usize = 64;

/// See [`COMPARED_FIELDS`]; longer names are not compared.
pub const COMPARED_FIELD_OCTETS: usize = 64;

/// Octets asked of the operating system at a time when reading a capture. Fits the second-level
/// cache, so that a packet is still there when it is decoded.
pub const READ_OCTETS: usize = 256 * 1024;

/// Interfaces of one input over all its sections: a file of many small sections is bounded too.
pub const INTERFACES_ALL: usize = 65_536;

/// Damages listed of one input; further ones are counted. One broken disk block is enough for
/// thousands that say the same.
pub const DAMAGES: usize = 64;

/// Octets kept of a name that comes from a capture file.
pub const SHOWN_NAME_OCTETS: usize = 256;

/// Octets searched for a further packet after damage before the rest is given up.
pub const RESYNC_OCTETS: u64 = 64 * 1024 * 1024;

/// Largest pcapng block at which reading may resume after damage, octets: a packet and as
/// much again for its options. Larger claims are mostly chance, and following them costs memory.
pub const RESYNC_BLOCK_OCTETS: usize = 2 * PACKET_OCTETS;

/// How far apart the times of neighbouring packets may be where reading resumes after damage.
pub const RESYNC_TIME: Duration = Duration::from_secs(24 * 3600);

/// Compressed streams inside one another. More than one is an accident, many are an attack.
pub const COMPRESSION_LAYERS: usize = 4;

/// Largest history that a Zstandard frame may ask for, octets: the bound of the `zstd` tool too,
/// which takes larger ones only with `--long`.
pub const ZSTD_WINDOW_OCTETS: u64 = 128 * 1024 * 1024;

/// Octets of text before a capture in which its beginning is looked for: the greeting of
/// a program whose two outputs were joined.
pub const BANNER_OCTETS: usize = 4_096;

/// Endpoints, hosts, clients … that have numbers of their own, by each of them; the rest is counted
/// together. A group takes some kilobytes at most where its latencies are spread widely.
pub const GROUPS: usize = 4_096;

/// Octets by which groups are told apart.
pub const GROUP_OCTETS: usize = 256;

/// Servers that have numbers of their own; the rest is counted together. A scan of a network
/// would fill any table, and nobody reads more lines.
pub const SERVERS: usize = 4_096;

/// Pairs of protocol and port that connections are counted by.
pub const PROTOCOL_PORTS: usize = 1_024;

/// Pairs of server and kind of failure that are counted by themselves; searched one by one, so
/// few.
pub const FAILURES: usize = 256;

/// Exchanges that diagnosis remembers, to find the attempts upstream that belong to a failing one and
/// the request that an attempt belongs to. A few kilobytes each.
pub const REMEMBERED_EXCHANGES: usize = 8_192;

/// The same while nothing speaks for two legs in the capture: what a leg that turns up later may
/// belong to. Few, so that they stay in the cache.
pub const REMEMBERED_EXCHANGES_OF_ONE_LEG: usize = 32;

/// Connections that carried no exchange, and questions of the network about a host, that diagnosis
/// remembers: refused and unanswered attempts.
pub const REMEMBERED_CONNECTIONS: usize = 8_192;

/// ICMP errors, address questions and answers that diagnosis remembers.
pub const REMEMBERED_SIGNALS: usize = 16_384;

/// Addresses that diagnosis remembers as ones that open connections.
pub const REMEMBERED_ADDRESSES: usize = 65_536;

/// Servers whose connections are looked at together. More are a scan or a crawl, where no
/// connection is kept.
pub const UPSTREAMS: usize = 1_024;

/// Durations of one kind that are kept of each of them: enough to see where they gather.
pub const UPSTREAM_DURATIONS: usize = 64;

/// Connections to each of them of which beginning and end are kept, to find how many there were at
/// one time.
pub const UPSTREAM_SPANS: usize = 256;

/// A connection closed sooner behind a response was not idle: the response said that it would be.
pub const IDLE_LEAST: Duration = Duration::from_millis(100);

/// Failures that wait for their evidence at one time.
pub const PENDING_FAILURES: usize = 16_384;

/// How many of them are decided at once where there is no room for another.
pub const HASTY_FAILURES: usize = 4_096;

/// How long a failure waits for evidence that completes after it, capture time, where what is there
/// already is proof: late answers, the end of the other leg's connection.
pub const EVIDENCE_WAIT: Duration = Duration::from_secs(5);

/// How long it waits otherwise: until connections that are silent have been given up.
pub const EVIDENCE_WAIT_LONGEST: Duration = Duration::from_secs(1_000);

/// The same while somebody watches, who would rather know what is known by now. It is enough for what a
/// proxy does behind its answer: giving up the other leg, closing it, being told late.
pub const EVIDENCE_WAIT_LIVE: Duration = Duration::from_secs(10);

/// An end of a reused connection so soon behind a request did not come from working on it. Round
/// trips between a proxy and its upstream are mostly below a few milliseconds.
pub const RACE: Duration = Duration::from_millis(20);

/// The same where the request was acknowledged by itself before: then the process may have read it.
pub const RACE_ACKNOWLEDGED: Duration = Duration::from_millis(5);

/// A RST so soon behind a request does not show that the request was read: closing a connection with
/// octets unread sends one too (RFC 2525 section 2.17).
pub const UNREAD: Duration = Duration::from_millis(30);

/// Shorter silences are no timeout: no proxy is set to give up so soon.
pub const SILENCE: Duration = Duration::from_millis(50);

/// Shortest delay of a repeated SYN (RFC 6298: 1 s; Linux rounds by a tick).
pub const SLOW_ACCEPT: Duration = Duration::from_millis(900);

/// Packets of two interfaces or two queues of one may stand in the file in the wrong order, but not by
/// more than so many places.
pub const MISPLACED_PACKETS: u64 = 16;

/// What follows so soon was caused by what was before.
pub const PROMPT: Duration = Duration::from_millis(10);

/// Octets of a response head that proxies do not take any more: nginx 4 or 8 KiB, HAProxy 16 KiB.
pub const LARGE_HEAD: usize = 4_000;

/// Octets of a capture filter: some 500 addresses. libpcap goes down a level of its stack for each word,
/// and makes programs short in the square of their length: 3,000 addresses crash it, or take a minute.
pub const CAPTURE_FILTER_OCTETS: usize = 8_192;

/// Octets of one filter expression. Nobody types more; a list of addresses still fits.
pub const FILTER_OCTETS: usize = 4_096;

/// Parentheses and negations inside one another in a filter: reading and asking go down as deep.
pub const FILTER_DEPTH: usize = 64;

/// Octets that one compiled regular expression of a filter may take, and as many for its cache: a
/// counted repetition of a few letters can ask for gigabytes.
pub const FILTER_REGEX_OCTETS: usize = 256 * 1024;

/// Exchanges that wait until it is known what rules find in them, or why they failed, where a filter
/// asks for it; of more the oldest is decided by what is known. An exchange takes about 1 KiB.
pub const HELD_EXCHANGES: usize = 65_536;

/// Exchanges that a filter wanted and that are remembered, so that the verdicts on them are wanted too.
pub const WANTED_EXCHANGES: usize = 65_536;

/// Runs of packets that an excerpt of a capture is made of, and packets of evidence; of more it says
/// that it is not all. A run takes about 60 octets.
pub const EXCERPT_STRETCHES: usize = 1 << 20;

/// Packets of an excerpt that have comments, each of a few hundred octets; nobody reads more.
pub const EXCERPT_COMMENTS: usize = 65_536;

/// Heads whose harmless parts stay in redacted packets, each of a few hundred octets, kept twice.
pub const REDACTED_HEADS: usize = 65_536;

/// Segments in the list of one connection, about 100 octets each; around the exchange that is looked at.
pub const TRACE_SEGMENTS: usize = 20_000;

/// Comments on one packet.
pub const PACKET_COMMENTS: usize = 16;

/// Endpoints (a method, a host and a path template) that have numbers of their own; the rest is
/// counted together. A scanner would fill any table, and nobody reads more lines.
pub const ENDPOINTS: usize = 4_096;

/// Intervals of a series over the whole capture: more than a screen has columns.
pub const SERIES_BUCKETS: usize = 1_024;

/// Seconds of the newest past that a series keeps one by one.
pub const SERIES_SECONDS: usize = 900;

/// Exchanges of which a view keeps a row of about 200 octets; the oldest go first.
pub const ROWS: usize = 1_000_000;

/// Connections of which a view keeps a row.
pub const CONNECTION_ROWS: usize = 250_000;

/// Octets of whole exchanges, heads and findings included, that a view keeps beside their rows.
pub const WHOLE_OCTETS: usize = 128 << 20;

/// The same for exchanges that failed, so that many good ones do not push them out.
pub const WHOLE_FAILED_OCTETS: usize = 32 << 20;

/// Octets of a target that a row keeps; the whole exchange has all of it.
pub const ROW_TARGET_OCTETS: usize = 512;

/// Texts of rows that are looked up so that equal ones are kept once.
pub const SHARED_TEXTS: usize = 65_536;
/// Content codings on one message; nobody sends more than two.
pub const CONTENT_CODINGS: usize = 4;

/// The window of a content in zstd: what RFC 9659 allows.
pub const CONTENT_ZSTD_WINDOW: u64 = 8 << 20;

/// Octets of one body that are kept where whole bodies are asked for, and as many after decoding.
pub const BODY_OCTETS: usize = 64 << 20;

/// Octets of bodies that are kept at a time where whole bodies are asked for; more are read in further
/// passes over the capture.
pub const BODIES_OCTETS: u64 = 256 << 20;

/// Octets that one extraction writes at most, so that small captures cannot fill a disk.
pub const EXTRACTED_OCTETS: u64 = 4 << 30;
