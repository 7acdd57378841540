//! `maxBytes`, open files, cancellation: what a guest may use.

mod world;

use std::fs;

use hostbox_buffers::Cancel;
use hostbox_files::{CopyMode, Error, Flags, Mode};
use world::{World, code, limited, world, write_flags};

/// The world's own files have 8 bytes: four in `file.txt`, four in `sub/deep.txt`.
fn room(bytes: u64) -> World {
    limited(Some(8 + bytes))
}

#[test]
fn a_grant_holds_its_bytes_to_the_byte() {
    let world = room(10);
    assert_eq!(code(world.write("/data/a", "0123456789")), "ok");
    assert_eq!(code(world.write("/data/b", "x")), "ENOSPC");
    assert_eq!(code(world.write("/data/b", "")), "ok");
    assert_eq!(code(world.write("/data/a", "9876543210")), "ok");
    assert_eq!(code(world.write("/data/a", "98765432101")), "ENOSPC");
}

#[test]
fn what_is_removed_or_cut_makes_room() {
    let world = room(10);
    let cancel = Cancel::new();
    world.write("/data/a", "0123456789").unwrap();
    world.files.unlink("/data/a", &cancel).unwrap();
    world.write("/data/dir", "0123456789").unwrap();
    world.remove("/data/dir").unwrap();
    world.files.make_dir("/data/tree/deep", true, Mode::DIRECTORY, &cancel).unwrap();
    world.write("/data/tree/deep/a", "0123456789").unwrap();
    world.remove("/data/tree").unwrap();
    world.write("/data/a", "0123456789").unwrap();
    world.files.open("/data/a", Flags::from_bits(2), Mode::FILE, &cancel).unwrap().truncate(4, &cancel).unwrap();
    assert_eq!(code(world.write("/data/b", "012345")), "ok");
    assert_eq!(code(world.write("/data/c", "0")), "ENOSPC");
    world.rename("/data/b", "/data/a").unwrap();
    assert_eq!(code(world.write("/data/c", "0123")), "ok");
    assert_eq!(code(world.write("/data/d", "0")), "ENOSPC");
}

#[test]
fn every_way_to_grow_a_file_counts() {
    let world = room(10);
    let cancel = Cancel::new();
    let file = world.files.open("/data/a", Flags::from_bits(0o102), Mode::FILE, &cancel).unwrap();
    assert_eq!(code(file.write(b"x", Some(10), &cancel)), "ENOSPC");
    assert_eq!(code(file.truncate(11, &cancel)), "ENOSPC");
    assert_eq!(code(file.write(b"01234", None, &cancel)), "ok");
    assert_eq!(code(file.write(b"56789", Some(5), &cancel)), "ok");
    assert_eq!(code(file.write(b"x", None, &cancel)), "ok", "it overwrites: the file's own position is 5");
    let append = world.files.open("/data/a", Flags::from_bits(0o2001), Mode::FILE, &cancel).unwrap();
    assert_eq!(code(append.write(b"x", Some(0), &cancel)), "ENOSPC");
    assert_eq!(code(world.files.copy_file("/data/a", "/data/b", CopyMode::default(), &cancel)), "ENOSPC");
    assert_eq!(code(world.files.link("/data/a", "/data/c", &cancel)), "ok");
    assert_eq!(code(world.write("/data/d", "x")), "ENOSPC");
    world.files.unlink("/data/a", &cancel).unwrap();
    assert_eq!(code(world.write("/data/d", "x")), "ENOSPC", "the bytes have another name");
}

#[test]
fn a_file_without_a_name_counts_until_it_is_closed() {
    let world = room(10);
    let cancel = Cancel::new();
    let file = world.files.open("/data/a", Flags::from_bits(0o102), Mode::FILE, &cancel).unwrap();
    file.write(b"01234", None, &cancel).unwrap();
    world.files.unlink("/data/a", &cancel).unwrap();
    assert_eq!(code(world.write("/data/b", "012345")), "ENOSPC");
    file.write(b"56789", None, &cancel).unwrap();
    assert_eq!(code(world.write("/data/b", "0")), "ENOSPC");
    drop(file);
    assert_eq!(code(world.write("/data/b", "0123456789")), "ok");
}

#[test]
fn a_directory_that_is_full_already_takes_nothing_more() {
    let world = limited(Some(3));
    assert_eq!(code(world.write("/data/a", "x")), "ENOSPC");
    assert_eq!(code(world.write("/data/file.txt", "")), "ok");
    assert_eq!(world.read("/data/sub/deep.txt").unwrap(), "deep");
}

#[test]
fn names_are_bounded_too() {
    let world = room(1024);
    let cancel = Cancel::new();
    let made = (0..6_000).take_while(|number| {
        let path = format!("/data/{number}");
        code(world.files.make_dir(&path, false, Mode::DIRECTORY, &cancel)) == "ok"
    });
    let made = made.count();
    assert!((4_000..4_200).contains(&made), "{made}");
    assert_eq!(code(world.write("/data/one-more", "")), "ENOSPC");
    assert_eq!(code(world.symlink("file.txt", "/data/link")), "ENOSPC");
}

#[test]
fn sandboxes_with_one_directory_share_its_bytes() {
    use hostbox_files::{Content, Files};
    use hostbox_permissions::{FsGrant, FsPermissions};
    let world = room(10);
    let grant = FsGrant { path: world.host("data"), write: true, max_bytes: Some(18) };
    let other = Files::new(&FsPermissions::new([("/mine", grant)]).unwrap()).unwrap();
    let write =
        |path: &str, text: &[u8]| other.write(path, write_flags(), Mode::FILE, &Content::Bytes(text), &Cancel::new());
    assert_eq!(code(write("/mine/a", b"012345")), "ok");
    assert_eq!(code(world.write("/data/b", "01234")), "ENOSPC");
    assert_eq!(code(world.write("/data/b", "0123")), "ok");
    assert_eq!(code(write("/mine/c", b"0")), "ENOSPC");
}

#[test]
fn a_file_that_the_host_made_gives_back_nothing_that_was_not_counted() {
    let world = room(10);
    world.write("/data/a", "01234").unwrap();
    fs::write(world.host("data/host"), vec![0; 1_000]).unwrap();
    world.files.unlink("/data/host", &Cancel::new()).unwrap();
    fs::write(world.host("data/a"), vec![0; 1_000]).unwrap();
    world.files.open("/data/a", Flags::from_bits(0o1001), Mode::FILE, &Cancel::new()).unwrap();
    assert_eq!(code(world.write("/data/b", "01234567890")), "ENOSPC");
    assert_eq!(code(world.write("/data/b", "0123456789")), "ok");
    assert_eq!(code(world.write("/data/c", "0")), "ENOSPC");
}

#[test]
fn a_file_that_is_opened_and_loses_its_name_at_once_counts_until_it_is_closed() {
    let world = room(10);
    for _ in 0..500 {
        assert_eq!(code(world.write("/data/a", "0123456789")), "ok");
        let cancel = Cancel::new();
        let file = std::thread::scope(|scope| {
            let opening = scope.spawn(|| world.files.open("/data/a", Flags::READ, Mode::FILE, &cancel).ok());
            world.files.unlink("/data/a", &cancel).unwrap();
            opening.join().unwrap()
        });
        if file.is_some() {
            assert_eq!(code(world.write("/data/b", "0")), "ENOSPC");
        }
    }
}

#[test]
fn a_read_that_moves_the_position_of_a_write_lets_nothing_grow_unpaid() {
    let world = room(4_096);
    let cancel = Cancel::new();
    world.write("/data/a", &"x".repeat(4_096)).unwrap();
    for _ in 0..2_000 {
        let file = world.files.open("/data/a", Flags::from_bits(2), Mode::FILE, &cancel).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| file.read(&world.store, 4_096, None, &cancel).map(|_| ()));
            let _ = file.write(&[0; 4_096], None, &cancel);
        });
        assert_eq!(fs::metadata(world.host("data/a")).unwrap().len(), 4_096);
    }
}

/// As a user who may not pass over permissions; whoever runs the tests may be one.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_nobody_may_look_into_hides_no_bytes() {
    use hostbox_files::Files;
    use hostbox_permissions::{FsGrant, FsPermissions};
    let mut world = room(10);
    // Who counts it has to do so anew.
    drop(std::mem::take(&mut world.files));
    let data = world.host("data");
    let files = || {
        let grant = FsGrant { path: data.clone(), write: true, max_bytes: Some(18) };
        Files::new(&FsPermissions::new([("/data", grant)]).unwrap()).unwrap()
    };
    for path in [world.root().to_owned(), data.clone()] {
        std::process::Command::new("chown").args(["-R", "65534"]).arg(path).output().unwrap();
    }
    let write = |files: &Files, path: &str, text: &str| {
        let content = hostbox_files::Content::Bytes(text.as_bytes());
        files.write(path, world::write_flags(), Mode::FILE, &content, &Cancel::new())
    };
    let outcome = std::thread::scope(|scope| {
        let guest = scope.spawn(|| {
            // SAFETY: sets what this thread alone opens files as.
            unsafe { libc::setfsuid(65534) };
            let first = files();
            first.make_dir("/data/hidden", false, Mode::DIRECTORY, &Cancel::new()).unwrap();
            write(&first, "/data/hidden/a", "0123456789").unwrap();
            first.chmod("/data/hidden", Mode::from_bits(0)).unwrap();
            drop(first);
            code(write(&files(), "/data/b", "0"))
        });
        guest.join().unwrap()
    });
    assert_eq!(outcome, "ENOSPC");
}

#[test]
fn the_levels_of_a_walk_are_among_the_files_that_are_open() {
    let world = world();
    let cancel = Cancel::new();
    world.files.make_dir(&format!("/data{}", "/a".repeat(40)), true, Mode::DIRECTORY, &cancel).unwrap();
    let open = || world.files.open("/data/file.txt", Flags::READ, Mode::FILE, &cancel);
    let files: Vec<_> = (0..220).map(|_| open().unwrap()).collect();
    let list = || world.files.list("/data", true, &world.store, &cancel);
    assert_eq!(code(list()), "EMFILE");
    assert_eq!(world.files.open_files(), 220);
    drop(files);
    assert_eq!(list().unwrap().entries.len(), 43);
    assert_eq!(world.files.open_files(), 0);
}

#[test]
fn a_tree_that_is_deeper_than_descriptors_last_is_counted_listed_and_removed() {
    let world = room(10);
    let cancel = Cancel::new();
    let path = |levels: usize| format!("/data/deep{}", "/a".repeat(levels - 1));
    world.files.make_dir(&path(600), true, Mode::DIRECTORY, &cancel).unwrap();
    world.write(&format!("{}/file", path(600)), "0123456789").unwrap();
    for level in [1, 100, 300, 599] {
        world.files.make_dir(&format!("{}/beside", path(level)), false, Mode::DIRECTORY, &cancel).unwrap();
    }
    let files: Vec<_> =
        (0..150).map(|_| world.files.open("/data/file.txt", Flags::READ, Mode::FILE, &cancel).unwrap()).collect();
    assert_eq!(world.files.list("/data", true, &world.store, &cancel).unwrap().entries.len(), 600 + 1 + 4 + 3);
    assert_eq!(code(world.write("/data/b", "0")), "ENOSPC");
    world.remove("/data/deep").unwrap();
    assert_eq!(world.files.open_files(), files.len());
    assert_eq!(code(world.write("/data/b", "0123456789")), "ok");
}

#[test]
fn a_tree_that_is_too_deep_for_a_walk_is_said_to_be() {
    let world = world();
    let cancel = Cancel::new();
    let chain = |top: &str| format!("/data/{top}{}", "/a".repeat(1_900));
    for top in ["one", "two", "three"] {
        world.files.make_dir(&chain(top), true, Mode::DIRECTORY, &cancel).unwrap();
    }
    let list = || world.files.list("/data", true, &world.store, &cancel);
    world.rename("/data/two", &format!("{}/two", chain("one"))).unwrap();
    assert_eq!(list().unwrap().entries.len(), 3 * 1_901 + 3);
    world.rename("/data/one", &format!("{}/one", chain("three"))).unwrap();
    assert_eq!(code(list()), "ENAMETOOLONG");
    assert_eq!(world.files.open_files(), 0);
    world.rename(&format!("{}/one", chain("three")), "/data/one").unwrap();
    world.remove("/data/one").unwrap();
    world.remove("/data/three").unwrap();
}

#[test]
fn a_directory_with_many_directories_is_listed_whole() {
    let world = world();
    for number in 0..3_000 {
        fs::create_dir_all(world.host(&format!("data/{number}/inner"))).unwrap();
    }
    let all = world.files.list("/data", true, &world.store, &Cancel::new()).unwrap();
    assert_eq!(all.entries.len(), 6_000 + 3);
    world.remove("/data/0").unwrap();
    assert_eq!(world.list("/data").unwrap().len(), 2_999 + 2);
}

#[test]
fn a_sandbox_has_so_many_files_open_and_gets_them_back() {
    let world = world();
    let cancel = Cancel::new();
    let open = || world.files.open("/data/file.txt", Flags::READ, Mode::FILE, &cancel);
    let files: Vec<_> = (0..256).map(|_| open().unwrap()).collect();
    assert_eq!(code(open()), "EMFILE");
    assert_eq!(world.files.open_files(), 256);
    drop(files);
    assert_eq!(code(open()), "ok");
}

#[test]
fn a_cancelled_operation_stops() {
    let world = world();
    let cancel = Cancel::new();
    cancel.cancel();
    let outcomes = [
        world.files.read("/data/file.txt", Flags::READ, &world.store, &cancel).err(),
        world.files.list("/data", true, &world.store, &cancel).err(),
        world.files.remove("/data/sub", Default::default(), &cancel).err(),
    ];
    assert!(matches!(outcomes, [Some(Error::Cancelled), Some(Error::Cancelled), _]));
    assert!(world.host("data/sub").exists());
}

#[test]
fn a_file_larger_than_the_store_is_refused() {
    let world = world();
    fs::write(world.host("data/large"), vec![0; 65 << 20]).unwrap();
    assert_eq!(code(world.read("/data/large")), "ERR_MEMORY");
    assert_eq!(world.store.bytes(), 0);
}

#[test]
fn what_is_read_costs_no_more_than_it_has() {
    let world = world();
    let file = world.files.open("/data/file.txt", Flags::READ, Mode::FILE, &Cancel::new()).unwrap();
    let read = file.read(&world.store, 32 << 20, None, &Cancel::new()).unwrap();
    assert_eq!(read.written(), b"file");
    assert!(world.store.bytes() < 1 << 20);
}

#[test]
fn the_times_before_1970_are_times() {
    let world = world();
    world.files.utimes("/data/file.txt", -1.5, f64::MIN, true).unwrap_err();
    world.files.utimes("/data/file.txt", -1.5, -86_400.0, true).unwrap();
    let times = world.files.stat("/data/file.txt", true).unwrap().times;
    assert_eq!((times[0], times[1]), ((-2, 500_000_000), (-86_400, 0)));
    world.files.utimes("/data", 1.0, 1.0, true).unwrap();
    for time in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
        assert_eq!(code(world.files.utimes("/data/file.txt", time, 1.0, true)), "EINVAL", "{time}");
    }
}

#[test]
fn a_directory_that_was_made_anew_is_the_one_that_is_granted() {
    use hostbox_files::Files;
    use hostbox_permissions::{FsGrant, FsPermissions};
    let world = world();
    assert_eq!(world.read("/read/file.txt").unwrap(), "read");
    fs::remove_dir_all(world.host("read")).unwrap();
    fs::create_dir(world.host("read")).unwrap();
    fs::write(world.host("read/new.txt"), "new").unwrap();
    let permissions = FsPermissions::new([("/read", FsGrant::from(world.host("read")))]).unwrap();
    let other = Files::new(&permissions).unwrap();
    let read = other.read("/read/new.txt", Flags::READ, &world.store, &Cancel::new()).unwrap();
    assert_eq!(read.written(), b"new");
}

#[test]
fn what_took_the_place_of_a_granted_directory_is_not_granted() {
    let world = world();
    fs::rename(world.host("read"), world.host("was-read")).unwrap();
    fs::rename(world.host("secrets"), world.host("read")).unwrap();
    assert_eq!(code(world.read("/read/inner.txt")), "ENOENT");
    assert_eq!(code(world.list("/read")), "ENOENT");
}
