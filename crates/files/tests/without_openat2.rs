//! The same walls where the kernel has no `openat2`, or a filter forbids it, as in old kernels and containers. In a process of its own: what
//! resolves paths remembers what it found.

#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod world;

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use hostbox_buffers::Cancel;
use hostbox_files::{Files, Flags};
use hostbox_permissions::{FsGrant, FsPermissions};
use world::{code, world};

/// Lets `openat2` fail with `errno` in this thread, and in those that it starts.
fn forbid_openat2(errno: i32) {
    let op = |code: u32, k: u32| libc::sock_filter { code: u16::try_from(code).unwrap(), jt: 0, jf: 0, k };
    let number = u32::try_from(libc::SYS_openat2).unwrap();
    let mut filter = [
        op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter { jf: 1, ..op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number) },
        op(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap()),
        op(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
    // SAFETY: takes numbers alone.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program and its filter are alive, and the kernel copies them.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) }, 0);
}

fn nothing_leads_out() {
    let world = world();
    symlink(world.host("secrets"), world.host("data/absolute")).unwrap();
    symlink("../secrets", world.host("data/relative")).unwrap();
    symlink("..", world.host("data/parent")).unwrap();
    assert_eq!(world.read("/data/sub/../file.txt").unwrap(), "file");
    for path in [
        "/data/../secret.txt",
        "/data/sub/../../secret.txt",
        "/data/absolute",
        "/data/absolute/inner.txt",
        "/data/relative",
        "/data/relative/inner.txt",
        "/data/parent/secret.txt",
    ] {
        world.assert_out_of_reach(path, &["EEXIST", "ENOTDIR"]);
    }

    let everything = FsPermissions::new([("/", FsGrant { write: true, ..FsGrant::from("/") })]).unwrap();
    let everything = Files::new(&everything).unwrap();
    let secret = fs::File::open(world.host("secret.txt")).unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&secret);
    for path in
        ["/proc/self/root/etc/passwd", "/proc/self/cwd", &format!("/proc/self/fd/{descriptor}"), "/proc/self/environ"]
    {
        let outcome = everything.read(path, Flags::READ, &world.store, &Cancel::new());
        assert!(matches!(code(outcome), "EACCES" | "ELOOP" | "ENOENT" | "EISDIR"), "{path}");
    }
}

/// A directory and a link that leads out change places meanwhile.
fn no_race_leads_out() {
    let world = world();
    let (place, spare, third) = (world.host("data/place"), world.host("data/spare"), world.host("data/third"));
    fs::create_dir(&place).unwrap();
    fs::write(place.join("inner.txt"), "inside").unwrap();
    symlink("../secrets", &spare).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                let _ = fs::rename(&place, &third);
                let _ = fs::rename(&spare, &place);
                let _ = fs::rename(&third, &spare);
            }
        });
        for _ in 0..1_000 {
            if let Ok(text) = world.read("/data/place/inner.txt") {
                assert_eq!(text, "inside");
            }
            let _ = world.write("/data/place/inner.txt", "inside");
        }
        stop.store(true, Relaxed);
    });
    world.assert_untouched();
}

#[test]
fn nothing_leads_out_where_openat2_is_forbidden_or_missing() {
    // What a filter says of it, then what an old kernel does; the second is remembered.
    for errno in [libc::EPERM, libc::ENOSYS] {
        std::thread::spawn(move || {
            forbid_openat2(errno);
            nothing_leads_out();
            no_race_leads_out();
        })
        .join()
        .unwrap();
    }
}
