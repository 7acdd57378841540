//! Ways out of a granted directory: each of them is shut, and what lies outside is as it was. docs/security.md lists them.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod world;

use std::fs;

use hostbox_buffers::Cancel;
use hostbox_files::{Files, Flags, Mode};
use hostbox_permissions::{FsGrant, FsPermissions};
use world::{SECRET, code, world};

/// One test a path.
macro_rules! out_of_reach {
    ($($name:ident: $path:expr, $codes:expr;)*) => {
        $(#[test]
        fn $name() {
            world().assert_out_of_reach(&$path, &$codes);
        })*
    };
}

// ── dot-dot, in every spelling ──────────────────────────────────────────────────────────────────────────────────────────────────────

out_of_reach! {
    dot_dot_leads_nowhere: "/data/../secret.txt", [];
    dot_dot_to_a_directory_leads_nowhere: "/data/../secrets", [];
    dot_dot_behind_a_directory_leads_nowhere: "/data/sub/../../secret.txt", [];
    dot_dot_behind_a_name_that_is_not_there_leads_nowhere: "/data/none/../../secret.txt", [];
    dot_dot_behind_a_file_leads_nowhere: "/data/file.txt/../../secret.txt", [];
    many_dot_dots_lead_nowhere: format!("/data/{}etc/passwd", "../".repeat(60)), [];
    dot_dot_and_doubled_slashes_lead_nowhere: "/data//..//../secret.txt", [];
    dot_dot_and_dots_lead_nowhere: "/data/./../././secret.txt", [];
    a_relative_dot_dot_leads_nowhere: "../secret.txt", [];
    a_relative_path_through_a_grant_leads_nowhere: "data/../secret.txt", [];
    dot_dot_through_another_grant_leads_nowhere: "/read/../data/../secret.txt", [];
}

/// What looks like a way up is a name like any other: it makes something inside, or nothing.
macro_rules! plain_name {
    ($($name:ident: $path:expr;)*) => {
        $(#[test]
        fn $name() {
            let world = world();
            assert!(matches!(code(world.read($path)), "ENOENT" | "ENOTDIR"));
            let _ = world.files.make_dir($path, true, Mode::DIRECTORY, &Cancel::new());
            let _ = world.write(&format!("{}.txt", $path), "inside");
            world.assert_untouched();
        })*
    };
}

plain_name! {
    percent_encoded_dots_are_a_name: "/data/%2e%2e/secret.txt";
    percent_encoded_slashes_are_a_name: "/data/..%2fsecret.txt";
    backslashes_are_part_of_a_name: "/data/..\\secret.txt";
    three_dots_are_a_name: "/data/.../secret.txt";
    dots_with_a_space_are_a_name: "/data/.. /secret.txt";
    fullwidth_dots_are_a_name: "/data/\u{ff0e}\u{ff0e}/secret.txt";
    overlong_dots_that_were_replaced_are_a_name: "/data/\u{fffd}\u{fffd}/secret.txt";
    one_dot_leader_is_a_name: "/data/\u{2024}\u{2024}/secret.txt";
}

#[test]
fn dot_dot_of_a_grant_is_a_directory_of_grants_alone() {
    let world = world();
    for path in ["/data/..", "/data/sub/../../", "/"] {
        assert_eq!(world.list(path).unwrap(), ["data", "read"]);
        assert_eq!(code(world.read(path)), "EISDIR");
        assert_eq!(code(world.write(path, "x")), "EACCES");
        assert_eq!(code(world.write(&format!("{path}/new.txt"), "x")), "EACCES");
        assert_eq!(code(world.remove(path)), "EACCES");
    }
    world.assert_untouched();
}

// ── other spellings ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

out_of_reach! {
    a_path_of_the_host_leads_nowhere: "/etc", [];
    a_grant_in_capitals_is_no_grant: "/DATA/file.txt", [];
    a_grant_that_only_begins_alike_is_no_grant: "/data-secret", [];
    a_home_directory_is_a_name: "~/secret.txt", [];
    a_file_url_is_a_name: "file:///etc/passwd", [];
    a_device_of_windows_is_no_path_of_the_host: "\\\\?\\C:\\secret.txt", [];
    a_drive_is_a_name: "C:/secret.txt", [];
    a_nul_ends_no_path: "/data/file.txt\0/../../secret.txt", ["EINVAL"];
    a_nul_in_front_is_no_path: "\0/data/file.txt", ["EINVAL"];
    a_path_without_end_is_too_long: format!("/data/{}", "a/".repeat(100_000)), ["ENAMETOOLONG"];
    a_path_that_climbs_without_end_is_too_long: format!("/data/{}secret.txt", "../".repeat(100_000)), ["ENAMETOOLONG"];
    an_empty_path_leads_nowhere: "", ["ENOENT"];
}

#[test]
fn a_name_without_end_is_too_long() {
    let world = world();
    let path = format!("/data/{}", "x".repeat(300));
    assert_eq!(code(world.read(&path)), "ENAMETOOLONG");
    assert_eq!(code(world.write(&path, "x")), "ENAMETOOLONG");
}

#[test]
fn the_path_of_the_host_does_not_work_inside() {
    let world = world();
    let path = world.host("data/file.txt");
    assert_eq!(code(world.read(path.to_str().unwrap())), "EACCES");
    assert_eq!(code(world.read(&format!("/data{}", path.display()))), "ENOENT");
}

// ── links that the host made ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A link that was there before the sandbox.
    fn behind(to: &str, path: &str) {
        let world = world();
        let to = to.replace("ROOT", world.root().to_str().unwrap());
        symlink(to, world.host("data/way")).unwrap();
        world.assert_out_of_reach(path, &["EEXIST", "ENOTDIR"]);
    }

    #[test]
    fn an_absolute_link_to_a_file_outside_is_not_followed() {
        behind("ROOT/secret.txt", "/data/way");
    }

    #[test]
    fn an_absolute_link_to_a_directory_outside_is_not_followed() {
        behind("ROOT/secrets", "/data/way");
    }

    #[test]
    fn a_file_behind_an_absolute_link_is_out_of_reach() {
        behind("ROOT/secrets", "/data/way/inner.txt");
    }

    #[test]
    fn a_relative_link_to_a_file_outside_is_not_followed() {
        behind("../secret.txt", "/data/way");
    }

    #[test]
    fn a_relative_link_to_a_directory_outside_is_not_followed() {
        behind("sub/../../secrets", "/data/way/inner.txt");
    }

    #[test]
    fn a_link_to_the_root_of_the_host_is_not_followed() {
        behind("/", "/data/way/etc");
    }

    #[test]
    fn a_link_to_the_grants_own_parent_is_not_followed() {
        behind("..", "/data/way/secret.txt");
    }

    #[test]
    fn dot_dot_behind_a_link_counts_from_where_the_link_leads() {
        let world = world();
        fs::create_dir_all(world.host("data/sub/inner")).unwrap();
        symlink("sub/inner", world.host("data/way")).unwrap();
        assert_eq!(world.read("/data/way/../deep.txt").unwrap(), "deep");
        world.assert_out_of_reach("/data/way/../../../secret.txt", &[]);
    }

    #[test]
    fn a_chain_of_links_that_ends_outside_is_not_followed() {
        let world = world();
        symlink("two", world.host("data/one")).unwrap();
        symlink("sub/three", world.host("data/two")).unwrap();
        symlink("../../secrets", world.host("data/sub/three")).unwrap();
        world.assert_out_of_reach("/data/one/inner.txt", &["ENOTDIR"]);
    }

    #[test]
    fn links_in_a_circle_end() {
        let world = world();
        symlink("two", world.host("data/one")).unwrap();
        symlink("one", world.host("data/two")).unwrap();
        assert_eq!(code(world.read("/data/one")), "ELOOP");
        assert_eq!(code(world.list("/data/two")), "ELOOP");
    }

    #[test]
    fn a_link_inside_is_followed() {
        let world = world();
        symlink("sub/deep.txt", world.host("data/way")).unwrap();
        assert_eq!(world.read("/data/way").unwrap(), "deep");
        assert_eq!(world.files.real_path("/data/way").unwrap(), "/data/sub/deep.txt");
    }

    #[test]
    fn a_link_that_says_a_path_of_the_host_is_not_read() {
        let world = world();
        symlink(world.host("secret.txt"), world.host("data/way")).unwrap();
        assert_eq!(code(world.files.read_link("/data/way")), "EACCES");
    }

    #[test]
    fn a_listing_of_everything_does_not_follow_links() {
        let world = world();
        symlink("../secrets", world.host("data/way")).unwrap();
        symlink("..", world.host("data/sub/up")).unwrap();
        let all = world.files.list("/data", true, &world.store, &Cancel::new()).unwrap();
        let mut names: Vec<_> = all.entries.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["file.txt", "sub", "sub/deep.txt", "sub/up", "way"]);
    }

    #[test]
    fn removing_a_tree_removes_links_and_not_what_they_lead_to() {
        let world = world();
        symlink("../../secrets", world.host("data/sub/way")).unwrap();
        symlink(world.host("secret.txt"), world.host("data/sub/file")).unwrap();
        world.remove("/data/sub").unwrap();
        assert!(!world.host("data/sub").exists());
        world.assert_untouched();
    }

    #[test]
    fn names_that_are_no_text_are_removed_with_their_tree() {
        use std::os::unix::ffi::OsStrExt;
        let world = world();
        let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
        fs::create_dir(world.host("data/sub").join(name)).unwrap();
        fs::write(world.host("data/sub").join(name).join(name), "x").unwrap();
        world.remove("/data/sub").unwrap();
        assert!(!world.host("data/sub").exists());
    }

    #[test]
    fn removing_a_link_to_a_tree_removes_the_link() {
        let world = world();
        symlink("../secrets", world.host("data/way")).unwrap();
        world.remove("/data/way").unwrap();
        world.assert_untouched();
    }

    #[test]
    fn a_link_in_the_place_of_a_new_file_is_not_written_through() {
        let world = world();
        symlink("../made-outside.txt", world.host("data/way")).unwrap();
        assert_eq!(code(world.write("/data/way", "x")), "EACCES");
        assert_eq!(code(world.files.make_dir("/data/way", true, Mode::DIRECTORY, &Cancel::new())), "EACCES");
        world.assert_untouched();
    }

    #[test]
    fn a_link_from_one_grant_to_another_is_not_followed() {
        let world = world();
        symlink("../read/file.txt", world.host("data/way")).unwrap();
        assert_eq!(code(world.read("/data/way")), "EACCES");
        assert_eq!(code(world.write("/data/way", "x")), "EACCES");
        world.assert_untouched();
    }

    #[test]
    fn the_times_of_a_link_are_its_own() {
        let world = world();
        symlink("../secret.txt", world.host("data/way")).unwrap();
        let before = fs::metadata(world.host("secret.txt")).unwrap().modified().unwrap();
        world.files.utimes("/data/way", 1.0, 1.0, false).unwrap();
        assert_eq!(fs::metadata(world.host("secret.txt")).unwrap().modified().unwrap(), before);
    }
}

// ── links that the guest makes ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_guest_makes_no_link_that_climbs_out() {
    let world = world();
    for to in ["../secret.txt", "sub/../../secret.txt", "./../secrets", "..", "../data/file.txt", "../../etc"] {
        assert_eq!(code(world.symlink(to, "/data/way")), "EACCES", "{to}");
    }
    assert_eq!(code(world.symlink("../../secret.txt", "/data/sub/way")), "EACCES");
    assert_eq!(code(world.symlink("../file.txt", "/data/sub/way")), "ok");
    assert_eq!(world.read("/data/sub/way").unwrap(), "file");
}

#[test]
fn a_guest_makes_no_link_to_a_path_of_the_host_or_of_another_grant() {
    let world = world();
    let secret = world.host("secret.txt");
    for to in ["/etc/passwd", "/", "/read/file.txt", "/proc/self/root", secret.to_str().unwrap()] {
        assert_eq!(code(world.symlink(to, "/data/way")), "EACCES", "{to}");
    }
}

#[test]
fn an_absolute_link_of_a_guest_means_the_guests_path_to_the_host_as_well() {
    let world = world();
    world.symlink("/data/file.txt", "/data/sub/way").unwrap();
    assert_eq!(world.files.read_link("/data/sub/way").unwrap(), "../file.txt");
    assert_eq!(world.read("/data/sub/way").unwrap(), "file");
    assert_eq!(fs::read_to_string(world.host("data/sub/way")).unwrap(), "file");
}

#[test]
fn a_link_that_was_moved_to_where_it_climbs_out_is_not_followed() {
    let world = world();
    let cancel = Cancel::new();
    world.files.make_dir("/data/a/b", true, Mode::DIRECTORY, &cancel).unwrap();
    world.symlink("../../../data/file.txt", "/data/a/b/way").unwrap_err();
    world.symlink("../../secret.txt", "/data/a/b/way").unwrap();
    world.rename("/data/a/b/way", "/data/sub/way").unwrap();
    world.rename("/data/sub", "/data/moved").unwrap();
    assert_eq!(code(world.read("/data/moved/way")), "EACCES");
    world.rename("/data/moved/way", "/data/way").unwrap();
    assert_eq!(code(world.read("/data/way")), "EACCES");
    world.assert_untouched();
}

#[test]
fn a_hard_link_stays_in_its_grant() {
    let world = world();
    let cancel = Cancel::new();
    assert_eq!(code(world.files.link("/read/file.txt", "/data/mine.txt", &cancel)), "EXDEV");
    assert_eq!(code(world.files.link("/data/../secret.txt", "/data/mine.txt", &cancel)), "EACCES");
    assert_eq!(code(world.files.link("/data/file.txt", "/read/mine.txt", &cancel)), "EACCES");
    assert_eq!(code(world.files.link("/data/file.txt", "/data/mine.txt", &cancel)), "ok");
    world.assert_untouched();
}

#[cfg(unix)]
#[test]
fn a_hard_link_to_a_link_is_no_way_to_what_the_link_leads_to() {
    let world = world();
    std::os::unix::fs::symlink("../secret.txt", world.host("data/way")).unwrap();
    world.files.link("/data/way", "/data/mine", &Cancel::new()).unwrap();
    assert_eq!(code(world.read("/data/mine")), "EACCES");
    world.assert_untouched();
}

#[test]
fn renaming_stays_in_its_grant() {
    let world = world();
    assert_eq!(code(world.rename("/data/file.txt", "/read/file.txt")), "EACCES");
    assert_eq!(code(world.rename("/read/file.txt", "/data/other.txt")), "EACCES");
    assert_eq!(code(world.rename("/data/file.txt", "/data/../secret.txt")), "EACCES");
    assert_eq!(code(world.rename("/data/../secret.txt", "/data/mine.txt")), "EACCES");
    assert_eq!(code(world.rename("/data", "/data/sub/mine")), "EBUSY");
    world.assert_untouched();
}

#[test]
fn the_directory_of_a_grant_is_not_the_guests_to_remove() {
    let world = world();
    assert_eq!(code(world.remove("/data")), "EBUSY");
    assert_eq!(code(world.remove("/data/sub/..")), "EBUSY");
    assert_eq!(code(world.files.remove_dir("/data/.", &Cancel::new())), "EBUSY");
    assert_eq!(code(world.files.unlink("/data", &Cancel::new())), "EISDIR");
    world.assert_untouched();
}

// ── what is no file ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[cfg(unix)]
fn host_command(program: &str, arguments: &[&str]) -> bool {
    std::process::Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

#[cfg(unix)]
#[test]
fn a_fifo_blocks_nobody_and_is_not_opened() {
    let world = world();
    assert!(host_command("mkfifo", &[world.host("data/fifo").to_str().unwrap()]));
    let cancel = Cancel::new();
    assert_eq!(code(world.read("/data/fifo")), "EACCES");
    assert!(matches!(code(world.write("/data/fifo", "x")), "EACCES" | "ENXIO"));
    assert_eq!(code(world.files.open("/data/fifo", Flags::from_bits(2), Mode::FILE, &cancel)), "EACCES");
    assert_eq!(code(world.files.chmod("/data/fifo", Mode::from_bits(0o777))), "EACCES");
    assert_eq!(code(world.files.copy_file("/data/fifo", "/data/x", Default::default(), &cancel)), "EACCES");
    assert_eq!(world.files.stat("/data/fifo", true).unwrap().kind.number(), 4);
    world.remove("/data/fifo").unwrap();
}

#[cfg(unix)]
#[test]
fn a_socket_is_not_opened() {
    let world = world();
    let _listener = std::os::unix::net::UnixListener::bind(world.host("data/socket")).unwrap();
    assert!(matches!(code(world.read("/data/socket")), "EACCES" | "ENXIO"));
    assert!(matches!(code(world.write("/data/socket", "x")), "EACCES" | "ENXIO"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_not_opened() {
    let permissions = FsPermissions::new([("/dev", FsGrant { write: true, ..FsGrant::from("/dev") })]).unwrap();
    let files = Files::new(&permissions).unwrap();
    let store = hostbox_buffers::Store::new(1 << 20);
    for name in ["/dev/zero", "/dev/null", "/dev/urandom", "/dev/tty"] {
        let outcome = files.read(name, Flags::READ, &store, &Cancel::new());
        assert!(matches!(code(outcome), "EACCES" | "ENXIO"), "{name}");
    }
}

#[cfg(target_os = "linux")]
fn everything() -> Files {
    Files::new(&FsPermissions::new([("/", FsGrant { write: true, ..FsGrant::from("/") })]).unwrap()).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn files_of_the_kernel_are_out_of_reach_even_where_everything_is_granted() {
    let files = everything();
    let store = hostbox_buffers::Store::new(1 << 20);
    for path in ["/proc/self/environ", "/proc/self/mem", "/proc/self/maps", "/proc/version", "/sys/kernel/notes"] {
        assert!(matches!(code(files.read(path, Flags::READ, &store, &Cancel::new())), "EACCES" | "ENOENT"), "{path}");
    }
    for path in ["/proc", "/proc/self/fd", "/proc/self/task"] {
        assert_eq!(code(files.list(path, false, &store, &Cancel::new())), "EACCES", "{path}");
    }
    assert_eq!(code(files.read_link("/proc/self/exe")), "EACCES");
    assert_eq!(code(files.read_link("/proc/self/cwd")), "EACCES");
}

#[cfg(target_os = "linux")]
#[test]
fn magic_links_lead_nowhere() {
    let world = world();
    let (files, store) = (everything(), &world.store);
    let secret = world.host("secret.txt");
    let descriptor = fs::File::open(&secret).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&descriptor);
    let paths = [
        format!("/proc/self/root{}", secret.display()),
        format!("/proc/self/fd/{number}"),
        format!("/proc/self/cwd/{}", secret.display()),
        format!("/dev/fd/{number}"),
        format!("/proc/thread-self/root{}", secret.display()),
    ];
    for path in paths {
        let outcome = files.read(&path, Flags::READ, store, &Cancel::new());
        assert!(matches!(code(outcome), "EACCES" | "ELOOP" | "ENOENT"), "{path}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn links_to_magic_links_lead_nowhere() {
    let world = world();
    let descriptor = fs::File::open(world.host("secret.txt")).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&descriptor);
    for to in ["/proc/self/root".into(), "/proc/self/cwd".into(), format!("/proc/self/fd/{number}")] {
        std::os::unix::fs::symlink(&to, world.host("data/way")).unwrap();
        assert!(matches!(code(world.read("/data/way")), "EACCES" | "ELOOP"), "{to}");
        assert!(matches!(code(world.list("/data/way")), "EACCES" | "ELOOP"), "{to}");
        fs::remove_file(world.host("data/way")).unwrap();
    }
}

// ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn nothing_is_changed_through_a_grant_for_reading() {
    let world = world();
    let (files, cancel) = (&world.files, Cancel::new());
    assert_eq!(world.read("/read/file.txt").unwrap(), "read");
    for bits in [1, 2, 0o101, 0o1000, 0o1001, 0o2001, 0o100] {
        assert_eq!(
            code(files.open("/read/file.txt", Flags::from_bits(bits), Mode::FILE, &cancel)),
            "EACCES",
            "{bits:o}"
        );
    }
    let open = files.open("/read/file.txt", Flags::READ, Mode::FILE, &cancel).unwrap();
    assert_eq!(code(open.write(b"x", None, &cancel)), "EBADF");
    assert_eq!(code(open.truncate(0, &cancel)), "EINVAL");
    assert_eq!(code(open.chmod(Mode::from_bits(0))), "EACCES");
    assert_eq!(code(open.utimes(1.0, 1.0)), "EACCES");
    assert_eq!(code(files.unlink("/read/file.txt", &cancel)), "EACCES");
    assert_eq!(code(files.make_dir("/read/new", true, Mode::DIRECTORY, &cancel)), "EACCES");
    assert_eq!(code(files.chmod("/read/file.txt", Mode::from_bits(0))), "EACCES");
    assert_eq!(code(files.utimes("/read/file.txt", 1.0, 1.0, true)), "EACCES");
    assert_eq!(code(files.access("/read/file.txt", 2)), "EACCES");
    assert_eq!(code(files.access("/read/file.txt", 4)), "ok");
    world.assert_untouched();
}

#[cfg(unix)]
#[test]
fn a_guest_makes_no_file_that_lends_its_owners_rights() {
    use std::os::unix::fs::PermissionsExt;
    let world = world();
    let cancel = Cancel::new();
    let mode = Mode::from_bits(0o7777);
    drop(world.files.open("/data/tool", Flags::from_bits(0o101), mode, &cancel).unwrap());
    world.files.chmod("/data/tool", mode).unwrap();
    world.files.make_dir("/data/dir", false, mode, &cancel).unwrap();
    for path in ["data/tool", "data/dir"] {
        assert_eq!(fs::metadata(world.host(path)).unwrap().permissions().mode() & 0o7000, 0, "{path}");
    }
}

#[test]
fn without_grants_there_is_nothing() {
    let files = Files::new(&FsPermissions::default()).unwrap();
    let store = hostbox_buffers::Store::new(1 << 20);
    for path in ["/", ".", "/etc/passwd", "/proc/self/root", "x"] {
        assert_eq!(code(files.stat(path, true)), "EACCES", "{path}");
        assert_eq!(code(files.read(path, Flags::READ, &store, &Cancel::new())), "EACCES", "{path}");
        assert_eq!(code(files.list(path, false, &store, &Cancel::new())), "EACCES", "{path}");
    }
    assert_eq!(SECRET.len(), 17);
}
