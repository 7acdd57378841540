//! The descriptors of the process are not the guests' alone. In a process of its own, since it bounds them.

#![cfg(unix)]

mod world;

use hostbox_buffers::Cancel;
use hostbox_files::{Flags, Mode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use world::{code, world};

#[test]
fn all_sandboxes_together_have_half_of_the_descriptors_of_the_process() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(128), maximum }).unwrap();
    let (one, other) = (world(), world());
    let cancel = Cancel::new();
    let open = |world: &world::World| world.files.open("/data/file.txt", Flags::READ, Mode::FILE, &cancel);
    let files: Vec<_> = (0..32).flat_map(|_| [open(&one).unwrap(), open(&other).unwrap()]).collect();
    assert_eq!(code(open(&one)), "ENFILE");
    assert_eq!(code(open(&other)), "ENFILE");
    assert_eq!((one.files.open_files(), other.files.open_files()), (32, 32));
    assert!(std::fs::File::open(one.host("secret.txt")).is_ok(), "the app still opens files of its own");
    drop(files);
    assert_eq!(code(open(&one)), "ok");
}
