//! Other network namespaces: does something inside one, without taking the rest of the program along.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::Error;

/// Where `ip netns add` puts them.
const NAMED: &str = "/run/netns";

/// The file that stands for a namespace: a name that `ip netns` knows, or a path.
pub fn named(name: &str) -> PathBuf {
    if name.contains('/') { PathBuf::from(name) } else { Path::new(NAMED).join(name) }
}

/// The file that stands for the network namespace of a process.
pub fn of_process(process: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/ns/net"))
}

/// Does something inside a namespace, on a thread of its own: a thread that has entered a namespace
/// stays there, and what it opened belongs to it for ever.
pub(super) fn inside<T: Send>(
    namespace: Option<&Path>,
    act: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let Some(path) = namespace else { return act() };
    let ran = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            enter(path)?;
            act()
        });
        thread.join()
    });
    ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(target_os = "linux")]
fn enter(path: &Path) -> Result<(), Error> {
    use std::os::fd::AsFd;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

    let refused = |source: io::Error| {
        let cure = match source.kind() {
            io::ErrorKind::PermissionDenied => {
                "\nentering a namespace needs root: run it with sudo"
            }
            io::ErrorKind::NotFound if path.starts_with("/proc") => {
                "\nthere is no process with this number here; of a container take the one that its host \
                 knows: docker inspect -f '{{.State.Pid}}' NAME"
            }
            io::ErrorKind::NotFound => {
                "\nip netns shows those that have a name; --pid PID takes the one of a process"
            }
            _ => "",
        };
        let path = path.display();
        Error::Live(format!("cannot enter network namespace {path}: {source}{cure}"))
    };
    let file = fs::File::open(path).map_err(refused)?;
    let kind = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(file.as_fd(), kind).map_err(|error| refused(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn enter(path: &Path) -> Result<(), Error> {
    let path = path.display();
    Err(Error::Live(format!("cannot enter {path}: network namespaces are a thing of Linux")))
}
