//! Commands of WASI preview 1: what they get, what they give, and how they end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hostbox_buffers::{Cancel, Store};
use hostbox_permissions::{Environment, FsGrant, FsPermissions};
use hostbox_wasm::{Command, Error, Exit, Limits, MemoryAccount, Rights, Runner};
use tokio::runtime::Builder;

/// An account of so many bytes.
struct Purse(usize);

impl MemoryAccount for Purse {
    fn reserve(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

const PURSE: usize = 16 << 20;

fn start(module: &[u8], command: Command, rights: Rights, store: &Arc<Store>, cancel: &Cancel) -> Result<Exit, Error> {
    start_within(Limits::default(), module, command, rights, store, cancel)
}

fn start_within(
    limits: Limits,
    module: &[u8],
    command: Command,
    rights: Rights,
    store: &Arc<Store>,
    cancel: &Cancel,
) -> Result<Exit, Error> {
    let id = store.put_copy(module).expect("room for the module");
    let module = store.lend(id).expect("the module");
    store.free(id).expect("the module");
    let runner = Runner::new(store, rights);
    let run = runner.run(module, command, Box::new(Purse(PURSE)), limits, cancel.clone());
    Builder::new_current_thread().build().expect("a runtime").block_on(run)
}

fn run_with(text: &str, command: Command, store: &Arc<Store>, cancel: &Cancel) -> Result<Exit, Error> {
    start(&wat::parse_str(text).expect("text of a module"), command, Rights::default(), store, cancel)
}

fn run_granted(text: &str, rights: Rights) -> Result<Exit, Error> {
    let module = wat::parse_str(text).expect("text of a module");
    start(&module, Command::default(), rights, &store(1 << 20), &Cancel::new())
}

fn store(bytes: u64) -> Arc<Store> {
    Arc::new(Store::new(bytes))
}

fn run(text: &str) -> Result<Exit, Error> {
    run_with(text, Command::default(), &store(1 << 20), &Cancel::new())
}

/// Writes its input to its output, and the number of its arguments as the exit code.
const CAT: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (loop $more
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
      (if (i32.load (i32.const 16)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
        (br $more))))
    (drop (call $args (i32.const 24) (i32.const 28)))
    (call $exit (i32.load (i32.const 24)))))"#;

#[test]
fn a_command_copies_its_input_and_gives_its_exit_code() {
    let store = store(1 << 20);
    let input: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let stdin = store.put_copy(&input).unwrap();
    let stdin_lent = Some(store.lend(stdin).unwrap());
    let command = Command { args: vec!["a".into(), "b".into()], stdin: stdin_lent, ..Command::default() };
    let exit = run_with(CAT, command, &store, &Cancel::new()).unwrap();
    assert_eq!(exit.code, 3);
    assert_eq!(store.take(exit.stdout).unwrap()[..], input);
    assert_eq!(store.take(exit.stderr).unwrap().len(), 0);
    assert_eq!(store.info(stdin).unwrap().byte_length, input.len());
}

#[test]
fn output_beyond_the_store_ends_the_command_and_leaves_nothing() {
    let store = store(256 << 10);
    let stdin = store.put_copy(&[7; 150_000]).unwrap();
    let command = Command { stdin: Some(store.lend(stdin).unwrap()), ..Command::default() };
    let error = run_with(CAT, command, &store, &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), "ERR_MEMORY", "{error}");
    store.free(stdin).unwrap();
    assert_eq!(store.bytes(), 0);
}

#[test]
fn an_endless_loop_ends_with_its_deadline() {
    let cancel = Cancel::with_flag(Arc::default(), Some(Instant::now() + Duration::from_millis(50)));
    let endless = r#"(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))"#;
    let error = run_with(endless, Command::default(), &store(1 << 20), &cancel).unwrap_err();
    assert_eq!(error, Error::Cancelled);
}

#[test]
fn an_endless_start_function_ends_with_its_deadline() {
    let cancel = Cancel::with_flag(Arc::default(), Some(Instant::now() + Duration::from_millis(50)));
    let endless = r#"(module (func $f (loop $l (br $l))) (start $f) (func (export "_start")))"#;
    let error = run_with(endless, Command::default(), &store(1 << 20), &cancel).unwrap_err();
    assert_eq!(error, Error::Cancelled);
}

#[test]
fn a_command_that_sleeps_is_woken_by_its_signal() {
    let cancel = Cancel::new();
    // Subscribes to the monotonic clock, an hour from now.
    let sleepy = r#"(module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))))"#;
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run_with(sleepy, Command::default(), &store(1 << 20), &cancel));
        cancel.cancel();
        assert_eq!(run.join().unwrap().unwrap_err(), Error::Cancelled);
    });
}

#[test]
fn a_trap_tells_its_reason_and_its_stack() {
    let divides = r#"(module (memory (export "memory") 1)
      (func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
      (func $main (export "_start") (drop (call $divide (i32.const 0)))))"#;
    let Error::Trap { reason, backtrace } = run(divides).unwrap_err() else { panic!("no trap") };
    assert!(reason.contains("divide by zero"), "{reason}");
    assert!(backtrace.contains("divide") && backtrace.contains("main"), "{backtrace}");
}

#[test]
fn endless_recursion_is_a_trap() {
    let deep = r#"(module (func $f (export "_start") (call $f)))"#;
    let error = run(deep).unwrap_err();
    assert!(matches!(&error, Error::Trap { reason, .. } if reason.contains("stack")), "{error:?}");
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../testkit/fixtures/commands/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a fixture")
}

/// A command with fuel or a stack of its own.
fn run_within(module: &[u8], args: &[&str], fuel: Option<u64>, stack_bytes: Option<usize>) -> Result<Exit, Error> {
    let command = Command { args: args.iter().map(|arg| (*arg).into()).collect(), fuel, ..Command::default() };
    let limits = Limits { stack_bytes, ..Limits::default() };
    start_within(limits, module, command, Rights::default(), &store(1 << 20), &Cancel::new())
}

#[test]
fn a_command_that_uses_up_its_fuel_is_ended_as_an_instance_would_be() {
    for name in ["command", "command-p2"] {
        let module = fixture(name);
        let error = run_within(&module, &["spin"], Some(10_000_000), None).unwrap_err();
        assert_eq!((error.code(), error), ("ERR_LIMIT", Error::Fuel), "{name}");
        assert_eq!(run_within(&module, &["args"], Some(0), None).unwrap_err(), Error::Fuel);
        assert_eq!(run_within(&module, &["args"], Some(10_000_000), None).unwrap().code, 0);
        // The same module without.
        assert_eq!(run_within(&module, &["args"], None, None).unwrap().code, 0);
    }
}

#[test]
fn a_command_has_the_stack_that_was_asked_for() {
    let deep = |depth: u32| {
        let text = format!(
            r#"(module
              (func $f (param i32) (result i32)
                (if (result i32) (local.get 0)
                  (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
                  (else (i32.const 0))))
              (func (export "_start") (drop (call $f (i32.const {depth})))))"#
        );
        wat::parse_str(text).expect("text of a module")
    };
    let run = |depth, stack| run_within(&deep(depth), &[], None, stack).map(|exit| exit.code);
    // A frame takes 16 bytes at least, and less than 64.
    for (depth, fits, short) in [(15_000, 1 << 20, 64 << 10), (60_000, 4 << 20, 512 << 10)] {
        assert_eq!(run(depth, Some(fits)).unwrap(), 0, "{depth}");
        let error = run(depth, Some(short)).unwrap_err();
        assert!(matches!(&error, Error::Trap { reason, .. } if reason.contains("stack")), "{depth}: {error:?}");
    }
    // Beyond the bounds it is the nearest.
    assert_eq!(run(1_000, Some(1)).unwrap(), 0);
    assert_eq!(run(60_000, Some(usize::MAX)).unwrap(), 0);
}

#[test]
fn a_memory_that_does_not_fit_is_refused_before_the_command_runs() {
    let large = r#"(module (memory (export "memory") 32768) (func (export "_start")))"#;
    let error = run(large).unwrap_err();
    assert!(matches!(&error, Error::Memory(message) if message.contains("memoryBytes")), "{error:?}");
}

#[test]
fn a_memory_that_cannot_grow_tells_the_module_and_the_trap_says_why() {
    let grows = r#"(module (memory (export "memory") 1)
      (func (export "_start") (if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1)) (then unreachable))))"#;
    let Error::Trap { reason, .. } = run(grows).unwrap_err() else { panic!("no trap") };
    assert!(reason.contains("unreachable") && reason.contains("memoryBytes"), "{reason}");
}

#[test]
fn a_table_that_does_not_fit_is_refused() {
    let large = r#"(module (table 700000 funcref) (table 700000 funcref) (func (export "_start")))"#;
    let error = run(large).unwrap_err();
    assert!(matches!(&error, Error::Memory(message) if message.contains("table")), "{error:?}");
}

#[test]
fn what_is_no_command_is_refused_with_a_sentence() {
    let compile = |bytes: &[u8]| {
        start(bytes, Command::default(), Rights::default(), &store(1 << 20), &Cancel::new()).unwrap_err()
    };
    assert_eq!(compile(b"").code(), "ERR_WASM_COMPILE");
    assert_eq!(compile(b"not wasm at all").code(), "ERR_WASM_COMPILE");
    let whole = wat::parse_str(CAT).unwrap();
    assert_eq!(compile(&whole[..whole.len() / 2]).code(), "ERR_WASM_COMPILE");
    let missing = run(r#"(module (import "env" "launch" (func)) (func (export "_start")))"#).unwrap_err();
    assert!(
        matches!(&missing, Error::Link(message) if message.contains("env") && message.contains("launch")),
        "{missing:?}"
    );
    let library = run(r#"(module (func (export "add")))"#).unwrap_err();
    assert!(matches!(&library, Error::Link(message) if message.contains("_start")), "{library:?}");
}

#[test]
fn a_command_has_no_environment_no_directory_and_no_inherited_stream() {
    // The exit code counts what there is: variables, and a descriptor 3.
    let looks = r#"(module
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $dir (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $env (i32.const 0) (i32.const 4)))
        (call $exit (i32.add (i32.load (i32.const 0)) (i32.eqz (call $dir (i32.const 3) (i32.const 8)))))))"#;
    assert_eq!(run(looks).unwrap().code, 0);
    let env = Environment::new([("A".into(), "b".into())]).unwrap();
    assert_eq!(run_granted(looks, Rights::new(env)).unwrap().code, 1);
}

#[test]
fn runs_share_nothing_but_their_code() {
    // Counts in its memory and gives the count: always the first one.
    let counts = r#"(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $exit (i32.load (i32.const 0)))))"#;
    for _ in 0..100 {
        assert_eq!(run(counts).unwrap().code, 1);
    }
}

#[test]
fn more_runs_than_there_are_places_wait_for_their_turn() {
    std::thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| assert_eq!(run(CAT).unwrap().code, 1));
        }
    });
}

/// Opens `name` in the first directory with the rights, the flags and the bits that are given, and exits with the number of the error.
fn opens(name: &str, flags: u32, rights: u64) -> String {
    format!(
        r#"(module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (data (i32.const 64) "{name}")
      (func (export "_start")
        (call $exit (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const {length})
          (i32.const {flags}) (i64.const {rights}) (i64.const {rights}) (i32.const 0) (i32.const 0)))))"#,
        length = name.len()
    )
}

const CREATE: u32 = 1;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const EPERM: i32 = 63;

#[test]
fn a_granted_directory_is_open_for_what_was_granted_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(folder.path().join("secret"), "s").unwrap();
    std::fs::write(inner.join("file"), "f").unwrap();
    std::os::unix::fs::symlink("../secret", inner.join("link")).unwrap();
    let rights = |write| {
        let grant = FsGrant { write, ..FsGrant::from(inner.clone()) };
        Rights::default().with_files(FsPermissions::new([("/data", grant)]).unwrap())
    };
    let code = |text: &str, write| run_granted(text, rights(write)).unwrap().code;
    assert_eq!(code(&opens("file", 0, READ), false), 0);
    assert_ne!(code(&opens("new", CREATE, WRITE), false), 0);
    assert!(!inner.join("new").exists());
    assert_eq!(code(&opens("new", CREATE, WRITE), true), 0);
    assert!(inner.join("new").exists());
    for outside in ["../secret", "link", "/etc/passwd", "inner/../../secret"] {
        assert_ne!(code(&opens(outside, 0, READ), true), 0, "{outside}");
    }
    assert_eq!(code(&opens("../secret", 0, READ), true), EPERM);
}

#[test]
fn a_quota_that_cannot_be_kept_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let grant = |write| FsGrant { write, max_bytes: Some(10), ..FsGrant::from(folder.path()) };
    let rights = |write| Rights::default().with_files(FsPermissions::new([("/data", grant(write))]).unwrap());
    let text = r#"(module (func (export "_start")))"#;
    let refused = run_granted(text, rights(true)).unwrap_err();
    assert!(refused.code() == "ERR_PERMISSION" && refused.to_string().contains("permissions.fs['/data']"), "{refused}");
    // Where nothing can be written the quota is kept.
    assert!(run_granted(text, rights(false)).is_ok());
}

/// What a command ends with that was granted a directory, and what the app hears.
fn heard(name: &str, args: &[&str], grant: FsGrant) -> (i32, Vec<String>) {
    let rights = Rights::default().with_files(FsPermissions::new([("/data", grant)]).expect("a grant"));
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let to = lines.clone();
    rights.hear_denials(move |line| to.lock().expect("a list").push(line));
    let command = Command { args: args.iter().map(|arg| (*arg).into()).collect(), ..Command::default() };
    let exit = start(&fixture(name), command, rights, &store(1 << 20), &Cancel::new()).expect("an exit");
    (exit.code, std::mem::take(&mut lines.lock().expect("a list")))
}

#[test]
fn the_app_hears_of_each_file_that_was_denied_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(inner.join("file"), "f").unwrap();
    std::os::unix::fs::symlink("../secret", inner.join("link")).unwrap();
    let (read_only, writable) = (FsGrant::from(inner.clone()), FsGrant { write: true, ..FsGrant::from(inner) });
    let without_write = |what| {
        let line = format!("{what} refused: permissions.fs grants it without write (granted: /data for reading)");
        (1, vec![line])
    };
    let leads_out = |what| {
        let reason = "it leads out of the granted directory, or the system does not permit it";
        (1, vec![format!("{what} refused: {reason} (granted: /data for reading and writing)")])
    };
    for name in ["command", "command-p2"] {
        for (args, what) in [
            (&["mkdir", "/data/new"][..], "creating the directory \"/data/new\""),
            (&["remove", "/data/file"], "removing \"/data/file\""),
            (&["write", "/data/file", "x"], "opening for writing \"/data/file\""),
            (&["rename", "/data/file", "/data/other"], "renaming \"/data/file\" to \"/data/other\""),
            (&["symlink", "file", "/data/other"], "making the link \"/data/other\""),
        ] {
            assert_eq!(heard(name, args, read_only.clone()), without_write(what), "{name} {args:?}");
        }
        for (args, what) in [
            (["read", "/data/../secret"], "opening \"/data/../secret\""),
            (["read", "/data/link"], "opening \"/data/link\""),
            (["size", "/data/../secret"], "looking at \"/data/../secret\""),
        ] {
            assert_eq!(heard(name, &args, writable.clone()), leads_out(what), "{name} {args:?}");
        }
        for (code, args) in [
            (0, &["read", "/data/file"][..]),
            (1, &["read", "/data/none"]),
            // No directory has it, which the command's own library knows: it asks nobody.
            (1, &["read", "/etc/passwd"]),
            (0, &["write", "/data/file", "f"]),
        ] {
            assert_eq!(heard(name, args, writable.clone()), (code, vec![]), "{name} {args:?}");
        }
    }
}

/// A component that ends with a code that preview 2 has known since 0.2.12.
fn exits_with(code: u8) -> Vec<u8> {
    let text = format!(
        r#"(component
          (import "wasi:cli/exit@0.2.12" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))
          (core func $exit (canon lower (func $exit "exit-with-code")))
          (core module $m
            (import "" "exit" (func $exit (param i32)))
            (func (export "run") (result i32) (call $exit (i32.const {code})) (i32.const 0)))
          (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit))))))
          (func $run (result (result)) (canon lift (core func $i "run")))
          (instance $run (export "run" (func $run)))
          (export "wasi:cli/run@0.2.12" (instance $run)))"#
    );
    wat::parse_str(text).expect("text of a component")
}

#[test]
fn a_component_gives_its_exit_code_where_it_says_one() {
    for code in [0, 1, 42, 255] {
        assert_eq!(run_within(&exits_with(code), &[], None, None).unwrap().code, i32::from(code));
    }
}

#[test]
fn two_gibibytes_are_refused_to_commands_of_either_kind_at_their_start_and_later() {
    let component = r#"(component
      (core module $m (memory 32768) (func (export "run") (result i32) (i32.const 0)))
      (core instance $i (instantiate $m))
      (func $run (result (result)) (canon lift (core func $i "run")))
      (instance $run (export "run" (func $run)))
      (export "wasi:cli/run@0.2.12" (instance $run)))"#;
    let error = run(component).unwrap_err();
    assert_eq!(error.code(), "ERR_MEMORY");
    assert!(error.to_string().contains("a linear memory of 2147483648 bytes"), "{error}");
    for name in ["command", "command-p2"] {
        let module = fixture(name);
        assert_eq!(run_within(&module, &["allocate", "2147483648"], None, None).unwrap().code, 1, "{name}");
        assert_eq!(run_within(&module, &["allocate", "1000000"], None, None).unwrap().code, 0, "{name}");
    }
}

#[test]
#[ignore = "it measures"]
fn figures() {
    let store = store(64 << 20);
    let runner = Runner::new(&store, Rights::default());
    for name in ["command", "command-p2"] {
        let module = store.put_copy(&fixture(name)).unwrap();
        let run = || {
            let (done, ended) = std::sync::mpsc::channel();
            let command = Command { args: vec!["exit".into(), "3".into()], ..Command::default() };
            let account = Box::new(Purse(1 << 30));
            let module = store.lend(module).unwrap();
            runner
                .begin(module, command, account, Limits::default(), Cancel::new(), move |end| done.send(end).unwrap());
            let exit = ended.recv().unwrap().unwrap();
            store.free(exit.stdout).and(store.free(exit.stderr)).unwrap();
        };
        run();
        let mut times: Vec<_> = (0..5000)
            .map(|_| {
                let start = std::time::Instant::now();
                run();
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{name}, warm: {:.1} µs, a tenth below {:.1}", times[2500], times[500]);
    }
}
