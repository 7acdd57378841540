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
