//! Races between a guest that works and a host, or another guest, that swaps what it works on for a link.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod world;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use hostbox_buffers::Cancel;
use hostbox_files::{CopyMode, Mode};
use world::{SECRET, World, world};

const ROUNDS: usize = 2_000;

/// Swaps a directory and a link that leads out for each other, as fast as it goes, until `work` is done.
fn swapping(world: &World, to: &str, work: impl Fn(usize)) {
    let (place, spare) = (world.host("data/place"), world.host("data/spare"));
    fs::create_dir(&place).unwrap();
    fs::write(place.join("inner.txt"), "inside").unwrap();
    symlink(to, &spare).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                swap(&place, &spare, &world.host("data/third"));
            }
        });
        (0..ROUNDS).for_each(&work);
        stop.store(true, Relaxed);
    });
}

/// What the guest made or took meanwhile may be in the way: then this round swaps less.
fn swap(one: &Path, other: &Path, third: &Path) {
    let _ = fs::rename(one, third);
    let _ = fs::rename(other, one);
    let _ = fs::rename(third, other);
}

#[test]
fn a_directory_that_turns_into_a_link_leads_no_reader_out() {
    let world = world();
    swapping(&world, "../secrets", |_| {
        if let Ok(text) = world.read("/data/place/inner.txt") {
            assert_eq!(text, "inside");
        }
    });
}

#[test]
fn a_directory_that_turns_into_a_link_leads_no_writer_out() {
    let world = world();
    swapping(&world, "../secrets", |round| {
        let _ = world.write(&format!("/data/place/{}", if round % 2 == 0 { "inner.txt" } else { "new.txt" }), "inside");
    });
    world.assert_untouched();
}

#[test]
fn a_directory_that_turns_into_a_link_leads_no_maker_out() {
    let world = world();
    swapping(&world, "../secrets", |round| {
        let cancel = Cancel::new();
        let _ = world.files.make_dir(&format!("/data/place/{round}/dir"), true, Mode::DIRECTORY, &cancel);
        let _ = world.symlink("inner.txt", &format!("/data/place/link{round}"));
        let _ = world.files.link("/data/file.txt", &format!("/data/place/hard{round}"), &cancel);
    });
    world.assert_untouched();
}

#[test]
fn a_directory_that_turns_into_a_link_leads_no_remover_out() {
    let world = world();
    fs::write(world.host("secrets/inner.txt"), SECRET).unwrap();
    swapping(&world, "../secrets", |round| {
        let cancel = Cancel::new();
        let _ = world.files.unlink("/data/place/inner.txt", &cancel);
        let _ = world.rename("/data/place/inner.txt", "/data/taken.txt");
        if round % 64 == 0 {
            let _ = world.files.make_dir("/data/tree/deep", true, Mode::DIRECTORY, &cancel);
            let _ = world.rename("/data/place", "/data/tree/deep/place");
            let _ = world.remove("/data/tree/deep");
            let _ = fs::create_dir(world.host("data/place"));
        }
        let _ = world.write("/data/place/inner.txt", "inside");
    });
    world.assert_untouched();
}

#[test]
fn a_file_that_turns_into_a_link_leads_nobody_out() {
    let world = world();
    let (place, spare) = (world.host("data/place"), world.host("data/spare"));
    fs::write(&place, "inside").unwrap();
    symlink("../secret.txt", &spare).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                swap(&place, &spare, &world.host("data/third"));
            }
        });
        for _ in 0..ROUNDS {
            let cancel = Cancel::new();
            if let Ok(text) = world.read("/data/place") {
                assert_eq!(text, "inside");
            }
            let _ = world.write("/data/place", "inside");
            let _ = world.files.chmod("/data/place", Mode::from_bits(0o666));
            let _ = world.files.copy_file("/data/place", "/data/copy", CopyMode::default(), &cancel);
            if let Ok(text) = fs::read_to_string(world.host("data/copy")) {
                assert_ne!(text, SECRET);
            }
        }
        stop.store(true, Relaxed);
    });
    world.assert_untouched();
}

#[test]
fn a_directory_that_turns_into_a_link_leads_no_removal_of_a_tree_out() {
    let world = world();
    let stop = AtomicBool::new(false);
    let (place, spare) = (world.host("data/tree/place"), world.host("data/spare"));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                // Made elsewhere: the host itself must not write through the link.
                let fresh = world.host("data/fresh");
                let _ = fs::create_dir_all(world.host("data/tree"));
                let _ = fs::create_dir(&fresh);
                let _ = fs::write(fresh.join("inner.txt"), "inside");
                let _ = fs::rename(&fresh, &place);
                let _ = symlink("../../secrets", &spare);
                let _ = fs::rename(&place, world.host("data/third"));
                let _ = fs::rename(&spare, &place);
            }
        });
        for _ in 0..ROUNDS / 10 {
            let _ = world.remove("/data/tree");
            let _ = world.remove("/data/third");
        }
        stop.store(true, Relaxed);
    });
    world.assert_untouched();
}
