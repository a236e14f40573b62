//! Waits for a descriptor to have something to read.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Whether something can be read, or an end or an error be learned, within so long. A signal ends the
/// waiting: somebody may want to stop.
pub(super) fn is_readable(descriptor: &impl AsFd, patience: Duration) -> io::Result<bool> {
    let mut wanted = [PollFd::new(descriptor, PollFlags::IN)];
    let patience = Timespec::try_from(patience).map_err(|_| io::ErrorKind::InvalidInput)?;
    match poll(&mut wanted, Some(&patience)) {
        Ok(found) => Ok(found > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
