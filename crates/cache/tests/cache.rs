//! Scopes, conditions, lives and bounds, the same for every store.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use hostbox_cache::{Cache, Entry, Error, Name, OpenError, Options, Store, StoreKind, When};

fn scope() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("test {}", LAST.fetch_add(1, Relaxed))
}

fn in_file(path: &Path) -> Options {
    Options { store: Some(StoreKind::File(path.to_owned())), ..Options::default() }
}

/// Runs a test once a store.
fn each(test: impl Fn(Options)) {
    test(Options::default());
    let folder = tempfile::tempdir().unwrap();
    test(in_file(&folder.path().join("cache.redb")));
}

fn text(cache: &Cache, key: &str) -> Option<String> {
    cache.get(key).unwrap().map(|text| text.to_string())
}

fn set(cache: &Cache, key: &str, text: &str) {
    assert!(cache.put(key, text.into(), None, When::Always).unwrap());
}

#[test]
fn what_is_put_is_read_replaced_and_forgotten() {
    each(|options| {
        let cache = Cache::open(&scope(), &options).unwrap();
        assert_eq!(text(&cache, "key"), None);
        set(&cache, "key", "one");
        set(&cache, "key", "two");
        assert_eq!(text(&cache, "key").as_deref(), Some("two"));
        assert!(cache.delete("key").unwrap());
        assert!(!cache.delete("key").unwrap());
        assert_eq!(text(&cache, "key"), None);
    });
}

#[test]
fn conditions_are_looked_at_and_the_change_made_as_one() {
    each(|options| {
        let cache = Cache::open(&scope(), &options).unwrap();
        let put = |text: &str, when| cache.put("key", text.into(), None, when).unwrap();
        assert!(!put("0", When::Equals("0")));
        assert!(put("1", When::Absent));
        assert!(!put("2", When::Absent));
        assert!(!put("2", When::Equals("0")));
        assert!(put("2", When::Equals("1")));
        assert_eq!(text(&cache, "key").as_deref(), Some("2"));
    });
}

#[test]
fn counters_on_many_threads_count_exactly() {
    each(|options| {
        let scope = scope();
        // Held until all are through: the cache ends with its last handle.
        let held = Cache::open(&scope, &options).unwrap();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    let cache = Cache::open(&scope, &options).unwrap();
                    for _ in 0..200 {
                        loop {
                            let now = text(&cache, "count");
                            let next = now.as_ref().map_or(0, |now| now.parse::<u64>().unwrap()) + 1;
                            let when = now.as_deref().map_or(When::Absent, When::Equals);
                            if cache.put("count", next.to_string(), None, when).unwrap() {
                                break;
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(text(&held, "count").as_deref(), Some("1600"));
    });
}

#[test]
fn sandboxes_of_one_scope_share_and_scopes_see_nothing_of_each_other() {
    each(|options| {
        let (one, two) = (scope(), scope());
        let (a, b, c) = (&one, &one, &two);
        let [a, b, c] = [a, b, c].map(|scope| Cache::open(scope, &options).unwrap());
        set(&a, "key", "shared");
        assert_eq!(text(&b, "key").as_deref(), Some("shared"));
        assert_eq!(text(&c, "key"), None);
        assert!(!c.delete("key").unwrap());
        assert_eq!(text(&a, "key").as_deref(), Some("shared"));
    });
}

#[test]
fn an_entry_ends_when_its_time_is_up() {
    each(|options| {
        let cache = Cache::open(&scope(), &Options { ttl: Some(Duration::from_millis(30)), ..options }).unwrap();
        let long = Duration::from_secs(3_600);
        assert!(cache.put("long", "x".into(), Some(long), When::Always).unwrap());
        assert!(cache.put("longest", "x".into(), Some(Duration::MAX), When::Always).unwrap());
        let put = Instant::now();
        assert!(cache.put("short", "x".into(), None, When::Always).unwrap());
        while text(&cache, "short").is_some() {
            assert!(put.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
        assert!(put.elapsed() >= Duration::from_millis(29));
        assert!(!cache.delete("short").unwrap());
        assert!(cache.put("short", "y".into(), None, When::Absent).unwrap());
        assert!(text(&cache, "long").is_some() && text(&cache, "longest").is_some());
    });
}

#[test]
fn keys_are_1_to_240_characters_without_control_characters() {
    each(|options| {
        let cache = Cache::open(&scope(), &options).unwrap();
        set(&cache, &"ä".repeat(240), "x");
        set(&cache, &"😀".repeat(240), "x");
        for key in ["", &"x".repeat(241), &"😀".repeat(241), "a\0b", "a\nb", "\u{7f}", "a\u{85}"] {
            assert_eq!(cache.get(key).unwrap_err(), Error::Key, "{key:?}");
            assert_eq!(cache.put(key, "x".into(), None, When::Always).unwrap_err(), Error::Key);
            assert_eq!(cache.delete(key).unwrap_err(), Error::Key);
        }
    });
}

#[test]
fn an_entry_that_could_never_fit_is_refused_and_changes_nothing() {
    each(|options| {
        let cache = Cache::open(&scope(), &Options { max_bytes: Some(10_000), ..options }).unwrap();
        set(&cache, "key", "small");
        let refused = cache.put("key", "x".repeat(10_000), None, When::Always).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { most: 10_000, .. }));
        assert_eq!(text(&cache, "key").as_deref(), Some("small"));
    });
}

#[test]
fn the_first_choice_of_a_scope_holds_until_all_its_handles_are_closed() {
    let scope = scope();
    let options = Options { max_bytes: Some(5_000), ttl: Some(Duration::from_secs(5)), ..Options::default() };
    let first = Cache::open(&scope, &options).unwrap();
    set(&first, "key", "x");
    // Who says nothing takes what there is.
    assert!(text(&Cache::open(&scope, &Options::default()).unwrap(), "key").is_some());
    let other = Options { max_bytes: Some(6_000), ..Options::default() };
    let refused = Cache::open(&scope, &other).err().unwrap().to_string();
    assert!(refused.ends_with("maxBytes is 5000, not 6000"), "{refused}");
    let other = Options { ttl: Some(Duration::from_secs(6)), ..Options::default() };
    assert!(matches!(Cache::open(&scope, &other), Err(OpenError::Differs { option: "ttlMs", .. })));
    let other = Options { store: Some(StoreKind::File("/tmp/x".into())), ..Options::default() };
    assert!(matches!(Cache::open(&scope, &other), Err(OpenError::Differs { option: "store", .. })));
    first.close();
    assert_eq!(first.get("key").unwrap_err(), Error::Closed);
    let again = Cache::open(&scope, &Options { max_bytes: Some(6_000), ..Options::default() }).unwrap();
    assert_eq!(text(&again, "key"), None);
}

#[test]
fn options_out_of_range_are_refused() {
    let open = |scope: &str, options| Cache::open(scope, &options).err();
    assert_eq!(open("", Options::default()), Some(OpenError::Scope));
    assert_eq!(open("a\u{1}", Options::default()), Some(OpenError::Scope));
    assert_eq!(open(&"x".repeat(241), Options::default()), Some(OpenError::Scope));
    let small = Options { max_bytes: Some(1), ..Options::default() };
    assert_eq!(open("x", small), Some(OpenError::MaxBytes(1)));
    assert_eq!(open("x", Options { ttl: Some(Duration::ZERO), ..Options::default() }), Some(OpenError::Ttl));
}

#[test]
fn a_file_has_its_entries_after_a_restart_and_ends_them_on_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = in_file(&folder.path().join("cache.redb"));
    let scope = scope();
    {
        let cache = Cache::open(&scope, &options).unwrap();
        set(&cache, "key", "kept");
        assert!(cache.put("gone", "x".into(), Some(Duration::from_millis(1)), When::Always).unwrap());
    }
    let cache = Cache::open(&scope, &options).unwrap();
    assert_eq!(text(&cache, "key").as_deref(), Some("kept"));
    while text(&cache, "gone").is_some() {
        std::thread::yield_now();
    }
}

#[test]
fn what_was_written_longest_ago_makes_room_in_a_file_which_stays_within_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let cache = Cache::open(&scope(), &Options { max_bytes: Some(1 << 20), ..in_file(&path) }).unwrap();
    for round in 0..400 {
        set(&cache, &format!("key {round}"), &"x".repeat(20_000));
    }
    for round in 0..4_000 {
        set(&cache, &format!("key {round}"), "x");
    }
    set(&cache, "last", &"x".repeat(1_000_000));
    assert!(text(&cache, "last").is_some());
    assert_eq!(text(&cache, "key 0"), None);
    drop(cache);
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 16 << 20, "{size} bytes");
}

#[test]
fn a_file_that_is_no_cache_file_and_a_folder_that_is_not_there_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.txt");
    std::fs::write(&path, "not a cache ".repeat(1_000)).unwrap();
    for path in [path.clone(), folder.path().join("none/cache"), folder.path().to_owned()] {
        let refused = Cache::open(&scope(), &in_file(&path)).err().unwrap();
        assert!(matches!(refused, OpenError::File { .. }), "{refused}");
    }
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a cache"));
}

#[test]
fn a_file_that_is_damaged_is_refused_or_read_and_ends_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let scope = scope();
    {
        let cache = Cache::open(&scope, &in_file(&path)).unwrap();
        for round in 0..200 {
            set(&cache, &format!("key {round}"), &"x".repeat(1_000));
        }
    }
    let whole = std::fs::read(&path).unwrap();
    let lengths = [0, 1, 100, 4_096, 8_192, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec());
    let places = (0..64).map(|place| {
        let mut damaged = whole.clone();
        let at = place * whole.len() / 64;
        let end = (at + 512).min(whole.len());
        damaged[at..end].iter_mut().for_each(|byte| *byte ^= 0xa5);
        damaged
    });
    for damaged in lengths.into_iter().chain(places) {
        std::fs::write(&path, &damaged).unwrap();
        let Ok(cache) = Cache::open(&scope, &in_file(&path)) else { continue };
        for round in 0..200 {
            let key = format!("key {round}");
            let _ = cache.get(&key);
            let _ = cache.put(&key, "y".into(), None, When::Always);
            let _ = cache.delete(&key);
        }
    }
}

/// The body of a second process; nothing where it is run as a test.
#[test]
fn child() {
    let Ok(path) = std::env::var("CACHE_TEST_FILE") else { return };
    let cache = match Cache::open("child", &in_file(Path::new(&path))) {
        Ok(cache) => cache,
        Err(refused) => {
            assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
            println!("in use: {refused}");
            return;
        }
    };
    set(&cache, "synced", "yes");
    // Over the amount that is synced at once: what came before is on the disk.
    for round in 0..40 {
        set(&cache, &format!("{round}"), &"x".repeat(100_000));
    }
    set(&cache, "unsynced", "perhaps");
    println!("written");
    std::process::abort();
}

fn run_child(path: &Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env("CACHE_TEST_FILE", path)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_second_process_is_told_that_the_file_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let cache = Cache::open(&scope(), &in_file(&path)).unwrap();
    let said = run_child(&path);
    assert!(said.contains("in use") && said.contains("another process"), "{said}");
    cache.close();
    assert!(run_child(&path).contains("written"));
}

#[test]
fn a_file_whose_process_was_killed_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    assert!(run_child(&path).contains("written"));
    let cache = Cache::open("child", &in_file(&path)).unwrap();
    assert_eq!(text(&cache, "synced").as_deref(), Some("yes"));
    set(&cache, "new", "x");
    assert_eq!(text(&cache, "new").as_deref(), Some("x"));
}

#[test]
fn a_store_of_the_apps_own_is_asked_with_scope_and_key() {
    struct Echo;
    impl Store for Echo {
        fn get(&self, name: Name<'_>) -> Result<Option<Arc<str>>, Error> {
            Ok(Some(format!("{}/{}", name.scope, name.key).into()))
        }
        fn put(&self, _: Name<'_>, _: Entry, when: When<'_>) -> Result<bool, Error> {
            Ok(when.holds(None))
        }
        fn delete(&self, _: Name<'_>) -> Result<bool, Error> {
            Err(Error::Store("read-only".into()))
        }
    }
    let options = Options { store: Some(StoreKind::Custom(Arc::new(Echo))), ..Options::default() };
    let scope = scope();
    let cache = Cache::open(&scope, &options).unwrap();
    assert_eq!(text(&cache, "key"), Some(format!("{scope}/key")));
    assert!(cache.put("key", "x".into(), None, When::Absent).unwrap());
    assert_eq!(cache.delete("key").unwrap_err(), Error::Store("read-only".into()));
}
