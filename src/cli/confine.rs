//! What this process may still do once it knows what it has to read and to write: nothing else, since
//! what it reads was written by strangers. On Linux privileges, capabilities, files, the network and
//! whole system calls are given up, before the first packet is looked at and before any thread
//! begins; elsewhere this does nothing. Whatever the kernel does not know is left out.

use std::path::{Path, PathBuf};

use clap::Args;

#[derive(Debug, Args, Default)]
pub(super) struct Sandbox {
    /// Keep all rights of the process, which are given up otherwise once the files are known
    #[arg(long)]
    no_sandbox: bool,
}

/// What has to be possible still.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Files to read, and folders in which files that come later are to be read.
    pub read: Vec<PathBuf>,
    /// Files and folders to make.
    pub write: Vec<PathBuf>,
    /// Whether a device was opened, with rights that nothing needs any more.
    pub device: bool,
    /// The descriptor that packets come from: nothing is to go out by it.
    pub socket: Option<i32>,
}

/// What is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Confinement {
    /// No program can give the process new privileges.
    pub no_new_privileges: bool,
    /// It has no capabilities.
    pub no_capabilities: bool,
    /// It reads and writes what it needs alone.
    pub files: bool,
    /// It can neither start programs nor connect to anything.
    pub system_calls: bool,
}

impl Confinement {
    /// In one line.
    pub fn line(self) -> String {
        let parts = [
            (self.no_new_privileges, "no new privileges"),
            (self.no_capabilities, "no capabilities"),
            (self.files, "Landlock"),
            (self.system_calls, "seccomp"),
        ];
        let name = |wanted| {
            let names = parts.iter().filter(|(held, _)| *held == wanted).map(|(_, name)| *name);
            names.collect::<Vec<_>>().join(", ")
        };
        match (name(true), name(false)) {
            (held, missing) if missing.is_empty() => held,
            (held, missing) if held.is_empty() => format!("none; not there: {missing}"),
            (held, missing) => format!("{held}; not there: {missing}"),
        }
    }
}

impl Sandbox {
    /// Gives up what is not needed.
    pub fn confine(&self, needs: &Needs) {
        if self.no_sandbox {
            return;
        }
        let confinement = confine(needs);
        let full = confinement.files && confinement.system_calls && confinement.no_capabilities;
        if needs.device && !full && cfg!(target_os = "linux") {
            let what = format!("this kernel confines less than it could: {}", confinement.line());
            super::complain("note", &what);
        }
    }
}

/// The folder in which something is made: the nearest one that is there.
fn nearest(path: &Path) -> PathBuf {
    let mut folder = path;
    while let Some(above) = folder.parent() {
        if above.as_os_str().is_empty() {
            return PathBuf::from(".");
        }
        if above.is_dir() {
            return above.to_owned();
        }
        folder = above;
    }
    PathBuf::from(".")
}

#[cfg(not(target_os = "linux"))]
pub(super) fn confine(needs: &Needs) -> Confinement {
    let _ = (nearest(Path::new("")), needs);
    Confinement::default()
}

#[cfg(target_os = "linux")]
pub(super) use linux::confine;

/// What would be in force: tried by a thread that does nothing else.
pub(super) fn offered() -> Confinement {
    let tried = std::thread::spawn(|| confine(&Needs::default()));
    tried.join().unwrap_or_default()
}

/// Something that must not be possible any more, and its name.
type Try = (&'static str, Box<dyn Fn() -> std::io::Result<()>>);

/// A socket in the place of the one that packets come from, and what must not be possible with it.
#[cfg(unix)]
fn sockets() -> std::io::Result<(Vec<Try>, Option<i32>)> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixDatagram;
    use std::rc::Rc;

    let ((device, _), (other, _)) = (UnixDatagram::pair()?, UnixDatagram::pair()?);
    let number = device.as_raw_fd();
    let device = Rc::new(device);
    let (written, doubled) = (Rc::clone(&device), Rc::clone(&device));
    let tries: Vec<Try> = vec![
        ("send by the device", Box::new(move || device.send(b"x").map(drop))),
        (
            "write to the device",
            Box::new(move || rustix::io::write(&*written, b"x").map(drop).map_err(From::from)),
        ),
        ("have the device twice", Box::new(move || doubled.try_clone().map(drop))),
        ("send to an address", Box::new(move || other.send_to(b"x", "/nobody").map(drop))),
    ];
    Ok((tries, Some(number)))
}

/// Asks whether a signal could be sent to whoever has started this: none is.
#[cfg(unix)]
fn signal_another() -> std::io::Result<()> {
    let parent = rustix::process::getppid().ok_or(std::io::ErrorKind::NotFound)?;
    Ok(rustix::process::test_kill_process(parent)?)
}

/// Takes a file out of a process, which the kernel lets do whoever may trace that process with ptrace; here
/// out of the own one, which nothing but what is in force can refuse. Where the kernel does not offer it,
/// there is nothing to try.
#[cfg(target_os = "linux")]
fn tracing() -> Option<Try> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let own = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    let take = move || Ok(pidfd_getfd(&own, 1, PidfdGetfdFlags::empty()).map(drop)?);
    take().is_ok().then(|| ("take a file as a tracer", Box::new(take) as Box<_>))
}

#[cfg(not(unix))]
fn sockets() -> std::io::Result<(Vec<Try>, Option<i32>)> {
    Ok((Vec::new(), None))
}

/// `httpwhy confined`: what the process cannot do any more once it is confined; for tests and for who
/// wants to see it. Fails where something is still possible.
pub(super) fn run() -> anyhow::Result<super::Done> {
    let (sockets, socket) = sockets()?;
    #[cfg(target_os = "linux")]
    let tracing = tracing();
    let confinement = confine(&Needs { socket, ..Needs::default() });
    let mut tries: Vec<Try> = vec![
        ("read /etc/passwd", Box::new(|| std::fs::read("/etc/passwd").map(drop))),
        (
            "make a file",
            Box::new(|| std::fs::write(std::env::temp_dir().join("httpwhy-confined"), b"")),
        ),
        (
            "start a program",
            Box::new(|| std::process::Command::new("/bin/true").status().map(drop)),
        ),
        ("connect", Box::new(|| std::net::TcpStream::connect(("127.0.0.1", 9)).map(drop))),
    ];
    #[cfg(unix)]
    tries.push(("signal another process", Box::new(signal_another)));
    tries.extend(sockets);
    #[cfg(target_os = "linux")]
    tries.extend(tracing);
    let mut possible = Vec::new();
    let mut text = format!("in force: {}\n", confinement.line());
    for (what, attempt) in tries {
        let refused = attempt().is_err_and(|error| {
            // Whatever is refused by others, such as a port nobody listens on, was possible.
            error.kind() == std::io::ErrorKind::PermissionDenied
        });
        text.push_str(&format!("{what}: {}\n", if refused { "refused" } else { "possible" }));
        if !refused {
            possible.push(what);
        }
    }
    std::io::Write::write_all(&mut std::io::stdout().lock(), text.as_bytes())?;
    anyhow::ensure!(possible.is_empty(), "still possible: {}", possible.join(", "));
    Ok(super::Done::Well)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetError, RulesetStatus,
    };
    use rustix::fs::{self, AtFlags, CWD, accessat};
    use rustix::process::{Gid, Uid, geteuid};
    use rustix::thread::{self, CapabilitySet, CapabilitySets};
    use seccompiler::SeccompCmpArgLen::{Dword, Qword};
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };

    use super::{Confinement, Needs, nearest};

    /// The user that nothing belongs to.
    const NOBODY: u32 = 65_534;

    /// System calls that nothing here needs and whoever takes the process over would: they start
    /// programs, talk to the network, look into other processes, change the system.
    const DENIED: &[i64] = &[
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
        libc::SYS_process_madvise,
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_open_by_handle_at,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_setuid,
        libc::SYS_setgid,
        libc::SYS_setresuid,
        libc::SYS_setresgid,
        libc::SYS_personality,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
    ];

    /// System calls that send by a descriptor, or make a second one of it that no rule knows, and
    /// which of their arguments it is. A packet socket sends what is written to it, and needs no
    /// rights for it once it is open.
    const BY_DEVICE: &[(i64, u8)] = &[
        (libc::SYS_sendto, 0),
        (libc::SYS_write, 0),
        (libc::SYS_writev, 0),
        (libc::SYS_pwrite64, 0),
        (libc::SYS_pwritev, 0),
        (libc::SYS_pwritev2, 0),
        (libc::SYS_sendfile, 0),
        (libc::SYS_splice, 2),
        (libc::SYS_setsockopt, 0),
        (libc::SYS_dup, 0),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_dup2, 0),
        (libc::SYS_dup3, 0),
    ];

    /// System calls that send a signal to the process that their first argument names. To itself it does:
    /// to sleep, and to end as the signal that it was sent would have ended it.
    const SIGNALS: &[i64] =
        &[libc::SYS_kill, libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo];

    /// What makes `fcntl` double a descriptor.
    const DOUBLING: &[i32] = &[libc::F_DUPFD, libc::F_DUPFD_CLOEXEC];

    /// TIOCSTI and TIOCLINUX, whose numbers in libc are of another type on each C library.
    const TYPING: &[u64] = &[0x5412, 0x541c];

    /// Gives up what is not needed; tells what came of it.
    pub fn confine(needs: &Needs) -> Confinement {
        if needs.device {
            become_somebody_else(needs);
        }
        let no_capabilities = drop_capabilities(needs);
        let no_new_privileges = thread::set_no_new_privs(true).is_ok();
        let files = no_new_privileges && restrict_files(needs).unwrap_or(false);
        let system_calls =
            no_new_privileges && restrict_system_calls(needs.socket).unwrap_or(false);
        Confinement { no_new_privileges, no_capabilities, files, system_calls }
    }

    /// Root becomes the user who asked for it, or, where nothing is to be written, nobody.
    fn become_somebody_else(needs: &Needs) {
        if !geteuid().is_root() {
            return;
        }
        let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
        let somebody = number("SUDO_UID").zip(number("SUDO_GID")).filter(|(user, _)| *user != 0);
        // Who cannot make the files that are asked for is nobody to become.
        let may_write = |user: u32| {
            needs.write.iter().all(|path| {
                std::fs::metadata(nearest(path)).is_ok_and(|folder| {
                    folder.uid() == user && folder.mode() & 0o300 == 0o300
                        || folder.mode() & 0o003 == 0o003
                })
            })
        };
        let somebody = somebody.filter(|(user, _)| may_write(*user));
        let nobody = needs.write.is_empty().then_some((NOBODY, NOBODY));
        let Some((user, group)) = somebody.or(nobody) else { return };
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        // No other thread has begun, so that this is the whole process.
        let _ = thread::set_thread_groups(&[])
            .and_then(|()| thread::set_thread_res_gid(group, group, group))
            .and_then(|()| thread::set_thread_res_uid(user, user, user));
    }

    /// Whether none is left. Root keeps what lets it reach files of others, where these are asked for.
    fn drop_capabilities(needs: &Needs) -> bool {
        let _ = thread::clear_ambient_capability_set();
        let Ok(held) = thread::capabilities(None) else { return false };
        let none = CapabilitySet::empty();
        let set = |effective, permitted| {
            let sets = CapabilitySets { effective, permitted, inheritable: none };
            thread::set_capabilities(None, sets).is_ok()
        };
        if !set(none, held.permitted) {
            return false;
        }
        let may = |path: &Path, access| accessat(CWD, path, access, AtFlags::EACCESS);
        let denied = |path: &Path, access| may(path, access) == Err(rustix::io::Errno::ACCESS);
        let mut kept = none;
        if needs.read.iter().any(|path| denied(path, fs::Access::READ_OK)) {
            kept |= CapabilitySet::DAC_READ_SEARCH;
        }
        if needs.write.iter().any(|path| denied(&nearest(path), fs::Access::WRITE_OK)) {
            kept |= CapabilitySet::DAC_OVERRIDE;
        }
        let kept = kept & held.permitted;
        set(kept, kept) && kept.is_empty()
    }

    /// Reading and writing what is needed alone, and no connections.
    fn restrict_files(needs: &Needs) -> Result<bool, RulesetError> {
        // The fourth version knows the network; later ones would take ioctl from the terminal.
        let abi = ABI::V4;
        let mut rules = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .create()?;
        let read = AccessFs::from_read(abi) & !AccessFs::Execute;
        let write = AccessFs::from_all(abi) & !AccessFs::Execute;
        let terminal = AccessFs::ReadFile | AccessFs::WriteFile;
        let folders: Vec<_> = needs.write.iter().map(|path| nearest(path)).collect();
        let wanted = needs.read.iter().map(|path| (path.as_path(), read));
        let wanted = wanted.chain(folders.iter().map(|folder| (folder.as_path(), write)));
        let devices = ["/dev/tty", "/dev/null"].map(|path| (Path::new(path), terminal));
        // How many processors there are for us; and libpcap reads there what interfaces lost.
        let about: &[&str] = match needs.device {
            true => &["/proc/self/cgroup", "/sys/fs/cgroup", "/sys/class/net", "/sys/devices"],
            false => &["/proc/self/cgroup", "/sys/fs/cgroup"],
        };
        let about = about.iter().map(|path| (Path::new(*path), read));
        for (path, access) in wanted.chain(devices).chain(about) {
            // Pipes that have no name are out of reach of rules, and need none.
            let real = std::fs::canonicalize(path);
            let nameless = real.map_or(true, |real| real.starts_with("/proc"));
            if nameless && !path.ends_with("cgroup") {
                continue;
            }
            // What is not there is for whoever opens it to complain about.
            let Ok(path) = PathFd::new(path) else { continue };
            rules = rules.add_rule(PathBeneath::new(path, access))?;
        }
        Ok(rules.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
    }

    /// Where the argument with this place has this value.
    fn wherever(
        conditions: &[(u8, SeccompCmpOp, u64)],
    ) -> Result<SeccompRule, seccompiler::BackendError> {
        let condition = |(place, is, value): &(u8, SeccompCmpOp, u64)| {
            let len = if *value > u64::from(u32::MAX) || *place == 4 { Qword } else { Dword };
            SeccompCondition::new(*place, len, is.clone(), *value)
        };
        SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)
    }

    fn restrict_system_calls(device: Option<i32>) -> Result<bool, seccompiler::Error> {
        let Some(program) = program(device)? else { return Ok(false) };
        Ok(seccompiler::apply_filter(&program).is_ok())
    }

    /// What the kernel asks about each system call; none for processors that it is not known for.
    fn program(device: Option<i32>) -> Result<Option<BpfProgram>, seccompiler::Error> {
        use SeccompCmpOp::{Eq, Ne};
        let mut denied: BTreeMap<i64, Vec<_>> =
            DENIED.iter().map(|number| (*number, Vec::new())).collect();
        let mut deny = |number: i64, conditions: &[(u8, SeccompCmpOp, u64)]| {
            denied.entry(number).or_default().push(wherever(conditions)?);
            Ok::<(), seccompiler::BackendError>(())
        };
        // Typing for its user into the terminal.
        for request in TYPING {
            deny(libc::SYS_ioctl, &[(1, Eq, *request)])?;
        }
        // Without an address it goes to the other end of a pair of sockets, which wakes a thread.
        deny(libc::SYS_sendto, &[(4, Ne, 0)])?;
        let own = u64::from(std::process::id());
        for number in SIGNALS {
            deny(*number, &[(0, Ne, own)])?;
        }
        if let Some(device) = device.and_then(|device| u64::try_from(device).ok()) {
            for (number, place) in BY_DEVICE {
                deny(*number, &[(*place, Eq, device)])?;
            }
            for doubling in DOUBLING {
                deny(libc::SYS_fcntl, &[(0, Eq, device), (1, Eq, *doubling as u64)])?;
            }
        }
        let Ok(architecture) = std::env::consts::ARCH.try_into() else { return Ok(None) };
        let refused = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(denied, SeccompAction::Allow, refused, architecture)?;
        Ok(Some(filter.try_into()?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// What a program says of a system call, as the kernel runs it: a number in front, then the processor,
        /// then, from octet 16 on, the arguments.
        fn verdict(program: &BpfProgram, number: i64, arguments: [u64; 6]) -> u32 {
            let architecture: u32 = match std::env::consts::ARCH {
                "x86_64" => 0xc000_003e,
                "aarch64" => 0xc000_00b7,
                "riscv64" => 0xc000_00f3,
                other => panic!("{other} is not known"),
            };
            let mut words = vec![number as u32, architecture, 0, 0];
            words.extend(arguments.iter().flat_map(|one| [*one as u32, (*one >> 32) as u32]));
            let (mut at, mut value) = (0, 0);
            for _ in 0..program.len() {
                let step = &program[at];
                at += 1;
                let jump = |holds: bool| usize::from(if holds { step.jt } else { step.jf });
                match step.code {
                    0x20 => value = words[step.k as usize / 4],
                    0x54 => value &= step.k,
                    0x05 => at += step.k as usize,
                    0x15 => at += jump(value == step.k),
                    0x25 => at += jump(value > step.k),
                    0x35 => at += jump(value >= step.k),
                    0x45 => at += jump(value & step.k != 0),
                    0x06 => return step.k,
                    other => panic!("{other:#x} is not known"),
                }
            }
            panic!("it does not end")
        }

        #[test]
        fn case_112_system_calls_are_allowed_or_refused() {
            const ALLOWED: u32 = 0x7fff_0000;
            const REFUSED: u32 = 0x0005_0000 | libc::EPERM as u32;
            const DEVICE: u64 = 7;
            let program = program(Some(DEVICE as i32)).unwrap().unwrap();
            let own = u64::from(std::process::id());
            let first = |value| [value, 0, 0, 0, 0, 0];
            // Nobody's, one's group, everybody, somebody.
            let others = [0, u64::from(u32::MAX), u64::MAX, own + 1, 1];
            for number in [libc::SYS_kill, libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo] {
                assert_eq!(verdict(&program, number, first(own)), ALLOWED, "{number}");
                for other in others {
                    assert_eq!(
                        verdict(&program, number, first(other)),
                        REFUSED,
                        "{number} {other}"
                    );
                }
            }
            for number in [
                libc::SYS_ptrace,
                libc::SYS_process_vm_readv,
                libc::SYS_process_vm_writev,
                libc::SYS_execve,
                libc::SYS_execveat,
                libc::SYS_socket,
                libc::SYS_connect,
                libc::SYS_bpf,
                libc::SYS_io_uring_setup,
            ] {
                assert_eq!(verdict(&program, number, [0; 6]), REFUSED, "{number}");
            }
            for number in [libc::SYS_write, libc::SYS_sendto, libc::SYS_dup] {
                assert_eq!(verdict(&program, number, first(DEVICE)), REFUSED, "{number}");
                assert_eq!(verdict(&program, number, first(1)), ALLOWED, "{number}");
            }
            for number in [libc::SYS_read, libc::SYS_openat, libc::SYS_mmap, libc::SYS_clone] {
                assert_eq!(verdict(&program, number, [0; 6]), ALLOWED, "{number}");
            }
        }
    }
}
