//! Finds libpcap when it is first needed, so that the program can be built and started where there is
//! none. In come the calls of the `pcap` crate, which links to these functions; out they go to the
//! library, or to an error that says what to install.
//!
//! Every function has the name, the arguments and the result that pcap(3PCAP) gives it; pointers
//! are passed on as they are. What the crate does not call is not here: another version of it may
//! call more, which shows when the program is linked.

// The loader of libpcap is the one place that cannot do without.
#![allow(unsafe_code)]
#![allow(clippy::too_many_arguments)]

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::ptr;
use std::sync::OnceLock;

use libloading::Library;

/// What is missing, and the cure.
pub(super) const MISSING: &str = "libpcap is not installed, and live capture needs it\n\
     Debian, Ubuntu: sudo apt install libpcap0.8    Fedora: sudo dnf install libpcap    \
     Alpine: apk add libpcap\n\
     or let tcpdump capture elsewhere: ssh HOST sudo tcpdump -U -w - | httpwhy sniff -";

/// The names under which systems install it.
const NAMES: [&str; 3] = ["libpcap.so.0.8", "libpcap.so.1", "libpcap.so"];

/// Octets of the buffer that callers provide for errors (`PCAP_ERRBUF_SIZE`).
const ERROR_OCTETS: usize = 256;

/// Whether libpcap is there; looks for it the first time.
pub(super) fn is_there() -> bool {
    library().is_some()
}

fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    let load = || {
        // SAFETY: the initialisers of libpcap do nothing that could harm, whatever its version; a
        // library of that name is trusted as every linked one is.
        NAMES.iter().find_map(|name| unsafe { Library::new(name) }.ok())
    };
    LIBRARY.get_or_init(load).as_ref()
}

/// A function of libpcap; `None` where there is no library, or one too old to have it.
///
/// # Safety
///
/// `F` is the type of the function of that name.
unsafe fn find<F: Copy>(name: &str) -> Option<F> {
    // SAFETY: the type is what the caller promises.
    let found = unsafe { library()?.get::<F>(name.as_bytes()) };
    found.ok().map(|function| *function)
}

/// Says in a caller's buffer that there is no libpcap.
///
/// # Safety
///
/// `buffer` is null or has room for [`ERROR_OCTETS`].
unsafe fn say_missing(buffer: *mut c_char) {
    let text = MISSING.as_bytes();
    let text = text.get(..ERROR_OCTETS - 1).unwrap_or(text);
    if !buffer.is_null() {
        // SAFETY: the text and its end fit, and the two do not overlap.
        unsafe {
            ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, text.len());
            buffer.add(text.len()).write(0);
        }
    }
}

/// Defines functions that pass their arguments on. Behind `=` stands what they do without libpcap.
macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)? = $missing:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $kind),*) $(-> $result)? {
            type Function = unsafe extern "C" fn($($kind),*) $(-> $result)?;
            static FOUND: OnceLock<Option<Function>> = OnceLock::new();
            // SAFETY: libpcap declares the function so, and its caller keeps its rules.
            match FOUND.get_or_init(|| unsafe { find(stringify!($name)) }) {
                Some(function) => unsafe { function($($argument),*) },
                None => $missing,
            }
        }
    )*};
}

/// A pointer that is passed on.
type Any = *mut c_void;
type Text = *mut c_char;

/// `PCAP_ERROR`.
const FAILED: c_int = -1;

forward! {
    // Without these nothing can be opened, so the others are not called without libpcap.
    pcap_create(device: *const c_char, error: Text) -> Any
        = { unsafe { say_missing(error) }; ptr::null_mut() };
    pcap_findalldevs(devices: *mut Any, error: Text) -> c_int
        = { unsafe { say_missing(error) }; FAILED };
    pcap_open_offline(path: *const c_char, error: Text) -> Any
        = { unsafe { say_missing(error) }; ptr::null_mut() };
    pcap_fopen_offline(file: Any, error: Text) -> Any
        = { unsafe { say_missing(error) }; ptr::null_mut() };
    pcap_open_offline_with_tstamp_precision(path: *const c_char, precision: c_uint, error: Text) -> Any
        = { unsafe { say_missing(error) }; ptr::null_mut() };
    pcap_fopen_offline_with_tstamp_precision(file: Any, precision: c_uint, error: Text) -> Any
        = { unsafe { say_missing(error) }; ptr::null_mut() };
    pcap_open_dead(link: c_int, snaplen: c_int) -> Any = ptr::null_mut();
    pcap_open_dead_with_tstamp_precision(link: c_int, snaplen: c_int, precision: c_uint) -> Any
        = ptr::null_mut();

    pcap_freealldevs(devices: Any) = ();
    pcap_set_snaplen(handle: Any, octets: c_int) -> c_int = FAILED;
    pcap_set_promisc(handle: Any, to: c_int) -> c_int = FAILED;
    pcap_set_rfmon(handle: Any, to: c_int) -> c_int = FAILED;
    pcap_set_timeout(handle: Any, milliseconds: c_int) -> c_int = FAILED;
    pcap_set_buffer_size(handle: Any, octets: c_int) -> c_int = FAILED;
    pcap_set_tstamp_type(handle: Any, kind: c_int) -> c_int = FAILED;
    pcap_set_tstamp_precision(handle: Any, precision: c_int) -> c_int = FAILED;
    pcap_set_immediate_mode(handle: Any, to: c_int) -> c_int = FAILED;
    pcap_activate(handle: Any) -> c_int = FAILED;
    pcap_close(handle: Any) = ();
    pcap_geterr(handle: Any) -> Text = c"libpcap is not installed".as_ptr().cast_mut();

    pcap_loop(handle: Any, packets: c_int, handler: Any, argument: Any) -> c_int = FAILED;
    pcap_dispatch(handle: Any, packets: c_int, handler: Any, argument: Any) -> c_int = FAILED;
    pcap_next_ex(handle: Any, header: *mut Any, octets: *mut Any) -> c_int = FAILED;
    pcap_breakloop(handle: Any) = ();
    pcap_setnonblock(handle: Any, to: c_int, error: Text) -> c_int = FAILED;
    pcap_get_selectable_fd(handle: Any) -> c_int = FAILED;
    pcap_fileno(handle: Any) -> c_int = FAILED;
    pcap_stats(handle: Any, counters: Any) -> c_int = FAILED;
    pcap_sendpacket(handle: Any, octets: Any, length: c_int) -> c_int = FAILED;
    pcap_setdirection(handle: Any, direction: c_uint) -> c_int = FAILED;

    pcap_compile(handle: Any, program: Any, text: *const c_char, optimise: c_int, mask: c_uint)
        -> c_int = FAILED;
    pcap_setfilter(handle: Any, program: Any) -> c_int = FAILED;
    pcap_freecode(program: Any) = ();
    pcap_offline_filter(program: Any, header: Any, octets: Any) -> c_int = 0;

    pcap_datalink(handle: Any) -> c_int = FAILED;
    pcap_list_datalinks(handle: Any, found: *mut Any) -> c_int = FAILED;
    pcap_set_datalink(handle: Any, link: c_int) -> c_int = FAILED;
    pcap_free_datalinks(found: Any) = ();
    pcap_datalink_name_to_val(name: *const c_char) -> c_int = FAILED;
    pcap_datalink_val_to_name(link: c_int) -> *const c_char = ptr::null();
    pcap_datalink_val_to_description(link: c_int) -> *const c_char = ptr::null();
    pcap_major_version(handle: Any) -> c_int = FAILED;
    pcap_minor_version(handle: Any) -> c_int = FAILED;

    pcap_dump_open(handle: Any, path: *const c_char) -> Any = ptr::null_mut();
    pcap_dump_fopen(handle: Any, file: Any) -> Any = ptr::null_mut();
    pcap_dump_open_append(handle: Any, path: *const c_char) -> Any = ptr::null_mut();
    pcap_dump_flush(dumper: Any) -> c_int = FAILED;
    pcap_dump_close(dumper: Any) = ();
    pcap_dump(dumper: Any, header: Any, octets: Any) = ();
}
