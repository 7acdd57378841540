//! What a watcher tells, and what it does not.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod world;

use std::fs;

use hostbox_buffers::Cancel;
use hostbox_files::{Change, Watcher};
use world::{World, code, world};

fn watch(world: &World, path: &str, recursive: bool) -> Watcher {
    world.files.watch(path, recursive, &world.store, &Cancel::new()).unwrap()
}

fn seen(watcher: &mut Watcher) -> Vec<(bool, String)> {
    let changes = watcher.look(&Cancel::new()).unwrap();
    changes.into_iter().map(|Change { is_rename, name }| (is_rename, name)).collect()
}

#[test]
fn names_that_come_go_and_change_are_told_once() {
    let world = world();
    let mut watcher = watch(&world, "/data", false);
    assert_eq!(seen(&mut watcher), []);
    fs::write(world.host("data/new.txt"), "x").unwrap();
    fs::write(world.host("data/file.txt"), "longer").unwrap();
    fs::write(world.host("data/sub/deep.txt"), "longer").unwrap();
    assert_eq!(seen(&mut watcher), [(false, "file.txt".into()), (true, "new.txt".into())]);
    fs::rename(world.host("data/new.txt"), world.host("data/other.txt")).unwrap();
    assert_eq!(seen(&mut watcher), [(true, "new.txt".into()), (true, "other.txt".into())]);
    assert_eq!(seen(&mut watcher), []);
}

#[test]
fn everything_below_is_watched_where_that_is_asked_for() {
    let world = world();
    let mut watcher = watch(&world, "/data", true);
    fs::write(world.host("data/sub/deep.txt"), "longer").unwrap();
    assert_eq!(seen(&mut watcher), [(false, "sub/deep.txt".into())]);
}

#[test]
fn a_file_is_watched_by_its_name() {
    let world = world();
    let mut watcher = watch(&world, "/data/file.txt", false);
    fs::write(world.host("data/file.txt"), "longer").unwrap();
    assert_eq!(seen(&mut watcher), [(false, "file.txt".into())]);
    fs::remove_file(world.host("data/file.txt")).unwrap();
    assert_eq!(seen(&mut watcher), [(true, "file.txt".into())]);
    assert_eq!(seen(&mut watcher), []);
}

#[cfg(unix)]
#[test]
fn nothing_outside_is_watched() {
    let world = world();
    std::os::unix::fs::symlink("../secrets", world.host("data/way")).unwrap();
    for path in ["/data/way", "/data/../secrets", "/", "/proc"] {
        let watcher = world.files.watch(path, true, &world.store, &Cancel::new());
        assert_eq!(code(watcher), "EACCES", "{path}");
    }
    let mut watcher = watch(&world, "/data", true);
    fs::write(world.host("secrets/new.txt"), "x").unwrap();
    assert_eq!(seen(&mut watcher), []);
}

#[test]
fn watchers_are_bounded_and_so_is_what_they_look_at() {
    let world = world();
    let watch = || world.files.watch("/data", false, &world.store, &Cancel::new());
    let held: Vec<_> = (0..32).map(|_| watch().unwrap()).collect();
    assert_eq!(code(watch()), "EMFILE");
    drop(held);
    assert!(watch().is_ok());
    for number in 0..10_001 {
        fs::File::create(world.host(&format!("data/sub/{number}"))).unwrap();
    }
    assert_eq!(code(world.files.watch("/data/sub", false, &world.store, &Cancel::new())), "ENOSPC");
    assert_eq!(world.store.bytes(), 0);
}
